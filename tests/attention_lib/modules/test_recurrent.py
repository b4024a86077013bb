"""The readers with an LSTM on one small batch: padding, their own steps, and what each refuses."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.modules import (
    GlimpseReader,
    PointerNetwork,
    Seq2Seq,
)
from attention_lib.training import seeded

KINDS = ("additive", "concat", "general", "dot")


def built(make):
    with seeded(0):
        return make().double()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Seq2Seq(9, 9, 7), ValueError, "width must be even.*got 7"),
        (lambda: Seq2Seq(9, 9, 8, attention="luong"), ValueError, "attention must be one of None"),
        (lambda: PointerNetwork(9, 7), ValueError, "width must be even, got 7"),
        (lambda: GlimpseReader(9, 7, attention="none"), ValueError, "attention must be one of"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


SOURCE = torch.tensor([[4, 5, 6, 7, 8], [9, 5, 4, 0, 0], [7, 0, 0, 0, 0]])
LENGTHS = torch.tensor([5, 3, 1])
TARGET_IN = torch.tensor([[1, 4, 5], [1, 6, 7], [1, 8, 8]])


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", [None, *KINDS])
def test_seq2seq_does_not_see_padding_nor_its_neighbours(kind, bidirectional):
    options = {"attention": kind, "bidirectional": bidirectional}
    model = built(lambda: Seq2Seq(10, 11, 6, **options))
    together = model(SOURCE, LENGTHS, TARGET_IN).detach()
    assert together.shape == (3, 3, 11)
    for row, length in enumerate(LENGTHS):
        one = slice(row, row + 1)
        alone = model(SOURCE[one, :length], LENGTHS[one], TARGET_IN[one]).detach()
        assert_allclose(together[one], alone, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_seq2seq_generates_what_teacher_forcing_would_say(kind):
    model = built(lambda: Seq2Seq(10, 11, 6, attention=kind))
    tokens = model.generate(SOURCE, LENGTHS, 6, 1, 2)
    fed = torch.cat([torch.ones(3, 1, dtype=torch.int64), tokens[:, :-1]], dim=1)
    predicted = model(SOURCE, LENGTHS, fed).argmax(dim=-1)
    ended = (fed == 2).cumsum(dim=1) > 0
    assert_array_equal(tokens, predicted.masked_fill(ended, 0))


def test_seq2seq_stops_at_the_end_token():
    model = built(lambda: Seq2Seq(10, 11, 6, attention="dot"))
    with torch.no_grad():
        model.readout.bias[2] = 100.0
    tokens, weights = model.generate(SOURCE, LENGTHS, 6, 1, 2, return_weights=True)
    assert_array_equal(tokens, [[2], [2], [2]])
    assert weights.shape == (3, 1, 5)


@pytest.mark.parametrize("kind", KINDS)
def test_seq2seq_weights_cover_the_source_and_only_it(kind):
    model = built(lambda: Seq2Seq(10, 11, 6, attention=kind))
    _, weights = model(SOURCE, LENGTHS, TARGET_IN, return_weights=True)
    assert_allclose(weights.detach().sum(dim=-1), np.ones((3, 3)), rtol=1e-12, atol=1e-13)
    assert_array_equal(weights.detach()[2, :, 1:], np.zeros((3, 4)))


def test_seq2seq_with_one_fixed_vector_equals_its_definition():
    model = built(lambda: Seq2Seq(10, 11, 6, bidirectional=False))
    _, (hidden, cell) = model.encoder(model.source_embedding(SOURCE[:1]))
    state, context = (hidden[0], cell[0]), hidden[0]
    for step, token in enumerate(TARGET_IN[0]):
        fed = torch.cat([model.target_embedding(token)[None], context], dim=-1)
        state = model.decoder(fed, state)
        expected = model.readout(torch.cat([state[0], context], dim=-1))
        ours = model(SOURCE[:1], LENGTHS[:1], TARGET_IN[:1])[:, step]
        assert_allclose(ours.detach(), expected.detach(), rtol=1e-11)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (
            (SOURCE.float(), LENGTHS, TARGET_IN),
            {},
            TypeError,
            "source must hold token ids.*float32",
        ),
        ((SOURCE.numpy(), LENGTHS, TARGET_IN), {}, TypeError, "source must be a torch.Tensor"),
        ((SOURCE[0], LENGTHS, TARGET_IN), {}, ValueError, r"source must have shape \[B, length\]"),
        ((SOURCE, LENGTHS + 1, TARGET_IN), {}, ValueError, r"lie in 1..5, got 2..6"),
        ((SOURCE, LENGTHS[:2], TARGET_IN), {}, ValueError, r"shape \[B\] = \(3,\), got \(2,\)"),
        ((SOURCE, LENGTHS, TARGET_IN[:2]), {}, ValueError, "target_in must have 3 rows"),
        ((SOURCE, LENGTHS, TARGET_IN), {"return_weights": True}, ValueError, "attention=None"),
    ],
)
def test_seq2seq_names_bad_input(arguments, options, error, message):
    with pytest.raises(error, match=message):
        Seq2Seq(10, 11, 6)(*arguments, **options)


def test_pointer_network_points_inside_the_source_and_agrees_with_itself():
    model = built(lambda: PointerNetwork(10, 6))
    positions = model.generate(SOURCE, LENGTHS, 4)
    assert (positions < LENGTHS[:, None]).all()
    logits = model(SOURCE, LENGTHS, positions)
    assert_array_equal(logits.argmax(dim=-1), positions)
    assert torch.isneginf(logits[2, :, 1:]).all()
    with pytest.raises(ValueError, match=r"positions must lie in -1\.\.4 .*got 5\.\.5"):
        model(SOURCE, LENGTHS, torch.full((3, 2), 5))


@pytest.mark.parametrize("wrong", [-1, 24])
def test_a_token_outside_its_vocabulary_is_named(wrong):
    good, bad, lengths = torch.tensor([[5, 6]]), torch.tensor([[5, wrong]]), torch.tensor([2])
    model = Seq2Seq(24, 24, 8, attention="dot")
    says = r"must hold token ids in 0\.\.23"
    with pytest.raises(ValueError, match=f"source {says}"):
        model(bad, lengths, good)
    with pytest.raises(ValueError, match=f"target_in {says}"):
        model(good, lengths, bad)
    with pytest.raises(ValueError, match=f"source {says}"):
        PointerNetwork(24, 8)(bad, lengths, torch.tensor([[0]]))
    with pytest.raises(ValueError, match=f"source {says}"):
        GlimpseReader(24, 8, attention="soft")(bad, lengths)


def test_start_end_and_padding_are_ids_of_the_target():
    source, lengths = torch.tensor([[5, 6]]), torch.tensor([2])
    model = Seq2Seq(24, 13, 8)
    with pytest.raises(ValueError, match="start must be a target token id"):
        model.generate(source, lengths, 3, 13, 2)
    with pytest.raises(ValueError, match="end must be a target token id"):
        model.generate(source, lengths, 3, 1, 13)
    with pytest.raises(ValueError, match="padding must be a target token id"):
        Seq2Seq(24, 13, 8, padding=13)


def test_a_position_below_minus_one_is_refused():
    with pytest.raises(ValueError, match=r"positions must lie in -1\.\.1 .*got -2\.\.-2"):
        PointerNetwork(24, 8)(torch.tensor([[5, 6]]), torch.tensor([2]), torch.tensor([[-2]]))
