"""What attention modules that differ only in their score have in common."""

import torch
from torch import nn

from .. import functional
from ..checks import (
    check_dimensions,
    check_flag,
    check_floating,
    check_kind,
    check_probability,
    check_query_key,
    check_width,
)
from .calling import is_bare
from .dtypes import check_like, is_cast

_DENSE = torch.strided


class ScoredAttention(nn.Module):
    """Attention whose score a subclass defines: how keys are projected, how a query scores them.

    The projection of the keys stands apart, for a decoder meets the same keys at every step.
    """

    def __init__(self, *, dropout=0.0):
        super().__init__()
        check_probability(dropout=dropout)
        self.dropout = dropout

    def project(self, key):
        """What can be computed from the keys alone; key `[..., S, D_k]`, result `[..., S, *]`."""
        check_kind("torch", key=key)
        return key

    def check_keys(self, query, key):
        """The keys fit the queries, before they are projected."""
        check_kind("torch", query=query, key=key)
        check_query_key(query, key, same_width=False)

    def scores(self, query, projected):
        """Scores `[..., T, S]` of query `[..., T, D_q]` against projected keys."""
        raise NotImplementedError(f"{type(self).__name__} does not define scores")

    def attend(self, query, projected, value, *, mask=None):
        """(output `[..., T, E]`, weights `[..., T, S]`) for keys that `project` has seen."""
        dropout, scores = self.dropout if self.training else 0.0, self.scores(query, projected)
        check_kind("torch", scores=scores, value=value)
        if scores.dtype != value.dtype and is_cast(scores) and is_cast(value):
            wider = torch.promote_types(scores.dtype, value.dtype)
            scores, value = scores.to(wider), value.to(wider)
        return functional.attend(scores, value, mask=mask, dropout=dropout)

    def forward(self, query, key, value, *, mask=None, return_weights=False, return_scores=False):
        check_flag(return_weights=return_weights, return_scores=return_scores)
        self.check_keys(query, key)
        if return_scores:  # alone, before mask and softmax
            return self.scores(query, self.project(key))
        output, weights = self.attend(query, self.project(key), value, mask=mask)
        return (output, weights) if return_weights else output


def check_projected(from_query, projected):
    """What `project` gave fits what is made of the queries."""
    check_kind("torch", query=from_query, projected=projected)
    check_floating(projected=projected)
    check_query_key(from_query, projected, names=("query", "projected"))


def is_scored(module):
    """Whether a module is nothing but its scores: its parts may be called in its place."""
    return isinstance(module, ScoredAttention) and is_bare(module)


def check_input(name, array, weight, n_axes=2):
    """`array` is a tensor `[..., length, width]` of the dtype of a module's weight."""
    check_kind("torch", **{name: array})
    check_like(weight, **{name: array})
    check_dimensions(n_axes, **{name: array})


def check_layer_input(name, array, layer, width, *, n_axes=2):
    """`array` is a tensor that a linear layer can take, of at least so many axes."""
    weight = getattr(layer, "weight", None)  # what stands in for a linear layer may have none
    if (
        isinstance(array, torch.Tensor)
        and isinstance(weight, torch.Tensor)
        and array.dtype == weight.dtype
        and array.device == weight.device
        and array.layout is _DENSE
        and not array.is_nested
        and array.is_floating_point()
        and array.ndim >= n_axes
        and array.shape[-1] == width
    ):
        return
    check_kind("torch", **{name: array})
    check_like(weight, place=is_bare(layer), **{name: array})
    check_dimensions(n_axes, **{name: array})
    check_width(name, array, width)


def uniform_parameter(*shape):
    """A parameter drawn evenly from +-1 / sqrt(last size), as nn.Linear draws its weight."""
    bound = shape[-1] ** -0.5
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))
