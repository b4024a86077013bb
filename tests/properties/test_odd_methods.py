"""A wrong argument of a method is named too, and a call that is refused has changed nothing."""

import pytest

from tests.helpers.odd_methods import CASES, faults

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("label", CASES)
def test_a_method_names_a_wrong_value(label):
    found = list(faults(label))
    assert not found, "\n".join(found)
