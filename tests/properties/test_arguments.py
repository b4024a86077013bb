"""A wrong argument of any public function is named, whatever it is; no other exception comes."""

import pytest

from tests.helpers.argument_sweep import EXEMPT, cases, fault, functions, recorded

FUNCTIONS = functions()
# Their examples stand elsewhere, or would take too long.
WITHOUT_EXAMPLE = {
    *("choose.cache_folder", "choose.calibrate", "choose.load", "choose.save"),
    *("training.glimpse_loss", "training.pointer_loss", "training.seq2seq_loss"),
    *("training.as_tensors", "training.read_checkpoint"),
    *("data.tokeniser.prepared", "data.tokeniser.tokenizers_package"),
    *("data.tokeniser_training.movie_tokeniser", "data.tokeniser_training.translation_tokenisers"),
    *("data.tokens.as_array", "data.tokens.as_row", "data.tokens.is_integer"),
    "data.vendored.folder",
}


@pytest.fixture(scope="module")
def calls():
    return recorded()


@pytest.mark.whole
def test_every_function_has_an_example(calls):
    assert set(FUNCTIONS) - set(calls) == WITHOUT_EXAMPLE


@pytest.mark.whole
@pytest.mark.filterwarnings("ignore")
def test_a_wrong_argument_is_named(calls):
    found = [
        f"{name}({argument}={label}): {words}"
        for name, function in FUNCTIONS.items()
        if name in calls
        for argument, label in cases(name, function)
        if (words := fault(function, calls[name], argument, label))
    ]
    assert not found, "\n".join(found)


def test_the_exceptions_are_arguments_of_functions():
    for name, argument in EXEMPT:
        assert argument in FUNCTIONS[name].__code__.co_varnames
