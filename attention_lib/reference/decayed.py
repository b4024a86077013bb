"""Linear attention with a state that forgets: it is shrunk before each step."""

from ..checks import check_recurrence
from .recurrence import step_by_step, widened


def decayed_linear_attention(
    query, key, value, decay, *, mask=None, state=None, return_state=False
):
    r"""Write each value into a state under its key, after shrinking what is there; then read it.

    $$S_t = \mathrm{diag}(g_t) \, S_{t-1} + k_t v_t^\top, \qquad o_t = S_t^\top q_t$$

    Written out, position t weighs the value at j by $q_t \cdot k_j$ times all decays after j:

    $$o_t = \sum_{j \le t} \Big( \sum_d q_{td} \, k_{jd} \prod_{l=j+1}^{t} g_{ld} \Big) \, v_j$$

    With $g = 1$ it is causal linear attention without feature map and normaliser; with $g = 0$ each
    position sees itself alone. There is no normaliser: the weights need not be positive, and the
    sources normalise the output of each head instead, which is left to the caller. (Sun et al.
    divide the rows as well, for the range of the numbers: their normalisation undoes it.)

    Args:
        query: `[..., N, D]`, float16, float32 or float64.
        key: `[..., N, D]`, same dtype.
        value: `[..., N, E]`, same dtype.
        decay: g, from 0 (forget) to 1 (keep): a number, or an array `[..., 1 or N, 1 or D]`.
            `[H, 1, 1]` is one constant a head (retention), `[..., H, N, 1]` one a step (the state
            of Mamba-2), `[..., H, N, D]` one a step and channel of the key (gated linear
            attention). Same dtype, or float32 beside float16.
        mask: boolean, broadcastable to `[..., 1, N]`. Where it is False the position is passed
            over, as padding is: it neither writes nor shrinks, and its output reads the state.
        state: S before the first position, `[..., D, E]` in float32, or float64 if query is; None
            for zeros. The leading axes are those of the output.
        return_state: return the state after the last position too.

    Returns:
        output `[..., N, E]` in the dtype of query (float16 is computed in float32); with
        return_state (output, state). Pieces of a sequence, each with the state of the one before,
        give the same as the whole.

    Raises:
        TypeError: not floating NumPy arrays of one dtype, a state of another than the one it is
            computed in, mask not boolean, return_state not a bool.
        ValueError: shapes or mask do not fit, a decay outside [0, 1].

    Cost: 5 D E FLOPs a position; D E numbers for the state, whatever the length.
    Source: Sun et al. (2023), retention; Yang et al. (2024a), gated linear attention; Dao and Gu
    (2024), the state of Mamba-2 with one number a step.

    >>> import numpy as np
    >>> one = np.ones((3, 1))
    >>> decayed_linear_attention(one, one, np.array([[8.0], [0.0], [1.0]]), 0.5)
    array([[8.],
           [4.],
           [3.]])
    """
    options = {"mask": mask, "state": state, "return_state": return_state}
    gate = {"decay": decay}
    leading = check_recurrence(
        "numpy", query, key, value, gate=gate, widths="1 or D", highest=1, **options
    )
    arrays = widened(query, key, value, decay, mask=mask, skipped=1.0)

    def step(state, key, value, decay):
        return decay[..., None] * state + key[..., None] * value[..., None, :]

    return step_by_step(step, leading, query.dtype, *arrays, state, return_state)
