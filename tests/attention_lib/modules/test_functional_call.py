"""Every module as a function of its parameters, mapped and differentiated by torch.func."""

import pytest
import torch
from torch.func import functional_call, grad, vmap
from torch.testing import assert_close

from tests.helpers.module_calls import CALLS, inputs_of, module_of, tensors_of

# PyTorch's LSTM wants weights that lie in memory; a generator draws once, not once a row.
RECURRENT = {"Seq2Seq, None", "Seq2Seq, additive", "PointerNetwork"}
NOT_MAPPED = {*RECURRENT, "HardAttention"}
QUICK = {"TransformerEncoderLayer", "LSHAttention", "MultiHeadAttention, cross"}


def params(labels):
    return [
        pytest.param(label, marks=[] if label in QUICK else pytest.mark.whole) for label in labels
    ]


def exact(label):
    """The module and its inputs in double precision."""
    module = module_of(label).double()
    arguments, options = inputs_of(label)
    return module, [_double(one) for one in arguments], _doubled(options)


def _double(one):
    floating = torch.is_tensor(one) and one.is_floating_point()
    return one.detach().double() if floating else one


def _doubled(options):
    return {name: _double(one) for name, one in options.items()}


def total(result):
    return sum(one.square().sum() for one in tensors_of(result))


@pytest.mark.parametrize("label", params(one for one in CALLS if one not in RECURRENT))
def test_the_gradient_by_the_parameters(label):
    module, arguments, options = exact(label)
    named = {name: one.detach() for name, one in module.named_parameters()}
    if not named:
        module(*arguments, **options)
        return

    def loss(given):
        again = dict(options)
        if "rng" in again:
            again["rng"] = torch.Generator().manual_seed(0)
        return total(functional_call(module, given, tuple(arguments), again))

    expected = torch.autograd.grad(
        loss(dict(module.named_parameters())), list(module.parameters()), allow_unused=True
    )
    found = grad(loss)(named)
    for one, other in zip(found.values(), expected, strict=True):
        assert_close(one, torch.zeros_like(one) if other is None else other, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("label", params(one for one in CALLS if one not in NOT_MAPPED))
def test_vmap_over_the_rows_equals_a_loop(label):
    module, arguments, options = exact(label)
    module.eval()
    tensors = [one for one in arguments if torch.is_tensor(one)]
    if not tensors:
        return
    stacked = [torch.stack([one, one.flip(0)]) for one in tensors]
    axes = tuple(0 if torch.is_tensor(one) else None for one in arguments)

    def call(*given):
        return tuple(tensors_of(module(*given, **options)))

    mapped = vmap(call, in_dims=axes)(*stacked)
    looped = [call(*(one[k] for one in stacked)) for k in (0, 1)]
    expected = tuple(torch.stack(one) for one in zip(*looped, strict=True))
    assert_close(mapped, expected, rtol=1e-8, atol=1e-9)


def test_an_ensemble_of_models_in_one_call():
    models = [module_of("LanguageModel, rotary") for _ in range(2)]
    with torch.no_grad():
        models[1].embedding.weight.mul_(2)
    stacked, buffers = torch.func.stack_module_state(models)
    (tokens,), _ = inputs_of("LanguageModel, rotary")

    def one(parameters, held):
        return functional_call(models[0], (parameters, held), (tokens,))

    both = vmap(one)(stacked, buffers)
    assert_close(both, torch.stack([model(tokens) for model in models]), rtol=1e-4, atol=1e-5)
