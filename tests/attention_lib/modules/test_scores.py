"""The modules that differ only in their score: against the reference, sizes and messages."""

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
    HardAttention,
    ScaledDotProductAttention,
)
from attention_lib.modules.scored import ScoredAttention, check_input, uniform_parameter
from attention_lib.training import seeded

Q, K, V = torch.ones(3, 5), torch.ones(7, 2), torch.ones(7, 11)


@pytest.mark.parametrize("shape", [(101, 103), (10_007,)])
def test_parameters_start_evenly_inside_one_over_the_root_of_the_width(shape):
    with seeded(0):
        parameter = uniform_parameter(*shape)
    assert isinstance(parameter, torch.nn.Parameter)
    assert parameter.shape == shape
    bound = shape[-1] ** -0.5
    assert -bound <= parameter.min() < -0.99 * bound
    assert 0.99 * bound < parameter.max() <= bound
    assert abs(parameter.mean()) < 0.05 * bound
    assert abs(parameter.std() - bound / 3**0.5) < 0.02 * bound


def test_parameters_have_the_sizes_of_their_names():
    shapes = {
        AdditiveAttention(5, 2, 13): {
            "query_weight": (13, 5),
            "key_weight": (13, 2),
            "score_vector": (13,),
            "bias": (13,),
        },
        ConcatAttention(5, 2, 13): {"weight": (13, 7), "score_vector": (13,)},
        GeneralAttention(5, 2): {"weight": (5, 2)},
        DotAttention(): {},
    }
    for module, expected in shapes.items():
        assert {name: tuple(one.shape) for name, one in module.named_parameters()} == expected
        assert module.dropout == 0.0
    assert_array_equal(AdditiveAttention(5, 2, 13).bias.detach(), torch.zeros(13))


def test_a_score_has_to_be_defined():
    class Undefined(ScoredAttention):
        pass

    with pytest.raises(NotImplementedError, match=r"^Undefined does not define scores$"):
        Undefined()(Q, Q, Q)
    assert Undefined().project(K) is K


@pytest.mark.parametrize("make", [AdditiveAttention, ConcatAttention, HardAttention])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_width_is_a_count(make, place):
    widths = [5, 2, 13]
    name = ("query_width", "key_width", "hidden_width")[place]
    widths[place] = 0
    with pytest.raises(ValueError, match=f"^{name} must be at least 1, got 0$"):
        make(*widths)
    widths[place] = 5.0
    with pytest.raises(TypeError, match=f"^{name} must be an integer, got float$"):
        make(*widths)


@pytest.mark.parametrize(("place", "name"), [(0, "query_width"), (1, "key_width")])
def test_each_width_of_the_bilinear_form_is_a_count(place, name):
    widths = [5, 2]
    widths[place] = -1
    with pytest.raises(ValueError, match=f"^{name} must be at least 1, got -1$"):
        GeneralAttention(*widths)


@pytest.mark.parametrize(
    "make",
    [
        lambda: AdditiveAttention(5, 2, 13),
        lambda: ConcatAttention(5, 2, 13),
        lambda: GeneralAttention(5, 2),
    ],
)
def test_inputs_of_another_width_are_named(make):
    module = make()
    with pytest.raises(ValueError, match=r"^query must have width 5 on its last axis, got shape"):
        module(K, K, V)
    with pytest.raises(ValueError, match=r"^key must have width 2 on its last axis, got shape"):
        module(Q, Q, V)
    with pytest.raises(ValueError, match=r"^query must have at least 2 dimension\(s\), got shape"):
        module(Q[0], K, V)
    with pytest.raises(ValueError, match=r"^key must have at least 2 dimension\(s\), got shape"):
        module(Q, K[0], V)


def test_an_input_is_judged_against_the_weight():
    weight = torch.ones(2, 2)
    with pytest.raises(TypeError, match=r"^x must be a torch\.Tensor, got list$"):
        check_input("x", [1.0], weight)
    with pytest.raises(TypeError, match=r"got x float64, weight float32$"):
        check_input("x", torch.ones(2, 2, dtype=torch.float64), weight)
    with pytest.raises(
        ValueError, match=r"^x must have at least 2 dimension\(s\), got shape \(2,\)"
    ):
        check_input("x", torch.ones(2), weight)


def test_leading_axes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="the axes before the last two must broadcast together"):
        AdditiveAttention(5, 2, 13)(Q.expand(2, 3, 5), K.expand(3, 7, 2), V)


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
    assert_allclose(DotAttention()(QUERY, key, VALUE, mask=MASK), scaled, rtol=1e-12, atol=1e-13)
    causal = ScaledDotProductAttention()(QUERY, key, VALUE, causal=True)
    assert_allclose(
        causal, functional.attention(QUERY, key, VALUE, causal=True), rtol=1e-13, atol=1e-13
    )


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
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
