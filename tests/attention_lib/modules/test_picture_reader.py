"""The reader of pictures against its formulas, and what it cannot know."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.modules import PictureReader
from attention_lib.training import seeded

WORDS, NAMES, GRID, WIDTH = 11, 5, (2, 3), 14
TOKENS = torch.tensor([[7, 3, 10, 0], [1, 1, 9, 4], [8, 2, 6, 5]])


def built(**how):
    with seeded(3):
        options = {"words": WORDS, "names": NAMES, "grid": GRID, "width": WIDTH, **how}
        model = PictureReader(**options).double()
        for parameter in model.parameters():  # biases of zero would hide a missing one
            torch.nn.init.normal_(parameter, std=0.4)
    return model


def regions(extra=0):
    rng = np.random.default_rng(5)
    return torch.from_numpy(np.abs(rng.normal(size=(3, 6, NAMES + extra))))


def parameters(model):
    return {name: array.detach().numpy() for name, array in model.named_parameters()}


def layer(named, name, x):
    return x @ named[f"{name}.weight"].T + named[f"{name}.bias"]


def hidden(named, name, x):
    return layer(named, f"{name}.2", np.maximum(layer(named, f"{name}.0", x), 0))


def by_hand(model, seen, tokens, looks, attends):
    """Logits `[T, N]` and weights `[looks, T, S]` of one picture, word by word."""
    named, rows = parameters(model), []
    table = named["embedding.weight"]
    described = seen[:, :NAMES] @ table[:NAMES]
    if seen.shape[1] > NAMES:
        described = described + seen[:, NAMES:] @ named["extra.weight"].T
    for place in range(6):
        row, column = divmod(place, GRID[1])
        described[place] += named["row"][row, 0] + named["column"][0, column]
    for t in range(len(tokens)):
        question = sum(table[token] for token in tokens[: t + 1])
        question = question + hidden(named, "first", question)
        weights = np.full((looks, 6), 1 / 6)
        for look in range(looks):
            if attends:
                query = layer(named, f"query.{look}", question)
                key = layer(named, f"key.{look}", described)
                weights[look] = reference.softmax(key @ query / np.sqrt(WIDTH))
                value = layer(named, f"value.{look}", described)
            else:
                value = hidden(named, f"value.{look}", described)
            joined = np.concatenate([question, weights[look] @ value])
            question = question + hidden(named, f"join.{look}", joined)
        rows.append((layer(named, "readout", question), weights))
    return np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows], axis=1)


@pytest.mark.parametrize("extra", [0, 3])
@pytest.mark.parametrize(("looks", "attends"), [(1, True), (3, True), (2, False)])
def test_each_picture_equals_its_formulas(looks, attends, extra):
    model = built(looks=looks, attends=attends, extra=extra)
    seen = regions(extra)
    with torch.no_grad():
        logits, weights = model(seen, TOKENS, return_weights=True)
        assert_array_equal(model(seen, TOKENS), logits)
    assert logits.shape == (3, 4, NAMES)
    assert weights.shape == (3, looks, 4, 6)
    for i, tokens in enumerate(TOKENS.tolist()):
        expected, shares = by_hand(model, seen[i].numpy(), tokens, looks, attends)
        assert_allclose(logits[i], expected, rtol=1e-10)
        assert_allclose(weights[i], shares, rtol=1e-10)


def test_a_word_is_read_without_those_after_it():
    model = built(looks=2)
    changed = TOKENS.clone()
    changed[:, 2:] = 5
    with torch.no_grad():
        before, after = model(regions(), TOKENS), model(regions(), changed)
    assert_array_equal(before[:, :2], after[:, :2])
    assert (before[:, 2:] - after[:, 2:]).abs().min() > 1e-6


def test_queries_and_keys_of_a_look_begin_alike():
    model = PictureReader(words=7, names=5, grid=GRID, width=6, looks=2)
    for query, key in zip(model.query, model.key, strict=True):
        assert_array_equal(query.weight.detach(), key.weight.detach())
        assert query.weight is not key.weight


def test_the_mean_has_as_many_parameters_but_for_the_biases():
    counts = {
        attends: sum(
            parameter.numel()
            for name, parameter in built(attends=attends, looks=2).named_parameters()
            if "bias" not in name
        )
        for attends in (True, False)
    }
    assert counts[True] == counts[False]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: built(words=0), ValueError, "words must be at least 1, got 0"),
        (lambda: built(names=12), ValueError, "names must be at most words = 11, got 12"),
        (
            lambda: built(grid=(2,)),
            ValueError,
            r"grid must be a tuple \(rows, columns\), got \(2,\)",
        ),
        (lambda: built(grid=[2, 3]), ValueError, r"grid must be a tuple .*, got \[2, 3\]"),
        (lambda: built(grid=(0, 3)), ValueError, r"grid\[0\] must be at least 1, got 0"),
        (lambda: built(grid=(2, 0)), ValueError, r"grid\[1\] must be at least 1, got 0"),
        (lambda: built(looks=0), ValueError, "looks must be at least 1, got 0"),
        (lambda: built(extra=-1), ValueError, "extra must be at least 0, got -1"),
        (
            lambda: built(width=7, attends=False),
            ValueError,
            "width must be even without attention, got 7",
        ),
        (
            lambda: built()(regions()[:, :5], TOKENS),
            ValueError,
            r"regions must have shape \(3, 6, 5\), got \(3, 5, 5\)",
        ),
        (
            lambda: built(extra=3)(regions(), TOKENS),
            ValueError,
            r"regions must have shape \(3, 6, 8\), got \(3, 6, 5\)",
        ),
        (
            lambda: built()(regions()[:2], TOKENS),
            ValueError,
            r"regions must have shape \(3, 6, 5\), got \(2, 6, 5\)",
        ),
        (
            lambda: built()(regions(), TOKENS + 1),
            ValueError,
            r"tokens must hold token ids in 0\.\.10, got 1\.\.11",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        call()


def test_an_odd_width_is_fine_with_attention():
    assert built(width=7)(regions(), TOKENS).shape == (3, 4, NAMES)
