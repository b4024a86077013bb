"""Copies of the parameters of PyTorch's modules."""

import torch
from torch import nn


def check_instance(module, kind):
    """`module` is a PyTorch module of this kind."""
    if not isinstance(module, kind):
        raise TypeError(f"module must be a torch.nn.{kind.__name__}, got {type(module).__name__}")


def copied(parameter):
    """A parameter of its own with the same numbers, dtype and device; None stays None."""
    return None if parameter is None else nn.Parameter(parameter.detach().clone())


def settled(module, *widths):
    """The module, its parameters as a call computes with them: pruning writes them in a hook.

    widths: of the vectors that it takes.
    """
    if module._forward_pre_hooks:
        like = next(module.parameters())
        with torch.no_grad():
            module(*(like.new_zeros(1, 1, width) for width in widths))
    return module


def linear_from_torch(module):
    """A copy of an nn.Linear."""
    check_instance(module, nn.Linear)
    settled(module, module.in_features)
    with torch.device("meta"):  # nothing is drawn, nothing allocated
        made = nn.Linear(module.in_features, module.out_features)
    made.weight, made.bias = copied(module.weight), copied(module.bias)
    return made
