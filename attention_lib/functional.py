"""The mechanisms as PyTorch functions, with the names and rules of `attention_lib.reference`.

Nothing here calls the reference, so that the one can judge the other. float16 and bfloat16 are
computed in float32 and rounded once, at the end. Each docstring states what differs from the
reference; formulas and sources are there.
"""

import torch
from torch.nn import functional as F

from .checks import (
    check_count,
    check_dimensions,
    check_flag,
    check_floating,
    check_kind,
    check_lengths,
    check_mask,
    check_positive,
    check_probability,
    check_query_key,
    check_rows,
    check_scale,
    check_shape,
    check_value,
)


def softmax(scores, *, mask=None, temperature=1.0):
    """Turn scores into weights: exp(s / tau), divided by its sum over the last axis.

    Args:
        scores: `[..., S]`, float16, bfloat16, float32 or float64.
        mask: boolean tensor, broadcastable to the shape of `scores`; True = may attend.
        temperature: tau > 0.

    Returns:
        weights `[..., S]` in the dtype of `scores`. A row with nothing to attend to is all zeros
        and passes zero gradient. Infinite scores follow the limit, as in the reference.

    Raises:
        TypeError: scores not a floating tensor, mask not boolean, temperature not a number.
        ValueError: mask does not broadcast to the scores, temperature not positive.

    Cost: about 5 S operations a row. Source and formula: `attention_lib.reference.softmax`.
    Chapter: 02_worked_example.

    >>> softmax(torch.tensor([1.5, 3.5]))
    tensor([0.1192, 0.8808])
    """
    dtype, scores = _widen(scores=scores)
    check_dimensions(1, scores=scores)
    _check_torch_mask(mask, scores.shape)
    check_positive(temperature=temperature)
    return _softmax(scores, mask, temperature).to(dtype)


def dot_scores(query, key):
    """Score by the inner product: query `[..., T, D]` and key `[..., S, D]` give `[..., T, S]`.

    Returns, raises, cost and source as `attention_lib.reference.dot_scores`, for tensors. Chapter:
    01_seq2seq.

    >>> dot_scores(torch.tensor([[0.5, 0.5]]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[1.5000, 3.5000]])
    """
    dtype, query, key = _widen(query=query, key=key)
    check_query_key(query, key)
    return (query @ key.transpose(-1, -2)).to(dtype)


def scaled_dot_scores(query, key, *, scale=None):
    """Score by the inner product times `scale`, 1 / sqrt(D) unless given.

    Arguments, returns, raises, cost and source as `attention_lib.reference.scaled_dot_scores`, for
    tensors. Chapter: 02_worked_example.

    >>> scaled_dot_scores(torch.ones(1, 4), torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
    tensor([[5.]])
    """
    dtype, query, key = _widen(query=query, key=key)
    check_query_key(query, key)
    check_scale(scale)
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return ((query @ key.transpose(-1, -2)) * scale).to(dtype)


def general_scores(query, key, weight):
    """Score by the bilinear form q W k with weight `[D_q, D_k]`.

    Arguments, returns, raises, cost and source as `attention_lib.reference.general_scores`, for
    tensors. Chapter: 01_seq2seq.

    >>> general_scores(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [4.0]]), torch.ones(2, 1))
    tensor([[ 9., 12.]])
    """
    dtype, query, key, weight = _widen(query=query, key=key, weight=weight)
    check_query_key(query, key, same_width=False)
    check_shape("weight", weight, (query.shape[-1], key.shape[-1]), "[D_q, D_k]")
    return ((query @ weight) @ key.transpose(-1, -2)).to(dtype)


def additive_scores(query, key, query_weight, key_weight, score_vector, *, bias=None):
    """Score by a small network: v tanh(W_q q + W_k k + b).

    Arguments, returns, raises, cost and source as `attention_lib.reference.additive_scores`, for
    tensors. Chapter: 01_seq2seq.

    >>> one = torch.ones(1, 1)
    >>> additive_scores(one, torch.tensor([[-1.0], [0.0]]), one, one, torch.tensor([2.0]))
    tensor([[0.0000, 1.5232]])
    """
    given = {
        "query": query,
        "key": key,
        "query_weight": query_weight,
        "key_weight": key_weight,
        "score_vector": score_vector,
    }
    if bias is not None:
        given["bias"] = bias
    dtype, query, key, query_weight, key_weight, score_vector, *rest = _widen(**given)
    check_query_key(query, key, same_width=False)
    check_dimensions(1, score_vector=score_vector)
    hidden_width = score_vector.shape[0]
    check_shape("score_vector", score_vector, (hidden_width,), "[A]")
    check_shape("query_weight", query_weight, (hidden_width, query.shape[-1]), "[A, D_q]")
    check_shape("key_weight", key_weight, (hidden_width, key.shape[-1]), "[A, D_k]")
    from_query = query @ query_weight.mT  # [..., T, A]
    if rest:
        check_shape("bias", rest[0], (hidden_width,), "[A]")
        from_query = from_query + rest[0]
    return additive_scores_projected(from_query, key @ key_weight.mT, score_vector).to(dtype)


