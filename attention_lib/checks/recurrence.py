"""What attention with a state that forgets or corrects itself asks for."""

import numpy as np

from .arrays import (
    check_floating,
    check_kind,
    check_leading,
    check_one_device,
    check_shape,
    dtype_name,
)
from .attention import check_key_mask, check_query_key, check_value
from .efficient import check_same_length
from .numbers import check_flag, check_real
from .values import check_within

FORMS = ("chunked", "parallel", "recurrent")


def check_recurrence(kind, query, key, value, *, gate, widths, highest, mask, state, return_state):
    """Check what a recurrence over N positions is called with; returns the leading axes.

    Args:
        kind: "numpy" or "torch".
        gate: the name of what weighs the steps, and its array or number.
        widths: how wide the gate may be: "1", or "1 or D".
        highest: the largest number that it may hold; the smallest is 0.
    """
    ((name, steps),) = gate.items()
    arrays = {"query": query, "key": key, "value": value}
    given = arrays if is_number(steps) else arrays | gate
    check_kind(kind, **given)
    check_floating(**arrays)
    working = "float64" if dtype_name(query) == "float64" else "float32"
    check_value(value, check_query_key(query, key))
    check_same_length(query=query, key=key)
    if is_number(steps):
        check_real(**gate)
    else:
        _check_gate(name, steps, widths, query, working)
    check_within(name, steps, 0, highest)
    leading = check_leading(**given)
    if mask is not None:
        check_kind(kind, query=query, mask=mask)
        check_key_mask(mask, (*leading, query.shape[-2], query.shape[-2]))
    if state is not None:
        check_kind(kind, state=state)
        if kind == "torch":
            check_one_device(query=query, state=state)
        if dtype_name(state) != working:
            raise TypeError(f"state must have dtype {working}, got {dtype_name(state)}")
        expected = (*leading, key.shape[-1], value.shape[-1])
        check_shape("state", state, expected, "[..., D, E]")
    check_flag(return_state=return_state)
    return leading


def is_number(gate):
    """Whether one number weighs all steps; a wrong one is told by `check_recurrence`."""
    return isinstance(gate, (int, float, np.number)) and not isinstance(gate, bool)


def _check_gate(name, steps, widths, query, working):
    """No axes, or [..., 1 or N, 1 or D]: one axis alone could mean any of them."""
    if dtype_name(steps) not in (dtype_name(query), working):
        also = "" if dtype_name(query) == working else f" or {working}"
        raise TypeError(
            f"{name} must have the dtype of query, {dtype_name(query)}{also}, "
            f"got {dtype_name(steps)}"
        )
    if not steps.ndim:
        return
    length, width = query.shape[-2:]
    allowed = (1, width) if "D" in widths else (1,)
    if steps.ndim < 2 or steps.shape[-2] not in (1, length) or steps.shape[-1] not in allowed:
        raise ValueError(
            f"{name} must have no axes, or shape [..., 1 or N, {widths}] for query "
            f"{tuple(query.shape)}, got {tuple(steps.shape)}"
        )
