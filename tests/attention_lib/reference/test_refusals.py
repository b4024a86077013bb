"""What attention, softmax, scores, lstm_cell and kernel_regression refuse, word for word."""

import pytest

from attention_lib import reference
from tests.helpers.bad_calls import CALLS, IDS, K, Q, V, attention_calls, normal, single, whole


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_a_bad_argument_is_named(call):
    _, function, given, error, message = call
    with pytest.raises(error, match=whole(message, "NumPy array")):
        getattr(reference, function)(**given)


BACKWARD = {"query": Q, "key": K, "value": V, "grad_output": normal(3, 11)}


@pytest.mark.parametrize("call", list(attention_calls(BACKWARD)), ids=lambda call: call[0])
def test_the_backward_pass_refuses_what_attention_refuses(call):
    _, given, error, message = call
    with pytest.raises(error, match=whole(message, "NumPy array")):
        reference.attention_backward(**given)


@pytest.mark.parametrize(
    ("grad_output", "error", "message"),
    [
        (
            normal(11, 3),
            ValueError,
            "grad_output must have the shape (3, 11) of the output, got (11, 3)",
        ),
        ([1.0], TypeError, "grad_output must be a NumPy array, got list"),
        (
            single(3, 11),
            TypeError,
            "arguments must share one dtype, got query float64, key float64, value float64, "
            "grad_output float32",
        ),
    ],
)
def test_a_gradient_that_does_not_fit_the_output_is_named(grad_output, error, message):
    with pytest.raises(error, match=whole(message, "")):
        reference.attention_backward(**BACKWARD | {"grad_output": grad_output})