def additive_scores_projected(from_query, from_key, score_vector):
    """The last step of `additive_scores`: v tanh(a + b), for projections made beforehand.

    A decoder scores the same keys at every step; projecting them once saves most of the work.

    Args:
        from_query: `[..., T, A]`, W_q q + b.
        from_key: `[..., S, A]`, W_k k.
        score_vector: `[A]`.

    Returns:
        scores `[..., T, S]`.

    Raises:
        TypeError: not floating tensors of one dtype.
        ValueError: the widths differ.

    Cost: T S A tanh and 2 T S A FLOPs. Chapter: 01_seq2seq.

    >>> additive_scores_projected(torch.zeros(1, 3), torch.zeros(2, 3), torch.ones(3))
    tensor([[0., 0.]])
    """
    dtype, from_query, from_key, score_vector = _widen(
        from_query=from_query, from_key=from_key, score_vector=score_vector
    )
    check_query_key(from_query, from_key)
    check_shape("score_vector", score_vector, (from_query.shape[-1],), "[A]")
    hidden = torch.tanh(from_query[..., :, None, :] + from_key[..., None, :, :])  # [..., T, S, A]
    return (hidden @ score_vector).to(dtype)


def concat_scores(query, key, weight, score_vector):
    """Score the joined vector: v tanh(W [q; k]) with weight `[A, D_q + D_k]`.

    Computed as `additive_scores` with the weight split, which never builds the joined vectors.
    Arguments, returns, raises and source as `attention_lib.reference.concat_scores`, for tensors;
    cost as `additive_scores`. Chapter: 01_seq2seq.

    >>> concat_scores(torch.ones(1, 1), torch.tensor([[-1.0], [0.0]]), torch.ones(1, 2),
    ... torch.tensor([2.0]))
    tensor([[0.0000, 1.5232]])
    """
    check_kind("torch", query=query, key=key, weight=weight, score_vector=score_vector)
    check_query_key(query, key, same_width=False)
    query_width, key_width = query.shape[-1], key.shape[-1]
    check_dimensions(1, score_vector=score_vector)
    hidden_width = score_vector.shape[0]
    check_shape("weight", weight, (hidden_width, query_width + key_width), "[A, D_q + D_k]")
    query_weight, key_weight = weight.split([query_width, key_width], dim=1)
    return additive_scores(query, key, query_weight, key_weight, score_vector)


def attend(scores, value, *, mask=None, dropout=0.0):
    """Turn scores into weights and average the values with them.

    Args:
        scores: `[..., T, S]`, float16, bfloat16, float32 or float64.
        value: `[..., S, E]`, same dtype.
        mask: boolean tensor, broadcastable to `[..., T, S]`; True = may attend.
        dropout: probability in [0, 1) with which a weight is set to zero; the others grow by 1 / (1
            - dropout). Applied
            whenever it is greater than 0: a function does not know whether it is training.

    Returns:
        output `[..., T, E]` and weights `[..., T, S]` as they were used, after dropout.

    Raises:
        TypeError: not floating tensors of one dtype, mask not boolean, dropout not a number.
        ValueError: value or mask does not fit the scores, dropout outside [0, 1).

    Cost and source: `attention_lib.reference.attend`. Chapter: 01_seq2seq.

    >>> attend(torch.zeros(1, 2), torch.tensor([[1.0], [3.0]]))
    (tensor([[2.]]), tensor([[0.5000, 0.5000]]))
    """
    dtype, scores, value = _widen(scores=scores, value=value)
    check_dimensions(2, scores=scores)
    check_value(value, scores.shape)
    _check_torch_mask(mask, scores.shape)
    check_probability(dropout=dropout)
    weights = _softmax(scores, mask)
    if dropout > 0:
        weights = F.dropout(weights, p=dropout)
    return (weights @ value).to(dtype), weights.to(dtype)


