"""What the page on the block taken apart says of its study, and how the study takes parts away."""

import numpy as np
import pytest
import torch

from attention_book.studies import load as load_study
from attention_lib.training import seeded


@pytest.fixture
def taken_apart(load):
    return load("taken_apart")


@pytest.fixture(scope="module")
def study():
    return load_study("taken_apart")


def model(taken_apart, removed):
    with seeded(0):
        return taken_apart.Order(taken_apart.TINY["order"]).model(removed).eval()


LETTERS = torch.tensor([[4, 9, 5, 6, 7, 8, 10, 11]])


def test_a_model_without_positions_does_not_know_the_order(taken_apart):
    turned = LETTERS.flip(1)
    for removed, blind in (("positions", True), ("nothing", False)):
        net = model(taken_apart, removed)
        same = torch.allclose(net(LETTERS), net(turned).flip(1), atol=1e-5)
        assert same == blind, removed


def test_without_the_residual_silent_sublayers_leave_nothing(taken_apart):
    for removed in ("nothing", "residual"):
        net = model(taken_apart, removed)
        for layer in net[0].stack.layers:
            for last in (
                layer.self_attention.output_projection,
                layer.feed_forward.down_projection,
            ):
                torch.nn.init.zeros_(last.weight)
                torch.nn.init.zeros_(last.bias)
        apart = (net(LETTERS)[:, 0] - net(LETTERS)[:, 1]).abs().max()
        assert (apart == 0) == (removed == "residual")


def test_without_the_network_a_layer_is_its_attention(taken_apart):
    layer = model(taken_apart, "feed-forward")[0].stack.layers[0]
    x = torch.randn(1, 3, 8, generator=torch.Generator().manual_seed(1))
    expected = x + layer.self_attention(layer.self_attention_norm(x))
    torch.testing.assert_close(layer(x), expected)


def test_heads_and_norms_are_counted(taken_apart):
    layers = {name: model(taken_apart, name)[0].stack.layers for name in taken_apart.REMOVED}
    assert [layer.self_attention.n_heads for layer in layers["heads"]] == [1, 1]
    assert layers["nothing"][0].self_attention.n_heads == taken_apart.ORDER["heads"]
    assert not any("norm" in name for name, _ in layers["norm"].named_parameters())


def test_hidden_words_are_unknown_words_and_labels_stay(taken_apart):
    task = taken_apart.Sentiment(taken_apart.TINY["sentiment"])
    hidden = task.batches(seed=0)(0)
    plain = taken_apart.LabelledBatches(*task.parts["train"], task.settings["batch"], seed=0)(0)
    changed = hidden.tokens != plain.tokens
    assert set(hidden.tokens[changed]) == {taken_apart.UNK}
    assert 0.1 < changed.sum() / (plain.tokens > taken_apart.UNK).sum() < 0.3
    np.testing.assert_array_equal(hidden.labels, plain.labels)


def test_stored_marks_give_the_stored_share(study):
    for run in study.runs:
        if run["task"] == "sentiment":
            assert len(run["marks"]) == study.settings["sentiment"]["test"]
            assert run["marks"].count("1") / len(run["marks"]) == pytest.approx(run["right"])


def test_stored_removals_are_all_there(study):
    for task in ("order", "sentiment"):
        names = {run["removed"] for run in study.runs if run["task"] == task}
        assert names == {*study.settings[task]["removed"], "dropout on"}
