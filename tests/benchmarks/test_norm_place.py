"""Models that are trained side by side train as `fit` trains each by itself."""

import pytest
import torch
from torch.nn import functional as F

from attention_book import studies
from attention_lib.training import fit


@pytest.fixture
def norm_place(load):
    return load("norm_place")


def loss(model, batch):
    return F.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten())


@pytest.mark.parametrize("norm_first", [True, False])
def test_side_by_side_is_as_one_by_one(norm_place, norm_first):
    settings = norm_place.TINY
    rates = [1e-3, 1e-2]

    def models():
        return [norm_place.build(2, norm_first, "layer", settings, seed) for seed in (0, 1)]

    def batches(step):
        return norm_place.draw(settings, settings["batch"], seed=step)

    schedules = [norm_place.schedule(rate, True, settings) for rate in rates]
    together = models()
    losses, _ = norm_place.train(together, schedules, settings, batches=batches, test=batches(100))
    for k, (model, schedule) in enumerate(zip(models(), schedules, strict=True)):
        history = fit(
            model,
            batches,
            loss,
            steps=settings["steps"],
            learning_rate=schedule,
            clip=None,
            progress=False,
        )
        torch.testing.assert_close(losses[:, k], torch.tensor(history.losses), rtol=1e-3, atol=1e-4)


def test_warm_up_ends_at_the_rate_and_stays(norm_place):
    schedule = norm_place.schedule(0.1, True, norm_place.TINY)
    assert [schedule(step) for step in (1, 2, 3, 4)] == pytest.approx([0.05, 0.1, 0.1, 0.1])


def test_a_silent_layer_comes_back(norm_place):
    settings = norm_place.TINY
    model = norm_place.build(2, True, "layer", settings, 0)
    source, target = norm_place.draw(settings, 5, seed=1)
    before = model(source)
    assert len(norm_place.without_each(model, source, target)) == 2
    torch.testing.assert_close(model(source), before)


def test_stored_runs_say_what_the_page_says():
    study = studies.load("norm_place")
    right = {
        first: [r["right"] for r in study.runs if r["depth"] == 12 and r["norm_first"] is first]
        for first in (True, False)
    }
    assert len(right[True]) == len(right[False]) == 12
    assert min(right[True]) > 0.88 > 0.18 > max(right[False])
