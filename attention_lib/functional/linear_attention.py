"""Linear attention: sums over the keys take the place of weights."""

import math
from functools import partial

import torch
from torch.nn import functional as F

from ..checks import (
    check_feature_map,
    check_features,
    check_kind,
    check_one_device,
    check_same_kind,
    check_same_length,
    is_symbolic,
)
from ..plans.linear_attention import CHUNK, chunks, segment_size
from ..plans.pieces import pieces
from .chunked import in_chunks, out_of_chunks
from .folded import check_attended, flows, output_shape_of
from .linear_gradient import FEATURE_MAPS, RecomputedFeatures, masked_features
from .precision import widen_core
from .transforms import known_size, recorded, rewritten


def linear_attention(query, key, value, *, causal=False, feature_map="elu", mask=None):
    """Average the values with the weights phi(q) . phi(k), without computing the weights.

    Not causal: the sums of phi(k) v^T and of phi(k) over all keys, then two products a query.
    Causal: positions in chunks; within a chunk the square of products, its future cut off; across
    chunks the cumulative sums of what the chunks before add. The keys pass in segments that fit the
    cache. Nothing of size T S is stored.

    Args:
        query: `[..., T, D]`, float16, bfloat16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        causal: no query sees a key after its own position; the last query is aligned with the last
            key.
        feature_map: "elu" (elu + 1), "relu", "exp" (which overflows for inputs above 88), or a
            function of a tensor `[..., N, D]` (in float32 where the input has half precision) that
            gives its features `[..., N, M]`, none of them below zero. It sees the positions in
            pieces: each has to be mapped by itself.
        mask: boolean tensor, broadcastable to `[..., 1, S]`; True = may be attended to.

    Returns:
        output `[..., T, E]`, same dtype. A query with nothing to attend to, or whose features are
        orthogonal to those of every key it sees, has a zero output and passes zero gradient. Where
        all its products with the keys lie below the smallest normal number (1e-38 in float32: with
        "elu" or "exp" all inputs below -40), the gradient may overflow.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.linear_attention`.

    Cost: 2 M E (T + S) FLOPs; causal 2 T (2 M E + C (M + E)) at C = 64. Memory beside the output:
    O(M E) numbers and a segment. For gradients, O(T M + T E) numbers are kept if it is causal or
    feature_map a function; else the features are computed again, and there is no second derivative.
    Source: `attention_lib.reference.linear_attention`.

    >>> query, key = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [2.0]])
    >>> linear_attention(query, key, torch.tensor([[1.0], [5.0]]))  # weights 1/4 and 3/4
    tensor([[4.],
            [4.]])
    """
    check_attended(query, key, value, mask=mask, causal=causal)
    check_feature_map(feature_map, FEATURE_MAPS)
    options = {"causal": causal, "feature_map": feature_map, "mask": mask}
    return linear_attention_core(query, key, value, **options)


def linear_attention_core(query, key, value, *, causal=False, feature_map="elu", mask=None):
    """`linear_attention` for arguments that were checked."""
    n_queries, n_keys = query.shape[-2], key.shape[-2]
    size = _segment(query, key, value)
    dtype, query, key, value = widen_core(query, key, value)
    if not causal:
        compute = partial(_everywhere, query, key, value, mask, feature_map, size)
        named = isinstance(feature_map, str)
        if rewritten() or not (named and flows(query, key, value)):
            return compute()[0].to(dtype)
        parts = [pieces(one.shape[-2], size) for one in (query, key)]
        output = RecomputedFeatures.apply(compute, query, key, value, mask, feature_map, parts)
        return output.to(dtype)
    everyone = max(0, n_keys - n_queries)  # keys that all queries see
    sums = _sums(key[..., :everyone, :], value[..., :everyone, :], mask, feature_map, size)
    outputs = Outputs(n_queries)
    query, key, value, mask = align(query, key, value, mask)
    _append_causal(outputs, query, key, value, mask, size, feature_map, sums)
    return outputs.joined().to(dtype)


