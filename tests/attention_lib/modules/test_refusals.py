"""Every public module names the argument that it cannot use, and does nothing with the others."""

import re

import pytest
import torch

from attention_lib import modules
from tests.helpers.bad_module_calls import CALLS, CONSTRUCTORS, GOOD, PUBLIC, USELESS, made


def test_no_public_module_is_left_out():
    assert set(GOOD) == set(PUBLIC)


@pytest.mark.parametrize("name", GOOD)
def test_what_is_changed_is_good_before(name):
    made(name)(**GOOD[name][1])


@pytest.mark.parametrize(("name", "argument"), CONSTRUCTORS)
def test_a_useless_argument_of_a_constructor_is_named(name, argument):
    with pytest.raises((TypeError, ValueError), match=rf"\b{argument} must .*, got "):
        getattr(modules, name)(**{**GOOD[name][0], argument: USELESS})


@pytest.mark.parametrize(("name", "argument"), CALLS)
def test_a_useless_argument_of_a_call_is_named(name, argument):
    module = made(name)
    with torch.no_grad(), pytest.raises((TypeError, ValueError)) as refused:
        module(**{**GOOD[name][1], argument: USELESS})
    assert re.search(rf"\b{argument} must .*, got ", str(refused.value)), refused.value
