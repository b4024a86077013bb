"""LSH attention (Reformer): hashing, and in each round the chunks of the sorted tokens."""

from dataclasses import replace

from ..checks import check_count, check_flag
from ..plans.lsh import plan
from .heads import head_widths
from .kernels import SOFTMAX_FLOPS, Heads, in_pieces
from .ledger import combine


def lsh_attention(n, *, bucket_size, n_hashes, causal=False, seed=0, **heads):
    r"""`functional.lsh_attention`: r hashes, and as many rounds of chunks of m tokens.

    Each chunk attends to itself and to the one before. With h columns of random rotations,
    h = n / (2 m) rounded up (0 where one bucket holds all),

    $$\mathrm{FLOPs} = r \, B H n \big(2 h D + 4 m (D + E)\big)$$

    so the hashing is quadratic in n, with a small factor: it overtakes the chunks at
    n = 4 m^2 (1 + E / D). The backward pass does not run through the hashing.

    Args:
        n: tokens; each is a query (and key) and a value.
        bucket_size, n_hashes, causal, seed: as in the function; m and r. Causal and the seed change
            no count: what is closed is computed and thrown away.
        heads: as for `sliding_window_attention`.

    Parts: hashing and rounds; rounds has the parts sorting and chunks.

    Source: Kitaev, Kaiser and Levskaya (2020), section 2.

    >>> lsh_attention(8192, bucket_size=64, n_hashes=4, d_key=64).matmul_flops
    1342177280
    """
    heads = Heads(n=n, **heads)
    check_count(bucket_size=bucket_size, n_hashes=n_hashes)
    check_count(minimum=0, seed=seed)
    check_flag(causal=causal)
    size, filled, half = plan(n, bucket_size)
    turned, index = heads.rows * half, _indices(heads)
    hashing = heads.kernel(
        reads=n_hashes * heads.query,
        writes=n_hashes * (turned + index),
        matmul=2 * n_hashes * heads.query * half,
        elementwise=2 * n_hashes * turned,
        held=n_hashes * heads.query,
        backward_matmul=0,
    )
    codes = n_hashes * (3 * index + index // 2)  # bucket, order, place, code
    peak = max(turned + 2 * index, codes) + n_hashes * index
    # forward only, in training too
    parts = {"hashing": in_pieces(hashing, peak, itemsize=heads.itemsize)}
    rounds = _rounds(heads, heads.sequences * filled, size, codes, n_hashes)
    # in training the last quotient saves what has been merged
    parts["rounds"] = heads.kept(heads.value + 2 * heads.rows) + rounds
    return heads.with_inputs(parts, heads.query + heads.value)


def multi_head_lsh(
    n, *, d_model, n_heads, bucket_size, n_hashes, causal=False, seed=0, bias=True, **run
):
    """`modules.LSHAttention`: three projections, for queries are keys: 6 B n C^2 FLOPs of its own.

    Args:
        n: tokens.
        d_model, n_heads, bucket_size, n_hashes, causal, seed, bias: as in the module.
        run: as for `attention`.

    Parts: query_key_projection, value_projection, attention, output_projection.

    Source: Kitaev, Kaiser and Levskaya (2020), section 2.

    >>> multi_head_lsh(16, d_model=12, n_heads=4, bucket_size=5, n_hashes=2).parameters
    468
    """
    d_head, _ = head_widths(d_model, n_heads, None, None)
    heads = Heads(n=n, d_key=d_head, n_heads=n_heads, **run)
    rows, x = heads.batch * n, heads.batch * n * d_model
    square = {"d_in": d_model, "d_out": d_model, "bias": bias}
    options = {"bucket_size": bucket_size, "n_hashes": n_hashes, "causal": causal, "seed": seed}
    parts = {
        "query_key_projection": heads.linear(rows, held=x, **square),
        "value_projection": heads.linear(rows, held=x, live=x, **square),
        "attention": lsh_attention(n, **options, **heads.sizes),
        "output_projection": heads.linear(rows, **square),
    }
    return heads.with_inputs(parts, x)


def _indices(heads):
    """Numbers in the memory of one integer for each token."""
    return heads.rows * 8 // heads.itemsize


def _rounds(heads, filled, size, codes, n_hashes):
    """All rounds, with `filled` rows in chunks; `codes` numbers of bookkeeping are alive, and the
    merged state."""
    d_key, d_value, scores = heads.d_key, heads.d_value, 2 * filled * size
    given = heads.query + heads.value
    sorting = heads.kernel(
        reads=given,
        writes=filled * (d_key + d_value),
        elementwise=3 * filled * d_key + n_hashes * scores,  # codes of earlier rounds are compared
        saves=filled * (d_key + 1) + 2 * _indices(heads),
        held=given,
    )
    chunks = heads.kernel(
        reads=3 * filled * d_key + 2 * filled * d_value + 3 * scores,
        writes=3 * scores + filled * d_value,
        matmul=2 * scores * (d_key + d_value),
        elementwise=scores * (1 + SOFTMAX_FLOPS) + 4 * filled * d_value,
        saves=filled * (3 * d_key + 2 * d_value) + scores,
        mask_bytes=scores,
    )
    gathered = filled * (4 * d_key + 3 * d_value)
    alive = codes + gathered + 2 * (heads.value + 2 * heads.rows)
    if heads.training:
        peak = heads.bytes(gathered + 2 * scores)
        chunks = replace(chunks, peak_bytes=chunks.held_bytes + peak)
    masks = scores // heads.itemsize
    sorting = heads.in_pieces(sorting, alive + scores)
    chunks = heads.in_pieces(chunks, alive + 2 * scores + masks)
    return combine({"sorting": sorting, "chunks": chunks}).repeat(n_hashes)
