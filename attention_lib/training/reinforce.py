"""Learning from rewards where a draw stands between the parameters and the answer."""

import torch
from torch.nn import functional as F

from ..checks import check_real, check_shape
from .losses import as_tensors


def reinforce_loss(log_probability, reward, *, baseline):
    r"""A loss whose gradient is REINFORCE's estimate of minus the gradient of the expected reward.

    $$L = -\frac{1}{B} \sum_b (r_b - b_b) \log p_b$$

    Args:
        log_probability: `[B]`, of the draws, differentiable.
        reward: `[B]`; taken as it is, without gradient.
        baseline: `[B]` or a number that does not depend on the draw it is subtracted from:
            `leave_one_out(reward)`, or 0.

    Returns:
        a scalar. Its value means nothing, its gradient does.

    Raises:
        TypeError: baseline is neither a tensor nor a number.
        ValueError: reward or baseline has not the shape of log_probability.

    Source: Williams (1992). Chapter: 01_3_before_its_name.

    >>> reinforce_loss(torch.tensor([-1.0, -3.0]), torch.tensor([1.0, 0.0]), baseline=0.5)
    tensor(-0.5000)
    """
    check_shape("reward", reward, log_probability.shape, "that of log_probability")
    if not isinstance(baseline, torch.Tensor):
        check_real(baseline=baseline)
    elif baseline.ndim:
        check_shape("baseline", baseline, reward.shape, "that of reward")
    return -((reward - baseline).detach() * log_probability).mean()


def leave_one_out(reward):
    """For each reward `[B]` the mean of the others: a baseline that keeps the estimate unbiased.

    Raises:
        ValueError: reward is not one-dimensional with at least two entries.

    Source: Kool, van Hoof and Welling (2019). Chapter: 01_3_before_its_name.

    >>> leave_one_out(torch.tensor([1.0, 0.0, 0.0]))
    tensor([0.0000, 0.5000, 0.5000])
    """
    if reward.ndim != 1 or len(reward) < 2:
        raise ValueError(f"reward must have shape [B] with B >= 2, got {tuple(reward.shape)}")
    return (reward.sum() - reward) / (len(reward) - 1)


def glimpse_loss(model, batch, *, rng=None, use_baseline=True):
    """Loss of a `GlimpseReader` on a batch of `marker_task`.

    Cross-entropy of the answer; for hard attention also REINFORCE, with the log-likelihood of the
    answer as the reward. Use `functools.partial` to give it the torch.Generator that the draws of
    hard attention need.
    """
    batch = as_tensors(batch)
    logits, _, log_probability = model(batch.source, batch.source_lengths, rng=rng)
    reward = -F.cross_entropy(logits, batch.target[:, 0], reduction="none")
    if rng is None:
        return -reward.mean()
    baseline = leave_one_out(reward) if use_baseline else 0.0
    return -reward.mean() + reinforce_loss(log_probability, reward, baseline=baseline)
