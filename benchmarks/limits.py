"""What one thread of this machine can do at best, and how near a computation comes to it.

Nothing that multiplies matrices is faster than the fastest plain product, and nothing that reads
its inputs and writes its output is faster than a copy of as many bytes. The larger of the two times
is the floor of a computation; the fraction of a row is floor / measured.
"""

from __future__ import annotations

import math
import time
from typing import NamedTuple

import torch

SIZES = (256, 512, 1024, 2048)
COPY = 2**27  # bytes: much more than any cache holds
TINY = {"sizes": (64,), "copied": 2**16, "repeats": 1}  # options of `measure` for a test


class Work(NamedTuple):
    """What has to be done, however it is done.

    Attributes:
        flops: of the products that the result is defined by, 2 a multiplication and addition.
        bytes: the inputs read once and the output written once.
    """

    flops: float
    bytes: float


class Limits(NamedTuple):
    """Attributes: flops and bytes a second."""

    flops: float
    bandwidth: float

    def reached(self, work, seconds):
        """Which limit is nearer, and what part of it was reached."""
        floors = {
            "matrix product": work.flops / self.flops,
            "memory bandwidth": work.bytes / self.bandwidth,
        }
        of = max(floors, key=floors.get)
        return {"of": of, "fraction": floors[of] / seconds}


def measure(*, dtype=torch.float32, sizes=SIZES, copied=COPY, repeats=5):
    """The `Limits` of this process: the best of several repeats, by the processor's time."""
    flops = max(2 * size**3 / _product_seconds(size, dtype, repeats) for size in sizes)
    source = torch.ones(copied, dtype=torch.uint8)
    target = torch.zeros_like(source)
    seconds = _best(lambda: target.copy_(source), 1, repeats)
    return Limits(flops, 2 * copied / seconds)


def _product_seconds(size, dtype, repeats):
    one, other = torch.randn(2, size, size).to(dtype)
    output = torch.empty_like(one)
    calls = max(1, math.ceil(2**29 / size**3))
    return _best(lambda: torch.mm(one, other, out=output), calls, repeats)


def _best(way, calls, repeats):
    """The shortest time of one call among the repeats, after one to warm up."""
    way()
    found = []
    for _ in range(repeats):
        start = time.process_time()
        for _ in range(calls):
            way()
        found.append((time.process_time() - start) / calls)
    return min(found)
