"""Learning from rewards where a draw stands between the parameters and the answer."""

import torch
from torch.nn import functional as F

from ..checks import (
    check_callable,
    check_dimensions,
    check_flag,
    check_floating,
    check_kind,
    check_real,
    check_shape,
    dtype_name,
)
from ..functional.precision import widen_core
from .losses import LOGITS, as_tensors, check_ids


def reinforce_loss(log_probability, reward, *, baseline):
    r"""A loss whose gradient is REINFORCE's estimate of minus the gradient of the expected reward.

    $$L = -\frac{1}{B} \sum_b (r_b - b_b) \log p_b$$

    Args:
        log_probability: `[B]`, of the draws, differentiable.
        reward: `[B]`; taken as it is, without gradient.
        baseline: `[B]` or a number that does not depend on the draw it is subtracted from:
            `leave_one_out(reward)`, or 0.

    Returns:
        a scalar, float32 for float16 and bfloat16. Its value means nothing, its gradient does.

    Raises:
        TypeError: log_probability is no floating tensor, reward no tensor, baseline neither a
            tensor nor a number.
        ValueError: reward or baseline has not the shape of log_probability.

    Source: Williams (1992). Chapter: 01_3_before_its_name.

    >>> reinforce_loss(torch.tensor([-1.0, -3.0]), torch.tensor([1.0, 0.0]), baseline=0.5)
    tensor(-0.5000)
    """
    check_kind("torch", log_probability=log_probability, reward=reward)
    check_floating(log_probability=log_probability)
    if log_probability.ndim != 1 or not len(log_probability):
        raise ValueError(
            f"log_probability must have shape [B] with B >= 1, got {tuple(log_probability.shape)}"
        )
    check_shape("reward", reward, log_probability.shape, "that of log_probability")
    _check_numbers(reward=reward)
    if not isinstance(baseline, torch.Tensor):
        check_real(baseline=baseline)
        baseline = float(baseline)
    else:
        check_kind("torch", reward=reward, baseline=baseline)
        _check_numbers(baseline=baseline)
        if baseline.ndim:
            check_shape("baseline", baseline, reward.shape, "that of reward")
    _, log_probability = widen_core(log_probability)
    return -((reward - baseline).detach() * log_probability).mean()


def _check_numbers(**tensors):
    for name, tensor in tensors.items():
        if not dtype_name(tensor).startswith(("int", "uint")):
            check_floating(**{name: tensor})


def leave_one_out(reward):
    """For each reward `[B]` the mean of the others: a baseline that keeps the estimate unbiased.

    Raises:
        TypeError: reward is no floating tensor.
        ValueError: reward is not one-dimensional with at least two entries.

    Source: Kool, van Hoof and Welling (2019). Chapter: 01_3_before_its_name.

    >>> leave_one_out(torch.tensor([1.0, 0.0, 0.0]))
    tensor([0.0000, 0.5000, 0.5000])
    """
    check_kind("torch", reward=reward)
    check_floating(reward=reward)
    if reward.ndim != 1 or len(reward) < 2:
        raise ValueError(f"reward must have shape [B] with B >= 2, got {tuple(reward.shape)}")
    dtype, wide = widen_core(reward)
    return ((wide.sum() - wide) / (len(reward) - 1)).to(dtype)


def glimpse_loss(model, batch, *, rng=None, use_baseline=True):
    """Loss of a `GlimpseReader` on a batch of `marker_task`.

    Cross-entropy of the answer; for hard attention also REINFORCE, with the log-likelihood of the
    answer as the reward. Use `functools.partial` to give it the torch.Generator that the draws of
    hard attention need.
    """
    check_callable(model=model)
    check_flag(use_baseline=use_baseline)
    batch = as_tensors(batch, "source", "source_lengths", "target")
    check_dimensions(2, **{"batch.target": batch.target})
    answer = batch.target[:, :1]
    check_shape("batch.target", answer, (len(batch.target), 1), "[B, T] with T >= 1")
    result = model(batch.source, batch.source_lengths, rng=rng)
    if not isinstance(result, tuple) or len(result) != 3:
        raise TypeError(f"model must return three tensors, got {type(result).__name__}")
    logits, _, log_probability = result
    check_kind("torch", **{LOGITS: logits, "batch.target": answer})
    check_floating(**{LOGITS: logits})
    check_dimensions(2, **{LOGITS: logits})
    answer = answer[:, 0]
    check_shape("batch.target", answer, logits.shape[:1], "[B], of its first tokens,")
    check_ids("batch.target", answer, torch.ones_like(answer, dtype=torch.bool), logits.shape[-1])
    _, logits = widen_core(logits)
    reward = -F.cross_entropy(logits, answer, reduction="none")
    if rng is None:
        return -reward.mean()
    baseline = leave_one_out(reward) if use_baseline else 0.0
    return -reward.mean() + reinforce_loss(log_probability, reward, baseline=baseline)
