"""Performer attention: random features that estimate the exponential of softmax attention."""

import math
from functools import lru_cache

import numpy as np
import torch

from ..checks import (
    check_count,
    check_dimensions,
    check_flag,
    check_floating,
    check_kind,
    check_positive,
    check_random_features,
    check_size,
)
from ..plans.linear_attention import segment_size
from .draws import drawn_operator
from .folded import check_attended, flows, output_shape_of
from .linear_attention import (
    Outputs,
    align,
    causal_sums,
    read,
    segments,
)
from .linear_gradient import mask_of
from .performer_plain import causal_part_plain
from .precision import check_device, check_floating_dtype, widen, widen_core
from .softmax import exp_in_place
from .transforms import known_size, recorded, rewritten


def orthogonal_features(n_features, width, *, seed=0, orthogonal=True, dtype=None, device=None):
    """Draw random directions for `positive_features`, at right angles to each other.

    Args, raises and source as `attention_lib.reference.orthogonal_features`; the same numbers for
    the same seed.
        dtype: of the result; None means PyTorch's default.
        device: of the result.

    Returns:
        features `[M, D]`.

    >>> features = orthogonal_features(3, 3, seed=1, dtype=torch.float64)
    >>> (features @ features.mT).round(decimals=3).count_nonzero()  # the diagonal
    tensor(3)
    """
    check_device(device)
    check_size(n_features=n_features, width=width)
    check_count(minimum=0, seed=seed)
    check_flag(orthogonal=orthogonal)
    dtype = check_floating_dtype(dtype)
    drawn = _drawn(int(n_features), int(width), int(seed), orthogonal)
    return torch.tensor(drawn, dtype=dtype, device=device)


@lru_cache(maxsize=64)  # a model draws the same features for every layer and every call
def _drawn(n_features, width, seed, orthogonal):
    rng = np.random.default_rng(seed)
    shape = (math.ceil(n_features / width), width, width)
    rows = rng.normal(size=shape)
    if orthogonal:
        directions, triangle = np.linalg.qr(np.swapaxes(rows, -1, -2))
        # With a positive diagonal it is the Gram-Schmidt process, and uniform over all rotations.
        directions = directions * np.sign(np.diagonal(triangle, axis1=-2, axis2=-1))[..., None, :]
        lengths = np.linalg.norm(rng.normal(size=shape), axis=-1, keepdims=True)
        rows = np.swapaxes(directions, -1, -2) * lengths
    return rows.reshape(-1, width)[:n_features]


_recorded_features = drawn_operator(
    "orthogonal_features",
    lambda seed, sizes: _drawn(*sizes[:2], seed, bool(sizes[2])),
    lambda sizes: sizes[:2],
    torch.float64,
)


def positive_features(x, features):
    """Map vectors to positive numbers whose products estimate exp(x . y) without bias.

    exp(W x - |x|^2 / 2) / sqrt(M).

    Args:
        x: `[..., D]`, float16, bfloat16, float32 or float64.
        features: W, `[M, D]`, same dtype, as `orthogonal_features` draws them.

    Returns:
        `[..., M]`, same dtype.

    Raises, cost and source as `attention_lib.reference.positive_features`.

    >>> positive_features(torch.zeros(2), torch.ones(4, 2))
    tensor([0.5000, 0.5000, 0.5000, 0.5000])
    """
    check_kind("torch", x=x, features=features)
    check_dimensions(1, x=x)
    check_random_features(features, x.shape[-1], None)
    dtype, x, features = widen(x=x, features=features)
    half_square = x.square().sum(-1, keepdim=True) / 2
    return ((x @ features.mT - half_square).exp() / math.sqrt(len(features))).to(dtype)