class LinearAttentionState:
    """Causal linear attention that is fed piece by piece: a recurrent network with a matrix state.

    Holds the sums over all keys so far, `[..., M, E]` and `[..., M]` numbers, whatever their
    number. Appending the parts of a sequence one after the other gives `linear_attention` with
    `causal=True` of the whole.

    Args:
        feature_map: as for `linear_attention`.

    Attributes:
        length: positions seen.
        numerator: the sum of phi(k) v^T, `[..., M, E]`; None before the first position.
        normaliser: the sum of phi(k), `[..., M]`; None before the first position.

    Cost: 4 M E FLOPs a position, however many came before.
    Source: `attention_lib.reference.LinearAttentionState`.

    >>> state = LinearAttentionState()
    >>> one, two = torch.tensor([[0.0]]), torch.tensor([[2.0]])
    >>> state.append(one, one, torch.tensor([[1.0]])), state.append(one, two, torch.tensor([[5.0]]))
    (tensor([[1.]]), tensor([[4.]]))
    >>> state.length
    2
    """

    def __init__(self, *, feature_map="elu"):
        check_feature_map(feature_map, FEATURE_MAPS)
        self.feature_map = feature_map
        self.reset()

    def reset(self):
        """Forget every position."""
        self.length, self.numerator, self.normaliser = 0, None, None
        self._kind = None

    def __deepcopy__(self, memo):
        made = object.__new__(type(self))  # sums are never written over, and may have a graph
        vars(made).update(vars(self))
        return made

    def append(self, query, key, value, *, mask=None):
        """Add the next N positions and return their outputs.

        Args:
            query, key: `[..., N, D]`; value: `[..., N, E]`, one floating dtype. The leading axes,
                widths and dtype are those of the first call.
            mask: boolean tensor, broadcastable to `[..., 1, N]`; False = a key that no query, now
                or later, attends to.

        Returns:
            output `[..., N, E]`, same dtype: each position sees itself and all before it.

        Raises:
            TypeError, ValueError: as `linear_attention`; also when the three differ in N or the
                shapes or dtype differ from the first call's.
        """
        check_attended(query, key, value, mask=mask, causal=True)
        check_same_length(query=query, key=key)
        kind = tuple((*one.shape[:-2], one.shape[-1]) for one in (query, key, value))
        kind = (*kind, str(query.dtype))
        if self._kind is not None:
            check_same_kind(kind, self._kind)
            check_one_device(**{"the state": self.numerator}, query=query)
        length, size = query.shape[-2], _segment(query, key, value)
        dtype, query, key, value = widen_core(query, key, value)
        sums = None if self.numerator is None else (self.numerator, self.normaliser)
        outputs = Outputs(length)
        sums = _append_causal(outputs, query, key, value, mask, size, self.feature_map, sums)
        result = outputs.joined().to(dtype)
        self.numerator, self.normaliser = sums
        self.length += length
        self._kind = kind
        return result


def _segment(query, key, value):
    """Positions of a segment."""
    *leading, _, d_value = output_shape_of(query, key, value)
    return segment_size(known_size(math.prod(leading)), query.shape[-1], d_value)


def _features(x, feature_map):
    if isinstance(feature_map, str):
        return FEATURE_MAPS[feature_map](x)
    features = feature_map(x)
    check_kind("torch", x=x, **{"the features of feature_map": features})
    check_features(features, x)
    return features


def _key_features(key, mask, part, feature_map):
    return masked_features(key, lambda x: _features(x, feature_map), mask, part)


def segments(size, *tensors):
    """The slice of each segment of `size` positions, and that part of each of the tensors.

    Split all at once: the gradient of a slice by itself would be as long as the whole. A program
    that is recorded has one segment, for any length.
    """
    if recorded():
        return [(slice(None), *tensors)]
    parts = pieces(tensors[0].shape[-2], size)
    return zip(parts, *(one.split(size, dim=-2) for one in tensors), strict=True)


def add_keys(sums, features, value):
    """The sums of phi(k) v^T and phi(k) with those of more keys."""
    state, total = features.mT @ value, features.sum(-2)  # [..., M, E], [..., M]
    return (state, total) if sums is None else (sums[0] + state, sums[1] + total)


def read(features, sums):
    """Numerator `[..., T, E]` and denominator `[..., T, 1]` of queries that see all these keys."""
    return features @ sums[0], (features * sums[1].unsqueeze(-2)).sum(-1, keepdim=True)


