"""Whatever hangs on a part of a module acts: pruning, adapters, parametrisations, hooks, int8."""

import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn
from torch.nn.utils import parametrize, prune

from attention_lib.modules import (
    AdditiveAttention,
    ConcatAttention,
    GeneralAttention,
    GlimpseReader,
    HardAttention,
    LanguageModel,
    LinformerAttention,
    LSHAttention,
    MultiHeadAttention,
    MultiHeadLatentAttention,
    PointerNetwork,
    PositionwiseFeedForward,
    RelativePositionBias,
    Seq2Seq,
    SequenceEncoder,
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from attention_lib.training import seeded

C, H, F = 12, 2, 8


class StepByStep(nn.Module):
    """A module with a cache, one position after the other."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x, *memory):
        cache, options = self.inner.new_cache(), {} if memory else {"causal": True}
        with torch.no_grad():
            steps = [self.inner(one, *memory, cache=cache, **options) for one in x.split(1, dim=1)]
        return torch.cat(steps, dim=1)


class OneOf(nn.Module):
    """One of the results that a module returns."""

    def __init__(self, inner, place=0, **options):
        super().__init__()
        self.inner, self.place, self.options = inner, place, options

    def forward(self, *inputs):
        return self.inner(*inputs, **self.options)[self.place]


STACK = {"d_model": C, "n_heads": H, "n_layers": 1, "d_ff": F}
with seeded(0):
    X, MEMORY, ROWS = torch.randn(2, 3, C), torch.randn(2, 5, C), torch.randn(3, 2, 6)
TOKENS = torch.tensor([[3, 2, 1]])
READ = (TOKENS, torch.tensor([3]), TOKENS)
MODULES = {
    "attention": (lambda: MultiHeadAttention(C, H), (X,)),
    "latent": (
        lambda: MultiHeadLatentAttention(C, H, d_latent=3, d_rotary=2, d_query_latent=4),
        (X,),
    ),
    "latent, cached": (
        lambda: StepByStep(
            MultiHeadLatentAttention(C, H, d_latent=3, d_rotary=2, d_query_latent=4)
        ),
        (X,),
    ),
    "attention with a bias": (
        lambda: StepByStep(MultiHeadAttention(C, H, position_bias=RelativePositionBias(H))),
        (X,),
    ),
    "decoder layer, cached": (lambda: StepByStep(TransformerDecoderLayer(C, H, F)), (X, MEMORY)),
    "linformer": (lambda: LinformerAttention(5, C, H, 3), (X,)),
    "linformer, one projection": (
        lambda: LinformerAttention(5, C, H, 3, sharing="key_value"),
        (X,),
    ),
    "linformer, a projection a head": (
        lambda: LinformerAttention(5, C, H, 3, sharing="none"),
        (X,),
    ),
    "lsh": (lambda: LSHAttention(C, H, bucket_size=2, n_hashes=2), (X,)),
    "patches": (lambda: SequenceEncoder(patch_width=C, max_length=3, n_classes=5, **STACK), (X,)),
    "pooling": (
        lambda: SequenceEncoder(7, max_length=3, n_classes=5, pooling="attention", **STACK),
        (TOKENS,),
    ),
    "seq2seq": (lambda: Seq2Seq(7, 7, 6, attention="additive"), READ),
    "glimpse": (lambda: OneOf(GlimpseReader(7, 6, attention="soft")), READ[:2]),
    "hard glimpse": (lambda: OneOf(GlimpseReader(7, 6, attention="hard")), READ[:2]),
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
        READ,
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


class Rolled(nn.Module):
    def forward(self, weight):
        return weight.roll(1)  # a row alone has to change too


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
    assert_allclose(module(*inputs), zeroed(*inputs), rtol=1e-4, atol=1e-6)
    assert not torch.allclose(module(*inputs), before, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("name", "part"), LINEARS)
@torch.no_grad()
def test_an_adapter_and_a_parametrisation_act(name, part):
    (adapted, inputs), (rolled, _), (plain, _) = made(name), made(name), made(name)
    layer = adapted.get_submodule(part)
    replace(adapted, part, Adapter(layer))
    parametrize.register_parametrization(rolled.get_submodule(part), "weight", Rolled())
    expected = []
    for change in (lambda weight: weight + 1, lambda weight: weight.roll(1)):
        same, _ = made(name)
        weight = same.get_submodule(part).weight
        weight.copy_(change(weight))
        expected.append(same(*inputs))
    assert_allclose(adapted(*inputs), expected[0], rtol=1e-4, atol=1e-5)
    assert_allclose(rolled(*inputs), expected[1], rtol=1e-5, atol=1e-6)
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


@pytest.mark.parametrize("name", [one for one in MODULES if "lsh" not in one])
@torch.no_grad()
def test_linear_layers_of_int8(name):
    """All but LSH, where a rounding may move a token to another bucket."""
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


SCORES = {
    "additive": lambda: AdditiveAttention(6, 6, 6),
    "concat": lambda: ConcatAttention(6, 6, 6),
    "general": lambda: GeneralAttention(6, 6),
}
READERS = {
    **{f"seq2seq, {kind}": (lambda kind=kind: Seq2Seq(7, 7, 6, attention=kind)) for kind in SCORES},
    "pointer": lambda: PointerNetwork(7, 6),
    "glimpse": lambda: OneOf(GlimpseReader(7, 6, attention="soft")),
    "hard glimpse": lambda: OneOf(GlimpseReader(7, 6, attention="hard")),
    "hard": lambda: OneOf(HardAttention(6, 6, 6), 2, rng=None),
}


def scores_of(module):
    return [
        (one, weight)
        for one in module.modules()
        if isinstance(one, tuple(type(make()) for make in SCORES.values()))
        for weight, _ in one.named_parameters()
    ]


@pytest.mark.parametrize("name", READERS)
def test_the_parameters_of_a_score_can_be_pruned(name):
    """The output follows what is pruned, and every backward has a graph of its own."""
    inputs = {"glimpse": READ[:2], "hard glimpse": READ[:2], "hard": tuple(ROWS)}.get(name, READ)
    if name == "pointer":
        inputs = (TOKENS, torch.tensor([3]), torch.tensor([[1, 0, 2]]))
    with seeded(0):
        module = READERS[name]().eval()
        zeroed = READERS[name]().eval()
    zeroed.load_state_dict(module.state_dict())
    for (score, weight), (other, _) in zip(scores_of(module), scores_of(zeroed), strict=True):
        values = getattr(score, weight)
        mask = (torch.arange(values.numel()) % 3 > 0).reshape(values.shape)
        prune.custom_from_mask(score, weight, mask)
        getattr(other, weight).data.mul_(mask)
        getattr(score, f"{weight}_orig").data.add_(mask.logical_not())
    assert_allclose(module(*inputs).detach(), zeroed(*inputs).detach(), rtol=1e-5, atol=1e-6)
    for _ in range(2):
        module(*inputs).sum().backward()


@pytest.mark.parametrize("name", READERS)
def test_a_hook_on_a_score_is_called(name):
    inputs = {"glimpse": READ[:2], "hard glimpse": READ[:2], "hard": tuple(ROWS)}.get(name, READ)
    if name == "pointer":
        inputs = (TOKENS, torch.tensor([3]), torch.tensor([[1, 0, 2]]))
    module, calls = READERS[name]().eval(), []
    expected = module(*inputs)
    for score in {one for one, _ in scores_of(module)}:
        score.register_forward_hook(lambda *_: calls.append(1))
    assert_allclose(module(*inputs).detach(), expected.detach(), rtol=1e-5, atol=1e-6)
    assert calls


@pytest.mark.parametrize("adapt", [False, True])
def test_the_heads_add_up_to_the_output_of_any_layer(adapt):
    module, _ = made("attention")
    nn.init.normal_(module.output_projection.bias)
    if adapt:
        module.output_projection = Adapter(module.output_projection)
    with torch.no_grad():
        heads, output = module.head_contributions(X), module(X)
        assert_allclose(
            heads.sum(dim=-3) + module.output_projection(X.new_zeros(C)), output, atol=1e-5
        )
        assert_allclose(
            module.head_contributions(X, head_gate=torch.tensor([0.0, 1.0]))[:, 0], 0 * X, atol=1e-6
        )


@torch.no_grad()
def test_embeddings_can_be_wrapped():
    class Wrapped(nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer

        def forward(self, tokens):
            return 2 * self.layer(tokens)

    for name in ("language model", "sequence encoder", "transformer", "seq2seq", "glimpse"):
        (module, inputs), (rolled, _) = made(name), made(name)
        for part, one in list(module.named_modules()):
            if isinstance(one, nn.Embedding):
                replace(module, part, Wrapped(one))
                rolled.get_submodule(part).weight.mul_(2)
        assert_allclose(module(*inputs), rolled(*inputs), rtol=1e-5, atol=1e-6)


@torch.no_grad()
def test_copies_to_and_from_torch_have_what_pruning_left():
    layer = nn.TransformerEncoderLayer(C, H, F, batch_first=True).eval()
    attention = nn.MultiheadAttention(C, H, batch_first=True).eval()
    ours = MultiHeadAttention(C, H).eval()
    pruned = [(layer.linear1, "weight"), (layer.norm1, "weight"), (attention, "in_proj_weight")]
    for one, name in [*pruned, (ours.key_projection, "weight")]:
        prune.random_unstructured(one, name, 0.5)
        getattr(one, f"{name}_orig").mul_(3)  # as an optimiser would, after the last call
    close = {"rtol": 1e-4, "atol": 1e-5}
    assert_allclose(TransformerEncoderLayer.from_torch(layer)(X), layer(X), **close)
    assert_allclose(MultiHeadAttention.from_torch(attention)(X), attention(X, X, X)[0], **close)
    assert_allclose(ours.to_torch()(X, X, X)[0], ours(X), **close)
    ours.key_projection = Adapter(ours.key_projection)
    with pytest.raises(TypeError, match=r"^module must be a torch\.nn\.Linear, got Adapter$"):
        ours.to_torch()
