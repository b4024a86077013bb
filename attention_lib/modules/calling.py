"""How one module calls another on what it has judged already: past the checks, never past a hook.

A module with `check_call` and `forward_core` has `forward` judge its arguments by the one and
compute by the other. A module that holds it judges once, with `judge`, and then calls `run`.
"""

from itertools import chain

from torch import nn
from torch.nn import functional as F
from torch.nn.modules.module import (
    _global_backward_hooks,
    _global_backward_pre_hooks,
    _global_forward_hooks,
    _global_forward_pre_hooks,
)


def run(module, *inputs, **options):
    """What the module gives for inputs that were judged.

    A module that was replaced, hooked, compiled or given another `forward` is called as any other.
    """
    if _has_core(module) and is_bare(module):
        return module.forward_core(*inputs, **options)
    return module(*inputs, **options)


def judge(module, *inputs, **options):
    """Refuse what the module would refuse, before anything is computed or stored.

    Returns whether the module could say; one that was replaced by another kind cannot.
    """
    can = _has_core(module)
    if can:
        module.check_call(*inputs, **options)
    return can


def is_bare(module):
    """Nothing hangs on a call of the module that its class does not know of."""
    return not (
        module._forward_pre_hooks
        or module._forward_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
        or "forward" in module.__dict__
        or getattr(module, "_compiled_call_impl", None) is not None
        or _global_forward_pre_hooks
        or _global_forward_hooks
        or _global_backward_hooks
        or _global_backward_pre_hooks
    )


def forward_hooks(model):
    """All the places where hooks may hang that calls of the model's modules would call."""
    own = [(one._forward_pre_hooks, one._forward_hooks) for one in model.modules()]
    return [*chain(*own), _global_forward_pre_hooks, _global_forward_hooks]


def linear(layer, x):
    """What a linear layer gives: as it came, past nn.Module's call, which costs as much again."""
    if type(layer) is not nn.Linear or not is_bare(layer):  # `is_plain_linear`, written out
        return layer(x)
    held = layer._parameters  # an attribute that is a parameter takes three times as long
    try:
        weight, bias = held["weight"], held["bias"]
    except KeyError:  # other attributes stand in for them
        weight, bias = layer.weight, layer.bias
    return F.linear(x, weight, bias)


def is_plain_linear(module):
    """An nn.Linear as it came: what it returns is new memory that nobody else has seen."""
    return type(module) is nn.Linear and is_bare(module)


def _has_core(module):
    """The class that says what `forward` is also says what is left of it without the checks."""
    for kind in type(module).__mro__:
        names = kind.__dict__
        if "forward_core" in names:
            return True
        if "forward" in names:
            return False
    return False