def attention(
    query, key, value, *, mask=None, causal=False, scale=None, return_weights=False, dropout=0.0
):
    """Average the values, weighted by how well each key matches the query: softmax(scale Q K^T) V.

    Without `return_weights` the fused `torch.nn.functional.scaled_dot_product_attention` does the
    work and no `[..., T, S]` weights are stored where a fused kernel exists; with it they are
    computed step by step.

    Args:
        query: `[..., T, D]`, float16, bfloat16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        mask: boolean tensor, broadcastable to `[..., T, S]`; True = may attend.
        causal: no query sees a key after its own position; the last query is aligned with the last
            key (PyTorch's own `is_causal` aligns the first ones).
        scale: a finite number; None means 1 / sqrt(D).
        return_weights: also return the weights `[..., T, S]`, after dropout.
        dropout: probability in [0, 1), applied to the weights whenever it is greater than 0.

    Returns:
        output `[..., T, E]`, or (output, weights). A query with nothing to attend to has zero
        weights, a zero output and passes zero gradient. NaN and infinity in the input propagate.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.attention`, and for a dropout outside [0,
            1).

    Cost and source: `attention_lib.reference.attention`. Chapter: 02_worked_example.

    >>> query, key = torch.tensor([[0.5, 0.5]]), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> attention(query, key, key, scale=1.0)
    tensor([[2.7616, 3.7616]])
    """
    given = {"query": query, "key": key, "value": value}
    check_kind("torch", **given)
    check_floating(**given)
    shape = check_query_key(query, key)
    output_shape = check_value(value, shape)
    _check_torch_mask(mask, shape)
    check_flag(causal=causal, return_weights=return_weights)
    check_scale(scale)
    check_probability(dropout=dropout)
    if return_weights or 0 in (*output_shape, *shape):
        if causal:
            future = causal_mask(*shape[-2:], device=query.device)
            mask = future if mask is None else mask & future
        _, wide_query, wide_key = _widen(query=query, key=key)
        scale = query.shape[-1] ** -0.5 if scale is None else scale
        scores = (wide_query @ wide_key.transpose(-1, -2)) * scale
        output, weights = attend(scores, value.to(scores.dtype), mask=mask, dropout=dropout)
        output, weights = output.to(query.dtype), weights.to(query.dtype)
        return (output, weights) if return_weights else output
    return _fused_attention(query, key, value, mask, causal, scale, dropout, output_shape)


def causal_mask(n_queries, n_keys, *, device=None):
    """Let each query see the keys up to its own position; the last query is at the last key.

    Raises, cost as `attention_lib.reference.causal_mask`. Chapter: 02_worked_example.

    >>> causal_mask(2, 3).int()
    tensor([[1, 1, 0],
            [1, 1, 1]], dtype=torch.int32)
    """
    return _distance(n_queries, n_keys, device) >= 0


def window_mask(n_queries, n_keys, *, window, causal=False, device=None):
    """Let each query see the keys at most `window` positions away, itself included.

    Raises, cost and source as `attention_lib.reference.window_mask`.

    >>> window_mask(3, 3, window=1, causal=True).int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [0, 1, 1]], dtype=torch.int32)
    """
    check_count(minimum=0, window=window)
    check_flag(causal=causal)
    distance = _distance(n_queries, n_keys, device)
    reach = distance if causal else distance.abs()
    return (reach >= 0) & (reach <= window)


def padding_mask(lengths, n_keys):
    """Let queries see only the keys that are not padding; lengths `[B]` give a boolean `[B, 1, S]`.

    Raises, cost as `attention_lib.reference.padding_mask`. Chapter: 01_seq2seq.

    >>> padding_mask(torch.tensor([1, 3]), 3).int().tolist()
    [[[1, 0, 0]], [[1, 1, 1]]]
    """
    check_kind("torch", lengths=lengths)
    check_count(minimum=0, n_keys=n_keys)
    check_lengths(lengths, n_keys)
    return torch.arange(n_keys, device=lengths.device) < lengths[:, None, None]


def combine_masks(*masks):
    """Allow what every mask allows (logical and, with broadcasting).

    Raises as `attention_lib.reference.combine_masks`.

    >>> combine_masks(causal_mask(2, 2), padding_mask(torch.tensor([1]), 2)).int().tolist()
    [[[1, 0], [1, 0]]]
    """
    if not masks:
        raise ValueError("masks must hold at least one mask, got none")
    for mask in masks:
        check_kind("torch", mask=mask)
        if mask.dtype != torch.bool:
            raise TypeError(f"mask must be boolean (True = may attend), got dtype {mask.dtype}")
    try:
        shape = torch.broadcast_shapes(*(mask.shape for mask in masks))
    except RuntimeError:
        raise ValueError(
            f"masks must broadcast together, got shapes {[tuple(mask.shape) for mask in masks]}"
        ) from None
    combined = torch.ones(shape, dtype=torch.bool, device=masks[0].device)
    for mask in masks:
        combined = combined & mask
    return combined


