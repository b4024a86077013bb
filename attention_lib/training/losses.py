"""Losses: loss(model, batch) for each kind of model, and the cross-entropy that they share."""

import numpy as np
import torch
from torch.nn import functional as F

from ..checks import (
    check_callable,
    check_count,
    check_dimensions,
    check_floating,
    check_kind,
    check_plain,
    check_probability,
    check_range,
    check_shape,
    check_tensor,
    dtype_name,
    values_known,
)
from ..functional.precision import widen_core

LOGITS = "the logits of model"


def sequence_cross_entropy(logits, target, *, padding, label_smoothing=0.0):
    r"""Mean cross-entropy of each target token, padding left out.

    With label smoothing e the right token t shares its probability with all V tokens:

    $$L = -(1 - e) \log p_t - \frac{e}{V} \sum_v \log p_v$$

    Args:
        logits: `[B, T, V]`, floating; other axes before the last one will do.
        target: `[B, T]`, int64, token ids in 0..V-1 or padding.
        padding: the token id to leave out, or None if every token counts.
        label_smoothing: e in [0, 1).

    Returns:
        a scalar in nats, float32 for float16 and bfloat16. Zero, with zero gradient, where there is
        nothing but padding.

    Raises:
        TypeError, ValueError: target has not the shape of logits without its last axis, is not
            int64 or holds an unknown id; label_smoothing not in [0, 1).

    Source: Szegedy et al. (2016), label smoothing.
    Chapter: 01_seq2seq.

    >>> sequence_cross_entropy(torch.zeros(1, 2, 4), torch.tensor([[3, 0]]), padding=0)
    tensor(1.3863)
    """
    return cross_entropy(logits, target, padding, label_smoothing, ("logits", "target"))


def cross_entropy(logits, target, padding, label_smoothing, names):
    """`sequence_cross_entropy`; names: what the caller calls the logits and the target."""
    of_logits, of_target = names
    check_kind("torch", **{of_logits: logits, of_target: target})
    check_floating(**{of_logits: logits})
    check_dimensions(2, **{of_logits: logits})
    check_count(**{f"the last axis of {of_logits}": logits.shape[-1]})
    meaning = f"that of {of_logits} without its last axis"
    check_shape(of_target, target, logits.shape[:-1], meaning)
    check_probability(label_smoothing=label_smoothing)
    real = real_tokens(target, padding)
    check_ids(of_target, target, real, logits.shape[-1])
    _, logits = widen_core(logits)
    total = F.cross_entropy(
        logits.flatten(0, -2),
        target.flatten(),
        ignore_index=-1 if padding is None else padding,  # -1 is no id, so that none is ignored
        reduction="sum",
        label_smoothing=label_smoothing,
    )
    return total / real.sum().clamp(min=1)


def real_tokens(target, padding):
    """Which of the token ids count: all that are not padding."""
    if padding is None:
        return torch.ones_like(target, dtype=torch.bool)
    check_count(minimum=-(2**63), padding=padding)
    return target != padding


def seq2seq_loss(model, batch, *, padding=None, label_smoothing=0.0):
    """Cross-entropy of a translating model on a `ToyBatch` under teacher forcing.

    For `Seq2Seq`, `Transformer` and every model called with (source, source_lengths, target_in);
    batch has these three and target as attributes. Set the options with `functools.partial`:
    padding, the token id of the target to leave out (None means `model.padding`, and 0 for a model
    that has none), and label_smoothing.
    """
    check_callable(model=model)
    batch = as_tensors(batch, "source", "source_lengths", "target_in", "target")
    padding = getattr(model, "padding", 0) if padding is None else padding
    logits = model(batch.source, batch.source_lengths, batch.target_in)
    return cross_entropy(logits, batch.target, padding, label_smoothing, (LOGITS, "batch.target"))


def language_model_loss(model, tokens, *, padding=None, label_smoothing=0.0):
    r"""Mean cross-entropy of each token given those before it, $-\log p(x_t \mid x_{<t})$.

    Args:
        model: called with tokens `[B, T-1]`, gives logits `[B, T-1, V]` of the token after each.
        tokens: `[B, T]`, int64, a tensor or a NumPy array, T >= 2. It is the batch.
        padding: a token id that is never to be predicted; None if there is none.
        label_smoothing: as in `sequence_cross_entropy`.

    Returns:
        a scalar in nats; its exponential is the perplexity.

    Raises:
        TypeError, ValueError: tokens is no array `[B, T]` with T >= 2; else as
            `sequence_cross_entropy`.

    Source: Bengio et al. (2003), equation of the training criterion.

    >>> uniform = lambda tokens: torch.zeros(*tokens.shape, 4)
    >>> language_model_loss(uniform, torch.tensor([[3, 1, 2]]))
    tensor(1.3863)
    """
    check_callable(model=model)
    tokens = _as_tensor("tokens", tokens)
    if tokens.ndim != 2 or tokens.shape[1] < 2:
        raise ValueError(f"tokens must have shape [B, T] with T >= 2, got {tuple(tokens.shape)}")
    if tokens.dtype != torch.int64:
        raise TypeError(f"tokens must hold ids of dtype int64, got {dtype_name(tokens)}")
    logits = model(tokens[:, :-1])
    return cross_entropy(logits, tokens[:, 1:], padding, label_smoothing, (LOGITS, "tokens"))


