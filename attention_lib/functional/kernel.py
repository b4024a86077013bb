"""Kernel regression, the ancestor of attention."""

from ..checks import check_bandwidth, check_query_key, check_value
from .attention import attend
from .precision import widen


def kernel_regression(query, key, value, *, bandwidth=1.0):
    """Average the values with the weights of a Gaussian kernel between query and key.

    Arguments, returns, raises, cost and source as `attention_lib.reference.kernel_regression`, for
    tensors. Chapter: 01_3_before_its_name.

    >>> import torch
    >>> kernel_regression(torch.tensor([[0.5]]), torch.tensor([[0.0], [1.0]]), torch.tensor([[2.0],
    ... [4.0]]))
    tensor([[3.]])
    """
    dtype, query, key, value = widen(query=query, key=key, value=value)
    check_value(value, check_query_key(query, key))
    check_bandwidth(bandwidth)
    difference = query[..., :, None, :] - key[..., None, :, :]  # [..., T, S, D]
    scores = -difference.square().sum(dim=-1) / (2 * float(bandwidth) ** 2)
    return attend(scores, value)[0].to(dtype)
