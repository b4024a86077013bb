"""A run ends when its metric has stopped getting better, and can go back to its best weights."""

import dataclasses
import math

import pytest
import torch
from torch import nn

from attention_lib.training import EarlyStopping, fit


def run(metrics, *, steps=None, metric_every=1, **options):
    """(history, metric calls, weight after each step, last weight): `metrics` are given out."""
    line, calls, weights = nn.Linear(1, 1, bias=False), [], []

    def metric(model):
        weights.append(line.weight.item())
        calls.append(metrics[len(calls)])
        return calls[-1]

    history = fit(
        line,
        lambda step: torch.ones(1, 1),
        lambda model, batch: model(batch).sum(),
        steps=len(metrics) * metric_every if steps is None else steps,
        learning_rate=0.1,
        metric=metric,
        metric_every=metric_every,
        early_stopping=EarlyStopping(**options),
        progress=False,
    )
    return history, calls, weights, line.weight.item()


@pytest.mark.parametrize(
    ("metrics", "options", "taken", "best_step"),
    [
        ([1, 2, 3, 4], {"patience": 1}, 4, 4),
        ([1, 1, 9], {"patience": 1}, 2, 1),  # as good is not better
        ([3, 1, 2, 9, 9], {"patience": 2}, 3, 1),
        ([3, 1, 4, 2, 2, 9], {"patience": 2}, 5, 3),  # the count begins anew at the best
        ([3, 1, 4, 2, 9], {"patience": 3}, 5, 5),
        ([3, 1, 4, 2, 9], {"patience": 1, "mode": "min"}, 3, 2),
        ([3, 2, 1, 0], {"patience": 1, "mode": "min"}, 4, 4),
        ([1, 1.5, 1.75, 9], {"patience": 2, "min_delta": 1}, 3, 1),
        ([1, 2, 9], {"patience": 1, "min_delta": 1}, 2, 1),  # it has to be more than min_delta
        ([1, 1.5, 2.5, 2], {"patience": 2, "min_delta": 1}, 4, 3),
        ([9, 8.5, 7.5, 7], {"patience": 2, "min_delta": 1, "mode": "min"}, 4, 3),
        ([-1, -2, 5], {"patience": 1}, 2, 1),
        ([0, -1, 5], {"patience": 1}, 2, 1),
    ],
)
def test_the_run_ends_after_patience_measurements_without_a_better_one(
    metrics, options, taken, best_step
):
    history, calls, _, _ = run(metrics, **options)
    assert len(calls) == len(history.losses) == len(history.learning_rates) == taken
    assert history.metrics == metrics[:taken]
    assert (history.best_step, history.best_metric) == (best_step, metrics[best_step - 1])
    assert history.stopped_early is (taken < len(metrics))


def test_patience_counts_measurements_and_not_steps():
    history, _, _, _ = run([5, 4, 3, 2, 1], metric_every=3, patience=2)
    assert history.metric_steps == [3, 6, 9]
    assert history.best_step == 3
    assert len(history.losses) == 9
    assert history.stopped_early


def test_a_run_out_of_patience_at_its_last_step_did_not_stop_early():
    history, _, _, _ = run([5, 4, 3], patience=2)
    assert len(history.losses) == 3
    assert history.stopped_early is False


@pytest.mark.parametrize("metrics", [[3, 9, 1, 2, 0, 0], [3, 9, 1]])
def test_the_best_weights_come_back_if_asked(metrics):
    history, _, weights, last = run(metrics, patience=3)
    assert history.best_step == 2
    assert last == weights[1]
    _, _, weights, last = run(metrics, patience=3, restore_best=False)
    assert last == weights[-1] != weights[1]


def test_all_of_the_state_comes_back_and_not_the_parameters_alone():
    model = nn.Sequential(nn.Linear(1, 3), nn.BatchNorm1d(3))
    metrics, means = iter([1.0, 9.0, 2.0, 3.0]), []

    def metric(model):
        means.append(model[1].running_mean.clone())
        return next(metrics)

    fit(
        model,
        lambda step: torch.full((4, 1), float(step)) + torch.arange(4.0)[:, None],
        lambda model, batch: model(batch).square().sum(),
        steps=4,
        learning_rate=0.1,
        metric=metric,
        metric_every=1,
        early_stopping=EarlyStopping(patience=2),
        progress=False,
    )
    assert torch.equal(model[1].running_mean, means[1])
    assert not torch.equal(means[1], means[3])


def test_history_names_the_best():
    history, _, _, _ = run([1, 4, 2], patience=5)
    assert repr(history).endswith("metric 2.0000, best 4.0000 at step 2)")
    assert history.to_dict()["best_step"] == 2


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_metric_that_cannot_be_compared_is_named(number):
    with pytest.raises(FloatingPointError, match=f"metric is {number} at step 2"):
        run([1.0, number, 2.0], patience=5)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"patience": 0}, ValueError, "patience must be at least 1, got 0"),
        ({"patience": 1.5}, TypeError, "patience must be an integer, got float"),
        ({"mode": "best"}, ValueError, "mode must be one of 'max', 'min', got 'best'"),
        ({"min_delta": -0.1}, ValueError, r"min_delta must be at least 0, got -0\.1"),
        ({"restore_best": 1}, TypeError, "restore_best must be True or False, got int"),
    ],
)
def test_bad_options_are_named(options, error, message):
    with pytest.raises(error, match=message):
        EarlyStopping(**{"patience": 1, **options})


def test_the_defaults():
    expected = {"patience": 3, "mode": "max", "min_delta": 0.0, "restore_best": True}
    assert dataclasses.asdict(EarlyStopping(patience=3)) == expected


def test_fit_wants_an_early_stopping_and_a_metric():
    options = {"steps": 1, "learning_rate": 0.1}
    with pytest.raises(TypeError, match="early_stopping must be an EarlyStopping, got int"):
        fit(nn.Linear(1, 1), [], None, metric=len, early_stopping=3, **options)
    with pytest.raises(ValueError, match="early_stopping needs a metric to watch, got metric=None"):
        fit(nn.Linear(1, 1), [], None, early_stopping=EarlyStopping(patience=1), **options)
