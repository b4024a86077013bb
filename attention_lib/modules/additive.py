"""Bahdanau's attention: the score is a small network."""

import torch
from torch import nn

from ..checks import check_size, check_width
from ..functional.scores import additive_scores_projected_core
from .scored import ScoredAttention, check_input, check_projected, uniform_parameter


class AdditiveAttention(ScoredAttention):
    r"""Attention with the score $v^\top \tanh(W_q q + W_k k + b)$.

    Args:
        query_width: D_q.
        key_width: D_k.
        hidden_width: A, the width of the hidden layer.
        dropout: probability with which a weight is dropped in training.

    Called with query `[..., T, D_q]`, key `[..., S, D_k]`, value `[..., S, E]`, all of the
    parameters' dtype, and optionally a boolean mask (True = may attend), it returns the output
    `[..., T, E]`, or (output, weights `[..., T, S]`) with `return_weights=True`, or with
    `return_scores=True` the scores `[..., T, S]` alone, without mask and softmax.

    Raises:
        TypeError, ValueError: a width is not a positive integer, dropout not in [0, 1), tensors
            that do not fit.

    Cost: as `attention_lib.reference.additive_scores` and `attend`.
    Source: Bahdanau, Cho and Bengio (2015), appendix A.1.2.
    Chapter: 01_1_scores.

    >>> attention = AdditiveAttention(2, 3, 5)
    >>> attention(torch.ones(1, 2), torch.ones(4, 3), torch.ones(4, 7)).shape
    torch.Size([1, 7])
    """

    def __init__(self, query_width, key_width, hidden_width, *, dropout=0.0):
        super().__init__(dropout=dropout)
        check_size(query_width=query_width, key_width=key_width, hidden_width=hidden_width)
        self.query_weight = uniform_parameter(hidden_width, query_width)
        self.key_weight = uniform_parameter(hidden_width, key_width)
        self.score_vector = uniform_parameter(hidden_width)
        self.bias = nn.Parameter(torch.zeros(hidden_width))

    def project(self, key):
        check_input("key", key, self.key_weight)
        check_width("key", key, self.key_weight.shape[1])
        return key @ self.key_weight.mT  # [..., S, A]

    def scores(self, query, projected):
        check_input("query", query, self.query_weight)
        check_width("query", query, self.query_weight.shape[1])
        from_query = query @ self.query_weight.mT + self.bias  # [..., T, A]
        check_projected(from_query, projected)
        return additive_scores_projected_core(from_query, projected, self.score_vector)
