"""From logits to the distribution that the next token is drawn from: temperature, top-k, top-p."""

import torch

from ..checks import (
    check_floating,
    check_kind,
    check_logits,
    check_positive,
    check_top_k,
    check_top_p,
)
from .precision import widen
from .softmax import softmax_core


def top_k_logits(logits, top_k):
    """Keep the k largest logits; the others become -inf, so that softmax gives them nothing.

    Args:
        logits: `[..., V]`, float16, bfloat16, float32 or float64.
        top_k: k, how many to keep, 1 to V. Of equal logits the smaller token id is kept.

    Returns:
        `[..., V]`, same dtype: exactly k logits as they were, -inf elsewhere. Gradients reach the
        kept ones.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.top_k_logits`.

    Cost: finds the k-th largest, O(V + k log k) a row, and sorts nothing else.
    Source: `attention_lib.reference.top_k_logits`.

    >>> top_k_logits(torch.tensor([1.0, 3.0, 2.0, 3.0]), 2)
    tensor([-inf, 3., -inf, 3.])
    """
    check_kind("torch", logits=logits)
    check_floating(logits=logits)
    check_logits(logits)
    check_top_k(top_k, logits.shape[-1])
    last = logits.topk(top_k, dim=-1).values[..., -1:]  # [..., 1]: the k-th largest
    above, equal = logits > last, logits == last
    # How many of those equal to the k-th largest are still to be kept: the first ones.
    room = top_k - above.sum(dim=-1, keepdim=True)
    kept = above | (equal & (equal.cumsum(dim=-1) <= room))
    return logits.masked_fill(~kept, -torch.inf)


def top_p_logits(logits, top_p):
    """Keep the nucleus: the smallest set of tokens whose probabilities add up to p or more.

    Args:
        logits: `[..., V]`, float16, bfloat16, float32 or float64.
        top_p: p, 0 < p <= 1; 1 keeps every token. Of equal logits the smaller token id comes first.

    Returns:
        `[..., V]`, same dtype: the logits of the nucleus as they were, -inf elsewhere. Gradients
        reach the kept ones.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.top_p_logits`.

    Cost: one sort, O(V log V) a row.
    Formula and source: `attention_lib.reference.top_p_logits`.

    >>> top_p_logits(torch.tensor([0.125, 0.625, 0.25]).log(), 0.75)
    tensor([   -inf, -0.4700, -1.3863])
    """
    _, wide = widen(logits=logits)
    check_logits(logits)
    check_top_p(top_p)
    if top_p == 1:  # a sum may reach 1 by rounding before the last token
        return logits.clone()
    falling, order = wide.detach().sort(dim=-1, descending=True, stable=True)
    reached = softmax_core(falling).cumsum(dim=-1)
    dropped = torch.zeros_like(reached, dtype=torch.bool)
    dropped[..., 1:] = reached[..., :-1] >= top_p  # those before it have reached p already
    # `scatter` carries each flag from its rank back to its token.
    return logits.masked_fill(torch.empty_like(dropped).scatter(-1, order, dropped), -torch.inf)


def next_token_probabilities(logits, *, temperature=1.0, top_k=None, top_p=None):
    """The distribution that the next token is drawn from: temperature, then top-k, then top-p.

    Top-k keeps the same tokens at every temperature, so the code takes it first; the p of top-p
    counts probability at temperature tau, among the tokens that top-k left.

    Args:
        logits: `[..., V]`, float16, bfloat16, float32 or float64.
        temperature: tau > 0; towards 0 the largest logits share everything.
        top_k: keep this many tokens, as `top_k_logits`; None keeps all.
        top_p: keep this much probability, as `top_p_logits`; None keeps all.

    Returns:
        `[..., V]`, same dtype, not negative, each row sums to one; a row of -inf gives zeros.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.next_token_probabilities`.

    Cost, formula and source: `attention_lib.reference.next_token_probabilities`.

    >>> next_token_probabilities(torch.tensor([0.5, 0.25, 0.125, 0.125]).log(), top_k=2)
    tensor([0.6667, 0.3333, 0.0000, 0.0000])
    """
    dtype, wide = widen(logits=logits)
    check_logits(wide)
    check_positive(temperature=temperature)
    if top_k is not None:
        wide = top_k_logits(wide, top_k)
    mask = None
    if top_p is not None:
        log_probabilities = softmax_core(wide.detach(), temperature=temperature).log()
        mask = top_p_logits(log_probabilities, top_p) > -torch.inf
    return softmax_core(wide, mask, temperature).to(dtype)
