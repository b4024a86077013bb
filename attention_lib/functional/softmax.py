"""From scores to weights."""

import math

import torch

from ..checks import check_dimensions, check_positive
from .precision import check_tensors, check_torch_mask, widen_core


def softmax(scores, *, mask=None, temperature=1.0):
    """Turn scores into weights: exp(s / tau), divided by its sum over the last axis.

    Args:
        scores: `[..., S]`, float16, bfloat16, float32 or float64.
        mask: boolean tensor, broadcastable to the shape of `scores`; True = may attend.
        temperature: tau > 0.

    Returns:
        weights `[..., S]` in the dtype of `scores`. A row with nothing to attend to is all zeros
        and passes zero gradient. Infinite scores follow the limit, as in the reference.

    Raises:
        TypeError: scores not a floating tensor, mask not boolean, temperature not a number.
        ValueError: mask does not broadcast to the scores, temperature not positive.

    Cost: about 5 S operations a row. Source and formula: `attention_lib.reference.softmax`.
    Chapter: 02_worked_example.

    >>> softmax(torch.tensor([1.5, 3.5]))
    tensor([0.1192, 0.8808])
    """
    check_tensors(scores=scores)
    check_dimensions(1, scores=scores)
    check_torch_mask(mask, scores.shape, scores=scores)
    check_positive(temperature=temperature)
    dtype, scores = widen_core(scores)
    return softmax_core(scores, mask, temperature).to(dtype)


def softmax_core(scores, mask=None, temperature=1.0):
    """`softmax` of scores in float32 or float64 that were checked, without rounding."""
    if scores.shape[-1] == 0:
        return scores.clone()
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    top = scores.detach().amax(dim=-1, keepdim=True)
    # Where there are +inf they share the weight: 0 for each of them, -inf for the others. Else the
    # maximum is subtracted, unless it is -inf: then the row is empty and is set to zero at the end.
    limit = torch.where(scores == torch.inf, 0.0, -torch.inf).to(scores.dtype)
    scores = torch.where(top == torch.inf, limit, scores - top.masked_fill(top.isinf(), 0))
    empty = top == -torch.inf
    temperature = max(float(temperature), torch.finfo(scores.dtype).tiny)  # less would be zero here
    return torch.softmax(scores.masked_fill(empty, 0) / temperature, dim=-1).masked_fill(empty, 0)


def exp_in_place(x):
    """exp of numbers that are at most zero, in their memory; no gradient may flow.

    As a power of two it takes half the time on processors for which torch's exp is slow. The
    relative error grows to 1e-7 (1 + |x|) in float32, the absolute one stays below 1e-7.
    """
    return x.mul_(1 / math.log(2)).exp2_()
