"""How LSH attention cuts its sorted tokens into chunks."""

from typing import NamedTuple


class Plan(NamedTuple):
    """size: tokens of a chunk; filled: of all chunks, with what fills up the last one; half:
    columns of a random rotation, half as many as there are buckets; 0: one bucket for all."""

    size: int
    filled: int
    half: int


def plan(n, bucket_size):
    """For n tokens.

    >>> plan(7, 3)
    Plan(size=3, filled=9, half=2)
    """
    size = max(1, min(bucket_size, n))
    half = -(-n // (2 * bucket_size)) if n > bucket_size else 0
    return Plan(size, -(-n // size) * size, half)
