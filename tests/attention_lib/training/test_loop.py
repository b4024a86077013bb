"""The training loop repeats itself, refuses nonsense, and the small models learn their tasks."""

import sys
from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.data.toy import PAD, marker_task, reverse_task, sort_task
from attention_lib.modules import GlimpseReader, PointerNetwork, Seq2Seq
from attention_lib.training import (
    History,
    as_tensors,
    fit,
    glimpse_loss,
    leave_one_out,
    pointer_loss,
    read_checkpoint,
    reinforce_loss,
    seeded,
    seq2seq_loss,
    token_accuracy,
)


def short(step):
    return reverse_task(16, min_length=2, max_length=4, vocabulary=5, seed=step)


def run(seed=0, **options):
    with seeded(3):
        model = Seq2Seq(9, 9, 8, attention="additive")
        model.attention.dropout = 0.5
    settings = {"steps": 6, "learning_rate": 1e-2, "progress": False, "seed": seed, **options}
    return model, fit(model, short, seq2seq_loss, **settings)


def test_a_second_run_gives_the_same_numbers_and_weights():
    (one, first), (two, second) = run(), run()
    assert first == second
    for left, right in zip(one.parameters(), two.parameters(), strict=True):
        assert_array_equal(left.detach(), right.detach())
    assert run(seed=1)[1].losses != first.losses


def test_the_global_generator_is_left_alone():
    before = torch.random.get_rng_state()
    run()
    assert_array_equal(torch.random.get_rng_state(), before)


def test_history_counts_measures_and_prints_itself():
    modes = []

    def metric(model):
        modes.append((model.training, torch.is_grad_enabled()))
        return 0.5

    model, history = run(metric=metric, metric_every=4)
    assert history.steps == [1, 2, 3, 4, 5, 6]
    assert history.metric_steps == [4, 6]
    assert modes == [(False, False)] * 2
    assert model.training
    assert repr(history) == f"History(6 steps, last loss {history.losses[-1]:.4f}, metric 0.5000)"
    assert history.to_dict() == {
        "steps": [1, 2, 3, 4, 5, 6],
        "losses": history.losses,
        "learning_rates": [1e-2] * 6,
        "metric_steps": [4, 6],
        "metrics": [0.5, 0.5],
        "best_step": None,
        "best_metric": None,
        "stopped_early": False,
    }
    assert repr(History()) == "History(0 steps)"


def test_what_a_metric_draws_changes_nothing_and_is_the_same_each_time():
    """Dropout follows the same generator, so that a metric that draws could disturb it."""
    seen = []

    def draws(model):
        seen.append((torch.rand(1).item(), torch.randn(3).sum().item()))
        return seen[-1][0]

    assert run()[1].losses == run(metric=draws, metric_every=1)[1].losses
    assert len(seen) == 6
    assert len(set(seen)) == 1
    first = seen[0]
    run(seed=1, metric=draws)
    assert seen[-1] != first


def test_dropout_repeats_itself_and_follows_the_seed():
    def losses(**options):
        with seeded(0):
            model = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Dropout(0.5))
        settings = {"steps": 5, "learning_rate": 0.1, "progress": False, **options}
        x = torch.ones(7, 3)
        return fit(model, lambda step: x, lambda m, b: m(b).square().sum(), **settings).losses

    assert losses() == losses() == losses(seed=0)
    assert losses(seed=1) != losses()


@pytest.mark.parametrize("fails", [False, True])
def test_each_module_keeps_its_mode(fails):
    model = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Dropout(0.5))
    model[1].eval()
    seen = []

    def loss(model, batch):
        seen.append([one.training for one in model.modules()])
        return model(batch).sum() * (torch.nan if fails else 1)

    options = {"steps": 1, "learning_rate": 0.1, "progress": False}
    if fails:
        with pytest.raises(FloatingPointError, match="loss is nan at step 1"):
            fit(model, [torch.ones(1, 1)], loss, **options)
    else:
        fit(model, [torch.ones(1, 1)], loss, **options)
    assert seen == [[True] * 3]
    assert [one.training for one in model.modules()] == [True, True, False]


