"""How much of a predicted sequence is right."""

from ..checks import check_kind, dtype_name, values_known
from .losses import real_tokens


def token_accuracy(predicted, target, *, padding):
    """Share of the target tokens that are predicted at their place, padding left out.

    Args:
        predicted: `[B, T']` token ids; where it is shorter than the target the rest counts as
            wrong, what is longer is ignored.
        target: `[B, T]` token ids.
        padding: the token id to leave out, or None if every token counts.

    Returns:
        a float from 0 to 1.

    Raises:
        TypeError: predicted or target is not a tensor, padding not an integer.
        ValueError: the numbers of rows differ, or the target is all padding.

    Chapter: 01_seq2seq.

    >>> import torch
    >>> token_accuracy(torch.tensor([[5, 6]]), torch.tensor([[5, 7, 0]]), padding=0)
    0.5
    """
    check_kind("torch", predicted=predicted, target=target)
    if predicted.ndim != 2 or target.ndim != 2 or len(predicted) != len(target):
        raise ValueError(
            f"predicted and target must be [B, T] with one B, "
            f"got {tuple(predicted.shape)}, {tuple(target.shape)}"
        )
    for name, ids in (("predicted", predicted), ("target", target)):
        if not dtype_name(ids).startswith(("int", "uint")):
            raise TypeError(f"{name} must hold token ids, which are integers, got {ids.dtype}")
        if not values_known(ids):
            raise ValueError(f"{name} must hold token ids, got a tensor without any: {ids.device}")
    real = real_tokens(target, padding)
    if not real.any():
        raise ValueError("target must hold a token that is not padding, got padding alone")
    both = min(predicted.shape[1], target.shape[1])
    right = (predicted[:, :both] == target[:, :both]) & real[:, :both]
    return right.sum().item() / real.sum().item()
