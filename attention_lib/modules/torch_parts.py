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


def linear_from_torch(module):
    """A copy of an nn.Linear."""
    with torch.device("meta"):  # nothing is drawn, nothing allocated
        made = nn.Linear(module.in_features, module.out_features)
    made.weight, made.bias = copied(module.weight), copied(module.bias)
    return made
