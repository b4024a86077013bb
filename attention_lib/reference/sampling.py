"""From logits to the distribution that the next token is drawn from: temperature, top-k, top-p."""

import numpy as np

from ..checks import check_logits, check_positive, check_top_k, check_top_p
from .precision import widen
from .softmax import softmax


def top_k_logits(logits, top_k):
    """Keep the k largest logits; the others become -inf, so that softmax gives them nothing.

    Args:
        logits: `[..., V]`, float16, float32 or float64; one for each token of the vocabulary.
        top_k: k, how many to keep, 1 to V. Of equal logits the smaller token id is kept.

    Returns:
        `[..., V]`, same dtype: exactly k logits as they were, -inf elsewhere.

    Raises:
        TypeError: logits not a floating NumPy array, top_k not an integer.
        ValueError: logits without a last axis, empty there or NaN; top_k outside 1..V.

    Cost: the reference sorts, O(V log V) a row.
    Source: Fan, Lewis and Dauphin (2018), "Generation"; they draw from the 10 likeliest words.

    >>> top_k_logits(np.array([1.0, 3.0, 2.0, 3.0]), 2)
    array([-inf,   3., -inf,   3.])
    """
    dtype, wide = widen(logits=logits)
    check_logits(wide)
    check_top_k(top_k, wide.shape[-1])
    order = np.argsort(-wide, axis=-1, kind="stable")
    kept = np.zeros(wide.shape, dtype=bool)
    np.put_along_axis(kept, order[..., :top_k], True, axis=-1)
    return np.where(kept, wide, -np.inf).astype(dtype)


def top_p_logits(logits, top_p):
    r"""Keep the nucleus: the smallest set of tokens whose probabilities add up to p or more.

    With the probabilities $w = \mathrm{softmax}(\mathrm{logits})$ in falling order, token j is kept
    if

    $$\sum_{i < j} w_i < p$$

    so that the likeliest token always stays, and the token that reaches p is the last one.

    Args:
        logits: `[..., V]`, float16, float32 or float64.
        top_p: p, 0 < p <= 1; 1 keeps every token. Of equal logits the smaller token id comes first.

    Returns:
        `[..., V]`, same dtype: the logits of the nucleus as they were, -inf elsewhere.

    Raises:
        TypeError: logits not a floating NumPy array, top_p not a real number.
        ValueError: logits without a last axis, empty there or NaN; top_p outside (0, 1].

    Cost: one sort, O(V log V) a row.
    Source: Holtzman, Buys, Du, Forbes and Choi (2020), section 3.1, equation 2.

    >>> top_p_logits(np.log(np.array([0.125, 0.625, 0.25])), 0.75).round(2)
    array([ -inf, -0.47, -1.39])
    """
    dtype, wide = widen(logits=logits)
    check_logits(wide)
    check_top_p(top_p)
    if top_p == 1:  # a sum may reach 1 by rounding before the last token
        return logits.copy()
    order = np.argsort(-wide, axis=-1, kind="stable")
    probabilities = np.take_along_axis(softmax(wide), order, axis=-1)
    before = np.zeros_like(probabilities)  # the sum over i < j
    before[..., 1:] = np.cumsum(probabilities[..., :-1], axis=-1)
    kept = np.zeros(wide.shape, dtype=bool)
    np.put_along_axis(kept, order, before < top_p, axis=-1)
    return np.where(kept, wide, -np.inf).astype(dtype)


def next_token_probabilities(logits, *, temperature=1.0, top_k=None, top_p=None):
    r"""The distribution that the next token is drawn from.

    $$w = \mathrm{softmax}(\mathrm{filtered} / \tau)$$

    Filtered logits are -inf for each token that top-k or top-p drops. The temperature acts first,
    then top-k, then top-p on what top-k left: the p of top-p counts probability at temperature tau.
    (Top-k keeps the same tokens at every temperature, so the code may take it first.)

    Args:
        logits: `[..., V]`, float16, float32 or float64.
        temperature: tau > 0. Below 1 the likely tokens gain, above 1 the unlikely ones; towards 0
            the largest logits share everything.
        top_k: keep this many tokens, as `top_k_logits`; None keeps all.
        top_p: keep this much probability, as `top_p_logits`; None keeps all.

    Returns:
        `[..., V]`, same dtype, not negative, each row sums to one; a row of -inf gives zeros.

    Raises:
        TypeError, ValueError: as `top_k_logits`, `top_p_logits` and `softmax`.

    Cost: two softmaxes and, with a filter, one or two sorts.
    Source: the temperature as in Ackley, Hinton and Sejnowski (1985); the filters as above.

    >>> logits = np.log(np.array([0.5, 0.25, 0.125, 0.125]))
    >>> next_token_probabilities(logits, top_k=2).round(3)
    array([0.667, 0.333, 0.   , 0.   ])
    """
    dtype, wide = widen(logits=logits)
    check_logits(wide)
    check_positive(temperature=temperature)
    if top_k is not None:
        wide = top_k_logits(wide, top_k)
    mask = None
    if top_p is not None:
        with np.errstate(divide="ignore"):  # log 0 is -inf, a token already dropped
            log_probabilities = np.log(softmax(wide, temperature=temperature))
        mask = top_p_logits(log_probabilities, top_p) > -np.inf
    return softmax(wide, mask=mask, temperature=temperature).astype(dtype)
