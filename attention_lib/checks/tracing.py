"""What can be known of an argument while PyTorch records or rewrites the program that it enters.

Under torch.compile, torch.export and torch.jit.trace a tensor has no numbers yet, and a size may be
a symbol; within torch.vmap a tensor stands for many. Checks of kinds and shapes hold all the same,
checks of values are left out there: no other file has to know.
"""

import sys


def values_known(array):
    """Whether the numbers in an array can be read now."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(array, torch.Tensor):
        return True
    if torch.compiler.is_compiling() or torch.jit.is_tracing():
        return False
    fake = array.is_meta or type(array).__name__ == "FakeTensor"
    return not (fake or _stands_for_many(torch, array))


def is_symbolic(number):
    """Whether a number is a size that a recorded program leaves open."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(number, torch.SymInt)


def plain_int(number):
    """The number as an int of Python; one that is symbolic stays it.

    >>> plain_int(True)
    1
    """
    return number if is_symbolic(number) else int(number)


def _stands_for_many(torch, array):
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(array):
        if functorch.is_batchedtensor(array):
            return True
        array = functorch.get_unwrapped(array)
    return False
