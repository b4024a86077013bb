"""The largest tensor that a computation makes, counted, never timed."""

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _Sizes(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        sizes = [one.numel() for one in tree_leaves(result) if hasattr(one, "numel")]
        self.largest = max(self.largest, *sizes, 0)
        return result


def largest_tensor(computation):
    """Numbers in the largest result, views included, of any operation of computation()."""
    with _Sizes() as sizes:
        computation()
    return sizes.largest
