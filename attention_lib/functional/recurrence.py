"""What kinds of attention with a matrix as state share: masks, chunks, one step after the other."""

import torch

from ..checks import check_choice, check_count, check_recurrence, is_number
from ..plans.recurrence import chunks
from .chunked import in_chunks
from .precision import widen_core


def check_stateful(query, key, value, *, form, forms, chunk_size, **rest):
    """`check_recurrence` of tensors, and how it is to be computed; returns the leading axes."""
    leading = check_recurrence("torch", query, key, value, **rest)
    check_choice("form", form, forms)
    check_count(chunk_size=chunk_size)
    return leading


def widened(query, key, value, gate, *, mask, skipped, leading):
    """The tensors in the dtype they are computed in, with all leading axes and N rows each.

    Where the mask is False key and value are zero and the gate is `skipped`.
    """
    _, query, key, value = widen_core(query, key, value)
    like = {"dtype": query.dtype, "device": query.device}
    gate = torch.full((), float(gate), **like) if is_number(gate) else gate.to(**like)
    if mask is not None:
        there = torch.atleast_2d(mask).mT  # [..., N, 1]
        key, value = torch.where(there, key, 0), torch.where(there, value, 0)
        gate = torch.where(there, gate, skipped)
    length, width = query.shape[-2], gate.shape[-1] if gate.ndim else 1
    gate = gate.expand(*leading, length, width)
    return *(one.expand(*leading, *one.shape[-2:]) for one in (query, key, value)), gate


def split_chunks(query, key, value, gate, *, chunk_size, skipped):
    """Each `[..., N, *]` as `[..., K, C, *]`, filled up with zeros and the gate with `skipped`."""
    plan = chunks(query.shape[-2], int(chunk_size))
    filled = (in_chunks(one, *plan) for one in (query, key, value))
    return *filled, in_chunks(gate, *plan, filling=skipped)


def step_by_step(step, query, key, value, gate, state):
    """Outputs of all positions, read after `step(state, key, value, gate)` of each; the state."""
    if state is None:
        state = empty_state(key, value)
    outputs = [value[..., :0, :]]
    rows = (one.unsqueeze(-2).unbind(-3) for one in (query, key, value, gate))  # [..., 1, *] each
    for row, *written in zip(*rows, strict=True):
        state = step(state, *written)
        outputs.append(row @ state)
    return torch.cat(outputs, dim=-2), state


def empty_state(key, value):
    """Zeros `[..., D, E]`."""
    return value.new_zeros(*value.shape[:-2], key.shape[-1], value.shape[-1])


def given_back(output, state, dtype, return_state):
    """What the caller gets."""
    output = output.to(dtype)
    return (output, state) if return_state else output
