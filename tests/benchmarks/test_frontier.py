"""The task of the frontier is what the study says, and every mechanism got the same of it."""

import numpy as np
import pytest
import torch

from attention_book.studies import load as load_study
from attention_lib.training import seeded


@pytest.fixture
def frontier(load):
    return load("frontier")


@pytest.fixture(scope="module")
def study():
    return load_study("frontier")


def model(frontier, name, knobs, turned=False):
    with seeded(0):
        layer, _ = frontier.attention(name, knobs, frontier.TINY, 0)
        return frontier.Recall(layer, frontier.TINY, True, turned).eval()


def test_each_answer_is_the_value_stored_with_the_key_so_far_back(frontier):
    settings = frontier.TINY
    keys, values, answers, distances = frontier.draw(settings, 5, seed=3)
    asked, first = settings["asked"], settings["length"] - settings["asked"]
    assert (values[:, first:] == settings["values"] + 1).all()
    for row in range(5):
        stored = keys[row, :first][keys[row, :first] < settings["keys"]]
        assert len(set(stored.tolist())) == len(stored) == settings["stored"]
        for k in range(asked):
            place = first + k - distances[row, k]
            assert 0 <= place < first
            assert keys[row, place] == keys[row, first + k]
            assert values[row, place] == answers[row, k]


def test_the_help_makes_queries_and_keys_equal_and_twice_as_large(frontier):
    with seeded(0):
        usual = frontier.attention("vanilla", {}, frontier.TINY, 0)[0]
    helped = model(frontier, "vanilla", {}).attention
    assert torch.equal(helped.query_projection.weight, helped.key_projection.weight)
    torch.testing.assert_close(helped.query_projection.weight, 2 * usual.query_projection.weight)


def changed(frontier, net, place):
    """Which questions notice another value at a place."""
    keys, values, _, _ = frontier.draw(frontier.TINY, 1, seed=0)
    other = values.clone()
    other[0, place] = (values[0, place] + 1) % frontier.TINY["values"]
    return (net(keys, values) - net(keys, other)).abs().sum(-1)[0] > 0


def test_a_window_ends_and_a_question_that_is_global_sees_all(frontier):
    pattern = {"block_size": 2, "window_blocks": 3, "global_blocks": 2, "random_blocks": 0}
    assert not changed(frontier, model(frontier, "window", {"window": 4}), 0).any()
    assert changed(frontier, model(frontier, "window", {"window": 4}), 26)[0]
    assert changed(frontier, model(frontier, "Longformer", pattern, turned=True), 0).all()
    assert changed(frontier, model(frontier, "vanilla", {}), 0).all()


def test_stored_accuracies_are_those_of_the_distances(frontier, study):
    settings = study.settings
    *_, distances = frontier.draw(settings, settings["test"], seed=10_000_000)
    bins = np.digitize(distances.numpy().ravel(), settings["distances"], right=True)
    shares = np.bincount(bins) / bins.size
    for run in study.runs:
        assert run["accuracy"] == pytest.approx(np.dot(shares, run["by_distance"]), abs=1e-4)
        assert run["curve"][-1] == pytest.approx(run["accuracy"], abs=1e-4)


def test_stored_costs_are_counted(frontier, study):
    for run in study.runs:
        _, counted = frontier.attention(run["model"], run["knobs"], study.settings, 0)
        assert (run["flops"], run["peak_bytes"]) == (counted().flops, counted().peak_bytes)
        assert run["training_peak_bytes"] == counted(training=True).peak_bytes


def test_what_must_be_so_for_any_trained_network_is_so(study):
    far = study.values("by_distance", model="window", knobs={"window": 128})[:, -1]
    assert (abs(far - 1 / study.settings["values"]) < 0.03).all()  # it can only guess