@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize(("spoil", "norm"), [(torch.nan, "nan"), (torch.inf, "inf")])
def test_a_bad_gradient_of_a_good_loss_spoils_no_weight(tmp_path, clip, spoil, norm):
    model = torch.nn.Linear(1, 1)
    weights = []

    def loss(model, step):
        weights.append(model.weight.item())
        value = model(torch.ones(1, 1)).sum()
        if step == 3:
            value.register_hook(lambda gradient: gradient * spoil)
        return value

    options = {"steps": 9, "learning_rate": 0.1, "clip": clip, "progress": False}
    path = tmp_path / "run"
    with pytest.raises(FloatingPointError, match=f"^norm of the gradient is {norm} at step 4$"):
        fit(model, range(9), loss, checkpoint=path, checkpoint_every=1, **options)
    assert model.weight.item() == weights[3]
    assert weights[2] != weights[3]
    assert read_checkpoint(path)["model"]["weight"].item() == weights[3]


def test_the_bar_shows_loss_and_metric(monkeypatch):
    shown = []

    class Bar:
        def __init__(self, **options):
            shown.append(options)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            shown.append("gone")

        def set_postfix_str(self, text, refresh):
            shown.append(text)

        def update(self):
            shown.append("update")

    monkeypatch.setattr("attention_lib.training.loop.tqdm", Bar)
    _, history = run(steps=2, metric=lambda model: 0.25, metric_every=2, progress=True)
    one, two = history.losses
    assert shown[0] == {
        "total": 2,
        "initial": 0,
        "disable": False,
        "leave": False,
        "delay": 1,
        "file": sys.stderr,
    }
    assert shown[1:] == [
        f"loss {one:.3f}",
        "update",
        f"loss {two:.3f}, metric 0.250",
        "update",
        "gone",
    ]
    shown.clear()
    run(steps=1)
    assert shown[0]["disable"] is True


def test_a_metric_is_taken_every_hundred_steps_and_at_the_end():
    line, x = torch.nn.Linear(1, 1), torch.ones(1, 1)
    options = {"learning_rate": 0.1, "progress": False, "metric": lambda model: 1}
    history = fit(line, lambda step: x, lambda m, b: m(b).square().sum(), steps=205, **options)
    assert history.metric_steps == [100, 200, 205]
    assert history.metrics == [1.0] * 3
    assert all(isinstance(one, float) for one in history.metrics)


def test_the_mode_of_the_model_is_kept_and_iterables_will_do():
    line = torch.nn.Linear(1, 1).eval()
    x = torch.ones(1, 1)
    fit(line, [x] * 3, lambda m, b: m(b).sum(), steps=2, learning_rate=0.1, progress=False)
    assert not line.training


def test_clipping_limits_the_step_and_none_does_not():
    def gradient_norm(clip):
        line = torch.nn.Linear(1, 1)
        norms = []
        options = {"steps": 1, "learning_rate": 1e-9, "progress": False, "clip": clip}
        fit(line, [torch.ones(1, 1)], lambda m, b: 1e3 * m(b).sum(), **options)
        norms = [one.grad.norm() for one in line.parameters()]
        return torch.stack(norms).norm().item()

    assert_allclose(gradient_norm(0.5), 0.5, rtol=1e-4)
    assert gradient_norm(None) > 1e3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps must be at least 1, got 0"),
        ({"learning_rate": 0.0}, ValueError, "learning_rate must be greater than 0"),
        ({"clip": -1.0}, ValueError, "clip must be greater than 0"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"seed": "0"}, TypeError, "seed must be an integer, got str"),
        ({"metric_every": 0}, ValueError, "metric_every must be at least 1, got 0"),
        ({"checkpoint_every": 0}, ValueError, "checkpoint_every must be at least 1, got 0"),
        ({"progress": None}, TypeError, "progress must be True or False, got NoneType"),
        ({"loss": lambda m, b: m(b)}, ValueError, r"loss must return a scalar, got shape \(2, 1\)"),
        ({"loss": lambda m, b: m(b).sum() * torch.nan}, FloatingPointError, "nan at step 1"),
        ({"steps": 3}, ValueError, "batches must give 3 batches, got 2"),
    ],
)
def test_bad_options_are_named(options, error, message):
    settings = {"loss": lambda m, b: m(b).sum(), "steps": 1, "learning_rate": 0.1}
    settings |= {"progress": False, **options}
    with pytest.raises(error, match=message):
        fit(torch.nn.Linear(1, 1), [torch.ones(2, 1)] * 2, **settings)


