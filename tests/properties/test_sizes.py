"""A size that nothing can hold is refused by name and at once, before memory is asked for."""

import pytest

from attention_lib import functional, modules, reference
from attention_lib.data import log_mel
from tests.helpers.bad_module_calls import CONSTRUCTORS, GOOD

HUGE = 2**62
SIZES = {
    *("d_model", "n_heads", "n_layers", "d_ff", "vocabulary", "width", "hidden_width"),
    *("query_width", "key_width", "source_vocab", "target_vocab", "source_vocabulary"),
    *("target_vocabulary", "d_latent", "d_key", "d_value", "n_kv_heads", "value_width"),
    *("n_features", "n_projected", "n_decoder_layers", "d_query_latent", "n_classes"),
}
MADE = [pair for pair in CONSTRUCTORS if pair[1] in SIZES]


@pytest.mark.parametrize(("name", "argument"), MADE)
def test_a_module_of_such_a_size_is_refused(name, argument):
    with pytest.raises(ValueError, match=rf"\b{argument} must .*{HUGE}"):
        getattr(modules, name)(**{**GOOD[name][0], argument: HUGE})


@pytest.mark.parametrize("layer", [reference, functional])
@pytest.mark.parametrize(
    ("name", "given", "argument"),
    [
        ("alibi_slopes", {"n_heads": HUGE}, "n_heads"),
        ("alibi_bias", {"n_heads": 2, "n_queries": HUGE, "n_keys": 3}, "n_queries"),
        ("alibi_bias", {"n_heads": 2, "n_queries": 3, "n_keys": HUGE}, "n_keys"),
        ("sinusoidal_positions", {"n": HUGE, "d_model": 4}, "n"),
        ("orthogonal_features", {"n_features": HUGE, "width": 3}, "n_features"),
        ("orthogonal_features", {"n_features": 3, "width": HUGE}, "width"),
    ],
)
def test_an_array_of_such_a_size_is_refused(layer, name, given, argument):
    message = rf"^{argument} must be less than 2\^31, got {HUGE}$"
    with pytest.raises(ValueError, match=message):
        getattr(layer, name)(**given)


def test_filters_of_such_a_size_are_refused():
    for given in ({"n_mels": HUGE}, {"n_mels": 2, "window": HUGE}):
        with pytest.raises(ValueError, match=r"^(n_mels|window) must be less than 2\^31"):
            log_mel.mel_filters(**given)
