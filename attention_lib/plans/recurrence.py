"""In which chunks the positions of a recurrence pass."""

CHUNK = 64  # positions whose products with each other are computed as a small square


def chunks(length, chunk_size):
    """How many chunks there are, and positions of one; the last may be filled up.

    >>> chunks(130, 64), chunks(7, 64), chunks(0, 64)
    ((3, 64), (1, 7), (1, 1))
    """
    chunk = max(1, min(chunk_size, length))
    return max(1, -(-length // chunk)), chunk


def doubled(chunk):
    """The first power of two that holds a chunk: squares are put together from halves.

    >>> doubled(64), doubled(7), doubled(1)
    (64, 8, 1)
    """
    return 1 << (chunk - 1).bit_length()
