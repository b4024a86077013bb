"""Hard attention: one key is drawn for each query."""

import torch

from ..checks import (
    check_dimensions,
    check_kind,
    check_no_nan,
    check_not_below_zero,
    check_range,
    check_value,
    dtype_name,
)
from .precision import check_torch_mask, widen
from .scores import scaled_dot_scores
from .softmax import softmax_core


def hard_attention(query, key, value, *, rng, mask=None, scale=None):
    """Draw one key for each query with the probabilities of soft attention, and return its value.

    Args:
        query, key, value, mask, scale: as for `attention`.
        rng: a torch.Generator.

    Returns:
        output `[..., T, E]` and index `[..., T]`; zero output and index -1 for a query with nothing
        to attend to. Gradients reach the values alone; for the scores see
        `attention_lib.modules.HardAttention`.

    Raises:
        TypeError: as `attention`; also when rng is not a torch.Generator.
        ValueError: as `attention`; also when a score is NaN.

    Cost and source: `attention_lib.reference.hard_attention`. Chapter: 01_3_before_its_name.

    >>> key = torch.tensor([[0.0], [100.0]])
    >>> hard_attention(torch.ones(1, 1), key, key, rng=torch.Generator().manual_seed(0))
    (tensor([[100.]]), tensor([1]))
    """
    dtype, query, key, value = widen(query=query, key=key, value=value)
    scores = scaled_dot_scores(query, key, scale=scale)
    output_shape = check_value(value, scores.shape)
    check_torch_mask(mask, scores.shape, query=query)
    weights = softmax_core(scores, mask)
    check_no_nan("query and key must give scores without NaN, got NaN", weights)
    index = draw(weights.expand(*output_shape[:-1], -1), rng=rng)
    return take(value, index).to(dtype), index


def draw(weights, *, rng):
    """Draw an index from each row of weights; keys of weight zero are never drawn.

    Args:
        weights: `[..., S]`, floating, not negative; need not sum to one.
        rng: a torch.Generator.

    Returns:
        index `[...]`, int64; -1 for a row of zeros.

    Raises:
        TypeError: weights not a floating tensor, rng not a torch.Generator.
        ValueError: a weight is negative or NaN.

    Cost: S random numbers a row. Source: `attention_lib.reference.hard_attention`. Chapter:
    01_3_before_its_name.

    >>> draw(torch.tensor([[0.0, 1.0], [0.0, 0.0]]), rng=torch.Generator().manual_seed(0))
    tensor([ 1, -1])
    """
    _, weights = widen(weights=weights)
    if not isinstance(rng, torch.Generator):
        raise TypeError(f"rng must be a torch.Generator, got {type(rng).__name__}")
    check_dimensions(1, weights=weights)
    if rng.device.type != weights.device.type:
        raise ValueError(
            f"rng must be a generator of the device of the weights, {weights.device}, "
            f"got one of {rng.device}"
        )
    check_not_below_zero("weights", weights)
    if weights.shape[-1] == 0:
        return torch.full(weights.shape[:-1], -1, device=weights.device)
    noise = torch.empty_like(weights, memory_format=torch.contiguous_format).exponential_(
        generator=rng
    )
    index = (weights.detach() / noise).masked_fill(weights == 0, -1).argmax(dim=-1)
    return index.masked_fill(~(weights > 0).any(dim=-1), -1)


def take(value, index):
    """The rows of value `[..., S, E]` at index `[..., T]`, zero where the index is -1.

    Raises:
        TypeError: value not a floating tensor, index not a tensor of integers.
        ValueError: the leading axes do not broadcast, or an index is outside -1..S-1.

    Cost: T E numbers read. Chapter: 01_3_before_its_name.

    >>> take(torch.tensor([[1.0], [3.0]]), torch.tensor([1, -1]))
    tensor([[3.],
            [0.]])
    """
    _, value = widen(value=value)
    check_dimensions(2, value=value)
    check_kind("torch", value=value, index=index)
    if dtype_name(index) not in ("int64", "int32", "int16", "int8", "uint8"):
        raise TypeError(f"index must hold integers, got dtype {dtype_name(index)}")
    check_dimensions(1, index=index)
    n_keys = value.shape[-2]
    shape = check_value(value, (*index.shape, n_keys))
    check_range("index", index, -1, n_keys - 1)
    if n_keys == 0:
        return value.new_zeros(shape)
    rows = value.expand(*shape[:-2], *value.shape[-2:])
    where = index.clamp(min=0).long()[..., None].expand(*shape)
    return rows.gather(-2, where).masked_fill((index < 0)[..., None], 0)
