"""Luong's dot attention: no parameters, no scale."""

import torch  # noqa: F401  (the doctest uses it)

from ..checks import check_query_key
from ..functional.precision import check_tensors
from ..functional.scores import dot_scores_core
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

    def check_keys(self, query, key):
        check_tensors(query=query, key=key)
        check_query_key(query, key)

    def scores(self, query, projected):
        check_tensors(query=query, projected=projected)
        check_query_key(query, projected, names=("query", "projected"))
        return dot_scores_core(query, projected)