def performer_attention(
    query,
    key,
    value,
    *,
    n_features=None,
    causal=False,
    seed=0,
    mask=None,
    scale=None,
    orthogonal=True,
    features=None,
):
    """Estimate softmax attention by linear attention with random features (FAVOR+).

    Approximate. The exponents of the features are shifted by the largest of each feature over the
    keys, then by the largest of each query, so that the largest product is 1 and no denominator
    needs a small number added. Both shifts cancel in the ratio. The keys pass in segments that fit
    the cache; their sums are rescaled when a larger key comes.

    Args:
        query: `[..., T, D]`, float16, bfloat16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        n_features: M, how many features to draw; more are more exact.
        causal: no query sees a key after its own position; the last query is aligned with the last
            key.
        seed: of the features; the same draw for all leading axes.
        mask: boolean tensor, broadcastable to `[..., 1, S]`; True = may be attended to.
        scale: c > 0 of exp(c q . k); None means 1 / sqrt(D).
        orthogonal: features at right angles; False draws each by itself.
        features: `[M, D]`, same dtype, in place of n_features, seed and orthogonal.

    Returns:
        output `[..., T, E]`, same dtype. A query with nothing to attend to has a zero output and
        passes zero gradient.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.performer_attention`.

    Cost: 2 M (D + E) (T + S) FLOPs and M (T + S) exponentials; causal 2 T C (M + E) more at C = 64;
    memory for O(T M) numbers with gradients, and beside the output O(M E) and a segment without.
    Source: `attention_lib.reference.performer_attention`.

    >>> one = torch.ones(1, 2)
    >>> performer_attention(one, one, one, n_features=4)  # a single key always has weight 1
    tensor([[1., 1.]])
    """
    check_attended(query, key, value, mask=mask, causal=causal)
    if scale is not None:
        check_positive(scale=scale)
    if features is not None:
        check_kind("torch", features=features)
        check_floating(query=query, features=features)
    check_random_features(features, query.shape[-1], n_features)
    if features is None:
        check_size(n_features=n_features)
        check_count(minimum=0, seed=seed)
        check_flag(orthogonal=orthogonal)
        features = features_for(query, n_features, seed, orthogonal)
    return performer_attention_core(
        query, key, value, features, causal=causal, mask=mask, scale=scale
    )


def features_for(query, n_features, seed, orthogonal=True):
    """What `performer_attention` draws, in float32 at least."""
    dtype = torch.float64 if query.dtype == torch.float64 else torch.float32
    sizes = [int(n_features), query.shape[-1], int(orthogonal)]
    if recorded():
        return _recorded_features(seed, sizes).to(query.device, dtype)
    drawn = _drawn(*sizes[:2], int(seed), orthogonal)
    return torch.tensor(drawn, dtype=dtype, device=query.device)


def performer_attention_core(query, key, value, features, *, causal=False, mask=None, scale=None):
    """`performer_attention` for arguments that were checked, and features that were drawn."""
    *leading, n_queries, d_value = output_shape_of(query, key, value)
    n_keys, width = key.shape[-2:]
    scale = width**-0.5 if scale is None else float(scale)
    dtype, query, key, value = widen_core(query, key, value)
    scaled = features.to(query.dtype) * math.sqrt(scale)  # W x = scaled @ (x / sqrt(scale))
    size = segment_size(known_size(math.prod(leading)), len(features), width, d_value)

    everyone = max(0, n_keys - n_queries) if causal else n_keys  # keys that all queries see
    sums = None
    for part, keys, values in segments(size, key[..., :everyone, :], value[..., :everyone, :]):
        sums = _add_keys(_key_exponents(keys, mask, part, scaled, scale), values, sums)
    outputs = Outputs(n_queries)
    if not causal:
        for _, queries in segments(size, query):
            query_features = _shifted_query(_project(queries, scaled), sums[2])
            outputs.append(*read(query_features, sums), length=n_queries)
    else:
        query, key, value, mask = align(query, key, value, mask)
        causal_part = causal_part_plain if rewritten() else _causal_part
        for part, queries, keys, values in segments(size, query, key, value):
            exponents = _key_exponents(keys, mask, part, scaled, scale)
            *ratio, sums = causal_part(_project(queries, scaled), exponents, values, sums)
            outputs.append(*ratio, length=query.shape[-2])
    return outputs.joined().to(dtype)


