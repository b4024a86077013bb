"""A penalty that grows with the distance, with a slope of its own for each head."""

import torch

from ..checks import check_size, plain_int
from .positions import distances
from .precision import check_device, check_floating_dtype


def alibi_slopes(n_heads, *, dtype=None, device=None):
    """The slope of each head: 2^(-8h / H) for h = 1, ..., H where H is a power of two.

    Any other H takes the slopes of the next lower power of two P, and then every second one of the
    slopes for 2P, from the first on.

    Args:
        n_heads: H, an integer >= 1.
        dtype: floating; None means PyTorch's default.
        device: None means PyTorch's default.

    Returns:
        `[H]`.

    Raises:
        TypeError, ValueError: n_heads is not an integer >= 1; also TypeError for a dtype that is
            not floating.

    Cost and source: `attention_lib.reference.alibi_slopes`. Chapter: 04_1_ways.

    >>> alibi_slopes(3)
    tensor([0.0625, 0.0039, 0.2500])
    """
    check_device(device)
    check_size(n_heads=n_heads)
    dtype = check_floating_dtype(dtype)
    n_heads = plain_int(n_heads)
    power = 2 ** (n_heads.bit_length() - 1)  # the largest power of two that is not above H
    exponents = [h / power for h in range(1, power + 1)]
    exponents += [h / (2 * power) for h in range(1, 2 * (n_heads - power), 2)]
    return torch.tensor([2 ** (-8 * one) for one in exponents], dtype=dtype, device=device)


def alibi_bias(n_heads, n_queries, n_keys, *, dtype=None, device=None):
    """What to add to the scores: minus the distance |i - j|, times the slope of the head.

    The distance counts in both directions alike; under a causal mask only the past is left.

    Args:
        n_heads: H.
        n_queries, n_keys: T and S; the last query stands at the last key.
        dtype: floating; None means PyTorch's default. float16 and bfloat16 are computed in float32
            and rounded once.
        device: None means PyTorch's default.

    Returns:
        `[H, T, S]`, zero where query and key stand together and negative elsewhere.

    Raises:
        TypeError, ValueError: n_heads is not an integer >= 1, a length not an integer >= 0; also
            TypeError for a dtype that is not floating.

    Cost and source: `attention_lib.reference.alibi_bias`. Chapter: 04_1_ways.

    >>> alibi_bias(2, 1, 3)
    tensor([[[-0.1250, -0.0625,  0.0000]],
    <BLANKLINE>
            [[-0.0078, -0.0039,  0.0000]]])
    """
    check_device(device)
    dtype = check_floating_dtype(dtype)
    working = torch.float64 if dtype == torch.float64 else torch.float32
    slopes = alibi_slopes(n_heads, dtype=working, device=device)
    distance = distances(n_queries, n_keys, device).abs()  # [T, S]
    return (slopes[:, None, None] * -distance).to(dtype)
