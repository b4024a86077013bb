"""Luong's general attention: a learned bilinear form."""

import torch  # noqa: F401  (the doctest uses it)

from ..checks import check_size, check_width
from ..functional.scores import dot_scores_core
from .scored import ScoredAttention, check_input, check_projected, uniform_parameter


class GeneralAttention(ScoredAttention):
    r"""Attention with the score $q^\top W k$.

    Args:
        query_width: D_q.
        key_width: D_k.
        dropout: probability with which a weight is dropped in training.

    Called as `AdditiveAttention`.

    Raises:
        TypeError, ValueError: a width is not a positive integer, dropout not in [0, 1), tensors
            that do not fit.

    Cost: as `attention_lib.reference.general_scores` and `attend`, with W applied to the keys.
    Source: Luong, Pham and Manning (2015), "general".
    Chapter: 01_1_scores.

    >>> attention = GeneralAttention(2, 3)
    >>> attention(torch.ones(1, 2), torch.ones(4, 3), torch.ones(4, 7)).shape
    torch.Size([1, 7])
    """

    def __init__(self, query_width, key_width, *, dropout=0.0):
        super().__init__(dropout=dropout)
        check_size(query_width=query_width, key_width=key_width)
        self.weight = uniform_parameter(query_width, key_width)

    def project(self, key):
        check_input("key", key, self.weight)
        check_width("key", key, self.weight.shape[1])
        return key @ self.weight.mT  # [..., S, D_q]

    def scores(self, query, projected):
        check_input("query", query, self.weight)
        check_width("query", query, self.weight.shape[0])
        check_projected(query, projected)
        return dot_scores_core(query, projected)
