"""What kinds of attention with a matrix as state share: one position after the other."""

import numpy as np

from .precision import widen


def widened(query, key, value, gate, *, mask, skipped):
    """The arrays in the dtype they are computed in; zeros and `skipped` where the mask is False."""
    _, query, key, value = widen(query=query, key=key, value=value)
    gate = np.asarray(gate, dtype=query.dtype)
    if mask is not None:
        there = np.swapaxes(np.atleast_2d(mask), -1, -2)  # [..., N, 1]
        key, value = np.where(there, key, 0), np.where(there, value, 0)
        gate = np.where(there, gate, gate.dtype.type(skipped))
    return [query, key, value, gate]


def step_by_step(step, leading, dtype, query, key, value, gate, state, return_state):
    """Outputs of all positions, read after `step(state, key, value, gate)` of each."""
    length, width = query.shape[-2:]
    gate = np.broadcast_to(gate, np.broadcast_shapes(gate.shape, (length, 1)))
    if state is None:
        state = np.zeros((*leading, width, value.shape[-1]), dtype=query.dtype)
    outputs = np.zeros((*leading, length, value.shape[-1]), dtype=query.dtype)
    for i in range(length):
        state = step(state, key[..., i, :], value[..., i, :], gate[..., i, :])
        outputs[..., i, :] = (query[..., i, None, :] @ state)[..., 0, :]
    outputs = outputs.astype(dtype)
    return (outputs, state) if return_state else outputs
