"""The rule of speculative decoding: which proposals stay, and what follows the first that goes."""

from typing import NamedTuple

import torch

from ..checks import check_not_below_zero
from ..functional.precision import widen


class SpeculativeRule(NamedTuple):
    """What becomes of a proposed token.

    Attributes:
        accept: `[..., V]`, the probability with which token v stays if it was proposed.
        residual: `[..., V]`, what another token is drawn from if it does not; rows sum to one.
    """

    accept: torch.Tensor
    residual: torch.Tensor


def speculative_rule(target, draft):
    r"""Make of tokens drawn from one distribution tokens drawn from another.

    A token v that was drawn from the draft's q stays with probability a(v). If it does not, another
    one is drawn from the residual r:

    $$a(v) = \min\Big(1, \frac{p(v)}{q(v)}\Big), \qquad
    r(v) = \frac{\max(0, p(v) - q(v))}{\sum_w \max(0, p(w) - q(w))}$$

    What comes out is distributed as the target's p: v is drawn and kept with probability min(p(v),
    q(v)), and the residual adds what is missing up to p(v).

    Args:
        target: p, `[..., V]`, probabilities, the rows sum to one.
        draft: q, of the same shape and dtype.

    Returns:
        `SpeculativeRule`, in the dtype of the arguments, float32 at least. Where q(v) is 0, v is
        never drawn, and a(v) is 1. Where p and q are equal nothing is ever refused, and r is p.

    Raises:
        TypeError: not floating tensors of one dtype.
        ValueError: other shapes, a negative number, a row that does not sum to one.

    Cost: a few operations a token.
    Source: Leviathan, Kalman and Matias (2023), section 2.3 and appendix A.1; Chen et al. (2023),
        theorem 1.

    >>> rule = speculative_rule(torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.25, 0.5, 0.25]))
    >>> rule.accept, rule.residual
    (tensor([1.0000, 0.5000, 1.0000]), tensor([1., 0., 0.]))
    """
    _, target, draft = widen(target=target, draft=draft)
    for name, one in {"target": target, "draft": draft}.items():
        if one.ndim == 0 or one.shape != target.shape:
            raise ValueError(
                f"{name} must have shape [..., V], both the same, got "
                f"{tuple(target.shape)} and {tuple(draft.shape)}"
            )
        check_not_below_zero(name, one)
        off = (one.sum(dim=-1) - 1).abs()
        if not (off <= 1e-2).all():
            raise ValueError(
                f"{name} must have rows that sum to one, got one that is {off.max():.3g} off"
            )
    accept = torch.where(draft > 0, target / draft, 1).clamp(max=1)
    return SpeculativeRule(accept, residual_core(target, draft))


def residual_core(target, draft):
    """What the target has beyond the draft, as a distribution; the target where that is nothing."""
    beyond = (target - draft).clamp(min=0)
    total = beyond.sum(dim=-1, keepdim=True)
    return torch.where(total > 0, beyond / total, target)
