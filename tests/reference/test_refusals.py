"""What softmax, scores, lstm_cell and kernel_regression refuse, word for word."""

import pytest
from bad_calls import CALLS, IDS, whole

from attention_lib import reference


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_a_bad_argument_is_named(call):
    _, function, given, error, message = call
    with pytest.raises(error, match=whole(message, "NumPy array")):
        getattr(reference, function)(**given)
