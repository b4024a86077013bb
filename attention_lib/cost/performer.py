"""Performer attention: linear attention of random features."""

from ..checks import check_count, check_flag
from .kernels import Heads
from .linear_attention import Features


def performer_attention(n, *, n_features, causal=False, seed=0, **heads):
    r"""`functional.performer_attention`: `linear_attention` of M random features.

    $$\mathrm{FLOPs} = 4 \, B H n M (D + E)$$

    more if causal, as for `linear_attention`. Drawing the M features is left out: only the
    first call of a kind does it.

    Args:
        n: tokens; each is a query and a key.
        n_features: M.
        seed: as in the function; it changes no count.
        causal, heads: as for `linear_attention`.

    Parts: of `linear_attention`.

    Source: Choromanski et al. (2021), section 2.

    >>> performer_attention(8192, n_features=256, d_key=64).matmul_flops
    1073741824
    """
    heads = Heads(n=n, **heads)
    check_count(n_features=n_features)
    check_count(minimum=0, seed=seed)
    check_flag(causal=causal)
    made = 2 * heads.d_key * n_features
    return Features(heads, n_features, copies=1, made=made, widest=n_features).cost(causal)