class Outputs:
    """Ratios of the last positions, piece by piece; zeros for the queries before the first key.

    Where no gradient flows they are written where they belong, else collected.
    """

    def __init__(self, n_queries):
        self.n_queries, self.pieces, self.whole = n_queries, [], None

    def append(self, numerator, denominator, *, length):
        """Add the ratios, zero where the denominator is; `length` positions come in all."""
        # Divided by infinity: the output is zero there, and so are all gradients.
        denominator = denominator.masked_fill(denominator == 0, torch.inf)
        if flows(numerator):
            self.pieces.append(numerator / denominator)
            return
        if self.whole is None:
            self.start = self.n_queries - length
            shape = (*numerator.shape[:-2], self.n_queries, numerator.shape[-1])
            self.whole = numerator.new_empty(shape)
            self.whole[..., : self.start, :] = 0
        end = self.start + numerator.shape[-2]
        torch.div(numerator, denominator, out=self.whole[..., self.start : end, :])
        self.start = end

    def joined(self):
        if self.whole is not None:
            return self.whole
        output = torch.cat(self.pieces, dim=-2)
        return F.pad(output, (0, 0, self.n_queries - output.shape[-2], 0))


def align(query, key, value, mask):
    """Cut queries before the first key and keys before the first query: one key a query is left."""
    n_queries, n_keys = query.shape[-2], key.shape[-2]
    length = min(n_queries, n_keys)
    if mask is not None and mask.ndim and mask.shape[-1] != 1:
        mask = mask[..., n_keys - length :]
    query = query[..., n_queries - length :, :]
    return query, key[..., n_keys - length :, :], value[..., n_keys - length :, :], mask


def _everywhere(query, key, value, mask, feature_map, size):
    """The output of queries that see all keys, and the sums over these."""
    sums = _sums(key, value, mask, feature_map, size)
    outputs = Outputs(query.shape[-2])
    for _, queries in segments(size, query):
        features = _features(queries, feature_map)
        outputs.append(*read(features, sums), length=query.shape[-2])
    return outputs.joined(), sums


def _sums(key, value, mask, feature_map, size):
    sums = None
    for part, keys, values in segments(size, key, value):
        sums = add_keys(sums, _key_features(keys, mask, part, feature_map), values)
    return sums


def _append_causal(outputs, query, key, value, mask, size, feature_map, sums):
    """Append the outputs of T = S positions; return the sums after them."""
    length = query.shape[-2]
    for part, queries, keys, values in segments(size, query, key, value):
        query_features = _features(queries, feature_map)
        key_features = _key_features(keys, mask, part, feature_map)
        *ratio, sums = causal_sums(query_features, key_features, values, sums)
        outputs.append(*ratio, length=length)
    return sums


def causal_sums(query, key, value, sums):
    """Numerator, denominator and the sums afterwards, of N positions given by their features.

    query, key `[..., N, M]`, value `[..., N, E]`; sums: of the keys before, or None.
    """
    length = query.shape[-2]
    open_length = is_symbolic(length)
    shape = (length // CHUNK + 2, CHUNK) if open_length else chunks(length)
    query, key, value = (in_chunks(one, *shape) for one in (query, key, value))  # [..., K, C, *]
    value = value.contiguous()  # else each of the two products with it makes a copy
    plain = rewritten()
    inside = query @ key.mT
    inside = inside.tril() if plain else inside.tril_()  # [..., K, C, C]
    numerator = inside @ value
    denominator = inside.sum(-1, keepdim=True)
    states, totals = key.mT @ value, key.sum(-2)  # [..., K, M, E], [..., K, M]
    if sums is not None or open_length or states.shape[-3] > 1:
        # Of each chunk: the sums of the chunks before it, and those of the keys before them all.
        earlier = states.new_ones(states.shape[-3], states.shape[-3]).tril(-1)  # [K, K]
        states_before = (earlier @ states.flatten(-2)).unflatten(-1, states.shape[-2:])
        totals_before = earlier @ totals
        if sums is not None:
            states_before = states_before + sums[0].unsqueeze(-3)
            totals_before = totals_before + sums[1].unsqueeze(-2)
        more, total = read(query, (states_before, totals_before))
        add = torch.add if plain else torch.Tensor.add_
        numerator, denominator = add(numerator, more), add(denominator, total)
        sums = (
            states_before[..., -1, :, :] + states[..., -1, :, :],
            totals_before[..., -1, :] + totals[..., -1, :],
        )
    else:
        sums = states.sum(-3), totals.sum(-2)
    numerator, denominator = (out_of_chunks(one, length) for one in (numerator, denominator))
    return numerator, denominator, sums