def lstm_gates(inputs, hidden, *, input_weight, hidden_weight, input_bias=None, hidden_bias=None):
    """The four gates (i, f, g, o) of an LSTM step, each `[..., H]`.

    Arguments, returns, raises, cost and source as `attention_lib.reference.lstm_gates`, for
    tensors. Chapter: 02_worked_example.

    >>> lstm_gates(torch.ones(1), torch.ones(1), input_weight=torch.zeros(4, 1),
    ... hidden_weight=torch.zeros(4, 1))
    (tensor([0.5000]), tensor([0.5000]), tensor([0.]), tensor([0.5000]))
    """
    dtype, gates = _lstm_gates(inputs, hidden, input_weight, hidden_weight, input_bias, hidden_bias)
    return tuple(gate.to(dtype) for gate in gates)


def lstm_cell(
    inputs, hidden, cell, *, input_weight, hidden_weight, input_bias=None, hidden_bias=None
):
    """One step of an LSTM: (hidden, cell) `[..., H]` after the step.

    Arguments, returns, raises, cost and source as `attention_lib.reference.lstm_cell`, for tensors.
    Chapter: 02_worked_example.

    >>> zero = torch.zeros(4, 1)
    >>> lstm_cell(torch.ones(1), torch.ones(1), torch.ones(1), input_weight=zero,
    ... hidden_weight=zero)
    (tensor([0.2311]), tensor([0.5000]))
    """
    check_kind("torch", hidden=hidden, cell=cell)
    check_floating(hidden=hidden, cell=cell)
    check_shape("cell", cell, hidden.shape, "the shape of hidden")
    dtype, (write, keep, candidate, show) = _lstm_gates(
        inputs, hidden, input_weight, hidden_weight, input_bias, hidden_bias
    )
    cell = keep * cell.to(keep.dtype) + write * candidate
    return (show * cell.tanh()).to(dtype), cell.to(dtype)


