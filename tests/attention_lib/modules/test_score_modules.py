"""The modules that differ only in their score: start, sizes, messages, what a subclass must add."""

import pytest
import torch
from numpy.testing import assert_array_equal

from attention_lib.modules import (
    AdditiveAttention,
    ConcatAttention,
    DotAttention,
    GeneralAttention,
    HardAttention,
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
