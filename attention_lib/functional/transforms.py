"""Whether PyTorch rewrites the program that calls, and what it needs then.

torch.compile, torch.export and torch.jit.trace record every step; torch.vmap, torch.func and
forward-mode differentiation replace each by another. What works in place, chooses by a number or
brings a derivative of its own has a plain form for them here, which is never taken otherwise.
"""

import torch
from torch.autograd import forward_ad

from ..checks import is_symbolic


def recorded():
    """Whether the steps are being recorded, to be run later."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()


def rewritten():
    """Whether steps must be plain: out of place, without a derivative of their own."""
    return recorded() or torch._C._are_functorch_transforms_active() or _forward_derivative()


def beyond_kernels():
    """Whether more is asked than fused kernels know: many problems or derivatives at once.

    They know one derivative, backwards: `torch.func.grad` alone.
    """
    if torch.compiler.is_compiling():
        return False
    if not torch._C._are_functorch_transforms_active():
        return _forward_derivative()
    functorch = torch._C._functorch
    outermost = functorch.peek_interpreter_stack()
    return outermost.level() > 1 or outermost.key() != functorch.TransformType.Grad


def known_size(size):
    """A size for a plan of the work; 1 where it is left open, and the plan has to do for all."""
    return 1 if is_symbolic(size) else size


def _forward_derivative():
    return forward_ad._current_level >= 0