def kernel_regression(query, key, value, *, bandwidth=1.0):
    """Average the values with the weights of a Gaussian kernel between query and key.

    Arguments, returns, raises, cost and source as `attention_lib.reference.kernel_regression`, for
    tensors. Chapter: 01_seq2seq.

    >>> kernel_regression(torch.tensor([[0.5]]), torch.tensor([[0.0], [1.0]]), torch.tensor([[2.0],
    ... [4.0]]))
    tensor([[3.]])
    """
    dtype, query, key, value = _widen(query=query, key=key, value=value)
    check_value(value, check_query_key(query, key))
    check_positive(bandwidth=bandwidth)
    difference = query[..., :, None, :] - key[..., None, :, :]  # [..., T, S, D]
    scores = -difference.square().sum(dim=-1) / (2 * bandwidth**2)
    return attend(scores, value)[0].to(dtype)


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

    Cost and source: `attention_lib.reference.hard_attention`. Chapter: 01_seq2seq.

    >>> key = torch.tensor([[0.0], [100.0]])
    >>> hard_attention(torch.ones(1, 1), key, key, rng=torch.Generator().manual_seed(0))
    (tensor([[100.]]), tensor([1]))
    """
    dtype, query, key, value = _widen(query=query, key=key, value=value)
    scores = scaled_dot_scores(query, key, scale=scale)
    output_shape = check_value(value, scores.shape)
    _check_torch_mask(mask, scores.shape)
    weights = _softmax(scores, mask)
    if weights.isnan().any():
        raise ValueError("query and key must give scores without NaN, got NaN")
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
    01_seq2seq.

    >>> draw(torch.tensor([[0.0, 1.0], [0.0, 0.0]]), rng=torch.Generator().manual_seed(0))
    tensor([ 1, -1])
    """
    _, weights = _widen(weights=weights)
    if not isinstance(rng, torch.Generator):
        raise TypeError(f"rng must be a torch.Generator, got {type(rng).__name__}")
    check_dimensions(1, weights=weights)
    if not (weights >= 0).all():
        raise ValueError("weights must not be negative or NaN")
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
        TypeError: value not a floating tensor.
        ValueError: the leading axes do not broadcast, or an index is outside -1..S-1.

    Cost: T E numbers read. Chapter: 01_seq2seq.

    >>> take(torch.tensor([[1.0], [3.0]]), torch.tensor([1, -1]))
    tensor([[3.],
            [0.]])
    """
    _, value = _widen(value=value)
    check_dimensions(2, value=value)
    n_keys = value.shape[-2]
    shape = check_value(value, (*index.shape, n_keys))
    if index.numel() and not -1 <= index.min() <= index.max() < n_keys:
        raise ValueError(
            f"index must lie in -1..{n_keys - 1}, got {int(index.min())}..{int(index.max())}"
        )
    if n_keys == 0:
        return value.new_zeros(shape)
    rows = value.expand(*shape[:-2], *value.shape[-2:])
    where = index.clamp(min=0)[..., None].expand(*shape)
    return rows.gather(-2, where).masked_fill((index < 0)[..., None], 0)


def _lstm_gates(inputs, hidden, input_weight, hidden_weight, input_bias, hidden_bias):
    """The dtype of the arguments, and the four gates before they are rounded to it."""
    given = {
        "inputs": inputs,
        "hidden": hidden,
        "input_weight": input_weight,
        "hidden_weight": hidden_weight,
    }
    biases = {"input_bias": input_bias, "hidden_bias": hidden_bias}
    given |= {name: bias for name, bias in biases.items() if bias is not None}
    dtype, inputs, hidden, input_weight, hidden_weight, *rest = _widen(**given)
    check_dimensions(1, inputs=inputs, hidden=hidden)
    check_rows(inputs=inputs, hidden=hidden)
    width = hidden.shape[-1]
    check_shape("input_weight", input_weight, (4 * width, inputs.shape[-1]), "[4H, X]")
    check_shape("hidden_weight", hidden_weight, (4 * width, width), "[4H, H]")
    sums = inputs @ input_weight.mT + hidden @ hidden_weight.mT  # [..., 4H]
    for name, bias in zip([name for name in biases if name in given], rest, strict=True):
        check_shape(name, bias, (4 * width,), "[4H]")
        sums = sums + bias
    write, keep, candidate, show = sums.chunk(4, dim=-1)  # each [..., H]
    return dtype, (write.sigmoid(), keep.sigmoid(), candidate.tanh(), show.sigmoid())


def _widen(**arrays):
    """Check that all are tensors of one floating dtype; return it and them, widened."""
    check_kind("torch", **arrays)
    check_floating(**arrays)
    dtype = next(iter(arrays.values())).dtype
    working = dtype if dtype == torch.float64 else torch.float32
    return dtype, *(array.to(working) for array in arrays.values())


def _check_torch_mask(mask, shape):
    if mask is not None:
        check_kind("torch", mask=mask)
        check_mask(mask, shape)


def _softmax(scores, mask, temperature=1.0):
    if scores.shape[-1] == 0:
        return scores.clone()
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    top = scores.detach().amax(dim=-1, keepdim=True)
    limit = torch.where(scores == torch.inf, 0.0, -torch.inf).to(scores.dtype)
    scores = torch.where(top == torch.inf, limit, scores - top.masked_fill(top.isinf(), 0))
    empty = top == -torch.inf
    temperature = max(temperature, torch.finfo(scores.dtype).tiny)  # less would be zero here
    return torch.softmax(scores.masked_fill(empty, 0) / temperature, dim=-1).masked_fill(empty, 0)


def _fused_attention(query, key, value, mask, causal, scale, dropout, output_shape):
    leading, (n_queries, n_keys) = output_shape[:-2], (query.shape[-2], key.shape[-2])
    query, key, value = (one.expand(*leading, *one.shape[-2:]) for one in (query, key, value))
    fused_causal = causal and mask is None and n_queries == n_keys
    if causal and not fused_causal and n_queries > 1:
        future = causal_mask(n_queries, n_keys, device=query.device)
        mask = future if mask is None else mask & future
    options = {"is_causal": fused_causal, "scale": scale, "dropout_p": dropout}
    if mask is None:
        return F.scaled_dot_product_attention(query, key, value, **options)
    empty = ~mask.any(dim=-1, keepdim=True)
    # An empty row sees every key, so that no kernel meets it, and its output is replaced: the
    # gradient is zero, never NaN.
    mask = (mask | empty).expand(*leading, n_queries, n_keys)
    output = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, **options)
    return output.masked_fill(empty, 0)


def _distance(n_queries, n_keys, device):
    check_count(minimum=0, n_queries=n_queries, n_keys=n_keys)
    query_position = torch.arange(n_queries, device=device)[:, None] + (n_keys - n_queries)
    return query_position - torch.arange(n_keys, device=device)
