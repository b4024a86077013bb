"""The largest tensor that an operation of torch returns, by numbers and by bytes of its memory."""

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class largest_output(TorchDispatchMode):  # noqa: N801 (used as a context, like `raises`)
    """`numbers`: of the largest output, views included; `bytes`: of the largest new memory; `sum`:
    bytes of all new memory."""

    def __init__(self):
        super().__init__()
        self.numbers = self.bytes = self.sum = 0

    def __torch_dispatch__(self, operation, types, arguments=(), options=None):
        result = operation(*arguments, **(options or {}))
        old = {
            one.untyped_storage().data_ptr()
            for one in tree_leaves((arguments, options))
            if isinstance(one, Tensor)
        }
        for one in tree_leaves(result):
            if isinstance(one, Tensor):
                self.numbers = max(self.numbers, one.numel())
                if one.untyped_storage().data_ptr() not in old:
                    self.bytes = max(self.bytes, one.untyped_storage().nbytes())
                    self.sum += one.untyped_storage().nbytes()
        return result


def largest_tensor(computation):
    """Numbers in the largest output of any operation of computation()."""
    with largest_output() as largest:
        computation()
    return largest.numbers
