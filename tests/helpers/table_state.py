"""A model that is a table, so that the best sequence can be found by trying all of them."""

import itertools
import math

import numpy as np
import torch


class TableState:
    """Logits that depend on everything read so far, and on nothing else.

    `logits` may name those of some sequences; all others are drawn from a generator whose seed is
    the sequence. Every call is recorded.
    """

    def __init__(self, vocabulary, *, seed=0, logits=None, dtype=torch.float64, spread=1.0):
        self.vocabulary = vocabulary
        self.seed = seed
        self.named = logits or {}
        self.dtype = dtype
        self.spread = spread
        self.read = None
        self.fed = []
        self.reordered = []
        self.scored = []

    def row(self, sequence):
        sequence = tuple(int(token) for token in sequence)
        if sequence in self.named:
            return self.named[sequence]
        rng = np.random.default_rng([self.seed, *(token + 1 for token in sequence)])
        return self.spread * rng.normal(size=self.vocabulary)

    def advance(self, tokens):
        self.fed.append(tokens.tolist())
        rows = tokens.tolist()
        self.read = (
            rows if self.read is None else [a + b for a, b in zip(self.read, rows, strict=True)]
        )
        return torch.tensor(np.array([self.row(one) for one in self.read]), dtype=self.dtype)

    def reorder(self, rows):
        assert rows.dtype == torch.int64
        self.reordered.append(rows.tolist())
        self.read = [self.read[row] for row in rows.tolist()]

    def score(self, tokens, count):
        logits = [self.advance(one) for one in tokens.split(1, dim=1)]
        self.scored.append(self.fed[-len(logits) :])
        return torch.stack(logits[-count:], dim=1)

    def cut(self, count):
        assert 0 <= count < len(self.read[0])
        self.read = [one[: len(one) - count] for one in self.read]

    def log_probabilities(self, sequence):
        """Those of the next token, as a list, computed by a loop."""
        logits = [float(one) for one in self.row(sequence)]
        top = max(logits)
        total = math.log(sum(math.exp(one - top) for one in logits)) + top
        return [one - total for one in logits]


def log_probability(state, prompt, written):
    """The sum over the tokens of one continuation."""
    total = 0.0
    for place, token in enumerate(written):
        total += state.log_probabilities([*prompt, *written[:place]])[token]
    return total


def all_endings(state, prompt, *, most, end):
    """(log-probability, tokens) of every sequence that ends with `end` or has `most` tokens."""
    found = []
    for length in range(1, most + 1):
        for tokens in itertools.product(range(state.vocabulary), repeat=length):
            if end in tokens[:-1] or (length < most and tokens[-1] != end):
                continue
            found.append((log_probability(state, prompt, tokens), tokens))
    return found


def greedy_loop(state, prompt, *, most, end):
    tokens = []
    while len(tokens) < most and (not tokens or tokens[-1] != end):
        row = state.log_probabilities([*prompt, *tokens])
        tokens.append(max(range(len(row)), key=row.__getitem__))
    return tokens


def penalised(log_p, length, alpha):
    return log_p / ((5 + length) / 6) ** alpha


def beam_loop(state, prompt, *, width, most, end, alpha=0.0):
    """Over lists, without stopping early: (score, log-probability, tokens), the best first."""
    beams, finished = [(0.0, [])], []
    while beams:
        candidates = []
        for total, tokens in beams:
            gains = state.log_probabilities([*prompt, *tokens])
            candidates += [(total + gain, [*tokens, token]) for token, gain in enumerate(gains)]
        candidates.sort(key=lambda one: -one[0])
        beams = []
        for total, tokens in candidates[:width]:
            if tokens[-1] == end or len(tokens) == most:
                finished.append((penalised(total, len(tokens), alpha), total, tokens))
            else:
                beams.append((total, tokens))
    return sorted(finished, key=lambda one: -one[0])