def classification_loss(model, batch, *, label_smoothing=0.0):
    """Mean cross-entropy of one label for each example.

    Args:
        model: called with everything in the batch but the labels, gives logits `[B, C]`.
        batch: a tuple, named or not, of tensors or NumPy arrays; the labels `[B]`, int64 in
            0..C-1, come last.
        label_smoothing: as in `sequence_cross_entropy`.

    Returns:
        a scalar in nats, float32 for float16 and bfloat16.

    Raises:
        TypeError, ValueError: the batch has nothing but labels, or no examples; the labels do not
            fit the logits.

    >>> batch = torch.ones(2, 3), torch.tensor([0, 1])
    >>> classification_loss(lambda inputs: torch.zeros(2, 2), batch)
    tensor(0.6931)
    """
    check_callable(model=model)
    *inputs, labels = as_tensors(batch) or (None,)
    if not inputs:
        raise ValueError("batch must hold inputs and, as its last entry, labels, got one entry")
    if not labels.numel():
        raise ValueError("batch must hold at least one example, got none")
    logits = model(*inputs)
    name = "the labels of batch"
    check_kind("torch", **{LOGITS: logits, name: labels})
    check_floating(**{LOGITS: logits})
    check_dimensions(2, **{LOGITS: logits})
    check_shape(name, labels, logits.shape[:1], "[B]")
    check_probability(label_smoothing=label_smoothing)
    check_ids(name, labels, torch.ones_like(labels, dtype=torch.bool), logits.shape[-1])
    _, logits = widen_core(logits)
    return F.cross_entropy(logits, labels, label_smoothing=label_smoothing)


def pointer_loss(model, batch):
    """Cross-entropy of a `PointerNetwork` against the alignment of a `ToyBatch`."""
    check_callable(model=model)
    batch = as_tensors(batch, "source", "source_lengths", "alignment")
    name, alignment = "batch.alignment", batch.alignment
    if alignment.dtype != torch.int64:
        raise TypeError(f"{name} must have dtype int64, got {dtype_name(alignment)}")
    shape, rows = tuple(alignment.shape), batch.source.shape[:1]
    if len(shape) != 2 or shape[:1] != rows or shape[1] < 2:
        raise ValueError(f"{name} must have shape [B, T] with the B of source, T >= 2, got {shape}")
    check_kind("torch", **{"batch.source": batch.source, name: alignment})
    if batch.source.ndim == 2:
        check_range(name, alignment, -1, batch.source.shape[1] - 1, note=" (-1 for none)")
    positions = alignment[:, :-1]  # without EOS, which is nowhere in the source
    logits = model(batch.source, batch.source_lengths, positions)
    return cross_entropy(logits, positions, -1, 0.0, (LOGITS, "batch.alignment"))


def as_tensors(batch, *names):
    """The same tuple, named or not, with torch tensors for its arrays.

    They share memory where torch can; what is read-only, runs backwards or comes from a machine of
    another byte order is copied. `names`: attributes that the batch must have.

    Raises:
        TypeError: batch is no tuple of arrays or tensors, or lacks a name.
    """
    if not isinstance(batch, tuple):
        raise TypeError(f"batch must be a tuple of arrays, got {type(batch).__name__}")
    missing = [name for name in names if not hasattr(batch, name)]
    if missing:
        raise TypeError(f"batch must have {', '.join(names)}, got one without {missing[0]}")
    tensors = [_as_tensor("batch", array) for array in batch]
    return type(batch)(*tensors) if hasattr(batch, "_fields") else tuple(tensors)


def _as_tensor(name, array):
    if isinstance(array, np.ndarray):
        check_plain(**{name: array})
        plain = array.dtype.newbyteorder("=")
        ready = (
            array.flags.writeable and array.dtype == plain and min(array.strides, default=0) >= 0
        )
        try:
            return torch.from_numpy(array if ready else np.array(array, dtype=plain, order="C"))
        except TypeError:
            raise TypeError(f"{name} must hold numbers, got dtype {array.dtype}") from None
    if not isinstance(array, torch.Tensor):
        raise TypeError(f"{name} must hold NumPy arrays or tensors, got {type(array).__name__}")
    check_tensor(name, array)
    return array


def check_ids(name, ids, real, vocabulary):
    """ids are those of a vocabulary wherever they are real."""
    if ids.dtype != torch.int64:
        raise TypeError(f"{name} must hold ids of dtype int64, got {dtype_name(ids)}")
    if not values_known(ids):
        return
    ids = ids[real]
    if len(ids) and not 0 <= ids.min() <= ids.max() < vocabulary:
        raise ValueError(
            f"{name} must hold ids in 0..{vocabulary - 1}, got {int(ids.min())}..{int(ids.max())}"
        )
