"""Every module runs under torch.autocast, forward and backward, with and without a cache."""

import pytest
import torch
from torch import nn

from attention_lib import modules
from attention_lib.modules import (
    ALiBi,
    BlockSparseAttention,
    ClippedRelativeBias,
    LanguageModel,
    LearnedPositionalEncoding,
    LinearAttention,
    LinformerAttention,
    LSHAttention,
    MemoryCache,
    MultiHeadAttention,
    MultiHeadLatentAttention,
    PerformerAttention,
    RelativePositionBias,
    RotaryPositionalEncoding,
    SequenceEncoder,
    SlidingWindowAttention,
    TiledAttention,
    Transformer,
    TransformerDecoder,
    TransformerEncoder,
)
from attention_lib.modules.position_schemes import POSITIONS
from attention_lib.training import seeded

HALVES = [torch.bfloat16, torch.float16]
C, H, V = 8, 2, 7
with seeded(0):
    X, MEMORY = torch.randn(2, 5, C), torch.randn(2, 3, C)
TOKENS, LENGTHS = torch.tensor([[3, 2, 1], [0, 5, 6]]), torch.tensor([3, 2])
SIZES = {"d_model": C, "n_heads": H, "n_layers": 2, "d_ff": 16}
CAUSAL = {"causal": True}
MECHANISMS = {
    "window": lambda: SlidingWindowAttention(2),
    "blocks": lambda: BlockSparseAttention(2),
    "linear": LinearAttention,
    "performer": lambda: PerformerAttention(4),
    "tiled": lambda: TiledAttention(block_size=2),
}
ATTENTIONS = {
    "plain": {},
    "grouped": {"n_kv_heads": 1},
    "rotary": {"rotary": RotaryPositionalEncoding(4)},
    "alibi": {"position_bias": ALiBi(H)},
    "relative": {"position_bias": RelativePositionBias(H)},
    "clipped": {"position_bias": ClippedRelativeBias(H, max_distance=2)},
}
# name: the module, its inputs, the options of a call
CASES = {
    f"attention, {key}": (lambda o=o: MultiHeadAttention(C, H, **o), (X,), CAUSAL)
    for key, o in ATTENTIONS.items()
}
CASES |= {
    f"attention, {key}": (lambda o=o: MultiHeadAttention(C, H, mechanism=o()), (X,), CAUSAL)
    for key, o in MECHANISMS.items()
}
CASES |= {key: (make, (X, X, X), {}) for key, make in MECHANISMS.items()}
LATENT = {"d_latent": 3, "d_rotary": 2}
for name in ("layer", "rms", None):
    options = {"norm": name, "residual": name is not None}
    CASES[f"encoder, {name}"] = (
        lambda o=options: TransformerEncoder(2, C, H, 16, **o),
        (X,),
        CAUSAL,
    )
    CASES[f"decoder, {name}"] = (
        lambda o=options: TransformerDecoder(2, C, H, 16, **o),
        (X, MEMORY),
        {},
    )
for name in POSITIONS:
    options = {"positions": name, **SIZES, **({"max_length": 9} if name == "learned" else {})}
    CASES[f"language model, {name}"] = (lambda o=options: LanguageModel(V, **o), (TOKENS,), {})
    CASES[f"transformer, {name}"] = (
        lambda o=options: Transformer(V, V, **o),
        (TOKENS, LENGTHS, TOKENS),
        {},
    )
    options = {**options, "max_length": 9, "n_classes": 3}
    CASES[f"sequences, {name}"] = (lambda o=options: SequenceEncoder(V, **o), (TOKENS, LENGTHS), {})
    CASES[f"patches, {name}"] = (
        lambda o=options: SequenceEncoder(patch_width=C, **o),
        (X, LENGTHS),
        {},
    )
for name in ("first", "attention"):
    options = {**SIZES, "max_length": 9, "n_classes": 3, "pooling": name}
    CASES[f"pooling, {name}"] = (lambda o=options: SequenceEncoder(V, **o), (TOKENS, LENGTHS), {})
for name in (None, "additive", "concat", "general", "dot"):
    CASES[f"seq2seq, {name}"] = (
        lambda name=name: modules.Seq2Seq(V, V, 6, attention=name),
        (TOKENS, LENGTHS, TOKENS),
        {},
    )
for name in ("none", "heads", "key_value"):
    CASES[f"linformer, {name}"] = (
        lambda name=name: LinformerAttention(5, C, H, 3, sharing=name),
        (X,),
        {},
    )
for name in ("relu", "gelu", "gelu_tanh", "swiglu"):
    CASES[f"feed-forward, {name}"] = (
        lambda name=name: modules.PositionwiseFeedForward(C, 16, activation=name),
        (X,),
        {},
    )
