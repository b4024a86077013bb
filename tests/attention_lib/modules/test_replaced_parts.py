"""Whatever hangs on a part of a module acts: pruning, adapters, parametrisations, hooks, int8."""

import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn
from torch.nn.utils import parametrize, prune

from attention_lib.modules import (
    LanguageModel,
    MultiHeadAttention,
    MultiHeadLatentAttention,
    PositionwiseFeedForward,
    SequenceEncoder,
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from attention_lib.training import seeded

C, H, F = 12, 2, 8
STACK = {"d_model": C, "n_heads": H, "n_layers": 1, "d_ff": F}
X, MEMORY, TOKENS = torch.randn(2, 3, C), torch.randn(2, 5, C), torch.tensor([[3, 2, 1]])
MODULES = {
    "attention": (lambda: MultiHeadAttention(C, H), (X,)),
    "latent": (
        lambda: MultiHeadLatentAttention(C, H, d_latent=3, d_rotary=2, d_query_latent=4),
        (X,),
    ),
    "feed_forward": (lambda: PositionwiseFeedForward(C, F), (X,)),
    "gated": (lambda: PositionwiseFeedForward(C, F, activation="swiglu"), (X,)),
    "encoder layer": (lambda: TransformerEncoderLayer(C, H, F), (X,)),
    "decoder layer": (lambda: TransformerDecoderLayer(C, H, F), (X, MEMORY)),
    "encoder": (lambda: TransformerEncoder(1, C, H, F), (X,)),
    "decoder": (lambda: TransformerDecoder(1, C, H, F), (X, MEMORY)),
    "language model": (lambda: LanguageModel(7, **STACK, tie_embeddings=False), (TOKENS,)),
    "sequence encoder": (lambda: SequenceEncoder(7, max_length=3, **STACK), (TOKENS,)),
    "transformer": (
        lambda: Transformer(7, 7, **STACK, tie_embeddings=False),
        (TOKENS, torch.tensor([3]), TOKENS),
    ),
}
LINEARS = [
    (name, part)
    for name, (make, _) in MODULES.items()
    for part, one in make().named_modules()
    if isinstance(one, nn.Linear)
]
PARTS = [(name, part) for name, (make, _) in MODULES.items() for part, _ in make().named_modules()]
PARTS = [(name, part) for name, part in PARTS if not part.endswith(("layers", "dropout"))]


class Adapter(nn.Module):
    """A linear layer and a correction of rank one beside it."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.down, self.up = torch.ones(1, layer.in_features), torch.ones(layer.out_features, 1)

    def forward(self, x):
        return self.layer(x) + x @ self.down.T @ self.up.T


class Int8(nn.Module):
    """A linear layer whose weight is no floating tensor."""

    def __init__(self, layer):
        super().__init__()
        self.step = layer.weight.abs().max() / 127
        self.weight, self.bias = (layer.weight / self.step).round().to(torch.int8), layer.bias

    def forward(self, x):
        return nn.functional.linear(x, self.weight * self.step, self.bias)


class Doubled(nn.Module):
    def forward(self, weight):
        return 2 * weight


def made(name):
    make, inputs = MODULES[name]
    with seeded(0):
        return make().eval(), inputs


def replace(module, part, new):
    owner, _, last = part.rpartition(".")
    setattr(module.get_submodule(owner), last, new)


@pytest.mark.parametrize(("name", "part"), LINEARS)
@torch.no_grad()
def test_a_pruned_layer_is_pruned(name, part):
    """As if the weights had been zero from the start, and not as before."""
    (module, inputs), (zeroed, _) = made(name), made(name)
    before = module(*inputs)
    layer = module.get_submodule(part)
    mask = (torch.arange(layer.weight.numel()) % 3 > 0).reshape(layer.weight.shape)
    prune.custom_from_mask(layer, "weight", mask)
    layer.weight_orig.add_(mask.logical_not())  # what is hidden may change
    zeroed.get_submodule(part).weight.mul_(mask)
    assert_array_equal(module(*inputs), zeroed(*inputs))
    assert not torch.equal(module(*inputs), before)


@pytest.mark.parametrize(("name", "part"), LINEARS)
@torch.no_grad()
def test_an_adapter_and_a_parametrisation_act(name, part):
    (adapted, inputs), (doubled, _), (plain, _) = made(name), made(name), made(name)
    layer = adapted.get_submodule(part)
    replace(adapted, part, Adapter(layer))
    parametrize.register_parametrization(doubled.get_submodule(part), "weight", Doubled())
    expected = []
    for change in (lambda weight: weight + 1, lambda weight: 2 * weight):
        same, _ = made(name)
        weight = same.get_submodule(part).weight
        weight.copy_(change(weight))
        expected.append(same(*inputs))
    assert_allclose(adapted(*inputs), expected[0], rtol=1e-4, atol=1e-5)
    assert_allclose(doubled(*inputs), expected[1], rtol=1e-5, atol=1e-6)
    assert not torch.equal(plain(*inputs), expected[1])


@pytest.mark.parametrize(("name", "part"), PARTS)
@torch.no_grad()
def test_hooks_see_every_part(name, part):
    module, inputs = made(name)
    one, calls = module.get_submodule(part), []
    one.register_forward_pre_hook(lambda *_: calls.append("before"))
    one.register_forward_hook(lambda *_: calls.append("after"))
    module(*inputs)
    assert calls
    assert calls == ["before", "after"] * (len(calls) // 2)


@pytest.mark.parametrize("name", ["feed_forward", "gated", "encoder"])
@torch.no_grad()
def test_what_a_hook_has_kept_is_not_written_over(name):
    module, inputs = made(name)
    kept = []
    for part in module.modules():
        if isinstance(part, nn.Linear):
            part.register_forward_hook(lambda _, __, output: kept.append((output, output.clone())))
    module(*inputs)
    for output, copy in kept:
        assert_array_equal(output, copy)


@torch.no_grad()
def test_a_hook_on_all_modules_sees_every_part():
    module, inputs = made("encoder")
    seen = []
    handle = nn.modules.module.register_module_forward_hook(lambda one, *_: seen.append(one))
    module(*inputs)
    handle.remove()
    assert {id(one) for one in seen} == {
        id(one) for name, one in module.named_modules() if name != "layers"
    }


@pytest.mark.parametrize("name", [name for name in MODULES if name != "latent"])
@torch.no_grad()
def test_linear_layers_of_int8(name):
    """All but the latent attention, which multiplies by the weights themselves."""
    (module, inputs), (rounded, _) = made(name), made(name)
    before = module(*inputs)
    for _, part in [one for one in LINEARS if one[0] == name]:
        layer = Int8(module.get_submodule(part))
        replace(module, part, layer)
        rounded.get_submodule(part).weight.copy_(layer.weight * layer.step)
    assert_allclose(module(*inputs), rounded(*inputs), rtol=1e-4, atol=1e-5)
    assert not torch.equal(module(*inputs), before)


@torch.no_grad()
def test_another_attention_in_a_layer_is_called():
    class Mean(nn.Module):
        def forward(self, x, **_):
            return x.mean(dim=1, keepdim=True).expand_as(x)

    class Louder(MultiHeadAttention):
        def forward(self, *inputs, **options):
            return 2 * super().forward(*inputs, **options)

    layer = TransformerEncoderLayer(C, H, F, norm=None).eval()
    layer.self_attention = Mean()
    layer.feed_forward = nn.Identity()
    assert_array_equal(layer(X), 2 * (X + X.mean(dim=1, keepdim=True)))
    layer.self_attention = Louder(C, H)
    assert_array_equal(layer(X), 2 * (X + layer.self_attention(X)))
