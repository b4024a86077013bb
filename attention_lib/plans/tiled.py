"""Which tiles of scores tiled attention computes."""


def tiles(n_queries, n_keys, *, block_size, causal):
    """(rows of queries, how many keys their tiles read) for each block of queries.

    Causal, the tiles that lie in the future of all their queries are left out.

    >>> list(tiles(5, 5, block_size=2, causal=True))
    [(slice(0, 2, None), 2), (slice(2, 4, None), 4), (slice(4, 5, None), 5)]
    """
    for start in range(0, n_queries, block_size):
        rows = slice(start, min(start + block_size, n_queries))
        last = rows.stop + n_keys - n_queries if causal else n_keys  # keys that some query sees
        yield rows, min(n_keys, max(0, -(-last // block_size) * block_size))


def tile_counts(n, *, block_size, causal):
    """Pairs of a query and a key in all tiles of n tokens, and rows of keys read by them.

    >>> tile_counts(5, block_size=2, causal=True)
    (17, 11)
    """
    whole, rest = divmod(n, block_size)
    if not causal:
        return n * n, (whole + (rest > 0)) * n
    keys_read = block_size * whole * (whole + 1) // 2
    return keys_read * block_size + rest * n, keys_read + (n if rest else 0)
