"""Linear attention with a state that forgets, in three forms that give the same."""

import torch
from torch.nn import functional as F

from ..checks import FORMS
from ..plans.recurrence import CHUNK, doubled
from .chunked import out_of_chunks
from .recurrence import (
    check_stateful,
    given_back,
    split_chunks,
    step_by_step,
    widened,
)


def decayed_linear_attention(
    query,
    key,
    value,
    decay,
    *,
    mask=None,
    state=None,
    return_state=False,
    form="chunked",
    chunk_size=CHUNK,
):
    """Write each value into a state under its key, after shrinking what is there; then read it.

    Three forms give the same. "recurrent": the definition, one position after the other.
    "parallel": the matrix `[N, N]` of weights, then one product with the values. "chunked": that
    matrix within each chunk, and the state from chunk to chunk.

    The weights of a chunk are put together from those of its halves, and these from theirs: what a
    late query sees of an early key has decayed from the key to the middle, and from there to the
    query. Products of decays alone come up, never a quotient or a logarithm: a decay of zero, or
    many small ones, are as safe as 1.

    Args:
        query: `[..., N, D]`, float16, bfloat16, float32 or float64.
        key: `[..., N, D]`, same dtype.
        value: `[..., N, E]`, same dtype.
        decay: from 0 (forget) to 1 (keep), a number or `[..., 1 or N, 1 or D]`. Same dtype, or
            float32 beside half precision: bfloat16 has no number between 0.996 and 1.
        mask: boolean tensor, broadcastable to `[..., 1, N]`; a position where it is False is passed
            over.
        state: the state before the first position, `[..., D, E]` in float32, or float64 if query
            is; None for zeros.
        return_state: return the state after the last position too.
        form: "chunked", "parallel" or "recurrent".
        chunk_size: C, positions of a chunk, at least 1; for "chunked" alone.

    Returns:
        output `[..., N, E]`, dtype of query; with return_state (output, state).

    Raises:
        TypeError, ValueError: as `attention_lib.reference.decayed_linear_attention`; no such form,
            chunk_size not an integer of at least 1.

    Cost: "recurrent" 5 D E FLOPs a position, N steps; "parallel" N (D + 2 E) a position, N^2
    numbers; "chunked" 4 D E + C (D + 2 E) a position, N / C steps and C N numbers. With gradients
    "recurrent" keeps N states, "chunked" N / C.
    Source: `attention_lib.reference.decayed_linear_attention`; the chunks Sun et al. (2023),
    section 2, and Yang et al. (2024a), section 4. The halves are this library's own.

    >>> one = torch.ones(3, 1)
    >>> value = torch.tensor([[8.0], [0.0], [1.0]])
    >>> decayed_linear_attention(one, one, value, 0.5)
    tensor([[8.],
            [4.],
            [3.]])
    >>> options = {"state": torch.tensor([[16.0]]), "return_state": True, "chunk_size": 2}
    >>> decayed_linear_attention(one[:1], one[:1], value[:1], torch.tensor([[0.5]]), **options)
    (tensor([[16.]]), tensor([[16.]]))
    """
    leading = check_stateful(
        query,
        key,
        value,
        gate={"decay": decay},
        widths="1 or D",
        highest=1,
        mask=mask,
        state=state,
        return_state=return_state,
        form=form,
        forms=FORMS,
        chunk_size=chunk_size,
    )
    dtype, length = query.dtype, query.shape[-2]
    arrays = widened(query, key, value, decay, mask=mask, skipped=1.0, leading=leading)
    if form == "recurrent":
        return given_back(*step_by_step(_step, *arrays, state), dtype, return_state)
    size = length or 1 if form == "parallel" else chunk_size
    arrays = split_chunks(*arrays, chunk_size=size, skipped=1.0)
    output, state = _chunk_by_chunk(*arrays, state, return_state)
    return given_back(out_of_chunks(output, length), state, dtype, return_state)


def _step(state, key, value, decay):
    return decay.mT * state + key.mT * value


def _chunk_by_chunk(query, key, value, decay, state, return_state):
    """Outputs `[..., K, C, E]`, and the state after them if it is wanted; all `[..., K, C, *]`."""
    weights, reads, writes, kept = decayed_weights(query, key, decay)
    inside = (weights @ value).unbind(-3)
    outputs = []
    parts = zip(inside, *(one.unbind(-3) for one in (reads, writes, value, kept)), strict=True)
    for i, (output, reading, writing, values, keeping) in enumerate(parts):
        outputs.append(output if state is None else output + reading @ state)
        if return_state or i + 1 < len(inside):
            more = writing.mT @ values
            state = more if state is None else keeping.mT * state + more
    return torch.stack(outputs, dim=-3), state


def decayed_weights(query, key, decay):
    """What the positions of a chunk see of each other, and of what lies before and after them.

    query, key `[..., C, D]`, decay `[..., C, 1 or D]`.

    Returns:
        weights `[..., C, C]`; reads `[..., C, D]`, the queries shrunk as the state before the chunk
        is when they read it; writes `[..., C, D]`, the keys shrunk until the end of the chunk;
        kept `[..., 1, 1 or D]`, the product of all decays.
    """
    chunk = query.shape[-2]
    missing = doubled(chunk) - chunk
    if missing:
        query, key = (F.pad(one, (0, 0, 0, missing)) for one in (query, key))
        decay = F.pad(decay, (0, 0, 0, missing), value=1.0)
    # Blocks of one position, `[..., B, 1, *]` for each; then of two, four, until one block is left.
    weights = (query * key).sum(-1)[..., None, None]
    reads, writes, kept = (one.unsqueeze(-2) for one in (query * decay, key, decay))
    while kept.shape[-3] > 1:
        early, late = zip(*(_pairs(one) for one in (weights, reads, writes, kept)), strict=True)
        across = late[1] @ early[2].mT
        upper = F.pad(early[0], (0, across.shape[-1]))  # no early query sees a late key
        weights = torch.cat([upper, torch.cat([across, late[0]], -1)], -2)
        reads = torch.cat([early[1], late[1] * early[3]], -2)
        writes = torch.cat([early[2] * late[3], late[2]], -2)
        kept = early[3] * late[3]
    weights, reads, writes, kept = (one.squeeze(-3) for one in (weights, reads, writes, kept))
    return weights[..., :chunk, :chunk], reads[..., :chunk, :], writes[..., :chunk, :], kept


def _pairs(blocks):
    """The first and the second of each pair of blocks `[..., B, *, *]`."""
    return blocks.unflatten(-3, (blocks.shape[-3] // 2, 2)).unbind(-3)
