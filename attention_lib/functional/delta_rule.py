"""Linear attention with a state that corrects itself, in two forms that give the same."""

import torch
from torch.nn import functional as F

from ..checks import FORMS, check_flag
from ..plans.recurrence import CHUNK
from .chunked import out_of_chunks
from .recurrence import check_stateful, given_back, split_chunks, step_by_step, widened

SHORTEST = 1e-12  # a key below this length is not made longer


def delta_rule_attention(
    query,
    key,
    value,
    strength,
    *,
    unit_keys=False,
    mask=None,
    state=None,
    return_state=False,
    form="chunked",
    chunk_size=CHUNK,
):
    """Move what the state holds under each key towards the value; then read the state.

    Two forms give the same. "recurrent": the definition, one position after the other. "chunked": a
    chunk of C positions writes the keys as linear attention does, but with corrected values u in
    place of v. Each u depends on those before it in the chunk, through the products of the keys and
    on the state S before the chunk:

        u_i = b_i (v_i - S^T k_i - sum over j < i of (k_i . k_j) u_j)

    This is a triangular system of equations, the WY form, solved for all chunks at once.

    Args:
        query: `[..., N, D]`, float16, bfloat16, float32 or float64.
        key: `[..., N, D]`, same dtype.
        value: `[..., N, E]`, same dtype.
        strength: from 0 (write nothing) to 1 (replace) to 2, a number or `[..., 1 or N, 1]`.
            Same dtype, or float32 beside half precision.
        unit_keys: divide each key by its length first (by 1e-12 if it is shorter).
        mask: boolean tensor, broadcastable to `[..., 1, N]`; a position where it is False is passed
            over.
        state: the state before the first position, `[..., D, E]` in float32, or float64 if query
            is; None for zeros.
        return_state: return the state after the last position too.
        form: "chunked" or "recurrent".
        chunk_size: C, positions of a chunk, at least 1; for "chunked" alone.

    Returns:
        output `[..., N, E]`, dtype of query; with return_state (output, state).

    Raises:
        TypeError, ValueError: as `attention_lib.reference.delta_rule_attention`; no such form,
            chunk_size not an integer of at least 1.

    Cost: "recurrent" 6 D E FLOPs a position, N steps; "chunked" 6 D E + C (5 D + 3 E) a position,
    N / C steps and C N numbers. With gradients "recurrent" keeps N states, "chunked" N / C.
    Source: `attention_lib.reference.delta_rule_attention`; the chunks Yang et al. (2024b), section
    3.

    >>> one, value = torch.ones(2, 1), torch.tensor([[8.0], [3.0]])
    >>> delta_rule_attention(one, one, value, 1.0)  # 3 replaces 8
    tensor([[8.],
            [3.]])
    >>> options = {"state": torch.tensor([[4.0]]), "return_state": True, "chunk_size": 2}
    >>> delta_rule_attention(one[:1], one[:1], value[:1], torch.tensor([[0.5]]), **options)
    (tensor([[6.]]), tensor([[6.]]))
    """
    leading = check_stateful(
        query,
        key,
        value,
        gate={"strength": strength},
        widths="1",
        highest=2,
        mask=mask,
        state=state,
        return_state=return_state,
        form=form,
        forms=[one for one in FORMS if one != "parallel"],
        chunk_size=chunk_size,
    )
    check_flag(unit_keys=unit_keys)
    dtype, length = query.dtype, query.shape[-2]
    query, key, *rest = widened(
        query, key, value, strength, mask=mask, skipped=0.0, leading=leading
    )
    if unit_keys:
        key = F.normalize(key, dim=-1, eps=SHORTEST)
    if form == "recurrent":
        found = step_by_step(_step, query, key, *rest, state)
        return given_back(*found, dtype, return_state)
    arrays = split_chunks(query, key, *rest, chunk_size=chunk_size, skipped=0.0)
    output, state = _chunk_by_chunk(*arrays, state, return_state)
    return given_back(out_of_chunks(output, length), state, dtype, return_state)


def _step(state, key, value, strength):
    return state - (strength * key).mT * (key @ state - value)


def _chunk_by_chunk(query, key, value, strength, state, return_state):
    """Outputs `[..., K, C, E]`, and the state after them if it is wanted; all `[..., K, C, *]`."""
    corrected, correcting = _solved(key, value, strength)
    weights = (query @ key.mT).tril()  # [..., K, C, C]
    parts = (one.unbind(-3) for one in (weights, query, key, corrected, correcting))
    outputs, count = [], query.shape[-3]
    for i, (inside, queries, keys, values, found) in enumerate(zip(*parts, strict=True)):
        if state is None:
            outputs.append(inside @ values)
        else:
            values = values - found @ state
            outputs.append(inside @ values + queries @ state)
        if return_state or i + 1 < count:
            more = keys.mT @ values
            state = more if state is None else state + more
    return torch.stack(outputs, dim=-3), state


def _solved(key, value, strength):
    """The u of a chunk that begins with an empty state, `[..., C, E]`, and what to take from it.

    With the state S before the chunk it is the first less the second, `[..., C, D]`, times S.
    """
    weighed = strength * key
    earlier = (weighed @ key.mT).tril(-1)
    right = torch.cat([strength * value, weighed], dim=-1)
    solved = torch.linalg.solve_triangular(earlier, right, upper=False, unitriangular=True)
    return solved.split([value.shape[-1], key.shape[-1]], dim=-1)
