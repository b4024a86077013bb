"""The losses are the cross-entropies that they say, against plain Python and against torch."""

import math
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.nn import functional as F

from attention_lib.data.batching import LabelledBatches, PairBatches
from attention_lib.data.toy import reverse_task
from attention_lib.modules import LanguageModel, Seq2Seq, Transformer
from attention_lib.training import (
    as_tensors,
    classification_loss,
    language_model_loss,
    seeded,
    seq2seq_loss,
    sequence_cross_entropy,
    token_accuracy,
)


def draw(*shape):
    return torch.from_numpy(np.random.default_rng(0).normal(size=shape))


def smoothed_cross_entropy(rows, answers, e):
    """Mean over the rows, in plain Python; an answer None leaves its row out."""
    losses = []
    for row, answer in zip(rows, answers, strict=True):
        if answer is None:
            continue
        total = math.log(sum(math.exp(one) for one in row))
        logs = [one - total for one in row]
        losses.append(-(1 - e) * logs[answer] - e / len(row) * sum(logs))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1, 0.7])
def test_sequence_cross_entropy_is_the_mean_over_the_real_tokens(label_smoothing):
    logits = draw(2, 3, 5)
    target = torch.tensor([[4, 2, 0], [3, 0, 0]])
    answers = [one or None for one in target.flatten().tolist()]
    expected = smoothed_cross_entropy(logits.flatten(0, 1).tolist(), answers, label_smoothing)
    got = sequence_cross_entropy(logits, target, padding=0, label_smoothing=label_smoothing)
    assert_allclose(got, expected, rtol=1e-12)
    every = smoothed_cross_entropy(
        logits.flatten(0, 1).tolist(), target.flatten().tolist(), label_smoothing
    )
    got = sequence_cross_entropy(logits, target, padding=None, label_smoothing=label_smoothing)
    assert_allclose(got, every, rtol=1e-12)
    theirs = F.cross_entropy(logits[target != 0], target[target != 0])
    assert_allclose(sequence_cross_entropy(logits, target, padding=0), theirs, rtol=1e-12)


def test_nothing_but_padding_is_no_loss_and_no_gradient():
    logits = draw(2, 3, 5).requires_grad_()
    for e in (0.0, 0.3):
        got = sequence_cross_entropy(
            logits, torch.zeros(2, 3, dtype=torch.int64), padding=0, label_smoothing=e
        )
        assert got == 0
        (gradient,) = torch.autograd.grad(got, logits)
        assert not gradient.any()


def test_padding_gets_no_gradient():
    logits = draw(2, 3, 5).requires_grad_()
    target = torch.tensor([[4, 2, 0], [3, 0, 0]])
    sequence_cross_entropy(logits, target, padding=0, label_smoothing=0.2).backward()
    assert torch.equal(logits.grad.abs().sum(-1) > 0, target != 0)


def test_label_smoothing_wants_the_logits_of_the_smoothed_target():
    """The loss is least where softmax gives the right token 1 - e + e/V and each other e/V."""
    target = torch.tensor([[2]])
    best = torch.full((5,), 0.2 / 5, dtype=torch.float64)
    best[2] += 0.8
    logits = best.log()[None, None].requires_grad_()
    sequence_cross_entropy(logits, target, padding=0, label_smoothing=0.2).backward()
    assert_allclose(logits.grad, np.zeros((1, 1, 5)), atol=1e-12)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"target": torch.zeros(2, 2).long()}, ValueError, r"shape.*= \(2, 3\), got \(2, 2\)"),
        (
            {"target": torch.zeros(2, 3)},
            TypeError,
            "target must hold ids of dtype int64, got float32",
        ),
        (
            {"target": torch.full((2, 3), 5)},
            ValueError,
            r"target must hold ids in 0\.\.4, got 5\.\.5",
        ),
        ({"target": torch.full((2, 3), -1)}, ValueError, r"ids in 0\.\.4, got -1\.\.-1"),
        ({"target": [[1]]}, TypeError, "target must be a torch.Tensor, got list"),
        ({"logits": np.zeros((2, 3, 5))}, TypeError, "logits must be a torch.Tensor, got ndarray"),
        ({"label_smoothing": 1.0}, ValueError, r"label_smoothing must lie in \[0, 1\), got 1\.0"),
        ({"label_smoothing": -0.1}, ValueError, r"label_smoothing must lie in \[0, 1\)"),
        ({"padding": None, "target": torch.full((2, 3), -1)}, ValueError, r"got -1\.\.-1"),
    ],
)
def test_sequence_cross_entropy_names_what_does_not_fit(change, error, message):
    given = {"logits": draw(2, 3, 5), "target": torch.ones(2, 3).long(), "padding": 0, **change}
    with pytest.raises(error, match=message):
        sequence_cross_entropy(**given)


