"""Which query may attend to which key: boolean tensors, True = may attend."""

import torch

from ..checks import check_count, check_flag, check_kind, check_lengths, plain_int
from .precision import check_device


def causal_mask(n_queries, n_keys, *, device=None):
    """Let each query see the keys up to its own position; the last query is at the last key.

    Raises, cost as `attention_lib.reference.causal_mask`. Chapter: 02_worked_example.

    >>> causal_mask(2, 3).int()
    tensor([[1, 1, 0],
            [1, 1, 1]], dtype=torch.int32)
    """
    check_device(device)
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys)
    return causal_mask_core(n_queries, n_keys, device=device)


def causal_mask_core(n_queries, n_keys, *, device=None):
    """`causal_mask` of numbers that were checked."""
    return _distance(n_queries, n_keys, device) >= 0


def window_mask(n_queries, n_keys, *, window, causal=False, device=None):
    """Let each query see the keys at most `window` positions away, itself included.

    Raises, cost and source as `attention_lib.reference.window_mask`.

    >>> window_mask(3, 3, window=1, causal=True).int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [0, 1, 1]], dtype=torch.int32)
    """
    check_device(device)
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys, window=window)
    check_flag(causal=causal)
    distance = _distance(n_queries, n_keys, device)
    reach = distance if causal else distance.abs()
    return (reach >= 0) & (reach <= window)


def block_mask(n_queries, n_keys, *, block_size, neighbours=0, causal=False, device=None):
    """Let each query see the keys of its own block, and of `neighbours` blocks to each side.

    Arguments, raises, cost and source as `attention_lib.reference.block_mask`.

    >>> block_mask(3, 3, block_size=2).int()
    tensor([[1, 1, 0],
            [1, 1, 0],
            [0, 0, 1]], dtype=torch.int32)
    """
    check_device(device)
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys, neighbours=neighbours)
    check_count(block_size=block_size)
    check_flag(causal=causal)
    query = torch.arange(n_queries, device=device)[:, None] + (
        plain_int(n_keys) - plain_int(n_queries)
    )
    key = torch.arange(n_keys, device=device)
    # // rounds down below zero too, where the queries before the first key stand
    near = (query // block_size - key // block_size).abs() <= neighbours  # [T, S]
    return near & (query >= key) if causal else near


def padding_mask(lengths, n_keys):
    """Let queries see only the keys that are not padding; lengths `[B]` give a boolean `[B, 1, S]`.

    Raises, cost as `attention_lib.reference.padding_mask`. Chapter: 01_1_scores.

    >>> padding_mask(torch.tensor([1, 3]), 3).int().tolist()
    [[[1, 0, 0]], [[1, 1, 1]]]
    """
    check_kind("torch", lengths=lengths)
    check_count(minimum=0, n_keys=n_keys)
    check_lengths(lengths, n_keys)
    return padding_mask_core(lengths, n_keys)


def padding_mask_core(lengths, n_keys):
    """`padding_mask` of lengths that were checked."""
    return torch.arange(n_keys, device=lengths.device) < lengths.long()[:, None, None]


def combine_masks(*masks):
    """Allow what every mask allows (logical and, with broadcasting).

    Raises as `attention_lib.reference.combine_masks`.

    >>> combine_masks(causal_mask(2, 2), padding_mask(torch.tensor([1]), 2)).int().tolist()
    [[[1, 0], [1, 0]]]
    """
    if not masks:
        raise ValueError("masks must hold at least one mask, got none")
    return combine_named({f"masks[{place}]": mask for place, mask in enumerate(masks)})


def combine_named(masks, called="masks"):
    """`combine_masks` of masks by their names; called: what they are together."""
    check_kind("torch", **masks)
    for name, mask in masks.items():
        if mask.dtype != torch.bool:
            raise TypeError(f"{name} must be boolean (True = may attend), got dtype {mask.dtype}")
    try:
        shape = torch.broadcast_shapes(*(mask.shape for mask in masks.values()))
    except RuntimeError:
        shapes = [tuple(mask.shape) for mask in masks.values()]
        raise ValueError(f"{called} must broadcast together, got shapes {shapes}") from None
    first, *others = masks.values()
    combined = first.expand(shape).clone()
    for mask in others:
        combined = combined & mask
    return combined


def _distance(n_queries, n_keys, device):
    last = plain_int(n_keys) - plain_int(
        n_queries
    )  # NumPy's unsigned integers know nothing below zero
    query_position = torch.arange(n_queries, device=device)[:, None] + last
    return query_position - torch.arange(n_keys, device=device)
