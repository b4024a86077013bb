"""Linear attention with a state that corrects itself: a key is written anew, not added to."""

import numpy as np

from ..checks import check_flag, check_recurrence
from .recurrence import step_by_step, widened

SHORTEST = 1e-12  # a key below this length is not made longer


def delta_rule_attention(
    query, key, value, strength, *, unit_keys=False, mask=None, state=None, return_state=False
):
    r"""Move what the state holds under each key towards the value; then read the state.

    $$S_t = S_{t-1} - b_t \, k_t \, (S_{t-1}^\top k_t - v_t)^\top, \qquad o_t = S_t^\top q_t$$

    $S_{t-1}^\top k_t$ is what the key reads before the step. A key of length 1 and strength 1 reads
    exactly $v_t$ after it, whatever was there; linear attention would read the sum of both. This is
    a step of gradient descent, of size b, on $\tfrac12 \lVert S^\top k_t - v_t \rVert^2$. The state
    is multiplied by $I - b_t k_t k_t^\top$, which makes nothing longer while
    $b_t \lVert k_t \rVert^2 \le 2$: with longer keys the state may grow without bound.

    Args:
        query: `[..., N, D]`, float16, float32 or float64.
        key: `[..., N, D]`, same dtype.
        value: `[..., N, E]`, same dtype.
        strength: b, from 0 (write nothing) to 1 (replace) to 2 (the error with its sign turned): a
            number, or an array `[..., 1 or N, 1]`. Same dtype, or float32 beside float16.
        unit_keys: divide each key by its length first (by 1e-12 if it is shorter). Else keys are
            taken as they are.
        mask: boolean, broadcastable to `[..., 1, N]`. Where it is False the position is passed
            over, as padding is: it writes nothing, and its output reads the state.
        state: S before the first position, `[..., D, E]` in float32, or float64 if query is; None
            for zeros. The leading axes are those of the output.
        return_state: return the state after the last position too.

    Returns:
        output `[..., N, E]` in the dtype of query (float16 is computed in float32); with
        return_state (output, state). Pieces of a sequence, each with the state of the one before,
        give the same as the whole.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, a state of another than the one it is
            computed in, mask not boolean, unit_keys or return_state not a bool.
        ValueError: shapes or mask do not fit, a strength outside [0, 2].

    Cost: 6 D E FLOPs a position; D E numbers for the state, whatever the length.
    Source: Schlag et al. (2021), section 4.2; Yang et al. (2024b), DeltaNet.

    >>> one = np.ones((2, 1))
    >>> delta_rule_attention(one, one, np.array([[8.0], [3.0]]), 1.0)  # 3 replaces 8
    array([[8.],
           [3.]])
    """
    options = {"mask": mask, "state": state, "return_state": return_state}
    gate = {"strength": strength}
    leading = check_recurrence(
        "numpy", query, key, value, gate=gate, widths="1", highest=2, **options
    )
    check_flag(unit_keys=unit_keys)
    arrays = widened(query, key, value, strength, mask=mask, skipped=0.0)
    if unit_keys:
        lengths = np.linalg.norm(arrays[1], axis=-1, keepdims=True)
        arrays[1] = arrays[1] / np.maximum(lengths, SHORTEST)

    def step(state, key, value, strength):
        found = (key[..., None, :] @ state)[..., 0, :]
        return state - (strength * key)[..., None] * (found - value)[..., None, :]

    return step_by_step(step, leading, query.dtype, *arrays, state, return_state)
