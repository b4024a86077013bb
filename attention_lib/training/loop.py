"""The training loop: draw a batch, go downhill, measure now and then, and survive a power cut."""

import itertools
import math
import sys
from contextlib import contextmanager, nullcontext
from dataclasses import asdict

import torch
from tqdm import tqdm

from ..checks import check_callable, check_count, check_flag, check_instance, check_positive, shown
from .checkpoints import Checkpoint, Run, describe
from .history import History
from .optimizer import adam
from .schedules import learning_rates
from .seeds import seeded
from .stopping import EarlyStopping


def fit(
    model,
    batches,
    loss,
    *,
    steps,
    learning_rate,
    betas=(0.9, 0.999),
    weight_decay=0.0,
    clip=1.0,
    seed=0,
    metric=None,
    metric_every=100,
    early_stopping=None,
    checkpoint=None,
    checkpoint_every=100,
    progress=True,
):
    """Train a model with Adam; a second run from the same weights gives the same numbers.

    Args:
        model: a torch.nn.Module; trained in place. During the run all of its modules are in
            training mode, a frozen one too; afterwards each is in the mode in which it came.
        batches: a callable that gives the batch of a step (0, 1, ...), or an iterable with at least
            `steps` batches.
        loss: loss(model, batch) gives a scalar tensor.
        steps: number of updates.
        learning_rate: of Adam, a number > 0, or a schedule: a function from a step (1, 2, ...) to a
            rate >= 0, such as `warmup_cosine` makes.
        betas: of Adam, how slowly the means of the gradient and of its square forget.
        weight_decay: by what share, times the learning rate, a step shrinks `decayed_parameters`:
            biases, norms and embeddings stay out. The gradient does not see it (AdamW).
        clip: the largest norm that the gradient of all parameters together may have, or None.
        seed: of everything random inside the run, dropout for instance. The batches bring their
            own.
        metric: metric(model) gives a number; called in evaluation mode and without gradients after
            each `metric_every` steps and after the last. What it draws from torch's generator is
            the same at each call and changes nothing outside it.
        early_stopping: an `EarlyStopping` that watches the metric, or None.
        checkpoint: a file in which the run is kept, written after each `checkpoint_every` steps and
            after the last. If it exists the run goes on from there, and weights, numbers and
            history come out as if it had never stopped; a run that had ended returns at once. See
            below.
        progress: show a bar on stderr (only if the run takes more than a second; it goes when the
            run ends).

    Returns:
        a `History`.

    Raises:
        TypeError, ValueError: an option is out of range, the loss is not a scalar, the batches ran
            out, the checkpoint is damaged, of a run with other settings, or cannot be written;
            options and the place of the checkpoint are judged before the first step.
        FloatingPointError: the loss or its gradient became NaN or infinite, or a metric that early
            stopping watches; the message says at which step. A bad loss or gradient leaves the
            weights as they were before it.

    A checkpoint is written beside its place and then put there, so that a run that is killed at any
    moment leaves the last whole one. It holds the weights, Adam's state, the history, the settings
    (those of the model too: each number, word, flag and tuple of these that is an attribute of one
    of its modules) and torch's generator. It cannot hold what is inside `loss`, `metric` and
    `batches`: give the same ones again. A callable is asked only for the batches still to come; an
    iterable is read from its beginning and has to give the same batches again: a DataLoader that
    shuffles epoch after epoch does so only with a generator of its own.

    Cost: `steps` times forward and backward; Adam keeps two numbers a parameter, and the best
        weights of early stopping one more.
    Source: Kingma and Ba (2015), Adam; Loshchilov and Hutter (2019), AdamW; Pascanu, Mikolov and
        Bengio (2013), clipping.
    Chapter: 01_seq2seq.

    >>> from torch.nn import functional as F
    >>> line, x = torch.nn.Linear(1, 1), torch.tensor([[0.0], [1.0]])
    >>> fit(line, lambda step: x, lambda model, x: F.mse_loss(model(x), 3 * x), steps=3,
    ... learning_rate=0.1).steps
    [1, 2, 3]
    """
    check_instance(torch.nn.Module, model=model)
    check_count(steps=steps, metric_every=metric_every, checkpoint_every=checkpoint_every)
    check_count(minimum=0, seed=seed)
    if clip is not None:
        check_positive(clip=clip)
    check_flag(progress=progress)
    _check_stopping(early_stopping, metric)
    rates = learning_rates(learning_rate, steps)
    optimizer = adam(model, learning_rate=rates[0], betas=betas, weight_decay=weight_decay)
    if not callable(batches) and (isinstance(batches, str | bytes) or not _can_iterate(batches)):
        raise TypeError(f"batches must be a callable or an iterable, got {type(batches).__name__}")
    check_callable(loss=loss, **({} if metric is None else {"metric": metric}))
    run = Run(model, optimizer, History())
    settings = {
        "steps": steps,
        "learning_rate": rates,
        "beta_1": betas[0],
        "beta_2": betas[1],
        "weight_decay": weight_decay,
        "clip": clip,
        "seed": seed,
        "metric_every": None if metric is None else metric_every,
        "early_stopping": None if early_stopping is None else asdict(early_stopping),
        "model": describe(model),
    }
    store = None if checkpoint is None else Checkpoint(checkpoint, settings)
    with _modes_kept(model), seeded(seed):
        if store is not None:
            store.resume(run)
        history = run.history
        done = steps if history.stopped_early else len(history.losses)
        if store is not None and done < steps:
            store.check_writable()
        with _bar(steps, done, progress) as bar:
            model.train()
            for step, batch in enumerate(_take(batches, done, steps, seed), start=done + 1):
                rate = rates[step - 1]
                history.losses.append(_update(run, loss(model, batch), rate, clip, step))
                history.learning_rates.append(rate)
                if metric is not None and (step % metric_every == 0 or step == steps):
                    history.metric_steps.append(step)
                    history.metrics.append(_measure(model, metric, seed))
                    if early_stopping is not None:
                        history.stopped_early = early_stopping.judge(run) and step < steps
                ends = history.stopped_early or step == steps
                if store is not None and (ends or step % checkpoint_every == 0):
                    store.save(run)
                bar.set_postfix_str(_status(history), refresh=False)
                bar.update()
                if ends:
                    break
        if early_stopping is not None and early_stopping.restore_best:
            model.load_state_dict(run.best_weights)
    return history


