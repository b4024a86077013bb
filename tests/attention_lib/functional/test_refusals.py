"""What attention, softmax, scores, lstm_cell and kernel_regression refuse, word for word."""

import numpy as np
import pytest
import torch

from attention_lib import functional
from tests.helpers.bad_calls import CALLS, IDS, normal, single, whole


def tensors(given):
    return {
        name: torch.from_numpy(one) if isinstance(one, np.ndarray) else one
        for name, one in given.items()
    }


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_a_bad_argument_is_named(call):
    _, function, given, error, message = call
    with pytest.raises(error, match=whole(message, "torch.Tensor")):
        getattr(functional, function)(**tensors(given))


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"from_query": [[1.0]]}, TypeError, "from_query must be a torch.Tensor, got list"),
        (
            {"from_key": torch.ones(7, 5)},
            TypeError,
            "arguments must share one dtype, got from_query float64, from_key float32, "
            "score_vector float64",
        ),
        (
            {"score_vector": torch.ones(4, dtype=torch.float64)},
            ValueError,
            "score_vector must have shape [A] = (5,), got (4,)",
        ),
    ],
)
def test_a_bad_projection_is_named(changed, error, message):
    given = tensors({"from_query": normal(3, 5), "from_key": normal(7, 5)})
    given |= {"score_vector": torch.from_numpy(normal(5))}
    with pytest.raises(error, match=whole(message, "")):
        functional.additive_scores_projected(**{**given, **changed})


def test_a_mask_of_another_library_is_refused():
    with pytest.raises(TypeError, match=r"^mask must be a torch\.Tensor, got ndarray$"):
        functional.softmax(torch.from_numpy(single(5)), mask=np.ones(5, bool))
