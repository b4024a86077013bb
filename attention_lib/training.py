"""One training loop for every model of the book, its losses, and seeds that disturb nobody."""

import itertools
import math
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import torch
from torch.nn import functional as F
from tqdm import tqdm

from .checks import check_count, check_positive, check_real, check_shape


@dataclass
class History:
    """What a run left behind: the loss of each step, the metric and the steps it was taken at."""

    losses: list = field(default_factory=list)
    metric_steps: list = field(default_factory=list)
    metrics: list = field(default_factory=list)

    @property
    def steps(self):
        return list(range(1, len(self.losses) + 1))

    def to_dict(self):
        return {"steps": self.steps, **asdict(self)}

    def __repr__(self):
        metric = f", metric {self.metrics[-1]:.4f}" if self.metrics else ""
        last = f", last loss {self.losses[-1]:.4f}" if self.losses else ""
        return f"History({len(self.losses)} steps{last}{metric})"


@contextmanager
def seeded(seed):
    """Seed torch inside the block; outside, the global generator is as it was.

    >>> with seeded(0):
    ...     first = torch.rand(1)
    >>> with seeded(0):
    ...     second = torch.rand(1)
    >>> bool(first == second)
    True
    """
    check_count(minimum=0, seed=seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def fit(
    model,
    batches,
    loss,
    *,
    steps,
    learning_rate,
    clip=1.0,
    seed=0,
    metric=None,
    metric_every=100,
    progress=True,
):
    """Train a model with Adam; a second run from the same weights gives the same numbers.

    Args:
        model: a torch.nn.Module; trained in place, left in the mode (train or eval) in which it
            came.
        batches: a callable that gives the batch of a step (0, 1, ...), or an iterable with at least
            `steps` batches.
        loss: loss(model, batch) gives a scalar tensor.
        steps: number of updates.
        learning_rate: of Adam, > 0.
        clip: the largest norm that the gradient of all parameters together may have, or None.
        seed: of everything random inside the run, dropout for instance. The batches bring their
            own.
        metric: metric(model) gives a number; called in evaluation mode and without gradients after
            each `metric_every` steps and after the last.
        progress: show a bar on stderr (only if the run takes more than a second; it goes when the
            run ends).

    Returns:
        a `History`.

    Raises:
        TypeError, ValueError: an option is out of range, the loss is not a scalar, the batches ran
            out.
        FloatingPointError: the loss became NaN or infinite; the message says at which step.

    Cost: `steps` times forward and backward; Adam keeps two numbers a parameter.
    Source: Kingma and Ba (2015), Adam; Pascanu, Mikolov and Bengio (2013), clipping.
    Chapter: 01_seq2seq.

    >>> line, x = torch.nn.Linear(1, 1), torch.tensor([[0.0], [1.0]])
    >>> fit(line, lambda step: x, lambda model, x: F.mse_loss(model(x), 3 * x), steps=3,
    ... learning_rate=0.1).steps
    [1, 2, 3]
    """
    check_count(steps=steps, metric_every=metric_every)
    check_positive(learning_rate=learning_rate, **({} if clip is None else {"clip": clip}))
    was_training = model.training
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    history = History()
    bar = tqdm(total=steps, disable=not progress, leave=False, delay=1, file=sys.stderr)
    with seeded(seed), bar:
        model.train()
        for step, batch in enumerate(_take(batches, steps), start=1):
            history.losses.append(_update(model, optimizer, loss(model, batch), clip, step))
            if metric is not None and (step % metric_every == 0 or step == steps):
                history.metric_steps.append(step)
                history.metrics.append(_measure(model, metric))
            if progress:
                bar.set_postfix_str(_status(history), refresh=False)
                bar.update()
    model.train(was_training)
    return history


def sequence_cross_entropy(logits, target, *, padding):
    """Mean cross-entropy of each target token, padding left out.

    Args:
        logits: `[B, T, V]`, floating.
        target: `[B, T]`, int64.
        padding: the token id to leave out.

    Returns:
        a scalar in nats. Zero, with zero gradient, where there is nothing but padding.

    Raises:
        ValueError: target has not the shape of logits without its last axis.

    Chapter: 01_seq2seq.

    >>> sequence_cross_entropy(torch.zeros(1, 2, 4), torch.tensor([[3, 0]]), padding=0)
    tensor(1.3863)
    """
    check_shape("target", target, logits.shape[:-1], "that of logits without its last axis")
    total = F.cross_entropy(
        logits.flatten(0, -2), target.flatten(), ignore_index=padding, reduction="sum"
    )
    return total / (target != padding).sum().clamp(min=1)


def token_accuracy(predicted, target, *, padding):
    """Share of the target tokens that are predicted at their place, padding left out.

    Args:
        predicted: `[B, T']` token ids; where it is shorter than the target the rest counts as
            wrong, what is longer is ignored.
        target: `[B, T]` token ids.
        padding: the token id to leave out.

    Returns:
        a float from 0 to 1.

    Raises:
        ValueError: the numbers of rows differ, or the target is all padding.

    Chapter: 01_seq2seq.

    >>> token_accuracy(torch.tensor([[5, 6]]), torch.tensor([[5, 7, 0]]), padding=0)
    0.5
    """
    if predicted.ndim != 2 or target.ndim != 2 or len(predicted) != len(target):
        raise ValueError(
            f"predicted and target must be [B, T] with one B, "
            f"got {tuple(predicted.shape)}, {tuple(target.shape)}"
        )
    real = target != padding
    if not real.any():
        raise ValueError("target must hold a token that is not padding, got padding alone")
    length = target.shape[1]
    predicted = F.pad(predicted, (0, max(0, length - predicted.shape[1])), value=-1)[:, :length]
    return ((predicted == target) & real).sum().item() / real.sum().item()


def as_tensors(batch):
    """The same named tuple of arrays with torch tensors in it (they share memory)."""
    return type(batch)(*(torch.from_numpy(array) for array in batch))


def seq2seq_loss(model, batch, *, padding=0):
    """Cross-entropy of a `Seq2Seq` on a `ToyBatch` under teacher forcing."""
    batch = as_tensors(batch)
    logits = model(batch.source, batch.source_lengths, batch.target_in)
    return sequence_cross_entropy(logits, batch.target, padding=padding)


def _take(batches, steps):
    if callable(batches):
        yield from (batches(step) for step in range(steps))
        return
    try:
        batches = iter(batches)
    except TypeError:
        raise TypeError(
            f"batches must be a callable or an iterable, got {type(batches).__name__}"
        ) from None
    count = 0
    for batch in itertools.islice(batches, steps):
        count += 1
        yield batch
    if count < steps:
        raise ValueError(f"batches must give {steps} batches, got {count}")


def _update(model, optimizer, loss, clip, step):
    if not isinstance(loss, torch.Tensor):
        raise TypeError(f"loss must return a torch.Tensor, got {type(loss).__name__}")
    if loss.ndim != 0:
        raise ValueError(f"loss must return a scalar, got shape {tuple(loss.shape)}")
    number = loss.item()
    if not math.isfinite(number):
        raise FloatingPointError(f"loss is {number} at step {step}")
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    if clip is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return number


def _measure(model, metric):
    model.eval()
    with torch.no_grad():
        number = float(metric(model))
    model.train()
    return number


def _status(history):
    metric = f", metric {history.metrics[-1]:.3f}" if history.metrics else ""
    return f"loss {history.losses[-1]:.3f}{metric}"


def pointer_loss(model, batch):
    """Cross-entropy of a `PointerNetwork` against the alignment of a `ToyBatch`."""
    batch = as_tensors(batch)
    positions = batch.alignment[:, :-1]  # without EOS, which is nowhere in the source
    logits = model(batch.source, batch.source_lengths, positions)
    return sequence_cross_entropy(logits, positions, padding=-1)


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

    Source: Williams (1992). Chapter: 01_seq2seq.

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

    Source: Kool, van Hoof and Welling (2019). Chapter: 01_seq2seq.

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
