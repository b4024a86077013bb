"""The pointer network against its definition, one row without padding at a time."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.modules import PointerNetwork
from attention_lib.training import seeded


def built(width=10):
    with seeded(0):
        model = PointerNetwork(10, width).double()
        torch.nn.init.normal_(model.first_input)
        torch.nn.init.normal_(model.attention.bias)
    return model


# Lengths neither sorted nor as long as the axis.
SOURCE = torch.tensor([[9, 5, 4, 0, 0, 0], [4, 5, 6, 7, 8, 0], [7, 0, 0, 0, 0, 0]])
LENGTHS = torch.tensor([3, 5, 1])
POSITIONS = torch.tensor([[2, 0], [4, 1], [0, 0]])


def array(tensor):
    return tensor.detach().numpy()


def by_hand(model, row, positions):
    """Logits `[T, length]`: the steps as the docstring tells them."""
    length = int(LENGTHS[row])
    states, (hidden, cell) = model.encoder(model.embedding(SOURCE[row : row + 1, :length]))
    state = tuple(torch.cat([one[0], one[1]], dim=-1) for one in (hidden, cell))
    parameters = {name: array(one) for name, one in model.attention.named_parameters()}
    inputs, rows = model.first_input[None], []
    for position in positions:
        state = model.decoder(inputs, state)
        rows.append(reference.additive_scores(array(state[0]), array(states[0]), **parameters)[0])
        inputs = states[:, position]
    return np.array(rows)


def test_each_row_equals_its_definition():
    model = built()
    logits = array(model(SOURCE, LENGTHS, POSITIONS))
    assert logits.shape == (3, 2, 6)
    for row, length in enumerate(LENGTHS):
        expected = by_hand(model, row, POSITIONS[row].tolist())
        assert_allclose(logits[row, :, :length], expected, rtol=1e-10)
        assert_array_equal(logits[row, :, length:], -np.inf)


def test_pointing_at_nothing_feeds_the_first_state():
    model = built()
    with_none = model(SOURCE, LENGTHS, torch.tensor([[-1, 0], [0, 1], [-1, 0]]))
    with_first = model(SOURCE, LENGTHS, torch.tensor([[0, 0], [0, 1], [0, 0]]))
    assert torch.equal(with_none, with_first)


def test_generated_positions_are_the_likeliest_at_each_step():
    model = built()
    positions = model.generate(SOURCE, LENGTHS, 4)
    assert positions.shape == (3, 4)
    assert_array_equal(model(SOURCE, LENGTHS, positions).argmax(dim=-1), positions)


def test_parameters_have_the_sizes_of_their_names():
    model = PointerNetwork(13, 10)
    assert model.embedding.weight.shape == (13, 10)
    assert_array_equal(model.first_input.detach(), np.zeros(10))
    assert model.decoder.weight_ih.shape == (40, 10)
    assert model.encoder.hidden_size == 5
    assert model.attention.query_weight.shape == model.attention.key_weight.shape == (10, 10)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: PointerNetwork(0, 4), ValueError, "source_vocab must be at least 1, got 0"),
        (lambda: PointerNetwork(13, 0), ValueError, "width must be at least 1, got 0"),
        (lambda: PointerNetwork(13, 5), ValueError, "width must be even, got 5"),
        (
            lambda: built()(SOURCE, LENGTHS, POSITIONS.float()),
            TypeError,
            r"positions must hold token ids of dtype int64, got torch\.float32",
        ),
        (
            lambda: built()(SOURCE, LENGTHS, POSITIONS[0]),
            ValueError,
            r"positions must have shape \[B, length\] with both at least 1, got \(2,\)",
        ),
        *(
            (
                lambda wrong=wrong: built()(SOURCE, LENGTHS, wrong),
                ValueError,
                r"positions must " + says,
            )
            for wrong, says in (
                (POSITIONS + 2, r"lie in -1\.\.5 \(-1 for none\), got 2\.\.6"),
                (POSITIONS - 2, r"lie in -1\.\.5 \(-1 for none\), got -2\.\.2"),
                (POSITIONS[:2], r"have 3 rows like source, got shape \(2, 2\)"),
            )
        ),
        (
            lambda: built()(SOURCE, LENGTHS[:2], POSITIONS),
            ValueError,
            r"source_lengths must have shape \[B\] = \(3,\), got \(2,\)",
        ),
        (
            lambda: built().generate(SOURCE, LENGTHS, 0),
            ValueError,
            "steps must be at least 1, got 0",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        call()
