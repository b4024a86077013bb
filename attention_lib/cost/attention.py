"""Attention by itself, with each of the library's scores; materialised or fused."""

from ..checks import check_count, check_divides, check_flag
from .kernels import SOFTMAX_FLOPS, Run, recomputed


def attention(
    n_queries,
    n_keys,
    *,
    d_key,
    d_value=None,
    n_heads=1,
    n_kv_heads=None,
    pairs=None,
    masked=False,
    biased=False,
    fused=False,
    cached=False,
    **run,
):
    r"""Scaled dot-product attention, `attention_lib.functional.attention`.

    For B batch rows, H heads and P scored pairs of a query and a key in each head, with keys of
    width D and values of width E:

    $$\mathrm{FLOPs} = 2 \, B H P (D + E), \qquad P = T S \text{ unless fewer pairs are scored}$$

    Materialised, the scores and the weights, B H P numbers each, are written and read again. Fused
    (FlashAttention), no score leaves the chip: query, key and value are read once, and the output
    is written once. The backward pass computes the scores anew, so it takes 2 B H P (3 D + 2 E)
    FLOPs instead of 2 B H P (2 D + 2 E).

    Args:
        n_queries, n_keys: T and S.
        d_key: D, width of one head.
        d_value: E; None means D.
        n_heads: H.
        n_kv_heads: G, divides H; None means H. Fewer shrink keys and values, not the FLOPs.
        pairs: P, how many (query, key) pairs one head scores, at most T S. None means all of them,
            as a mask on dense attention computes; `causal_pairs` is what a kernel that skips the
            future computes.
        masked: a boolean mask `[T, S]`, one byte an entry, is read.
        biased: a bias `[H, T, S]`, such as positions, is read and added.
        fused: scores and weights are never written.
        cached: keys and values lie in a cache and count in neither held_bytes nor peak_bytes.
        run: batch, itemsize, training: B, bytes of a number, and whether forward and backward,
            where every input gets a gradient.

    Parts: scores (a mask and a bias included), softmax and output, or fused. The inputs stay alive
    until it ends; an intermediate result is freed after its last use.

    Source: Vaswani et al. (2017), table 1; Dao et al. (2022), theorem 2 and algorithm 4, for fused,
        whose reads of keys and values once for each block of queries are left out here; Shazeer
        (2019) for G = 1, Ainslie et al. (2023) for G < H.

    >>> attention(1000, 1000, d_key=64).matmul_flops
    256000000
    >>> attention(1000, 1000, d_key=64).bytes_moved, attention(1000, 1000, d_key=64,
    ... fused=True).bytes_moved
    (17024000, 1024000)
    """
    d_value = d_key if d_value is None else d_value
    n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys)
    check_count(d_key=d_key, d_value=d_value, n_heads=n_heads, n_kv_heads=n_kv_heads)
    check_divides("n_kv_heads", n_kv_heads, "n_heads", n_heads)
    check_flag(masked=masked, biased=biased, fused=fused, cached=cached)
    run = Run(**run)
    check_inference("cached", cached, run.training)
    pairs = _pairs(pairs, n_queries, n_keys)
    # How many numbers each array holds. Below, a flag counts as 1 or 0.
    heads, keys = run.batch * n_heads, run.batch * n_kv_heads * n_keys
    query, output, scores = heads * n_queries * d_key, heads * n_queries * d_value, heads * pairs
    key, value, bias = keys * d_key, keys * d_value, n_heads * pairs * biased
    given, mask = query + key + value, pairs * masked
    inputs = query if cached else given
    if fused:
        # one logarithm of a sum for each row, in float32 at least, is saved with the output
        sums = heads * n_queries * max(1, 4 // run.itemsize) * run.training
        whole = run.kernel(
            reads=given + bias,
            writes=output + sums,
            saves=output + sums + bias,
            held=given,
            mask_bytes=mask,
            **recomputed(scores, d_key, d_value, masked=masked, biased=biased),
        )
        return run.with_inputs({"fused": whole}, inputs)
    first = dot_scores(run, query + key, scores, d_key, scaled=True)
    if masked or biased:
        work = {"reads": scores + bias, "writes": scores, "elementwise": scores * (masked + biased)}
        first = first + run.kernel(**work, mask_bytes=mask)
    parts = {"scores": first, **weigh(run, scores, value, output, d_value)}
    return run.with_inputs(parts, inputs)


def causal_pairs(n_queries, n_keys):
    """How many (query, key) pairs a causal mask lets through, the last query at the last key.

    >>> causal_pairs(3, 3), causal_pairs(2, 5), causal_pairs(5, 2)
    (6, 9, 3)
    """
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys)
    seeing = min(n_queries, n_keys)  # the last query sees all keys, the one before one fewer, ...
    return seeing * n_keys - seeing * (seeing - 1) // 2


def dot_scores(run, inputs, scores, width, *, scaled):
    """The inner products of queries and keys of a width, by how many numbers they are.

    `inputs` are queries and keys together, held elsewhere; `scores` are the products. `scaled`: one
    more operation for each score.
    """
    work = {"matmul": 2 * scores * width, "elementwise": scores * scaled}
    return run.kernel(reads=inputs, writes=scores, held=inputs, **work)


def weigh(run, scores, value, output, d_value):
    """The two steps after every kind of score: softmax, and the average of the values.

    `scores`, `value` and `output` say how many numbers each array holds. Returns a dict of two
    costs.
    """
    work = {"writes": output, "matmul": 2 * scores * d_value}
    return {
        "softmax": run.elementwise(scores, SOFTMAX_FLOPS, saves=scores),
        "output": run.kernel(reads=scores + value, held=value, **work),
    }


def check_inference(name, flag, training):
    if flag and training:
        raise ValueError(f"{name} must be off in training, for nothing is learned through a cache")


def _pairs(pairs, n_queries, n_keys):
    if pairs is None:
        return n_queries * n_keys
    check_count(minimum=0, pairs=pairs)
    if pairs > n_queries * n_keys:
        raise ValueError(
            f"pairs must be at most n_queries * n_keys = {n_queries * n_keys}, got {pairs}"
        )
    return pairs
