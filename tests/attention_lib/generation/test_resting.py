"""Generation leaves the modes of the model alone, whatever else runs with it."""

import copy
import threading

import pytest
import torch
from numpy.testing import assert_array_equal
from torch import nn
from torch.nn.utils import parametrizations, prune

from attention_lib.generation import decoding_state, generate
from attention_lib.generation.resting import Resting
from attention_lib.modules import LanguageModel, Seq2Seq, Transformer
from attention_lib.training import seeded

SIZES = {"d_model": 12, "n_heads": 2, "n_layers": 2, "d_ff": 7, "dropout": 0.5}
PROMPTS = torch.tensor([[1, 5, 3], [7, 2, 4]])
READ = {"source": PROMPTS, "source_lengths": torch.tensor([3, 2])}
MODELS = {
    "language model": (lambda: LanguageModel(13, **SIZES), {}),
    "transformer": (lambda: Transformer(13, 13, **SIZES), READ),
    "seq2seq": (lambda: Seq2Seq(13, 13, 6, attention="additive"), READ),
}


def made(name="language model"):
    with seeded(0):
        model = MODELS[name][0]()
        for one in model.parameters():
            if one.ndim > 1:
                nn.init.normal_(one, std=0.8)
    return model


def written(model, given=None, **options):
    return generate(model, PROMPTS, max_new_tokens=12, **(given or {}), **options).tokens


def together(*jobs):
    """Run all at once; an error in any of them is raised."""
    start, errors = threading.Barrier(len(jobs)), []

    def run(job):
        start.wait()
        try:
            job()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if errors:
        raise errors[0]


@pytest.mark.whole
@pytest.mark.parametrize("name", MODELS)
def test_threads_that_generate_while_another_switches_the_mode(name):
    model, given = made(name), MODELS[name][1]
    expected = written(model.eval(), given)
    stop, modes = threading.Event(), []

    def switches():
        while not stop.is_set():
            for training in (True, False, True):
                model.train(training)
                modes.append({one.training for one in model.modules()} == {training})

    def generates():
        for _ in range(3):
            assert_array_equal(written(model, given), expected)
        stop.set()

    together(switches, generates, generates)
    assert all(modes)
    assert model.training


def test_modes_are_never_touched():
    model = made().train()
    model.stack.layers[0].eval()
    modes = [one.training for one in model.modules()]
    seen = []
    for one in model.modules():
        one.register_forward_hook(
            lambda *_: seen.append([one.training for one in model.modules()] == modes)
        )
    written(model)
    assert seen
    assert all(seen)


def test_an_error_leaves_the_modes_alone():
    model = made().train()

    def fails(*_):
        raise KeyboardInterrupt

    model.readout.register_forward_hook(fails)
    with pytest.raises(KeyboardInterrupt):
        written(model)
    assert all(one.training for one in model.modules())


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("change", ["prune", "weight_norm", "adapter", "tied", "shared", "hook"])
def test_what_hangs_on_the_model_acts(change, training):
    class Adapter(nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer, self.dropout = layer, nn.Dropout(0.9)

        def forward(self, x):
            return self.layer(x) + self.dropout(x.flip(-1)) * 3

    def changed(model):
        layer = model.stack.layers[1].self_attention
        if change == "prune":
            prune.l1_unstructured(layer.query_projection, "weight", 0.5)
            layer.query_projection.weight_orig.data.mul_(3)
        elif change == "weight_norm":
            parametrizations.weight_norm(layer.value_projection)
            layer.value_projection.parametrizations.weight.original0.data.mul_(3)
        elif change == "adapter":
            layer.output_projection = Adapter(layer.output_projection)
        elif change == "tied":
            model.embedding.weight.data.mul_(-1)
        elif change == "shared":
            model.stack.layers[1] = model.stack.layers[0]
        else:
            layer.register_forward_hook(lambda _, __, output: 3 * output)
        return model

    model = changed(made()).eval()
    with torch.no_grad():
        expected, tokens = [], PROMPTS
        for _ in range(12):
            expected.append(model(tokens)[:, -1].argmax(dim=-1))
            tokens = torch.cat([tokens, expected[-1][:, None]], dim=1)
    assert_array_equal(written(model.train(training)), torch.stack(expected, dim=1))
    assert model.training is training


def test_parameters_that_change_between_two_steps_are_seen():
    model = made().train()
    state, other = decoding_state(model), decoding_state(copy.deepcopy(model))
    before = state.advance(PROMPTS)
    assert_array_equal(before, other.advance(PROMPTS))
    with torch.no_grad():
        for one in model.parameters():
            one.mul_(1.5)
    assert not torch.equal(state.advance(PROMPTS[:, :1]), other.advance(PROMPTS[:, :1]))


def test_a_hooked_model_at_rest_is_used_itself():
    """Hooks may know the modules by identity, or leave something on them."""
    model, seen = made().eval(), []
    model.readout.register_forward_hook(lambda module, *_: seen.append(module))
    written(model)
    assert {id(one) for one in seen} == {id(model.readout)}


@pytest.mark.whole
def test_a_compiled_part_of_a_model_in_training_rests_too():
    model = made().eval()
    expected = written(model)
    model.stack = torch.compile(model.stack, backend="eager")
    model.readout.compile(backend="eager")
    assert_array_equal(written(model.train()), expected)
    assert all(one.training for one in model.modules())


def test_nothing_but_the_modes_is_copied():
    model = made().train()
    twin = Resting(model)()
    assert twin is not model
    assert not any(one.training for one in twin.modules())
    for one, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert one is other
    assert twin.readout.weight is twin.embedding.weight
