"""What a cache is that keeps tensors `[B, G, *, D]` side by side in memory of its own."""

import torch

from .cache_checks import check_rows


class CachedTensors:
    """Tensors `[B, G, *, D]` for the rows of a batch, which can be picked, repeated and copied."""

    _buffers = ()

    @property
    def batch(self):
        """B, or None as long as nothing is held."""
        return self._buffers[0].shape[0] if self._buffers else None

    @property
    def nbytes(self):
        """Bytes taken, the part that is not filled yet included."""
        return sum(buffer.numel() * buffer.element_size() for buffer in self._buffers)

    def reorder(self, rows):
        """Make row b of the batch what row rows[b] was: beam search picks and repeats rows.

        Args:
            rows: int64 `[B']`, values from 0 to B - 1; B' may differ from B.

        Raises:
            TypeError: rows not an int64 tensor.
            ValueError: rows not one-dimensional, a row outside 0..B-1, or nothing is held yet.
        """
        check_rows(rows, self._buffers[0] if self._buffers else None)
        with torch.inference_mode(False):
            self._buffers = tuple(buffer[rows] for buffer in self._buffers)

    def __deepcopy__(self, memo):
        made = object.__new__(type(self))
        vars(made).update(vars(self))
        with torch.inference_mode(False):
            made._buffers = tuple(buffer.clone() for buffer in self._buffers)
        return made

    def __copy__(self):
        return self.__deepcopy__({})  # two that share memory would write over each other


def empty(tensors, size):
    """Memory for `size` positions of the kind of each tensor."""
    with torch.inference_mode(False):  # else nobody outside it could write to this memory
        return tuple(one.new_empty(*one.shape[:2], size, one.shape[-1]) for one in tensors)
