"""The key-value cache: what attention has to remember between two steps of generation."""

import math

import torch

from ..checks import check_count
from .cache_checks import check_as_before, check_projected, check_stored
from .cached_tensors import CachedTensors, empty
from .rewind import Rewound

_FIRST_CAPACITY = 16


class KVCache(CachedTensors):
    r"""Keep the projected keys and values of the positions seen so far, so that none is computed
    twice.

    Without a cache, step t of a generation projects t positions again and attends from each of
    them. With it the step projects one position and attends from that one.

    For self-attention, which adds the positions of each step; what cross-attention makes of a
    memory is held by a `MemoryCache`. Any number of tensors `[B, G, T, D]` are kept side by side,
    for B rows of a batch, G heads and T positions, each with a G and a width D of its own.
    `MultiHeadAttention` stores two, the keys and the values of its G heads;
    `MultiHeadLatentAttention` stores one with G = 1, the latent followed by the rotary key. A copy
    has memory of its own.

    Args:
        max_length: the largest number of positions that may come, or None. If given, memory for
            all of them is taken at the first `append`; else the memory doubles when it is full.
        window: None, or w: only the last w + 1 positions are kept, which is what a query needs that
            sees itself and w positions before it.
        n_sinks: s: the first s positions are kept too, for good. A trained softmax puts weight on
            the first tokens whatever they say, and a model fails once they are gone. Only with a
            window; memory is then that of 2 w + 2 + s positions, however long the sequence grows,
            or of max_length if that is less.

    Raises:
        TypeError, ValueError: max_length not an integer >= 1, window or n_sinks not an integer
            >= 0, sinks without a window.

    For inference only: no gradient flows through it.

    Cost: a position takes B G D times the bytes of the dtype for each tensor. `append` copies only
    the new positions and the sinks; now and then, when the memory doubles or a window moves to its
    front, all that are kept.
    Source: the idea is older than its name; Shazeer (2019), section 2.4, writes the incremental
    step and shows that reading the cache is what it costs. Beltagy et al. (2020) for the window,
    Xiao et al. (2024) for the sinks, who count rotary positions within the cache; here a key keeps
    the position that it had.

    >>> cache = KVCache()
    >>> key, value = cache.append(torch.ones(1, 2, 3, 5), torch.ones(1, 2, 3, 7))
    >>> key, value = cache.append(torch.zeros(1, 2, 1, 5), torch.zeros(1, 2, 1, 7))
    >>> key.shape, value.shape, cache.length
    (torch.Size([1, 2, 4, 5]), torch.Size([1, 2, 4, 7]), 4)
    """

    def __init__(self, *, max_length=None, window=None, n_sinks=0):
        if max_length is not None:
            check_count(max_length=max_length)
            max_length = int(max_length)  # NumPy's small integers would overflow
        if window is not None:
            check_count(minimum=0, window=window)
            window = int(window)
        check_count(minimum=0, n_sinks=n_sinks)
        if n_sinks and window is None:
            raise ValueError(
                f"n_sinks must be 0 where window is None, for all positions are kept, got {n_sinks}"
            )
        self.max_length, self.window, self.n_sinks = max_length, window, int(n_sinks)
        self.reset()

    def reset(self):
        """Forget everything and give the memory back; the next `append` may have other shapes."""
        self._buffers = ()  # one [B, G, capacity, D] for each tensor, filled from _start to _stop
        self._start = self._stop = self._length = 0

    @property
    def length(self):
        """Positions seen in all, also those that a window has dropped."""
        return self._length

    @property
    def held_length(self):
        """Positions that `held` returns."""
        return self._count(itself=1)

    @property
    def _capacity(self):
        return self._buffers[0].shape[2]

    def held(self):
        """Everything kept, one tensor `[B, G, held_length, D]` for each that was appended.

        They are in the order of positions, the sinks first. Take them for views of the cache's own
        memory (with sinks some are copies): use them before the next `append` or `reset`, and do
        not write to them. Empty before the first `append`.
        """
        return self._kept(self.held_length)

    def append(self, *tensors):
        """Add T new positions and return what their queries may need.

        Args:
            tensors: one or more `[B, G, T, D]`, of one floating dtype and with the same B and T;
                the number of tensors, B, G, D, dtype and device stay those of the first call.

        Returns:
            tuple of one tensor `[B, G, S, D]` for each: all positions in order, or with a window
            the sinks and those from w before the first new one on. Views, as those of `held`.

        Raises:
            TypeError: not floating tensors, or another dtype or device than before.
            ValueError: other shapes or another number of tensors than before, more positions than
                max_length, or a tensor through which gradients would have to flow.
        """
        named = check_stored("append", tensors)
        if self._buffers:
            check_as_before(named, self._buffers)
        self.check_room(tensors[0].shape[2])
        with Rewound(self):
            return self.append_core(*tensors)

    def append_core(self, *tensors):
        """`append` for tensors that were checked, for a caller that rewinds it if that fails."""
        new = tensors[0].shape[-2]
        if self.window is None and self._buffers and self._stop + new <= self._capacity:
            return self._write(tensors, new)
        keep = self._needed(new)
        if not self._buffers:
            self._buffers = empty(tensors, self._size(new))
        capacity = self._capacity
        if self.window is not None and keep + new > capacity:
            return self._replace(keep, tensors)
        if self._stop + new > capacity:  # new memory: larger, or of the same size for a window
            self._move(self._kept(keep), self._size(keep + new, 2 * capacity))
        else:
            self._drop_to(keep)
        self._write(tensors, new)
        return self._kept(keep + new)

    def _write(self, tensors, new):
        """Put `new` positions behind those that are there; returns all from the first buffered."""
        for buffer, tensor in zip(self._buffers, tensors, strict=True):
            buffer.narrow(2, self._stop, new).copy_(tensor)
        self._stop += new
        self._length += new
        count = self._stop - self._start
        return tuple([buffer.narrow(2, self._start, count) for buffer in self._buffers])

    def cut(self, count):
        """Forget the last `count` positions, as if they had not come yet.

        Speculative decoding takes back what was written on trial.

        Raises:
            TypeError, ValueError: count not an integer from 0 to `length`, or the cache has a
                window, which has dropped what the queries before the cut would need.
        """
        check_count(minimum=0, count=count)
        if count > self._length:
            raise ValueError(
                f"count must be at most the {self._length} positions that have come, got {count}"
            )
        self.check_cut("count")
        self._stop -= int(count)
        self._length -= int(count)

    def check_cut(self, name):
        """Positions can be taken back; name: of what the caller judges."""
        if self.window is not None:
            raise ValueError(
                f"{name} cannot be cut back in a cache that drops positions, "
                f"got window = {self.window}"
            )

    def length_for(self, new):
        """How many positions `append` will return for so many new ones."""
        check_count(minimum=0, new=new)
        return self._needed(new) + new

    def _needed(self, new):
        """Old positions that the first new query sees; without a new one all that are held."""
        return self._count(itself=int(new == 0))

    def _count(self, *, itself):
        """Positions that a query needs: sinks and window, and `itself`, 1 if it is among them."""
        if self.window is None:
            return self._length
        return min(self._length, self.n_sinks + self.window + itself)

    def _kept(self, count):
        """`count` positions of each tensor: the sinks and the last."""
        if not self.n_sinks:
            first = self._stop - count
            return tuple([buffer.narrow(2, first, count) for buffer in self._buffers])
        return tuple(
            self._ends(buffer[:, :, self._start : self._stop], count) for buffer in self._buffers
        )

    def _ends(self, rows, count):
        """The sinks, which come first, and the last of `[B, G, S, D]`, `count` of them in all.

        A view if nothing lies between the two, else a copy.
        """
        dropped = rows.shape[-2] - count
        near = rows[:, :, dropped:]
        if not dropped or not self.n_sinks:
            return near
        return torch.cat([rows[:, :, : self.n_sinks], near[:, :, self.n_sinks :]], dim=2)

    def _drop_to(self, count):
        """Keep `count` positions: the sinks move up to those that stay, over what goes."""
        first = self._stop - count
        if self.n_sinks and first > self._start:
            for buffer in self._buffers:
                sinks = buffer[:, :, self._start : self._start + self.n_sinks]
                buffer[:, :, first : first + self.n_sinks] = sinks.clone()
        self._start = first

    def _size(self, needed, at_least=_FIRST_CAPACITY):
        """For how many positions memory is taken, where `needed` have to fit now."""
        if self.window is not None:
            return min(2 * self.window + 2 + self.n_sinks, self.max_length or math.inf)
        return self.max_length or max(needed, at_least)

    def _move(self, kept, size):
        """Hold `kept` and nothing else, in new memory for `size` positions."""
        buffers = empty(kept, size)
        for buffer, old in zip(buffers, kept, strict=True):
            buffer[:, :, : old.shape[-2]] = old
        self._buffers, self._start, self._stop = buffers, 0, kept[0].shape[-2]

    def _replace(self, keep, tensors):
        """A chunk larger than the window's memory: return all of it, keep sinks and end."""
        pairs = zip(self._kept(keep), tensors, strict=True)
        everything = tuple(torch.cat([old, new], dim=-2) for old, new in pairs)
        self._length += tensors[0].shape[-2]
        self._move([self._ends(one, self.held_length) for one in everything], self._capacity)
        return everything

    def check_next(self, name, x, kinds, dtype):
        """What is made of x `[B, T, C]` may be appended.

        kinds: the number of heads and the width of each tensor that will be; dtype: theirs.
        """
        self.check_room(x.shape[1])
        if self._buffers:
            check_projected(name, x, kinds, dtype, self._buffers)

    def check_room(self, new):
        """So many new positions may come."""
        if self.max_length is not None and self._length + new > self.max_length:
            raise ValueError(
                f"the cache holds at most max_length = {self.max_length} positions, got "
                f"{new} more after {self._length}"
            )

    def mark(self, *, lasting=False):
        """What `rewind` needs to come back after an append; lasting: after any number of them."""
        at = self._buffers, self._start, self._stop, self._length
        if not self.n_sinks or not self._buffers:
            return at, None  # what is held is never written over
        # Sinks are: they move up to the window, over the first positions that it drops.
        first = self._start if lasting else self._stop - self._count(itself=1)
        last = self._stop if lasting else self._stop - self._count(itself=0) + self.n_sinks
        return at, (first, [one[:, :, first:last].clone() for one in self._buffers])

    def rewind(self, mark):
        """Be as at the mark."""
        (self._buffers, self._start, self._stop, self._length), moved = mark
        if moved is not None:
            first, rows = moved
            for buffer, old in zip(self._buffers, rows, strict=True):
                buffer[:, :, first : first + old.shape[2]] = old
