"""Random numbers that repeat themselves, without disturbing those of anybody else."""

from contextlib import contextmanager

import torch

from ..checks import check_count


def seeded(seed):
    """Seed torch inside the block; outside, the global generator is as it was.

    Raises:
        TypeError, ValueError: seed is not an integer of at least 0.

    >>> with seeded(0):
    ...     first = torch.rand(1)
    >>> with seeded(0):
    ...     second = torch.rand(1)
    >>> bool(first == second)
    True
    """
    check_count(minimum=0, seed=seed)
    return _seeded(int(seed))


@contextmanager
def _seeded(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
