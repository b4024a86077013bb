"""In which segments and chunks the keys of linear attention pass."""

CHUNK = 64  # positions whose products with each other are computed as a small square
SEGMENT = 2**18  # numbers of one intermediate tensor: few enough to stay in the cache
MOST_CHUNKS = 32  # of a segment, so that the sums before each of them stay cheap


def segment_size(sequences, *widths):
    """Positions of a segment, a multiple of CHUNK; widths: of all that it holds.

    >>> segment_size(8, 64, 64)
    512
    """
    chunks = SEGMENT // max(1, sequences * CHUNK * max(CHUNK, *widths))
    return CHUNK * min(max(1, chunks), MOST_CHUNKS)


def chunks(length):
    """How many chunks a segment has, and positions of one; the last may be filled up.

    >>> chunks(130), chunks(7)
    ((3, 64), (1, 7))
    """
    chunk = max(1, min(CHUNK, length))
    return max(1, -(-length // chunk)), chunk
