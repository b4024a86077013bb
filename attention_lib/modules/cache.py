"""The key-value cache: what attention has to remember between two steps of generation."""

import math

import torch

from ..checks import check_count, check_floating, check_kind

_FIRST_CAPACITY = 16


class KVCache:
    r"""Keep the projected keys and values of the positions seen so far, so that none is computed
    twice.

    Without a cache, step t of a generation projects t positions again and attends from each of
    them. With it the step projects one position and attends from that one.

    The same class serves every kind of attention: it keeps any number of tensors `[B, G, T, D]`
    side by side, for B rows of a batch, G heads and T positions, each tensor with a G and a width D
    of its own. `MultiHeadAttention` stores two, the keys and the values of its G heads;
    `MultiHeadLatentAttention` stores one with G = 1, the latent followed by the rotary key.

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
    def batch(self):
        """B, or None as long as nothing was appended."""
        return self._buffers[0].shape[0] if self._buffers else None

    @property
    def _capacity(self):
        return self._buffers[0].shape[2]

    @property
    def nbytes(self):
        """Bytes taken, the part that is not filled yet included."""
        return sum(buffer.numel() * buffer.element_size() for buffer in self._buffers)

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
        self._check(tensors)
        return self.append_core(*tensors)

    def append_core(self, *tensors):
        """`append` for tensors that were checked; if memory runs out nothing has changed."""
        new = tensors[0].shape[-2]
        if self.window is None and self._buffers and self._stop + new <= self._capacity:
            return self._write(tensors, new)
        keep = self._needed(new)
        if not self._buffers:
            self._allocate(tensors, self._size(new))
        capacity = self._capacity
        if self.window is not None and keep + new > capacity:
            return self._replace(keep, tensors)
        if self._stop + new > capacity:  # move to larger memory, or to the front of the same
            kept = self._kept(keep)
            if self.window is None:
                self._allocate(tensors, self._size(keep + new, 2 * capacity))
            self._fill(kept)
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

    def length_for(self, new):
        """How many positions `append` will return for so many new ones."""
        return self._needed(new) + new

    def reorder(self, rows):
        """Make row b of the batch what row rows[b] was: beam search picks and repeats rows.

        Args:
            rows: int64 `[B']`, values from 0 to B - 1; B' may differ from B.

        Raises:
            TypeError: rows not an int64 tensor.
            ValueError: rows not one-dimensional, a row outside 0..B-1, or nothing appended yet.
        """
        check_rows(rows, self.batch)
        with torch.inference_mode(False):
            self._buffers = tuple(buffer[rows] for buffer in self._buffers)

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

    def _allocate(self, tensors, size):
        """Empty buffers for `size` positions, each of the kind of its tensor."""
        with torch.inference_mode(False):  # else nobody outside it could write to this memory
            self._buffers = tuple(
                one.new_empty(*one.shape[:2], size, one.shape[-1]) for one in tensors
            )

    def _fill(self, kept):
        """Let the buffers begin with `kept` and hold nothing else."""
        for buffer, old in zip(self._buffers, kept, strict=True):
            buffer[:, :, : old.shape[-2]] = old.clone()  # old may lie in the same memory
        self._start, self._stop = 0, kept[0].shape[-2]

    def _replace(self, keep, tensors):
        """A chunk larger than the window's memory: return all of it, keep sinks and end."""
        pairs = zip(self._kept(keep), tensors, strict=True)
        everything = tuple(torch.cat([old, new], dim=-2) for old, new in pairs)
        self._length += tensors[0].shape[-2]
        self._fill([self._ends(one, self.held_length) for one in everything])
        return everything

    def _check(self, tensors):
        if not tensors:
            raise ValueError("append needs at least one tensor, got none")
        named = {f"tensor {place}": tensor for place, tensor in enumerate(tensors)}
        check_kind("torch", **named)
        check_floating(**named)
        for name, tensor in named.items():
            if tensor.ndim != 4:
                raise ValueError(f"{name} must have shape [B, G, T, D], got {tuple(tensor.shape)}")
            if tensor.shape[0] != tensors[0].shape[0] or tensor.shape[2] != tensors[0].shape[2]:
                raise ValueError(
                    f"{name} must have the B and T of tensor 0 {tuple(tensors[0].shape)}, "
                    f"got {tuple(tensor.shape)}"
                )
            if tensor.requires_grad and torch.is_grad_enabled():
                raise ValueError(
                    f"{name} needs a gradient, and none flows through a cache: "
                    "call the model under torch.no_grad() or torch.inference_mode()"
                )
        if self._buffers:
            self._check_as_before(named)
        if self.max_length is not None:
            self._check_room(tensors[0].shape[2])

    def check_next(self, name, x, kinds, dtype):
        """What is made of x `[B, T, C]` may be appended.

        kinds: the number of heads and the width of each tensor that will be; dtype: theirs.
        """
        if self.max_length is not None:
            self._check_room(x.shape[1])
        if not self._buffers:
            return
        if x.shape[0] != self.batch:
            raise ValueError(
                f"{name} must have the batch size {self.batch} of what the cache holds, "
                f"got shape {tuple(x.shape)}"
            )
        held = tuple([(buffer.shape[1], buffer.shape[3]) for buffer in self._buffers])
        if held != kinds:
            raise ValueError(
                f"cache must hold tensors with these heads and widths: {kinds}, got {held}"
            )
        buffer = self._buffers[0]
        if dtype != buffer.dtype or x.device != buffer.device:
            raise TypeError(
                f"{name} must give the dtype and device of what the cache holds, {buffer.dtype} "
                f"on {buffer.device}, got {dtype} on {x.device}"
            )

    def _check_room(self, new):
        if self._length + new > self.max_length:
            raise ValueError(
                f"the cache holds at most max_length = {self.max_length} positions, got "
                f"{new} more after {self._length}"
            )

    def _check_as_before(self, named):
        if len(named) != len(self._buffers):
            raise ValueError(
                f"the cache keeps {len(self._buffers)} tensor(s) side by side, got {len(named)}"
            )
        for (name, tensor), buffer in zip(named.items(), self._buffers, strict=True):
            for axis, meaning in ((0, "batch size"), (1, "number of heads"), (3, "width")):
                if tensor.shape[axis] != buffer.shape[axis]:
                    raise ValueError(
                        f"{name} must have the {meaning} {buffer.shape[axis]} of what the cache "
                        f"holds, got shape {tuple(tensor.shape)}"
                    )
            for meaning in ("dtype", "device"):
                given, held = getattr(tensor, meaning), getattr(buffer, meaning)
                if given != held:
                    raise TypeError(
                        f"{name} must have the {meaning} {held} of what the cache holds, "
                        f"got {given}"
                    )


def check_rows(rows, batch):
    """rows is int64 `[B']` and picks from the B rows that a cache holds; batch None: none yet."""
    check_kind("torch", rows=rows)
    if rows.dtype != torch.int64:
        raise TypeError(f"rows must have dtype int64, got {rows.dtype}")
    if rows.ndim != 1:
        raise ValueError(f"rows must have shape [B'], got {tuple(rows.shape)}")
    if batch is None:
        raise ValueError("rows cannot be reordered in a cache to which nothing was appended")
    if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < batch:
        raise ValueError(
            f"rows must lie in 0..{batch - 1}, got {int(rows.min())}..{int(rows.max())}"
        )
