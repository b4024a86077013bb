"""A step of one token a row, past the modules: what the modules give, or the modules themselves."""

from copy import copy

import pytest
import torch
from numpy.testing import assert_array_equal
from torch import nn

from attention_lib.generation import decoding_state
from attention_lib.generation.single_step import SingleStep
from attention_lib.modules import KVCache, LanguageModel, SlidingWindowAttention
from attention_lib.training import seeded

SIZES = {"d_model": 12, "n_heads": 6, "n_layers": 2, "d_ff": 7}
TOKENS = torch.tensor([[1, 5, 3, 9, 4], [7, 2, 12, 0, 7], [3, 3, 8, 6, 10]])
PLAIN = {
    "as it comes": {},
    "post-LN": {"norm_first": False},
    "post-LN with a final norm": {"norm_first": False, "final_norm": True},
    "RMS norms": {"norm": "rms"},
    "no norms": {"norm": None},
    "no biases": {"bias": False},
    "shared heads": {"n_kv_heads": 2},
    "one head for all": {"n_kv_heads": 1},
    "gated": {"activation": "swiglu"},
    "gelu": {"activation": "gelu"},
    "learned positions": {"positions": "learned", "max_length": 5},
    "no positions": {"positions": None},
    "a readout of its own": {"tie_embeddings": False},
}
OTHERS = {
    "rotary": {"positions": "rotary"},
    "alibi": {"positions": "alibi"},
    "no residual": {"residual": False},
    "a window": {"mechanism": SlidingWindowAttention(window=2)},
}


def model_with(**options):
    with seeded(0):
        return LanguageModel(13, **SIZES, **options).double()


def logits_by_steps(model, tokens, first=2, caches=None):
    """Logits after each of the tokens but the first, and how many steps went past the modules."""
    state = decoding_state(model)
    past = []
    inner = SingleStep.logits

    def counted(self, *inputs):
        logits = inner(self, *inputs)
        past.append(logits is not None)
        return logits

    state.single_step.logits = counted.__get__(state.single_step)
    rows = [state.advance(tokens[:, :first])]
    rows += [state.advance(tokens[:, t : t + 1]) for t in range(first, tokens.shape[1])]
    return torch.stack(rows, dim=1), sum(past)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("name", [*PLAIN, *OTHERS])
def test_a_step_gives_what_the_model_gives(name, rows):
    model = model_with(**(PLAIN | OTHERS)[name])
    found, n_past = logits_by_steps(model, TOKENS[:rows])
    with torch.no_grad():
        expected = model.eval()(TOKENS[:rows])[:, 1:]
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)
    assert n_past == (3 if name in PLAIN else 0)


def test_a_model_in_training_steps_as_in_evaluation():
    model = model_with(dropout=0.5).train()
    found, n_past = logits_by_steps(model, TOKENS)
    with torch.no_grad():
        expected = model.eval()(TOKENS)[:, 1:]
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)
    assert n_past == 3


def test_a_hook_that_comes_between_two_steps_is_called():
    model, seen = model_with().eval(), []
    state = decoding_state(model)
    for token in TOKENS[:1, :3].unbind(dim=1):
        state.advance(token[:, None])
    model.stack.layers[1].feed_forward.register_forward_hook(lambda *_: seen.append(1))
    state.advance(TOKENS[:1, 3:4])
    assert seen == [1]


class Shifted(nn.Linear):
    def forward(self, x):
        return super().forward(x) + 1


@pytest.mark.parametrize("place", ["query_projection", "output_projection"])
def test_a_layer_that_was_replaced_is_called(place):
    model = model_with()
    for layer in model.stack.layers:
        setattr(layer.self_attention, place, Shifted(12, 12).double())
    found, n_past = logits_by_steps(model, TOKENS)
    with torch.no_grad():
        torch.testing.assert_close(found, model.eval()(TOKENS)[:, 1:], rtol=1e-11, atol=1e-12)
    assert n_past == 0


def test_a_cache_with_a_window_is_left_to_the_modules():
    model = model_with().eval()
    state = decoding_state(model)
    state.caches = [KVCache(window=2) for _ in SIZES["n_layers"] * "x"]
    state.advance(TOKENS[:, :1])
    assert state.single_step.logits(model, state.caches, TOKENS[:, 1:2]) is None


def test_a_copy_of_a_state_steps_in_caches_of_its_own():
    state = decoding_state(model_with())
    for token in TOKENS.unbind(dim=1)[:3]:
        state.advance(token[:, None])
    other = copy(state)
    first = state.advance(TOKENS[:, 3:4])
    second = other.advance(TOKENS[:, 4:5])
    assert (state.caches[0].length, other.caches[0].length) == (4, 4)
    assert not torch.equal(first, second)
    assert_array_equal(state.caches[0].held()[0][:, :, :3], other.caches[0].held()[0][:, :, :3])


def test_rows_that_leave_and_come_back_step_on():
    model = model_with().eval()
    state = decoding_state(model)
    state.advance(TOKENS[:, :2])
    state.advance(TOKENS[:, 2:3])
    state.reorder(torch.tensor([2, 0]))
    found = state.advance(TOKENS[[2, 0], 3:4])
    with torch.no_grad():
        expected = model(TOKENS[[2, 0], :4])[:, -1]
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [(torch.tensor([[1], [2]]), "batch size 3"), (torch.tensor([[1], [2], [13]]), "0..12")],
)
def test_a_step_that_has_to_be_refused_is_named(tokens, message):
    state = decoding_state(model_with())
    state.advance(TOKENS[:, :2])
    state.advance(TOKENS[:, 2:3])
    with pytest.raises(ValueError, match=message):
        state.advance(tokens)
    assert state.caches[0].length == 3


@pytest.mark.parametrize("options", [{}, {"positions": "learned", "max_length": 3}])
def test_no_step_goes_beyond_the_last_position(options):
    state = decoding_state(model_with(**options), max_length=None if options else 3)
    state.advance(TOKENS[:, :2])
    state.advance(TOKENS[:, 2:3])
    with pytest.raises(ValueError, match="max_length"):
        state.advance(TOKENS[:, 3:4])


def test_autocast_rounds_a_step_as_it_rounds_a_call():
    model = model_with().float().eval()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, n_past = logits_by_steps(model, TOKENS)
    assert found.dtype == torch.bfloat16
    assert n_past == 0
