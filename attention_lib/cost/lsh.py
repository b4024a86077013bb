"""LSH attention (Reformer): hashing, and in each round the chunks of the sorted tokens."""

from dataclasses import replace

from ..checks import check_count, check_divides, check_flag
from .fused_blocks import check_sizes
from .kernels import SOFTMAX_FLOPS, in_pieces, kernel, linear, with_inputs
from .ledger import Cost, combine


def lsh_attention(
    n,
    *,
    bucket_size,
    n_hashes,
    causal=False,
    seed=0,
    d_key,
    d_value=None,
    n_heads=1,
    batch=1,
    itemsize=4,
    training=False,
):
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
        d_key, d_value, n_heads, batch, itemsize, training: as for `sliding_window_attention`.

    Returns:
        `Cost` with the parts hashing and rounds; rounds has the parts sorting and chunks.

    Raises:
        TypeError, ValueError: a size is not an integer, or too small.

    Source: Kitaev, Kaiser and Levskaya (2020), section 2.

    >>> lsh_attention(8192, bucket_size=64, n_hashes=4, d_key=64).matmul_flops
    1342177280
    """
    d_value = check_sizes(n, d_key, d_value, n_heads, batch, itemsize, training)
    check_count(bucket_size=bucket_size, n_hashes=n_hashes)
    check_count(minimum=0, seed=seed)
    check_flag(causal=causal)
    shared = {"itemsize": itemsize, "training": training}
    rows, size = batch * n_heads * n, max(1, min(bucket_size, n))
    half = -(-n // (2 * bucket_size)) if n > bucket_size else 0
    filled = batch * n_heads * -(-n // size) * size  # rows of all chunks, the last one filled up
    query, value = rows * d_key, rows * d_value
    index = rows * 8 // itemsize  # numbers in the memory of one integer for each token
    hashing = kernel(
        reads=n_hashes * query,
        writes=n_hashes * (rows * half + index),
        matmul=2 * n_hashes * query * half,
        elementwise=2 * n_hashes * rows * half,
        held=n_hashes * query,
        backward_matmul=0,
        **shared,
    )
    codes = n_hashes * (3 * index + index // 2)  # bucket, order, place, code
    peak = max(rows * half + 2 * index, codes) + n_hashes * index
    # forward only, in training too
    parts = {"hashing": in_pieces(hashing, peak, itemsize=itemsize)}
    parts["rounds"] = _rounds(rows, filled, size, codes, n_hashes, d_key, d_value, shared)
    merged = rows * (d_value + 2) * itemsize
    if training:  # the last quotient saves both
        parts["rounds"] = Cost(held_bytes=merged, peak_bytes=merged) + parts["rounds"]
    return with_inputs(parts, query + value, **shared)


def multi_head_lsh(
    n,
    *,
    d_model,
    n_heads,
    bucket_size,
    n_hashes,
    causal=False,
    seed=0,
    bias=True,
    batch=1,
    itemsize=4,
    training=False,
):
    """`modules.LSHAttention`: three projections, for queries are keys: 6 B n C^2 FLOPs of its own.

    Args:
        n: tokens.
        d_model, n_heads, bucket_size, n_hashes, causal, seed, bias: as in the module.
        batch, itemsize, training: as for `attention`.

    Returns:
        `Cost` with the parts query_key_projection, value_projection, attention, output_projection.

    Raises:
        TypeError, ValueError: as `lsh_attention`; n_heads does not divide d_model.

    Source: Kitaev, Kaiser and Levskaya (2020), section 2.

    >>> multi_head_lsh(16, d_model=12, n_heads=4, bucket_size=5, n_hashes=2).parameters
    468
    """
    check_count(d_model=d_model)
    check_sizes(n, 1, None, n_heads, batch, itemsize, training)
    check_divides("n_heads", n_heads, "d_model", d_model)
    shared = {"itemsize": itemsize, "training": training}
    rows, x = batch * n, batch * n * d_model
    square = {"bias": bias, **shared}
    parts = {
        "query_key_projection": linear(rows, d_model, d_model, held=x, **square),
        "value_projection": linear(rows, d_model, d_model, held=x, live=x, **square),
        "attention": lsh_attention(
            n,
            bucket_size=bucket_size,
            n_hashes=n_hashes,
            causal=causal,
            seed=seed,
            d_key=d_model // n_heads,
            n_heads=n_heads,
            batch=batch,
            **shared,
        ),
        "output_projection": linear(rows, d_model, d_model, **square),
    }
    return with_inputs(parts, x, **shared)


def _rounds(rows, filled, size, codes, n_hashes, d_key, d_value, shared):
    """All rounds; `codes` numbers of bookkeeping are alive, and the merged state."""
    scores, index = 2 * filled * size, rows * 8 // shared["itemsize"]
    sorting = kernel(
        reads=rows * (d_key + d_value),
        writes=filled * (d_key + d_value),
        elementwise=3 * filled * d_key + n_hashes * scores,  # codes of earlier rounds are compared
        saves=filled * (d_key + 1) + 2 * index,
        held=rows * (d_key + d_value),
        **shared,
    )
    gathered = filled * (4 * d_key + 3 * d_value)
    chunks = kernel(
        reads=3 * filled * d_key + 2 * filled * d_value + 3 * scores,
        writes=3 * scores + filled * d_value,
        matmul=2 * scores * (d_key + d_value),
        elementwise=scores * (1 + SOFTMAX_FLOPS) + 4 * filled * d_value,
        saves=filled * (3 * d_key + 2 * d_value) + scores,
        mask_bytes=scores,
        **shared,
    )
    alive = codes + gathered + 2 * rows * (d_value + 2)
    if shared["training"]:
        peak = (gathered + 2 * scores) * shared["itemsize"]
        chunks = replace(chunks, peak_bytes=chunks.held_bytes + peak)
    else:
        sorting = in_pieces(sorting, alive + scores, **shared)
        masks = scores // shared["itemsize"]
        chunks = in_pieces(chunks, alive + 2 * scores + masks, **shared)
    return combine({"sorting": sorting, "chunks": chunks}).repeat(n_hashes)