CASES |= {
    "latent": (lambda: MultiHeadLatentAttention(C, H, **LATENT), (X,), CAUSAL),
    "latent queries": (
        lambda: MultiHeadLatentAttention(C, H, d_query_latent=4, **LATENT), (X,), CAUSAL,
    ),
    "absorbed": (
        lambda: MultiHeadLatentAttention(C, H, **LATENT), (X,), {"absorbed": True, **CAUSAL},
    ),
    "lsh": (lambda: LSHAttention(C, H, bucket_size=2, n_hashes=2), (X,), {}),
    "pointer": (lambda: modules.PointerNetwork(V, 6), (TOKENS, LENGTHS, TOKENS % 2), {}),
    "glimpse": (lambda: modules.GlimpseReader(V, 6, attention="soft"), (TOKENS, LENGTHS), {}),
    "hard": (
        lambda: modules.HardAttention(C, C, 5), (X, X, X), {"rng": torch.Generator()},
    ),
    "additive": (lambda: modules.AdditiveAttention(C, C, 5), (X, X, X), {}),
    "concat": (lambda: modules.ConcatAttention(C, C, 5), (X, X, X), {}),
    "general": (lambda: modules.GeneralAttention(C, C), (X, X, X), {}),
    "dot": (modules.DotAttention, (X, X, X), {}),
    "scaled": (modules.ScaledDotProductAttention, (X, X, X), {}),
    "layer norm": (lambda: modules.LayerNorm(C), (X,), {}),
    "rms norm": (lambda: modules.RMSNorm(C), (X,), {}),
    "learned positions": (lambda: LearnedPositionalEncoding(9, C), (X,), {}),
    "sinusoidal positions": (lambda: modules.SinusoidalPositionalEncoding(C), (X,), {}),
}  # fmt: skip


def made(name):
    make, inputs, options = CASES[name]
    with seeded(0):
        return make(), inputs, options


def first(result):
    return result[0] if isinstance(result, tuple) else result


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("name", CASES)
def test_forward_and_backward(name, half):
    module, inputs, options = made(name)
    module.eval()
    exact = first(module(*inputs, **options)).detach()
    inputs = [one.clone().requires_grad_() if one.is_floating_point() else one for one in inputs]
    with torch.autocast("cpu", dtype=half):
        output = first(module(*inputs, **options))
    bound = 0.1 * max(1.0, float(exact.masked_fill(exact.isinf(), 0).abs().max()))
    torch.testing.assert_close(output.to(exact.dtype).detach(), exact, rtol=0, atol=bound)
    output.float().masked_fill(output.isinf(), 0).square().sum().backward()
    for one in module.parameters():
        assert one.grad is None or one.grad.isfinite().all()
    assert any(one.grad is not None for one in [*module.parameters(), *inputs])


MIXING = [  # takes what a linear layer before it gives
    name
    for name, (make, inputs, _) in CASES.items()
    if inputs[0].is_floating_point() and any(True for _ in make().parameters())
]


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("name", MIXING)
@torch.no_grad()
def test_behind_a_linear_layer(name, half):
    module, inputs, options = made(name)
    before = nn.Linear(C, C)
    with torch.autocast("cpu", dtype=half):
        given = [before(one) if one.is_floating_point() else one for one in inputs]
        assert given[0].dtype == half
        assert first(module.eval()(*given, **options)).isfinite().all()
        if len(inputs) == 3 and name != "hard":  # one of the three from elsewhere
            assert first(module(given[0], given[1], inputs[2])).isfinite().all()
    with pytest.raises(TypeError, match="must share one dtype"):
        module(*given, **options)


CACHED = [
    name for name, (make, *_) in CASES.items()
    if (hasattr(make(), "new_cache") or hasattr(make(), "new_caches"))
    and (name in MIXING or "language" in name)
]  # fmt: skip


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("name", CACHED)
@torch.no_grad()
def test_with_a_cache(name, half):
    module, (x, *memory), options = made(name)
    module.eval()
    one_cache = hasattr(module, "new_cache")
    kept = {"cache": module.new_cache()} if one_cache else {"caches": module.new_caches()}
    with torch.autocast("cpu", dtype=half):
        whole = module(x, *memory, **options)
        steps = [module(one, *memory, **options, **kept) for one in x.split(1, dim=1)]
    torch.testing.assert_close(torch.cat(steps, dim=1).float(), whole.float(), rtol=0, atol=0.1)


@torch.no_grad()
def test_a_memory_held_in_another_dtype_is_refused():
    module, cache = MultiHeadAttention(C, H).eval(), MemoryCache()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        module(X, MEMORY, cache=cache)
        module(X, MEMORY, cache=cache)
    with pytest.raises(TypeError, match=r"^query must give the dtype and device of what the cache"):
        module(X, MEMORY, cache=cache)
