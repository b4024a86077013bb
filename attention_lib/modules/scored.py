"""What attention modules that differ only in their score have in common."""

import torch
from torch import nn

from .. import functional
from ..checks import check_dimensions, check_floating, check_kind, check_probability


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
        return key

    def scores(self, query, projected):
        """Scores `[..., T, S]` of query `[..., T, D_q]` against projected keys."""
        raise NotImplementedError(f"{type(self).__name__} does not define scores")

    def attend(self, query, projected, value, *, mask=None):
        """(output `[..., T, E]`, weights `[..., T, S]`) for keys that `project` has seen."""
        dropout = self.dropout if self.training else 0.0
        return functional.attend(self.scores(query, projected), value, mask=mask, dropout=dropout)

    def forward(self, query, key, value, *, mask=None, return_weights=False):
        output, weights = self.attend(query, self.project(key), value, mask=mask)
        return (output, weights) if return_weights else output


def check_input(name, array, weight):
    """`array` is a tensor `[..., length, width]` of the dtype of a module's weight."""
    check_kind("torch", **{name: array})
    check_floating(**{name: array, "weight": weight})
    check_dimensions(2, **{name: array})


def uniform_parameter(*shape):
    """A parameter drawn evenly from +-1 / sqrt(last size), as nn.Linear draws its weight."""
    bound = shape[-1] ** -0.5
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))
