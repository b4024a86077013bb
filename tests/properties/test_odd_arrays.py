"""A tensor elsewhere, a sparse one, an array with masked entries: refused, and by its own name."""

import pytest

from tests.helpers.argument_sweep import functions, recorded
from tests.helpers.module_calls import CALLS
from tests.helpers.odd_arrays import function_faults, module_faults

FUNCTIONS = functions()

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def calls():
    return recorded()


@pytest.mark.parametrize("label", CALLS)
def test_a_module_names_an_odd_tensor(label):
    found = list(module_faults(label))
    assert not found, "\n".join(found)


@pytest.mark.whole
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_names_an_odd_array(calls, name):
    found = list(function_faults(name, FUNCTIONS[name], calls.get(name, ())))
    assert not found, "\n".join(found)