def test_seq2seq_loss_feeds_the_target_shifted():
    batch = reverse_task(7, min_length=2, max_length=5, vocabulary=4, seed=0)
    with seeded(0):
        model = Seq2Seq(8, 8, 6, attention="dot")
    tensors = as_tensors(batch)
    logits = model(tensors.source, tensors.source_lengths, tensors.target_in)
    for options in ({}, {"label_smoothing": 0.1}, {"padding": 2}):
        expected = sequence_cross_entropy(logits, tensors.target, **{"padding": 0, **options})
        assert_allclose(seq2seq_loss(model, batch, **options).item(), expected.item(), rtol=1e-12)
        assert partial(seq2seq_loss, **options)(model, tensors).item() == expected.item()


@pytest.mark.parametrize("kind", ["seq2seq", "transformer"])
def test_the_padding_of_the_model_is_left_out(kind):
    batch = reverse_task(7, min_length=2, max_length=5, vocabulary=4, seed=0)
    marked = batch._replace(target=np.where(batch.target == 0, 3, batch.target))
    with seeded(0):
        if kind == "seq2seq":
            model = Seq2Seq(8, 8, 6, padding=3)
        else:
            model = Transformer(8, 8, padding=3, **SIZES)
    expected = seq2seq_loss(model, marked, padding=3).item()
    assert seq2seq_loss(model, marked).item() == expected != seq2seq_loss(model, marked, padding=0)


SIZES = {"d_model": 6, "n_heads": 2, "n_layers": 1, "d_ff": 7}


def test_the_models_of_the_library_take_the_batches_of_the_library():
    """Untrained, each is about as wrong as a uniform guess: log V."""
    with seeded(0):
        translate = Transformer(11, 13, **SIZES)
        speak = LanguageModel(13, **SIZES)
    pairs = PairBatches([[5, 6, 7], [8]], [[9, 12], [10, 4, 5]], 2, seed=0)(0)
    for loss in (
        seq2seq_loss(translate, pairs),
        language_model_loss(speak, pairs.target, padding=0),
    ):
        assert loss.ndim == 0
        assert abs(loss.item() - math.log(13)) < 1.5
        loss.backward()
    labelled = LabelledBatches([[5, 6, 7], [8]], [1, 0], 2, seed=0)(0)
    got = classification_loss(lambda tokens, lengths: torch.zeros(*lengths.shape, 3), labelled)
    assert_allclose(got, math.log(3), rtol=1e-6)


@pytest.mark.parametrize("kind", ["tensor", "array"])
def test_language_model_loss_asks_for_each_next_token(kind):
    tokens = torch.tensor([[3, 1, 2, 4], [4, 2, 0, 0]])
    table = draw(5, 5)
    seen = []

    def model(inputs):
        seen.append(inputs)
        return table[inputs]

    batch = tokens if kind == "tensor" else tokens.numpy()
    rows = [table[one].tolist() for one in (3, 1, 2, 4, 2, 0)]
    expected = smoothed_cross_entropy(rows, [1, 2, 4, 2, 0, 0], 0.0)
    assert_allclose(language_model_loss(model, batch), expected, rtol=1e-12)
    assert torch.equal(seen[0], tokens[:, :-1])
    expected = smoothed_cross_entropy(rows, [1, 2, 4, 2, None, None], 0.3)
    got = language_model_loss(model, batch, padding=0, label_smoothing=0.3)
    assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("tokens", "error", "message"),
    [
        (torch.tensor([1, 2]), ValueError, r"shape \[B, T\] with T >= 2, got \(2,\)"),
        (torch.tensor([[1]]), ValueError, r"shape \[B, T\] with T >= 2, got \(1, 1\)"),
        ([[1, 2]], TypeError, "tokens must hold NumPy arrays or tensors, got list"),
        (torch.tensor([[1, 9]]), ValueError, r"^tokens must hold ids in 0\.\.4, got 9\.\.9"),
    ],
)
def test_language_model_loss_names_what_does_not_fit(tokens, error, message):
    with pytest.raises(error, match=message):
        language_model_loss(lambda inputs: draw(*inputs.shape, 5), tokens)


