"""Luong's concat attention: the additive score, with one weight for the joined vector."""

import torch  # noqa: F401  (the doctest uses it)

from ..checks import check_size, check_width
from ..functional.scores import additive_scores_projected_core
from .scored import ScoredAttention, check_input, check_projected, uniform_parameter


class ConcatAttention(ScoredAttention):
    r"""Attention with the score $v^\top \tanh(W [q; k])$.

    Args:
        query_width: D_q.
        key_width: D_k.
        hidden_width: A, the width of the hidden layer.
        dropout: probability with which a weight is dropped in training.

    Called as `AdditiveAttention`, which it equals with W split in two and no bias; the joined
    vectors are never built.

    Raises:
        TypeError, ValueError: a width is not a positive integer, dropout not in [0, 1), tensors
            that do not fit.

    Cost: as `AdditiveAttention`.
    Source: Luong, Pham and Manning (2015), "concat".
    Chapter: 01_1_scores.

    >>> attention = ConcatAttention(2, 3, 5)
    >>> attention(torch.ones(1, 2), torch.ones(4, 3), torch.ones(4, 7)).shape
    torch.Size([1, 7])
    """

    def __init__(self, query_width, key_width, hidden_width, *, dropout=0.0):
        super().__init__(dropout=dropout)
        check_size(query_width=query_width, key_width=key_width, hidden_width=hidden_width)
        self.query_width = query_width
        self.weight = uniform_parameter(hidden_width, query_width + key_width)
        self.score_vector = uniform_parameter(hidden_width)

    def project(self, key):
        check_input("key", key, self.weight)
        check_width("key", key, self.weight.shape[1] - self.query_width)
        return key @ self.weight[:, self.query_width :].mT  # [..., S, A]

    def scores(self, query, projected):
        check_input("query", query, self.weight)
        check_width("query", query, self.query_width)
        from_query = query @ self.weight[:, : self.query_width].mT  # [..., T, A]
        check_projected(from_query, projected)
        return additive_scores_projected_core(from_query, projected, self.score_vector)
