"""An integer of NumPy, however small, is as good as one of Python."""

import pytest
import torch

from tests.helpers.argument_sweep import functions, recorded
from tests.helpers.module_calls import CALLS, tensors_of
from tests.helpers.numpy_integers import differences, module_pairs

FUNCTIONS = functions()
# Their examples draw, measure, train or go on with a state that was used.
LEFT_OUT = ("generation.", "training.fit", "choose.")


@pytest.fixture(scope="module")
def calls():
    return recorded()


@pytest.mark.whole
@pytest.mark.parametrize("name", [one for one in FUNCTIONS if not one.startswith(LEFT_OUT)])
def test_a_function_takes_integers_of_numpy(calls, name):
    found = list(differences(FUNCTIONS[name], calls.get(name, ())))
    assert not found, "\n".join(found)


@pytest.mark.whole
@pytest.mark.parametrize("label", CALLS)
def test_a_module_takes_integers_of_numpy(label):
    for kind, expected, found in module_pairs(label):
        pairs = zip(tensors_of(expected), tensors_of(found), strict=True)
        assert all(torch.equal(one, other) for one, other in pairs), kind
