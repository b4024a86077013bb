"""The sentiment study: its baselines and comparisons, and what is stored of it."""

import json

import numpy as np
import pytest
import torch

from attention_book.studies import RESULTS
from attention_book.studies import load as load_study
from attention_lib.modules import SequenceEncoder

TOKENS = torch.tensor([[5, 9, 7, 0, 0], [4, 8, 6, 5, 7]])
LENGTHS = torch.tensor([3, 5])
NETWORKS = ["bag", "bigru", "mean", "first", "attention"]


@pytest.fixture(scope="module")
def stored():
    return json.loads((RESULTS / "sentiment.json").read_text())


@pytest.fixture
def study(load):
    return load("sentiment")


@pytest.mark.parametrize("name", NETWORKS)
def test_padding_changes_no_network(study, name):
    model = study.build(name, 11, study.TINY).eval()
    together, alone = model(TOKENS, LENGTHS), model(TOKENS[:1, :3], LENGTHS[:1])
    assert torch.allclose(together[:1], alone, atol=1e-5)
    assert not torch.allclose(together[:1], model(TOKENS[1:], LENGTHS[1:]), atol=1e-5)


def test_only_the_bag_does_not_see_the_order(study):
    back = TOKENS[1:].flip(1)
    for name in NETWORKS:
        model = study.build(name, 11, study.TINY).eval()
        one, other = model(TOKENS[1:], LENGTHS[1:]), model(back, LENGTHS[1:])
        assert torch.allclose(one, other, atol=1e-6) == (name == "bag")


def test_the_bag_is_a_mean_and_a_linear_map(study):
    model = study.build("bag", 11, study.TINY).eval()
    mean = model.embedding.weight[TOKENS[0, :3]].mean(dim=0) * 8**0.5
    expected = model.readout.weight @ mean + model.readout.bias
    assert torch.allclose(model(TOKENS, LENGTHS)[0], expected, atol=1e-6)


def test_words_are_shuffled_inside_their_sentence(study):
    rows = [[1, *range(10, 30)], [1, 5, 5, 6]]
    mixed = study.shuffled(rows, np.random.default_rng(0), 1)
    assert [sorted(row) for row in mixed] == [sorted(row) for row in rows]
    assert [row[0] for row in mixed] == [1, 1]
    assert mixed[0] != rows[0]


def test_the_words_of_logistic_regression_are_single_and_in_pairs(study):
    assert study.tokens_and_pairs([5, 9, 5]) == ["5", "9", "5", "5 9", "9 5"]


def test_a_comparison_by_hand(study):
    answers = np.array([True] * 6 + [False] * 4)
    bag = np.array([True] * 4 + [False] * 5 + [True])
    found = study.compared("mean", 0, answers, bag)
    assert (found["both"], found["alone"], found["bag_alone"], found["neither"]) == (4, 2, 1, 3)
    assert found["p"] == 1
    certain = study.compared("mean", 0, np.ones(6, bool), np.zeros(6, bool))
    assert certain["p"] == pytest.approx(2 / 64)


def test_the_page_can_train_the_same_model(study):
    """The settings that are stored are those that `SequenceEncoder` takes."""
    sizes = load_study("sentiment").settings["encoder"]
    model = SequenceEncoder(8000, n_classes=2, pooling="attention", **sizes)
    count = sum(one.numel() for one in model.parameters())
    assert set(load_study("sentiment").values("parameters", model="attention")) == {count}


def test_stored_record_has_three_seeds_of_every_network(stored):
    seeds = {}
    for run in stored["results"]["runs"]:
        seeds.setdefault(run["model"], set()).add(run["seed"])
    assert list(seeds) == NETWORKS
    assert min(map(len, seeds.values())) >= 3


def test_stored_epoch_is_the_first_best_one_on_the_validation_sentences(stored):
    for run in stored["results"]["runs"]:
        assert len(run["curve"]) == stored["settings"]["epochs"]
        assert run["epoch"] == 1 + int(np.argmax(run["curve"]))
        assert run["validation"] == max(run["curve"])


def test_stored_errors_are_those_of_a_thousand_sentences(stored):
    for run in stored["results"]["runs"] + stored["results"]["baselines"]:
        expected = (run["test"] * (1 - run["test"]) / 1000) ** 0.5
        assert run["standard_error"] == pytest.approx(expected, rel=1e-3)


def test_stored_bag_does_not_see_the_order(stored):
    for run in stored["results"]["runs"]:
        moved = run["changed_by_shuffling"]
        assert moved < 0.001 if run["model"] == "bag" else moved > 0.001


def test_stored_comparisons_agree_with_the_accuracies(stored):
    test = {(run["model"], run["seed"]): run["test"] for run in stored["results"]["runs"]}
    for pair in stored["results"]["pairs"]:
        assert pair["both"] + pair["neither"] + pair["alone"] + pair["bag_alone"] == 1000
        ours, bag = (test[name, pair["seed"]] for name in (pair["model"], "bag"))
        assert pair["both"] + pair["alone"] == pytest.approx(1000 * ours)
        assert pair["both"] + pair["bag_alone"] == pytest.approx(1000 * bag)


def test_stored_sentences_are_three_of_each_kind(stored):
    kinds = {}
    for one in stored["results"]["sentences"]:
        assert 6 <= len(one["words"]) <= 16
        assert len(one["weights"]) == len(one["deletions"]) == len(one["words"])
        assert sum(one["weights"]) == pytest.approx(1, abs=1e-3)
        good = (one["probability"] > 0.5) == one["label"]
        kinds[good, one["label"]] = kinds.get((good, one["label"]), 0) + 1
    assert kinds == {(True, 1): 3, (True, 0): 3, (False, 1): 3, (False, 0): 3}