class Labelled(NamedTuple):
    tokens: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray


@pytest.mark.parametrize("make", [Labelled, lambda *fields: fields])
def test_classification_loss_hands_all_but_the_labels_to_the_model(make):
    tokens, lengths, labels = np.arange(6).reshape(2, 3), np.array([3, 2]), np.array([4, 1])
    logits, seen = draw(2, 5), []

    def model(*inputs):
        seen.extend(inputs)
        return logits

    for e in (0.0, 0.2):
        expected = smoothed_cross_entropy(logits.tolist(), labels.tolist(), e)
        got = classification_loss(model, make(tokens, lengths, labels), label_smoothing=e)
        assert_allclose(got, expected, rtol=1e-12)
    assert_allclose(
        classification_loss(model, make(tokens, lengths, labels)).item(),
        F.cross_entropy(logits, torch.from_numpy(labels)).item(),
        rtol=1e-12,
    )
    assert [one.tolist() for one in seen[:2]] == [tokens.tolist(), lengths.tolist()]


@pytest.mark.parametrize(
    ("batch", "options", "error", "message"),
    [
        (
            (torch.tensor([1]),),
            {},
            ValueError,
            "batch must hold inputs and, as its last entry, labels",
        ),
        (
            (torch.ones(2), torch.tensor([1])),
            {},
            ValueError,
            r"the labels of batch must have shape \[B\] = \(2,\), got \(1,\)",
        ),
        (
            (torch.ones(2), torch.ones(2)),
            {},
            TypeError,
            "the labels of batch must hold ids of dtype int64, got float32",
        ),
        (
            (torch.ones(2), torch.tensor([0, 5])),
            {},
            ValueError,
            r"the labels of batch must hold ids in 0\.\.4, got 0\.\.5",
        ),
        ((torch.ones(2), torch.tensor([-100, 3])), {}, ValueError, r"got -100\.\.3"),
        (
            (torch.ones(2), [0, 1]),
            {},
            TypeError,
            "batch must hold NumPy arrays or tensors, got list",
        ),
        (
            [torch.ones(2), torch.ones(2)],
            {},
            TypeError,
            "batch must be a tuple of arrays, got list",
        ),
        (
            (torch.ones(2), torch.tensor([0, 1])),
            {"label_smoothing": 1},
            ValueError,
            r"label_smoothing must lie in \[0, 1\)",
        ),
    ],
)
def test_classification_loss_names_what_does_not_fit(batch, options, error, message):
    with pytest.raises(error, match=message):
        classification_loss(lambda inputs: draw(2, 5), batch, **options)


def test_as_tensors_keeps_the_kind_of_the_tuple_and_shares_memory():
    arrays = np.arange(3), np.arange(2)
    for batch in (arrays, Labelled(*arrays, torch.tensor([1]))):
        tensors = as_tensors(batch)
        assert type(tensors) is type(batch)
        assert all(isinstance(one, torch.Tensor) for one in tensors)
        arrays[0][0] += 5
        assert tensors[0][0] == arrays[0][0]
    assert tensors[2] is as_tensors(tensors)[2]


def test_token_accuracy_counts_missing_tokens_as_wrong():
    target = torch.tensor([[4, 2, 3], [3, 0, 0]])
    assert token_accuracy(target, target, padding=0) == 1.0
    assert token_accuracy(target[:, :1], target, padding=0) == 0.5
    longer = F.pad(target, (0, 2), value=7)
    assert token_accuracy(longer, target, padding=0) == 1.0
    with pytest.raises(ValueError, match="padding alone"):
        token_accuracy(target, target * 0, padding=0)
    with pytest.raises(ValueError, match="one B"):
        token_accuracy(target[:1], target, padding=0)
    with pytest.raises(TypeError, match=r"^predicted must be a torch\.Tensor, got ndarray$"):
        token_accuracy(target.numpy(), target, padding=0)


def test_token_accuracy_may_count_every_token_and_every_id():
    target = torch.tensor([[4, 2, 0], [3, -1, -1]])
    assert token_accuracy(target, target, padding=None) == 1.0
    assert token_accuracy(target[:, :1], target, padding=None) == 2 / 6
    assert token_accuracy(target[:, :1], target, padding=0) == 2 / 5
