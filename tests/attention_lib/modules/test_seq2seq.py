"""Seq2Seq against its definition, one row without padding at a time, and what it refuses."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.modules import Seq2Seq
from attention_lib.training import seeded

# Lengths neither sorted nor as long as the axis.
SOURCE = torch.tensor([[9, 5, 4, 0, 0, 0], [4, 5, 6, 7, 8, 0], [7, 0, 0, 0, 0, 0]])
LENGTHS = torch.tensor([3, 5, 1])
TARGET_IN = torch.tensor([[1, 4], [1, 6], [1, 8]])
KINDS = (None, "additive", "concat", "general", "dot")


def built(**options):
    with seeded(0):
        return Seq2Seq(10, 11, 14, **options).double()


def array(tensor):
    return tensor.detach().numpy()


def by_hand(model, row, kind):
    """Logits `[T, V]` and weights `[T, length]` of one row."""
    length = int(LENGTHS[row])
    states, last = model.encoder(model.source_embedding(SOURCE[row : row + 1, :length]))
    state = tuple(torch.cat(list(one), dim=-1) for one in last)  # the directions side by side
    summary = state[0]
    logits, rows = [], []
    for token in TARGET_IN[row]:
        context = summary
        if kind is not None:
            parameters = [array(one) for one in model.attention.parameters()]
            names = [name for name, _ in model.attention.named_parameters()]
            scores = getattr(reference, f"{kind}_scores")(
                array(state[0]), array(states[0]), **dict(zip(names, parameters, strict=True))
            )
            output, weights = reference.attend(scores, array(states[0]))
            context = torch.from_numpy(output)
            rows.append(weights[0])
        fed = torch.cat([model.target_embedding(token)[None], context], dim=-1)
        state = model.decoder(fed, state)
        logits.append(array(model.readout(torch.cat([state[0], context], dim=-1)))[0])
    return np.array(logits), np.array(rows)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_each_row_equals_its_definition(kind, bidirectional):
    model = built(attention=kind, bidirectional=bidirectional)
    result = model(SOURCE, LENGTHS, TARGET_IN, return_weights=kind is not None)
    logits = result[0] if kind else result
    for row, length in enumerate(LENGTHS):
        expected, weights = by_hand(model, row, kind)
        assert_allclose(array(logits)[row], expected, rtol=1e-10)
        if kind:
            assert_allclose(array(result[1])[row, :, :length], weights, rtol=1e-10)
            assert_array_equal(array(result[1])[row, :, length:], 0)


def test_the_encoder_says_what_it_read():
    encoded = built().encode(SOURCE, LENGTHS)
    assert encoded.states.shape == (3, 6, 14)
    assert encoded.hidden.shape == encoded.cell.shape == (3, 14)
    assert_array_equal(encoded.mask, (torch.arange(6) < LENGTHS[:, None])[:, None])
    assert_array_equal(array(encoded.states)[~array(encoded.mask)[:, 0]], 0)


def test_defaults():
    model = Seq2Seq(10, 11, 14)
    assert model.attention is None
    assert model.encoder.bidirectional
    assert model.padding == 0
    assert Seq2Seq(10, 11, 14, padding=3).padding == 3


@pytest.mark.parametrize("padding", [0, 3])
def test_what_follows_the_end_is_padding(padding):
    apart = 0
    for seed in range(11):
        with seeded(seed):
            model = Seq2Seq(10, 5, 14, attention="dot", padding=padding).double()
        tokens = model.generate(SOURCE, LENGTHS, 7, 1, 2)
        ended = (tokens == 2).int()
        after = ended.cumsum(dim=1) - ended > 0
        assert_array_equal(tokens[after], np.full(int(after.sum()), padding))
        apart += int(after.any())
    assert apart > 0


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ((0, 9, 8), ValueError, "source_vocab must be at least 1, got 0"),
        ((9, 0, 8), ValueError, "target_vocab must be at least 1, got 0"),
        ((9, 9, 0), ValueError, "width must be at least 1, got 0"),
        ((9, 9, 8.0), TypeError, "width must be an integer, got float"),
        ((9, 9, 7), ValueError, "width must be even for a bidirectional encoder, got 7"),
    ],
)
def test_sizes_are_named(sizes, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        Seq2Seq(*sizes)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"bidirectional": 1}, TypeError, "bidirectional must be True or False, got int"),
        ({"padding": -1}, ValueError, "padding must be at least 0, got -1"),
        ({"padding": 1.0}, TypeError, "padding must be an integer, got float"),
        ({"padding": 11}, ValueError, r"padding must be a target token id in 0\.\.10, got 11"),
        (
            {"attention": "luong"},
            ValueError,
            "attention must be one of None, 'additive', 'concat', 'general', 'dot', got 'luong'",
        ),
    ],
)
def test_options_are_named(options, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        built(**options)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"source": SOURCE.tolist()}, TypeError, r"source must be a torch\.Tensor, got list"),
        (
            {"source": SOURCE.int()},
            TypeError,
            r"source must hold token ids of dtype int64, got torch\.int32",
        ),
        (
            {"source": SOURCE[:, :0]},
            ValueError,
            r"source must have shape \[B, length\] with both at least 1, got \(3, 0\)",
        ),
        ({"source": SOURCE + 1}, ValueError, r"source must hold token ids in 0\.\.9, got 1\.\.10"),
        ({"target_in": None}, TypeError, r"target_in must be a torch\.Tensor, got NoneType"),
        (
            {"target_in": TARGET_IN + 3},
            ValueError,
            r"target_in must hold token ids in 0\.\.10, got 4\.\.11",
        ),
        (
            {"target_in": TARGET_IN[:2]},
            ValueError,
            r"target_in must have 3 rows like source, got shape \(2, 2\)",
        ),
        (
            {"source_lengths": LENGTHS.int()},
            TypeError,
            r"source_lengths must be an int64 tensor, got torch\.int32",
        ),
        (
            {"source_lengths": [3, 5, 1]},
            TypeError,
            "source_lengths must be an int64 tensor, got list",
        ),
        (
            {"source_lengths": LENGTHS[:, None]},
            ValueError,
            r"source_lengths must have shape \[B\] = \(3,\), got \(3, 1\)",
        ),
        (
            {"source_lengths": LENGTHS - 1},
            ValueError,
            r"source_lengths must lie in 1\.\.6, got 0\.\.4",
        ),
        (
            {"source_lengths": LENGTHS + 2},
            ValueError,
            r"source_lengths must lie in 1\.\.6, got 3\.\.7",
        ),
        (
            {"return_weights": True},
            ValueError,
            "return_weights must be False for a model with attention=None, got True",
        ),
        ({"return_weights": 1}, TypeError, "return_weights must be True or False, got int"),
    ],
)
def test_bad_input_is_named(changed, error, message):
    given = {"source": SOURCE, "source_lengths": LENGTHS, "target_in": TARGET_IN, **changed}
    with pytest.raises(error, match=f"^{message}$"):
        built()(**given)


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ({"start": 11}, ValueError, r"start must be a target token id in 0\.\.10, got 11"),
        ({"start": -1}, ValueError, "start must be at least 0, got -1"),
        ({"end": 1.0}, TypeError, "end must be an integer, got float"),
        ({"max_steps": 0}, ValueError, "max_steps must be at least 1, got 0"),
        (
            {"return_weights": True},
            ValueError,
            "return_weights must be False for a model with attention=None, got True",
        ),
    ],
)
def test_ids_of_generation_are_named(ids, error, message):
    given = {"max_steps": 3, "start": 1, "end": 2, **ids}
    with pytest.raises(error, match=f"^{message}$"):
        built().generate(SOURCE, LENGTHS, **given)