def _can_iterate(batches):
    """Whether batches may be iterated over; nothing is drawn from them to find out."""
    axes = getattr(batches, "ndim", 1)  # an array without axes has __iter__ all the same
    return hasattr(batches, "__iter__") and axes != 0


def _take(batches, done, steps, seed):
    """The batches of the steps after `done`, the same as in a run without a break."""
    if callable(batches):
        yield from (batches(step) for step in range(done, steps))
        return
    if done == steps:
        return
    with seeded(seed) if done else nullcontext():  # what has been drawn already disturbs nothing
        batches = iter(batches)
        count = sum(1 for _ in itertools.islice(batches, done))
    for batch in itertools.islice(batches, steps - done):
        count += 1
        yield batch
    if count < steps:
        raise ValueError(f"batches must give {steps} batches, got {count}")


def _update(run, loss, rate, clip, step):
    """One step of the optimizer; returns the loss as a number."""
    if not isinstance(loss, torch.Tensor):
        raise TypeError(f"loss must return a torch.Tensor, got {type(loss).__name__}")
    if loss.ndim != 0:
        raise ValueError(f"loss must return a scalar, got shape {tuple(loss.shape)}")
    number = loss.item()
    if not math.isfinite(number):
        raise FloatingPointError(f"loss is {number} at step {step}")
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    limit = math.inf if clip is None else clip
    # Shrinks all gradients by one factor if their common norm is above the limit.
    norm = torch.nn.utils.clip_grad_norm_(run.model.parameters(), limit).item()
    if not math.isfinite(norm):  # a step would spoil the weights, and the next checkpoint with them
        raise FloatingPointError(f"norm of the gradient is {norm} at step {step}")
    run.optimizer.step()
    return number


def _measure(model, metric, seed):
    model.eval()
    with torch.no_grad(), seeded(seed):
        number = metric(model)
        try:
            number = float(number)
        except (TypeError, ValueError, OverflowError, RuntimeError):
            raise TypeError(f"metric must return a number, got {shown(number)}") from None
    model.train()
    return number


@contextmanager
def _modes_kept(model):
    """Afterwards each module is in training or evaluation mode as it was before."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _check_stopping(early_stopping, metric):
    if early_stopping is None:
        return
    if not isinstance(early_stopping, EarlyStopping):
        raise TypeError(
            f"early_stopping must be an EarlyStopping, got {type(early_stopping).__name__}"
        )
    if metric is None:
        raise ValueError("early_stopping needs a metric to watch, got metric=None")


def _bar(steps, done, progress):
    return tqdm(
        total=steps, initial=done, disable=not progress, leave=False, delay=1, file=sys.stderr
    )


def _status(history):
    metric = f", metric {history.metrics[-1]:.3f}" if history.metrics else ""
    return f"loss {history.losses[-1]:.3f}{metric}"
