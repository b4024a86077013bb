"""Searches with a model that something else has wrapped."""

import pytest
import torch
from torch import nn

from attention_lib.generation import beam_search, decoding_state, generate
from attention_lib.modules import LanguageModel, Seq2Seq, Transformer

SIZES = {"d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 16}
PROMPTS = torch.tensor([[1, 5], [7, 2]])
SOURCE = {"source": torch.tensor([[3, 4, 5], [6, 3, 0]]), "source_lengths": torch.tensor([3, 2])}
MODELS = {
    "LanguageModel": (lambda: LanguageModel(13, **SIZES), {}),
    "Transformer": (lambda: Transformer(11, 13, **SIZES, padding=4), SOURCE),
    "Seq2Seq": (lambda: Seq2Seq(11, 13, 6, attention="dot"), SOURCE),
}


def compiled(model):
    return torch.compile(model, backend="eager")


WRAPPERS = {
    "compiled": compiled,
    "parallel": nn.DataParallel,
    "both": lambda model: compiled(nn.DataParallel(compiled(model))),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("name", MODELS)
def test_a_wrapped_model_writes_what_the_model_writes(name, wrapper):
    make, source = MODELS[name]
    model = make().train()
    wrapped = WRAPPERS[wrapper](model)
    # An end in the middle, so that the padding of the model is written too.
    options = {"max_new_tokens": 5, **source}
    end = int(generate(model, PROMPTS, **options).tokens[0, 1])
    for cached in (True, False):
        expected = generate(model, PROMPTS, end=end, cached=cached, **options)
        found = generate(wrapped, PROMPTS, end=end, cached=cached, **options)
        assert torch.equal(found.tokens, expected.tokens)
        assert torch.equal(found.log_probability, expected.log_probability)
    assert model.training


def test_beam_search_with_a_compiled_model():
    model = LanguageModel(13, **SIZES)
    options = {"max_new_tokens": 4, "beam_width": 3}
    expected = beam_search(decoding_state(model), PROMPTS, **options)
    found = beam_search(decoding_state(compiled(model)), PROMPTS, **options)
    assert torch.equal(found.tokens, expected.tokens)


def test_another_kind_of_module_in_a_wrapper_is_named():
    with pytest.raises(TypeError, match=r"model must be one of .*, got Linear"):
        decoding_state(compiled(nn.Linear(2, 3)))