def test_reinforce_loss_has_the_gradient_of_the_reference():
    from attention_lib import reference

    scores = torch.zeros(3, 4, dtype=torch.float64, requires_grad=True)
    index, reward = torch.tensor([0, 2, 3]), torch.tensor([1.0, -1.0, 3.0], dtype=torch.float64)
    log_probability = scores.log_softmax(-1)[torch.arange(3), index]
    baseline = leave_one_out(reward)
    assert_allclose(baseline, [1.0, 2.0, 0.0])
    reinforce_loss(log_probability, reward, baseline=baseline).backward()
    expected = reference.reinforce_gradient(
        np.full((3, 4), 0.25), index.numpy(), reward.numpy(), baseline=baseline.numpy()
    )
    assert_allclose(scores.grad, -expected / 3, rtol=1e-12)
    with pytest.raises(ValueError, match="reward must have shape"):
        reinforce_loss(log_probability, reward[:2], baseline=0.0)
    with pytest.raises(ValueError, match="B >= 2"):
        leave_one_out(reward[:1])


@pytest.mark.whole
@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_glimpse_reader_finds_the_mark(kind):
    sizes = {"min_length": 4, "max_length": 8, "vocabulary": 6}
    with seeded(0):
        model = GlimpseReader(10, 24, attention=kind)
    rng = torch.Generator().manual_seed(0) if kind == "hard" else None
    batches = partial(marker_task, 128, **sizes)
    loss = partial(glimpse_loss, rng=rng)
    fit(model, lambda s: batches(seed=s + 1), loss, steps=200, learning_rate=1e-2, progress=False)
    test = as_tensors(batches(seed=0))
    logits, index, _ = model.eval()(test.source, test.source_lengths)
    assert (index == test.alignment[:, 0]).float().mean() > 0.9
    assert (logits.argmax(-1) == test.target[:, 0]).float().mean() > 0.9


@pytest.mark.whole
def test_pointer_network_learns_to_sort():
    sizes = {"min_length": 3, "max_length": 5, "vocabulary": 12}
    with seeded(0):
        model = PointerNetwork(16, 32)
    batches = partial(sort_task, 64, **sizes)
    options = {"steps": 200, "learning_rate": 1e-2, "progress": False}
    fit(model, lambda s: batches(seed=s + 1), pointer_loss, **options)
    test = as_tensors(batches(seed=0))
    truth = test.alignment[:, :-1]
    positions = model.generate(test.source, test.source_lengths, truth.shape[1])
    assert token_accuracy(positions, truth, padding=-1) > 0.9


@pytest.mark.whole
def test_attention_learns_to_reverse_and_aligns_truly():
    sizes = {"min_length": 3, "max_length": 6, "vocabulary": 6}
    with seeded(0):
        model = Seq2Seq(10, 10, 32, attention="additive")
    batches = partial(reverse_task, 64, **sizes)
    options = {"steps": 250, "learning_rate": 1e-2, "progress": False}
    fit(model, lambda s: batches(seed=s + 1), seq2seq_loss, **options)
    test = as_tensors(batches(seed=0))
    logits, weights = model(test.source, test.source_lengths, test.target_in, return_weights=True)
    assert token_accuracy(logits.argmax(-1), test.target, padding=PAD) > 0.9
    real = test.alignment >= 0
    assert (weights.argmax(-1) == test.alignment)[real].float().mean() > 0.8


def test_a_baseline_of_another_shape_is_refused():
    log_probability, reward = torch.zeros(3), torch.tensor([1.0, 2.0, 4.0])
    for shape in [(3, 1), (1,), (2, 3)]:
        with pytest.raises(ValueError, match="baseline must have shape"):
            reinforce_loss(log_probability, reward, baseline=torch.ones(shape))
    with pytest.raises(TypeError, match="baseline must be a real number"):
        reinforce_loss(log_probability, reward, baseline=None)


def test_a_loss_or_batches_of_the_wrong_kind_are_named():
    line, options = torch.nn.Linear(1, 1), {"steps": 1, "learning_rate": 0.1, "progress": False}
    with pytest.raises(TypeError, match=r"loss must return a torch\.Tensor, got float"):
        fit(line, lambda step: None, lambda model, batch: 1.0, **options)
    with pytest.raises(TypeError, match="batches must be a callable or an iterable, got int"):
        fit(line, 5, lambda model, batch: 1.0, **options)
