"""Adam is the textbook's Adam, and weight decay reaches matrices alone."""

import math

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from attention_lib.modules import (
    ClippedRelativeBias,
    LearnedPositionalEncoding,
    RelativePositionBias,
)
from attention_lib.training import decayed_parameters, fit
from attention_lib.training.optimizer import adam


class Tied(nn.Module):
    """An embedding whose table is the output layer too."""

    def __init__(self):
        super().__init__()
        self.read = nn.Linear(3, 7)
        self.embedding = nn.Embedding(7, 3)
        self.read.weight = self.embedding.weight
        self.inner = nn.Linear(3, 3)


def test_biases_norms_and_tables_are_left_alone():
    model = nn.ModuleDict(
        {
            "embedding": nn.Embedding(7, 3),
            "positions": LearnedPositionalEncoding(5, 3),
            "buckets": RelativePositionBias(2, n_buckets=4, max_distance=8),
            "distances": ClippedRelativeBias(2, max_distance=3),
            "norm": nn.LayerNorm(3),
            "line": nn.Linear(3, 2),
            "convolution": nn.Conv1d(3, 2, 5),
            "recurrent": nn.LSTM(3, 2),
        }
    )
    assert decayed_parameters(model) == [
        "line.weight",
        "convolution.weight",
        "recurrent.weight_ih_l0",
        "recurrent.weight_hh_l0",
    ]
    assert decayed_parameters(Tied()) == ["inner.weight"]


def steps_of(rows, *, learning_rate, betas, weight_decay, decays):
    """Adam on plain numbers: rows[t] is the gradient at step t, the first weight is 2."""
    weight, mean, square, path = 2.0, 0.0, 0.0, []
    for step, gradient in enumerate(rows, start=1):
        if decays:
            weight -= learning_rate * weight_decay * weight
        mean = betas[0] * mean + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        corrected = mean / (1 - betas[0] ** step)
        root = math.sqrt(square / (1 - betas[1] ** step))
        weight -= learning_rate * corrected / (root + 1e-8)
        path.append(weight)
    return path


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize("options", [{}, {"betas": (0.8, 0.95)}, {"betas": [0.0, 0.5]}])
def test_the_weights_go_where_the_formulas_send_them(options, weight_decay):
    line = nn.Linear(1, 1).double()
    nn.init.constant_(line.weight, 2.0)
    nn.init.constant_(line.bias, 2.0)
    rows, path = [1.5, -0.5, 4.0, 0.25], []

    def loss(model, gradient):
        path.append((line.weight.item(), line.bias.item()))
        return gradient * (line.weight.sum() + line.bias.sum())

    settings = {"steps": 4, "learning_rate": 0.1, "clip": None, "progress": False}
    fit(line, rows, loss, weight_decay=weight_decay, **settings, **options)
    path.append((line.weight.item(), line.bias.item()))
    expected = {
        "learning_rate": 0.1,
        "betas": options.get("betas", (0.9, 0.999)),
        "weight_decay": weight_decay,
    }
    weights, biases = zip(*path[1:], strict=True)
    assert_allclose(weights, steps_of(rows, decays=True, **expected), rtol=1e-12)
    assert_allclose(biases, steps_of(rows, decays=False, **expected), rtol=1e-12)


def test_a_frozen_parameter_does_not_decay():
    line = nn.Linear(1, 1)
    line.weight.requires_grad_(False)
    before = line.weight.clone()
    options = {"steps": 3, "learning_rate": 0.1, "weight_decay": 0.5, "progress": False}
    fit(line, lambda step: torch.ones(1, 1), lambda m, b: m(b).sum(), **options)
    assert torch.equal(line.weight, before)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"betas": 0.9}, TypeError, r"betas must be a pair of numbers, got 0\.9"),
        ({"betas": (0.9,)}, TypeError, r"betas must be a pair of numbers, got \(0\.9,\)"),
        ({"betas": (0.9, 0.9, 0.9)}, TypeError, "betas must be a pair of numbers"),
        ({"betas": (1.0, 0.9)}, ValueError, r"betas\[0\] must lie in \[0, 1\), got 1\.0"),
        ({"betas": (0.9, -0.1)}, ValueError, r"betas\[1\] must lie in \[0, 1\), got -0\.1"),
        ({"betas": (0.9, "x")}, TypeError, r"betas\[1\] must be a real number, got str"),
        ({"weight_decay": -0.1}, ValueError, r"weight_decay must be at least 0, got -0\.1"),
        ({"weight_decay": None}, TypeError, "weight_decay must be a real number, got NoneType"),
    ],
)
def test_bad_options_are_named(options, error, message):
    settings = {"learning_rate": 0.1, "betas": (0.9, 0.999), "weight_decay": 0.0, **options}
    with pytest.raises(error, match=message):
        adam(nn.Linear(1, 1), **settings)
    with pytest.raises(error, match=message):
        fit(nn.Linear(1, 1), [], None, steps=1, learning_rate=0.1, **options)
