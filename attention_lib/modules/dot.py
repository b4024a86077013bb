"""Luong's dot attention: no parameters, no scale."""

import torch  # noqa: F401  (the doctest uses it)

from .. import functional
from .scored import ScoredAttention


class DotAttention(ScoredAttention):
    r"""Attention with the score $q \cdot k$, as it stands.

    Args:
        dropout: probability with which a weight is dropped in training.

    Called as `AdditiveAttention`; query and key must have the same width.

    Raises:
        TypeError, ValueError: dropout not in [0, 1), tensors that do not fit.

    Cost: as `attention_lib.reference.dot_scores` and `attend`.
    Source: Luong, Pham and Manning (2015), "dot".
    Chapter: 01_1_scores.

    >>> DotAttention()(torch.ones(1, 2), torch.ones(4, 2), torch.ones(4, 7)).shape
    torch.Size([1, 7])
    """

    def scores(self, query, projected):
        return functional.dot_scores(query, projected)
