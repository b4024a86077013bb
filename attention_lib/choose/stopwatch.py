"""Seconds that one call of a mechanism takes on this machine."""

from __future__ import annotations

import math
import time

import torch

from .mechanisms import MECHANISMS

SHORTEST = 0.002  # a call below is repeated until it takes as long: clocks are coarse
JUDGE_SIZE = 384


class Stopwatch:
    """Times mechanisms on standard normal numbers, drawn once.

    With one thread the processor's time counts, which other programs disturb little; with more the
    time on the wall, for that is what threads save.
    """

    def __init__(self):
        self.clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
        self._pool = torch.empty(0)
        matrix = torch.ones(JUDGE_SIZE, JUDGE_SIZE)
        self._plain = lambda: matrix @ matrix

    def __call__(self, name, setting, options):
        """Seconds of one call, forward or forward and backward, as the setting says."""
        return self._seconds(self.call(name, setting, options))

    def judge(self):
        """Seconds of a plain product of matrices: the same, as long as nobody disturbs."""
        return self._seconds(self._plain)

    def _seconds(self, way):
        seconds = self._of(way, 1)
        if seconds >= SHORTEST:
            return seconds
        return self._of(way, math.ceil(SHORTEST / max(seconds, 1e-6)))

    def _of(self, way, calls):
        start = self.clock()
        for _ in range(calls):
            way()
        return (self.clock() - start) / calls

    def call(self, name, setting, options):
        """A function without arguments that runs it once."""
        shape = (setting.batch, setting.n_heads, setting.n, setting.d_head)
        inputs = [self._numbers(shape, place) for place in range(4)]
        mechanism = MECHANISMS[name]
        *inputs, gradient = inputs
        ready = mechanism.ready(options, inputs[1])
        for one in inputs:
            one.requires_grad_(setting.training)

        def forward():
            with torch.set_grad_enabled(setting.training):
                return mechanism.run(*inputs, setting.causal, ready)

        def both():
            torch.autograd.grad(forward(), inputs, gradient, allow_unused=True)

        return both if setting.training else forward

    def _numbers(self, shape, place):
        count = math.prod(shape)
        if len(self._pool) < 4 * count:
            self._pool = torch.randn(4 * count, generator=torch.Generator().manual_seed(0))
        return self._pool[place * count : (place + 1) * count].detach().view(shape)
