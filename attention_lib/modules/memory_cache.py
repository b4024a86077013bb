"""What a decoder remembers: a cache that grows, and one that holds what was made of a memory."""

from copy import deepcopy
from typing import NamedTuple

import torch  # noqa: F401  (the doctest uses it)

from .cache import KVCache
from .cache_checks import check_stored
from .cached_tensors import CachedTensors, empty
from .rewind import Rewound


class MemoryCache(CachedTensors):
    r"""Hold the projected keys and values of a memory, so that it is projected once.

    For cross-attention: the memory (the output of an encoder) is the same at every step of
    generation. The first call of `MultiHeadAttention` with a key fills the cache, the later ones
    read it. A `KVCache` is for self-attention, where each step adds a position.

    Cost: S positions take B G S D times the bytes of the dtype for each tensor.
    Source: the cross-attention part of the cache in any encoder-decoder library.

    >>> cache = MemoryCache()
    >>> cache.fill(torch.ones(1, 2, 3, 5), torch.ones(1, 2, 3, 7))
    >>> [one.shape for one in cache.held()], cache.length
    ([torch.Size([1, 2, 3, 5]), torch.Size([1, 2, 3, 7])], 3)
    """

    def __init__(self):
        self.reset()

    def reset(self):
        """Forget the memory; the next `fill` may have other shapes."""
        self._buffers = ()

    @property
    def filled(self):
        """Whether a memory is held, be it one without positions."""
        return bool(self._buffers)

    @property
    def length(self):
        """S, positions of the memory, 0 before it was filled."""
        return self._buffers[0].shape[2] if self._buffers else 0

    def held(self):
        """The tensors that were given to `fill`; do not write to them."""
        return self._buffers

    def fill(self, *tensors):
        """Hold copies of tensors `[B, G, S, D]`, of one floating dtype and with the same B and S.

        Raises:
            TypeError: not floating tensors of one dtype.
            ValueError: other shapes, a tensor through which gradients would have to flow, or a
                memory is held already.
        """
        check_stored("fill", tensors)
        if self._buffers:
            raise ValueError(f"the cache holds a memory of {self.length} positions: reset it first")
        self.fill_core(*tensors)

    def fill_core(self, *tensors):
        """`fill` for tensors that were checked."""
        buffers = empty(tensors, tensors[0].shape[2])
        for buffer, one in zip(buffers, tensors, strict=True):
            buffer.copy_(one)
        self._buffers = buffers

    def mark(self, *, lasting=False):
        """What `rewind` needs to come back."""
        return self._buffers

    def rewind(self, mark):
        """Be as at the mark."""
        self._buffers = mark


class DecoderCache(NamedTuple):
    """What one decoder layer remembers between two steps of generation; its `new_cache` makes one.

    Attributes:
        self_attention: a `KVCache` that grows by the new positions, or what the layer's mechanism
            needs to remember.
        cross_attention: a `MemoryCache` that the first step fills from the memory, once.
    """

    self_attention: KVCache
    cross_attention: MemoryCache

    @property
    def length(self):
        """Positions decoded so far."""
        return self.self_attention.length

    @property
    def batch(self):
        """B, or None before the first step."""
        return self.self_attention.batch

    @property
    def nbytes(self):
        """Bytes taken by both."""
        return sum(cache.nbytes for cache in self)

    def reorder(self, rows):
        """Make row b of the batch what row rows[b] was, in both."""
        with Rewound(self):
            for cache in self:
                cache.reorder(rows)

    def cut(self, count):
        """Forget the last `count` positions that were decoded; the memory stays."""
        self.self_attention.cut(count)

    def reset(self):
        """Forget everything."""
        for cache in self:
            cache.reset()

    def mark(self, *, lasting=False):
        """What `rewind` needs to come back."""
        return tuple([cache.mark(lasting=lasting) for cache in self])

    def rewind(self, mark):
        """Be as at the mark."""
        for cache, one in zip(self, mark, strict=True):
            cache.rewind(one)

    def __copy__(self):
        return deepcopy(self)
