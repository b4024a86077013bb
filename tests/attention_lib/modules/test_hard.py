"""Hard attention and the reader that takes one look, against their definitions step by step."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference
from attention_lib.modules import (
    AdditiveAttention,
    GlimpseReader,
    HardAttention,
)
from attention_lib.training import seeded


def built(make):
    with seeded(0):
        return make().double()


SOURCE = torch.tensor([[4, 5, 6, 7, 8, 1, 2], [9, 5, 4, 0, 0, 0, 0]])
LENGTHS = torch.tensor([7, 3])


def array(tensor):
    return tensor.detach().numpy()


def reader_by_hand(reader, row):
    """Logits for every position looked at, and the weights, of one row without padding."""
    table, length = array(reader.embedding.weight), int(LENGTHS[row])
    value = table[SOURCE[row, :length]]  # [S, W]
    before = np.concatenate([np.zeros((1, value.shape[1])), value[:-1]])
    score = reader.attention.score if hasattr(reader.attention, "score") else reader.attention
    parameters = {name: array(one) for name, one in score.named_parameters()}
    key = np.concatenate([value, before], axis=1)
    scores = reference.additive_scores(array(reader.query), key, **parameters)
    weights = reference.softmax(scores)[0]
    return value, weights, array(reader.readout.weight), array(reader.readout.bias)


def test_the_soft_reader_equals_its_definition():
    reader = built(lambda: GlimpseReader(11, 5, attention="soft"))
    assert isinstance(reader.attention, AdditiveAttention)
    logits, index, log_probability = reader(SOURCE, LENGTHS)
    assert logits.shape == (2, 11)
    assert_array_equal(log_probability, np.zeros(2))
    for row in range(2):
        value, weights, matrix, bias = reader_by_hand(reader, row)
        assert_allclose(array(logits)[row], matrix @ (weights @ value) + bias, rtol=1e-11)
        assert index[row] == weights.argmax()


@pytest.mark.parametrize("training", [True, False])
def test_the_hard_reader_equals_its_definition(training):
    reader = built(lambda: GlimpseReader(11, 5, attention="hard")).train(training)
    assert isinstance(reader.attention, HardAttention)
    looked = set()
    for seed in range(11):
        rng = torch.Generator().manual_seed(seed) if training else None
        logits, index, log_probability = reader(SOURCE, LENGTHS, rng=rng)
        assert index.shape == log_probability.shape == (2,)
        for row in range(2):
            value, weights, matrix, bias = reader_by_hand(reader, row)
            j = int(index[row])
            looked.add((row, j))
            assert_allclose(array(logits)[row], matrix @ value[j] + bias, rtol=1e-11)
            assert_allclose(array(log_probability)[row], np.log(weights[j]), rtol=1e-11)
            assert training or j == weights.argmax()
    assert (len(looked) > 4) == training


def test_the_hard_reader_asks_for_a_generator_in_training_only():
    reader = built(lambda: GlimpseReader(11, 5, attention="hard"))
    with pytest.raises(TypeError, match=r"^rng must be a torch\.Generator, got NoneType$"):
        reader(SOURCE, LENGTHS)
    reader.eval()(SOURCE, LENGTHS)


def test_the_reader_has_parameters_of_the_sizes_that_it_names():
    reader = GlimpseReader(11, 5, attention="soft")
    shapes = {name: tuple(one.shape) for name, one in reader.named_parameters()}
    assert shapes == {
        "query": (1, 5),
        "embedding.weight": (11, 5),
        "attention.query_weight": (5, 5),
        "attention.key_weight": (5, 10),
        "attention.score_vector": (5,),
        "attention.bias": (5,),
        "readout.weight": (11, 5),
        "readout.bias": (11,),
    }


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: GlimpseReader(0, 5, attention="soft"),
            ValueError,
            "vocabulary must be at least 1, got 0",
        ),
        (
            lambda: GlimpseReader(11, 0, attention="soft"),
            ValueError,
            "width must be at least 1, got 0",
        ),
        (
            lambda: GlimpseReader(11, 5, attention="none"),
            ValueError,
            "attention must be one of 'soft', 'hard', got 'none'",
        ),
        (
            lambda: GlimpseReader(11, 5, attention="soft")(SOURCE, LENGTHS.int()),
            TypeError,
            r"source_lengths must be an int64 tensor, got torch\.int32",
        ),
        (
            lambda: GlimpseReader(11, 5, attention="soft")(SOURCE, [7, 3]),
            TypeError,
            "source_lengths must be an int64 tensor, got list",
        ),
        (
            lambda: GlimpseReader(11, 5, attention="soft")(SOURCE, LENGTHS - 3),
            ValueError,
            r"source_lengths must lie in 1\.\.7, got 0\.\.4",
        ),
        (
            lambda: GlimpseReader(11, 5, attention="soft")(SOURCE, LENGTHS[:1]),
            ValueError,
            r"source_lengths must have shape \[B\] = \(2,\), got \(1,\)",
        ),
        (
            lambda: GlimpseReader(11, 5, attention="soft")(SOURCE.tolist(), LENGTHS),
            TypeError,
            r"source must be a torch\.Tensor, got list",
        ),
        (
            lambda: GlimpseReader(9, 5, attention="soft")(SOURCE, LENGTHS),
            ValueError,
            r"source must hold token ids in 0\.\.8, got 0\.\.9",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        call()


def test_the_first_key_can_be_looked_at_and_has_a_probability():
    """One key alone has probability one; the first of two that of its weight."""
    look = built(lambda: HardAttention(5, 2, 3))
    query, key, value = (
        torch.randn(n, m, dtype=torch.float64) for n, m in ((3, 5), (7, 2), (7, 11))
    )
    only = torch.arange(7) == 0
    glance = look(query, key, value, rng=torch.Generator(), mask=only)
    assert_array_equal(glance.index, np.zeros(3))
    assert_array_equal(glance.output.detach(), value[:1].expand(3, 11))
    assert_array_equal(glance.log_probability.detach(), np.zeros(3))
    first_two = torch.arange(7) < 2
    weights = functional.softmax(look.score.scores(query, look.score.project(key)), mask=first_two)
    seen = set()
    for seed in range(23):
        glance = look(query, key, value, rng=torch.Generator().manual_seed(seed), mask=first_two)
        expected = weights.gather(-1, glance.index[:, None])[:, 0].log()
        assert_allclose(array(glance.log_probability), array(expected), rtol=1e-12, atol=1e-13)
        seen |= set(glance.index.tolist())
    assert seen == {0, 1}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
def test_an_empty_row_among_others_and_any_leading_axes(leading, training):
    look = built(lambda: HardAttention(5, 2, 3)).train(training)
    query, key = (torch.ones(*leading, *one, dtype=torch.float64) for one in ((3, 5), (7, 2)))
    value = torch.ones(*leading, 7, 11, dtype=torch.float64)
    mask = torch.tensor([[True], [False], [True]]).expand(3, 7)
    glance = look(query, key, value, rng=torch.Generator(), mask=mask)
    assert glance.index.shape == glance.log_probability.shape == (*leading, 3)
    assert (glance.index[..., 1] == -1).all()
    assert (glance.index[..., [0, 2]] >= 0).all()
    assert (glance.log_probability[..., 1] == 0).all()
    assert (glance.log_probability[..., [0, 2]] < 0).all()
    assert (glance.output[..., 1, :] == 0).all()
    assert (glance.output[..., [0, 2], :] == 1).all()
    none = look(query, key[..., :0, :], value[..., :0, :], rng=torch.Generator())
    assert none.output.shape == (*leading, 3, 11)
    assert none.log_probability.shape == (*leading, 3)
    assert_array_equal(none.index, np.full((*leading, 3), -1))
    assert_array_equal(none.log_probability.detach(), np.zeros((*leading, 3)))


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


QUERY, KEY, VALUE = normal(2, 3, 5), normal(2, 7, 2, seed=1), normal(2, 7, 11, seed=2)
MASK = functional.padding_mask(torch.tensor([7, 4]), 7)


def test_hard_attention_module_draws_scores_and_rests():
    look = built(lambda: HardAttention(5, 2, 13))
    soft = built(lambda: AdditiveAttention(5, 2, 13))
    soft.load_state_dict(look.score.state_dict())
    _, weights = soft(QUERY, KEY, VALUE, mask=MASK, return_weights=True)
    glance = look(QUERY, KEY, VALUE, rng=torch.Generator().manual_seed(0), mask=MASK)
    chosen = weights.gather(-1, glance.index[..., None])[..., 0]
    assert_allclose(glance.log_probability.detach(), chosen.log().detach(), rtol=1e-12, atol=1e-13)
    picked = VALUE.gather(1, glance.index[..., None].expand(-1, -1, 11))
    assert_array_equal(glance.output.detach(), picked)
    look.eval()
    rested = look(QUERY, KEY, VALUE, rng=None, mask=MASK)
    assert_array_equal(rested.index, weights.argmax(dim=-1))
    nothing = look(QUERY, KEY, VALUE, rng=None, mask=torch.zeros(7, dtype=torch.bool))
    assert_array_equal(nothing.index, -np.ones((2, 3)))
    assert_array_equal(nothing.log_probability.detach(), np.zeros((2, 3)))
    with pytest.raises(TypeError, match=r"rng must be a torch.Generator, got NoneType"):
        look.train()(QUERY, KEY, VALUE, rng=None)


@pytest.mark.parametrize("training", [True, False])
def test_hard_attention_without_keys_looks_nowhere(training):
    look = HardAttention(5, 2, 3).train(training)
    rng = torch.Generator()
    seen = look(torch.ones(7, 5), torch.ones(0, 2), torch.ones(0, 11), rng=rng)
    assert_array_equal(seen.output.detach(), np.zeros((7, 11)))
    assert_array_equal(seen.index, np.full(7, -1))
    assert_array_equal(seen.log_probability.detach(), np.zeros(7))
