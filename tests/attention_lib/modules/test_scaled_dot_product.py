"""ScaledDotProductAttention hands every option to the function, and drops weights in training."""

import pytest
import torch
from torch.testing import assert_close

from attention_lib import functional
from attention_lib.modules import ScaledDotProductAttention
from attention_lib.training import seeded
from tests.helpers.attention_laws import example, random_bias, random_mask

INPUTS = tuple(torch.from_numpy(array) for array in example())
MASK, BIAS = torch.from_numpy(random_mask()), torch.from_numpy(random_bias())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mask": MASK},
        {"bias": BIAS},
        {"causal": True},
        {"temperature": 0.3},
        {"mask": MASK, "bias": BIAS, "causal": True, "temperature": 3.0},
    ],
)
@pytest.mark.parametrize("scale", [None, 0.3])
def test_every_option_reaches_the_function(options, scale):
    module = ScaledDotProductAttention(scale=scale)
    expected, weights = functional.attention(*INPUTS, scale=scale, return_weights=True, **options)
    output = module(*INPUTS, **options)
    assert isinstance(output, torch.Tensor)
    assert_close(output, expected)
    assert_close(module(*INPUTS, return_weights=True, **options), (expected, weights))


def test_dropout_acts_in_training_only_and_is_the_one_given():
    module = ScaledDotProductAttention(dropout=0.5)
    with seeded(0):
        _, weights = module(*INPUTS, return_weights=True)
    with seeded(0):
        expected = functional.attention(*INPUTS, return_weights=True, dropout=0.5)[1]
    assert torch.equal(weights, expected)
    assert (weights == 0).any()
    quiet = module.eval()(*INPUTS, return_weights=True)[1]
    assert torch.equal(quiet, functional.attention(*INPUTS, return_weights=True)[1])


def test_it_has_no_parameters_and_drops_nothing_unless_told():
    module = ScaledDotProductAttention()
    assert list(module.parameters()) == []
    assert (module.scale, module.dropout) == (None, 0.0)
    assert torch.equal(module(*INPUTS), module(*INPUTS))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"scale": "1"}, TypeError, "scale must be a real number, got str"),
        ({"scale": float("nan")}, ValueError, "scale must be finite, got nan"),
        ({"dropout": 1.0}, ValueError, r"dropout must lie in \[0, 1\), got 1\.0"),
        ({"dropout": None}, TypeError, "dropout must be a real number, got NoneType"),
    ],
)
def test_bad_options_are_named(options, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        ScaledDotProductAttention(**options)
