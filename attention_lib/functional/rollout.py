"""Rollout: the weights of all layers of a stack, multiplied into one matrix."""

import torch

from ..checks import check_probability, check_stacked_weights
from .precision import widen


def attention_rollout(weights, *, residual=0.5):
    """Follow every position back to the inputs, as if weights and residual carried everything.

    Arguments, returns, raises, cost and source as `attention_lib.reference.attention_rollout`, for
    tensors, such as `TransformerEncoder` returns them. Chapter: 03_4_explain.

    >>> back = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    >>> attention_rollout([back, back])
    tensor([[1.0000, 0.0000],
            [0.7500, 0.2500]])
    """
    check_stacked_weights("torch", weights)
    named = {f"weights[{layer}]": one for layer, one in enumerate(weights)}
    dtype, *layers = widen(**named)
    check_probability(residual=residual)
    own = residual * torch.eye(layers[0].shape[-1]).to(layers[0])
    reached = own + (1 - residual) * layers[0].mean(dim=-3)
    for layer in layers[1:]:
        reached = (own + (1 - residual) * layer.mean(dim=-3)) @ reached
    return reached.to(dtype)