def _project(x, scaled):
    """W x in the dtype of x, under torch.autocast too: exponents must not be rounded."""
    with torch.autocast(x.device.type, enabled=False):
        return x @ scaled.mT


def _key_exponents(key, mask, part, scaled, scale):
    """W k - |k|^2 / 2 of the keys of one segment, minus infinity where the mask is False."""
    half_square = key.square().sum(-1, keepdim=True) * (scale / 2)
    exponents = _minus(_project(key, scaled), half_square)  # [..., N, M]
    if mask is not None:
        exponents = torch.where(mask_of(mask, part), exponents, -torch.inf)
    return exponents


def _add_keys(exponents, value, sums):
    """The sums with those of more keys, all divided by exp(top), and the new top."""
    features, sums = _shifted_key(exponents, value, sums)
    return sums[0] + features.mT @ value, sums[1] + features.sum(-2), sums[2]


def _shifted_key(exponents, value, sums):
    """exp(exponents - top), and the sums of earlier keys divided by the exp of the same top.

    top `[..., 1, M]` is the largest exponent of each feature so far, minus infinity at first.
    """
    if exponents.shape[-2]:
        top = exponents.detach().amax(-2, keepdim=True)
    else:
        top = exponents.new_full((*exponents.shape[:-2], 1, exponents.shape[-1]), -torch.inf)
    if sums is None:
        features = _exp(exponents - _finite(top))
        return features, (
            features[..., :0, :].mT @ value[..., :0, :],
            features[..., :0, :].sum(-2),
            top,
        )
    state, total, earlier = sums
    top = torch.maximum(top, earlier)
    shrink = (earlier - _finite(top)).exp()  # [..., 1, M]
    features = _exp(exponents - _finite(top))
    return features, (state * shrink.mT, total * shrink.squeeze(-2), top)


def _shifted_query(exponents, top):
    """exp(exponents + top), divided by its largest over the features.

    |q|^2 / 2 would be the same for all features and cancels too.
    """
    exponents = exponents + _finite(top)
    return _exp(_minus(exponents, exponents.detach().amax(-1, keepdim=True)))


def _finite(top):
    return top.masked_fill(top == -torch.inf, 0)  # of a feature that no key has had yet


def _minus(x, y):
    """x - y, in the place of x where no gradient flows: x is ours, and used no more."""
    return x - y if flows(x, y) else x.sub_(y)


def _exp(x):
    return x.exp() if flows(x) else exp_in_place(x)


def _causal_part(query, key, value, sums):
    """Numerator, denominator and the sums afterwards, of N positions given by their exponents.

    One top serves all N, also those before the key that it comes from. Where keys differ so much
    that this leaves an early query (nearly) without a denominator, the halves have tops of their
    own. A single position never needs it: its largest product is 1.
    """
    length = query.shape[-2]
    key_features, before = _shifted_key(key, value, sums)
    query_features = _shifted_query(query, before[2])
    numerator, denominator, after = causal_sums(query_features, key_features, value, before[:2])
    small = denominator < torch.finfo(query.dtype).tiny ** 0.5
    if length > 1 and small.any():
        seen = (key > -torch.inf).any(-1, keepdim=True).cumsum(-2) > 0
        seen = seen | (sums[2] > -torch.inf).any(-1, keepdim=True)
        if (small & seen).any():
            first, rest = slice(length // 2), slice(length // 2, None)
            numerators, denominators = [], []
            for half in (first, rest):
                parts = (one[..., half, :] for one in (query, key, value))
                numerator, denominator, sums = _causal_part(*parts, sums)
                numerators.append(numerator)
                denominators.append(denominator)
            return torch.cat(numerators, dim=-2), torch.cat(denominators, dim=-2), sums
    return numerator, denominator, (*after, before[2])
