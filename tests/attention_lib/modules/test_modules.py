"""Attention modules against the functions, Seq2Seq against its own steps, and what each refuses."""

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference
from attention_lib.modules import (
    AdditiveAttention,
    ConcatAttention,
    DotAttention,
    GeneralAttention,
    GlimpseReader,
    HardAttention,
    PointerNetwork,
    ScaledDotProductAttention,
    Seq2Seq,
)
from attention_lib.training import seeded

KINDS = ("additive", "concat", "general", "dot")


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


QUERY, KEY, VALUE = normal(2, 3, 5), normal(2, 7, 2, seed=1), normal(2, 7, 11, seed=2)
MASK = functional.padding_mask(torch.tensor([7, 4]), 7)


def built(make):
    with seeded(0):
        return make().double()


def numpy_of(module):
    return {name: one.detach().numpy() for name, one in module.named_parameters()}


@pytest.mark.parametrize("kind", ["additive", "concat", "general"])
def test_score_modules_equal_the_reference(kind):
    makes = {
        "additive": lambda: AdditiveAttention(5, 2, 13),
        "concat": lambda: ConcatAttention(5, 2, 13),
        "general": lambda: GeneralAttention(5, 2),
    }
    module = built(makes[kind])
    if kind == "additive":
        torch.nn.init.normal_(module.bias)
    scores = getattr(reference, f"{kind}_scores")(QUERY.numpy(), KEY.numpy(), **numpy_of(module))
    output, weights = reference.attend(scores, VALUE.numpy(), mask=MASK.numpy())
    ours, our_weights = module(QUERY, KEY, VALUE, mask=MASK, return_weights=True)
    assert_allclose(ours.detach(), output, rtol=1e-11, atol=1e-13)
    assert_allclose(our_weights.detach(), weights, rtol=1e-11, atol=1e-13)
    assert_array_equal(module(QUERY, KEY, VALUE, mask=MASK).detach(), ours.detach())


def test_dot_modules_equal_the_function():
    key = normal(2, 7, 5, seed=1)
    scaled = ScaledDotProductAttention(scale=1.0)(QUERY, key, VALUE, mask=MASK)
    assert_allclose(DotAttention()(QUERY, key, VALUE, mask=MASK), scaled, rtol=1e-12)
    causal = ScaledDotProductAttention()(QUERY, key, VALUE, causal=True)
    assert_allclose(causal, functional.attention(QUERY, key, VALUE, causal=True), rtol=1e-13)


@pytest.mark.parametrize("make", [lambda: AdditiveAttention(5, 2, 13, dropout=0.5)])
def test_dropout_acts_in_training_only_and_forward_stores_nothing(make):
    module = built(make)
    before = set(vars(module))
    first, second = module(QUERY, KEY, VALUE), module(QUERY, KEY, VALUE)
    assert not torch.equal(first, second)
    module.eval()
    assert torch.equal(module(QUERY, KEY, VALUE), module(QUERY, KEY, VALUE))
    assert set(vars(module)) == before


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: AdditiveAttention(0, 2, 3), ValueError, "query_width must be at least 1, got 0"),
        (lambda: AdditiveAttention(5, 2, 3.0), TypeError, "hidden_width must be an integer"),
        (lambda: DotAttention(dropout=1), ValueError, r"dropout must lie in \[0, 1\), got 1"),
        (
            lambda: built(lambda: AdditiveAttention(5, 3, 3))(QUERY, KEY, VALUE),
            ValueError,
            r"key must have width 3 on its last axis, got shape \(2, 7, 2\)",
        ),
        (
            lambda: built(lambda: GeneralAttention(4, 2))(QUERY, KEY, VALUE),
            ValueError,
            r"query must have width 4 on its last axis, got shape \(2, 3, 5\)",
        ),
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
    assert_allclose(weights.detach().sum(dim=-1), np.ones((3, 3)), rtol=1e-12)
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


def test_hard_attention_module_draws_scores_and_rests():
    look = built(lambda: HardAttention(5, 2, 13))
    soft = built(lambda: AdditiveAttention(5, 2, 13))
    soft.load_state_dict(look.score.state_dict())
    _, weights = soft(QUERY, KEY, VALUE, mask=MASK, return_weights=True)
    glance = look(QUERY, KEY, VALUE, rng=torch.Generator().manual_seed(0), mask=MASK)
    chosen = weights.gather(-1, glance.index[..., None])[..., 0]
    assert_allclose(glance.log_probability.detach(), chosen.log().detach(), rtol=1e-12)
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


def test_pointer_network_points_inside_the_source_and_agrees_with_itself():
    model = built(lambda: PointerNetwork(10, 6))
    positions = model.generate(SOURCE, LENGTHS, 4)
    assert (positions < LENGTHS[:, None]).all()
    logits = model(SOURCE, LENGTHS, positions)
    assert_array_equal(logits.argmax(dim=-1), positions)
    assert torch.isneginf(logits[2, :, 1:]).all()
    with pytest.raises(ValueError, match=r"positions below 5.*largest 5"):
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
    with pytest.raises(ValueError, match="positions must hold"):
        PointerNetwork(24, 8)(torch.tensor([[5, 6]]), torch.tensor([2]), torch.tensor([[-2]]))


@pytest.mark.parametrize(
    "model",
    [
        AdditiveAttention(5, 2, 3),
        ConcatAttention(5, 2, 3),
        GeneralAttention(5, 2),
        partial(HardAttention(5, 2, 3), rng=torch.Generator()),
    ],
)
def test_inputs_of_another_kind_than_the_weights_are_named(model):
    query, key, value = QUERY.float(), KEY.float(), VALUE.float()
    with pytest.raises(TypeError, match="query float64, weight float32"):
        model(query.double(), key, value)
    with pytest.raises(TypeError, match="key float64, weight float32"):
        model(query, key.double(), value)
    with pytest.raises(TypeError, match=r"query must be a torch\.Tensor, got list"):
        model(query.tolist(), key, value)
    with pytest.raises(TypeError, match=r"key must be a torch\.Tensor, got list"):
        model(query, key.tolist(), value)


@pytest.mark.parametrize("training", [True, False])
def test_hard_attention_without_keys_looks_nowhere(training):
    look = HardAttention(5, 2, 3).train(training)
    rng = torch.Generator()
    seen = look(torch.ones(7, 5), torch.ones(0, 2), torch.ones(0, 11), rng=rng)
    assert_array_equal(seen.output.detach(), np.zeros((7, 11)))
    assert_array_equal(seen.index, np.full(7, -1))
    assert_array_equal(seen.log_probability.detach(), np.zeros(7))
