"""Linear attention as a module, and the cache that remembers its sums and nothing else."""

import torch

from .. import functional
from ..checks import check_count, check_feature_map, check_kind, check_shape
from ..functional.linear_attention import FEATURE_MAPS, linear_attention_core
from .cache_checks import check_rows
from .mechanism import Mechanism, share_heads


class LinearAttention(Mechanism):
    r"""Average the values with the weights phi(q) . phi(k), without computing the weights.

    $$o_i = \frac{\phi(q_i)^\top \sum_j \phi(k_j) v_j^\top}{\phi(q_i)^\top \sum_j \phi(k_j)}$$

    No parameters, unless phi has some. Another function than softmax attention, not an
    approximation of it. Causal, j runs up to i; the two sums are then the state of a recurrent
    network, and `new_cache` gives a cache that holds them alone.

    Args:
        feature_map: phi: "elu" (elu + 1), "relu", "exp" (which overflows for inputs above 88), or a
            function of a tensor `[..., N, D]` (float32 where the input has half precision) that
            gives its features `[..., N, M]`, none of them below zero, each position by itself. A
            learned map is an nn.Module: it is trained and saved with this one.

    Called with
        query: `[..., T, D]`; key: `[..., S, D]`; value: `[..., S, E]`, one floating dtype.
        mask: boolean tensor, broadcastable to `[..., 1, S]`; True = may be attended to.
        causal: no query sees a key after its own position; the last query stands at the last key.

    Returns:
        output `[..., T, E]`, same dtype. Sums are taken in float32 at least, under torch.autocast
        too.

    Raises:
        TypeError, ValueError: feature_map neither one of the names nor a function; else as
            `attention_lib.functional.linear_attention`.

    Cost: `attention_lib.functional.linear_attention`.
    Source: Katharopoulos et al. (2020).

    >>> query, key = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [2.0]])
    >>> LinearAttention()(query, key, torch.tensor([[1.0], [5.0]]))  # weights 1/4 and 3/4
    tensor([[4.],
            [4.]])
    """

    def __init__(self, *, feature_map="elu"):
        super().__init__()
        check_feature_map(feature_map, FEATURE_MAPS)
        self.feature_map = feature_map

    def forward_core(self, query, key, value, *, mask, causal):
        options = {"causal": causal, "feature_map": self.feature_map, "mask": mask}
        with torch.autocast(query.device.type, enabled=False):  # it would sum in bfloat16
            return linear_attention_core(query, key, value, **options)

    def new_cache(self, max_length=None):
        """An empty `LinearCache`; max_length changes nothing, for its size never grows."""
        if max_length is not None:
            check_count(max_length=max_length)
        return LinearCache(feature_map=self.feature_map)

    def check_cache(self, cache):
        """cache is a `LinearCache` with this feature map, or a `KVCache` without a window."""
        if not isinstance(cache, LinearCache):
            super().check_cache(cache)
        elif not _same_map(cache.feature_map, self.feature_map):
            raise ValueError(
                f"cache must have the feature_map {self.feature_map!r} of the mechanism, "
                f"got {cache.feature_map!r}"
            )

    def attend(self, query, key, value, *, mask, causal, cache):
        """Call it on the heads; with a `LinearCache` the new positions go into its sums."""
        if not isinstance(cache, LinearCache):
            return super().attend(query, key, value, mask=mask, causal=causal, cache=cache)
        if not causal:
            raise ValueError(
                "causal must be True with a LinearCache: it gives each position the sum of those "
                "before it"
            )
        if mask is not None and mask.ndim and mask.shape[-1] > 1:
            mask = mask[..., cache.length :]  # what it says of the others was heeded when they came
        return cache.append(query, *share_heads(query, key, value), mask=mask)

    def extra_repr(self):
        return f"feature_map={self.feature_map!r}"


def _same_map(one, other):
    """Whether two feature maps are one, or a learned map and a copy of it."""
    if one is other or one == other:
        return True
    if type(one) is not type(other) or not isinstance(one, torch.nn.Module):
        return False
    one, other = one.state_dict(), other.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


class LinearCache(functional.LinearAttentionState):
    r"""What causal linear attention remembers of all positions before: two sums.

    $$\sum_j \phi(k_j) v_j^\top, \qquad \sum_j \phi(k_j)$$

    For `MultiHeadAttention` with `LinearAttention`, where a `KVCache` would keep every key and
    value: a step of generation costs the same, in time and memory, after any number of positions.
    A `LinearAttentionState` for a batch whose rows can be picked.

    Args:
        feature_map: phi, as for `LinearAttention`.

    Attributes:
        length: positions seen.
        numerator: the first sum, `[B, H, M, E]` in float32 at least; None before the first
            position.
        normaliser: the second, `[B, H, M]`; None before the first position.

    Cost: B H M (E + 1) numbers, whatever the length. Gradients flow through it, and are kept for
    all steps unless the model is called under torch.no_grad().
    Source: Katharopoulos et al. (2020), equations 16 to 20.

    >>> cache = LinearCache()
    >>> x = torch.ones(1, 2, 7, 3)
    >>> cache.append(x, x, x).shape, cache.nbytes
    (torch.Size([1, 2, 7, 3]), 96)
    >>> cache.append(x, x, x).shape, cache.nbytes
    (torch.Size([1, 2, 7, 3]), 96)
    """

    @property
    def batch(self):
        """B, or None as long as nothing was appended."""
        return None if self.numerator is None else len(self.numerator)

    @property
    def nbytes(self):
        """Bytes of the sums."""
        sums = () if self.numerator is None else (self.numerator, self.normaliser)
        return sum(one.numel() * one.element_size() for one in sums)

    def append(self, query, key, value, *, mask=None):
        """Add the next N positions and return their outputs, `[B, H, N, E]`.

        Args:
            query, key: `[B, H, N, D]`; value: `[B, H, N, E]`, one floating dtype; B, H, the widths
                and the dtype stay those of the first call.
            mask: boolean tensor, broadcastable to `[B, H, 1, N]`; False = a key that no query, now
                or later, attends to.

        Raises:
            TypeError, ValueError: other shapes or dtypes; else as `LinearAttentionState.append`.
        """
        check_kind("torch", query=query, key=key, value=value)
        if query.ndim != 4:
            raise ValueError(f"query must have shape [B, H, N, D], got {tuple(query.shape)}")
        check_shape("key", key, query.shape, "[B, H, N, D]")
        check_shape("value", value, (*query.shape[:3], *value.shape[-1:]), "[B, H, N, E]")
        with torch.autocast(query.device.type, enabled=False):  # it would sum in bfloat16
            return super().append(query, key, value, mask=mask)

    def reorder(self, rows):
        """Make row b of the batch what row rows[b] was: beam search picks and repeats rows.

        Args:
            rows: int64 `[B']`, values from 0 to B - 1; B' may differ from B.

        Raises:
            TypeError: rows not an int64 tensor.
            ValueError: rows not one-dimensional, a row outside 0..B-1, or nothing appended yet.
        """
        check_rows(rows, self.numerator)
        self.numerator, self.normaliser = self.numerator[rows], self.normaliser[rows]
        *shapes, dtype = self._kind  # what the next call has to resemble
        self._kind = (*((len(rows), *shape[1:]) for shape in shapes), dtype)

    def mark(self, *, lasting=False):
        """What `rewind` needs to come back: no sum is written over."""
        return self.length, self.numerator, self.normaliser, self._kind

    def rewind(self, mark):
        """Be as at the mark."""
        self.length, self.numerator, self.normaliser, self._kind = mark
