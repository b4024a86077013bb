"""Performer attention: linear attention of random features."""

from ..checks import check_count, check_flag
from .fused_blocks import check_sizes
from .linear_attention import Sizes, linear_parts


def performer_attention(
    n,
    *,
    n_features,
    causal=False,
    seed=0,
    d_key,
    d_value=None,
    n_heads=1,
    batch=1,
    itemsize=4,
    training=False,
):
    r"""`functional.performer_attention`: `linear_attention` of M random features.

    $$\mathrm{FLOPs} = 4 \, B H n M (D + E)$$

    more if causal, as for `linear_attention`. Drawing the M features is left out: only the
    first call of a kind does it.

    Args:
        n: tokens; each is a query and a key.
        n_features: M.
        seed: as in the function; it changes no count.
        causal, d_key, d_value, n_heads, batch, itemsize, training: as for `linear_attention`.

    Returns:
        `Cost` with the parts of `linear_attention`.

    Raises:
        TypeError, ValueError: a size is not an integer, or too small.

    Source: Choromanski et al. (2021), section 2.

    >>> performer_attention(8192, n_features=256, d_key=64).matmul_flops
    1073741824
    """
    d_value = check_sizes(n, d_key, d_value, n_heads, batch, itemsize, training)
    check_count(n_features=n_features)
    check_count(minimum=0, seed=seed)
    sizes = Sizes(n, n_features, d_value, batch * n_heads, itemsize, training)
    check_flag(causal=causal)
    widest = max(n_features, d_key, d_value)
    made = 2 * d_key * n_features
    return linear_parts(sizes, d_key, causal, matmul=made, saves=1, widest=widest)
