"""How much is computed at a time."""

PIECE = 2**22  # numbers in one mask or one copy of keys: 16 MiB in float32


def pieces(length, size):
    """Slices of `size` positions; at least one, be it empty, so that all shapes are known.

    >>> pieces(5, 3)
    [slice(0, 3, None), slice(3, 5, None)]
    """
    return [slice(start, min(start + size, length)) for start in range(0, max(length, 1), size)]
