"""A refused call leaves everything as it was: the next good call gives what it would have given."""

import pytest
import torch
from numpy.testing import assert_array_equal
from torch import nn

from attention_lib.modules import (
    KVCache,
    LanguageModel,
    LinearAttention,
    MemoryCache,
    MultiHeadAttention,
    MultiHeadLatentAttention,
    RotaryPositionalEncoding,
    SlidingWindowAttention,
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from attention_lib.training import seeded

B, T, S, C, H, VOCABULARY = 2, 3, 5, 12, 2, 11
with seeded(0):
    X, MEMORY = torch.randn(B, T, C), torch.randn(B, S, C)
TOKENS = torch.tensor([[3, 2, 1], [4, 5, 6]])
MASK = torch.ones(T, T + 1, dtype=torch.bool)  # one column too many, at any step
CAUSAL = {"causal": True}


class WrongBias(nn.Module):
    """Says something about the first two positions only."""

    def forward(self, n_queries, n_keys):
        return torch.zeros(H, min(n_queries, 2), min(n_keys, 2))


def caches_of(kept):
    """All single caches in a cache, a pair or a list of them."""
    if isinstance(kept, (list, tuple)):
        return [one for part in kept for one in caches_of(part)]
    return [kept]


def state_of(kept):
    """What every cache holds, as tensors and numbers of its own."""

    def copied(value):
        if isinstance(value, torch.Tensor):
            return value.clone()
        if isinstance(value, (list, tuple)):
            return [copied(one) for one in value]
        return copied(vars(value)) if hasattr(value, "__dict__") else plain(value)

    def plain(value):
        return {k: copied(v) for k, v in value.items()} if isinstance(value, dict) else value

    return [copied(one) for one in caches_of(kept)]


def same(state, again):
    assert type(state) is type(again)
    if isinstance(state, torch.Tensor):
        assert_array_equal(state, again)
    elif isinstance(state, dict):
        assert state.keys() == again.keys()
        [same(state[name], again[name]) for name in state]
    elif isinstance(state, list):
        assert len(state) == len(again)
        [same(*pair) for pair in zip(state, again, strict=True)]
    else:
        assert state == again


LATENT = {"d_latent": 3, "d_rotary": 2}
CASES = {
    "attention": (lambda: MultiHeadAttention(C, H), (X,), CAUSAL, "cache"),
    "rotary attention": (
        lambda: MultiHeadAttention(C, H, rotary=RotaryPositionalEncoding(C // H)),
        (X,),
        CAUSAL,
        "cache",
    ),
    "cross-attention": (lambda: MultiHeadAttention(C, H), (X, MEMORY), {}, "cache"),
    "window": (
        lambda: MultiHeadAttention(C, H, mechanism=SlidingWindowAttention(2)),
        (X,),
        CAUSAL,
        "cache",
    ),
    "linear": (
        lambda: MultiHeadAttention(C, H, mechanism=LinearAttention()),
        (X,),
        CAUSAL,
        "cache",
    ),
    "latent": (lambda: MultiHeadLatentAttention(C, H, **LATENT), (X,), CAUSAL, "cache"),
    "encoder layer": (lambda: TransformerEncoderLayer(C, H, 7), (X,), CAUSAL, "cache"),
    "decoder layer": (lambda: TransformerDecoderLayer(C, H, 7), (X, MEMORY), {}, "cache"),
    "encoder": (lambda: TransformerEncoder(2, C, H, 7), (X,), CAUSAL, "caches"),
    "decoder": (lambda: TransformerDecoder(2, C, H, 7), (X, MEMORY), {}, "caches"),
    "language model": (
        lambda: LanguageModel(VOCABULARY, d_model=C, n_heads=H, n_layers=2, d_ff=7),
        (TOKENS,),
        {},
        "caches",
    ),
}


def new_cache(module, name):
    """What the module of this case keeps between its calls."""
    if name == "cross-attention":
        return MemoryCache()
    return module.new_cache() if hasattr(module, "new_cache") else module.new_caches()


def wrong_calls(name, inputs, options):
    """Calls with one thing wrong: (what, inputs, options)."""
    x, *memory = inputs
    if x.dtype == torch.int64:
        yield "rows", (x[:1],), options
        yield "token", (x + VOCABULARY,), options
        yield "flag", inputs, {**options, "return_weights": 1}
        return
    yield "rows", (x[:1], *memory), options
    yield "width", (x[..., 1:], *memory), options
    yield "dtype", (x.double(), *memory), options
    yield "mask", inputs, {**options, "mask": MASK.new_ones(T, 2 * T + S + 7)}
    yield "mask's kind", inputs, {**options, "mask": [True]}
    yield "flag", inputs, {**options, "return_weights": 1}
    yield "causal", inputs, {**options, "causal": 1}
    if memory:
        yield "memory's length", (x, memory[0][:, 1:]), options
        yield "memory's width", (x, memory[0][..., 1:]), options
        yield "memory's dtype", (x, memory[0].double()), options
    if "decoder" in name:
        yield "memory_mask", inputs, {**options, "memory_mask": MASK.new_ones(T, S + 1)}


CALLS = [
    (name, what) for name, (_, *given, _) in CASES.items() for what, *_ in wrong_calls(name, *given)
]


@pytest.mark.parametrize(("name", "what"), CALLS)
@torch.no_grad()
def test_a_refused_call_changes_nothing(name, what):
    make, inputs, options, keyword = CASES[name]
    with seeded(0):
        module = make().eval()
    wrong = {what: rest for what, *rest in wrong_calls(name, inputs, options)}[what]
    kept, kept_again = new_cache(module, name), new_cache(module, name)
    module(*inputs, **options, **{keyword: kept})
    module(*inputs, **options, **{keyword: kept_again})
    before = state_of(kept)
    with pytest.raises((TypeError, ValueError)):
        module(*wrong[0], **{**wrong[1], keyword: kept})
    same(before, state_of(kept))
    expected = module(*inputs, **options, **{keyword: kept_again})
    assert_array_equal(module(*inputs, **options, **{keyword: kept}), expected)


@torch.no_grad()
def test_a_wrong_bias_of_positions_stores_nothing():
    module, cache = MultiHeadAttention(C, H, position_bias=WrongBias()), KVCache()
    with pytest.raises(ValueError, match=r"^bias must broadcast to the scores' shape \(2, 2, 3, 3"):
        module(X, causal=True, cache=cache)
    assert (cache.length, cache.nbytes) == (0, 0)


@pytest.mark.parametrize("wrong", ["rows", "dtype", "room"])
@torch.no_grad()
def test_the_cache_of_a_later_layer_is_judged_before_the_first_is_filled(wrong):
    encoder = TransformerEncoder(2, C, H, 7).eval()
    caches, other = encoder.new_caches(), encoder.new_caches(max_length=T + 1)
    encoder(X, causal=True, caches=caches)
    like = {"rows": X[:1], "dtype": X.double(), "room": X}[wrong]
    TransformerEncoder(2, C, H, 7).to(like.dtype)(like, causal=True, caches=other)
    caches[1] = other[1]
    with pytest.raises((TypeError, ValueError), match="cache"):
        encoder(X, causal=True, caches=caches)
    assert [cache.length for cache in caches] == [T, T]


@pytest.mark.parametrize("max_length", [None, 20])
def test_memory_that_runs_out_leaves_the_cache_as_it_was(max_length, monkeypatch):
    cache = KVCache(max_length=max_length)
    key = torch.randn(B, H, 16, 5)
    if max_length is None:
        cache.append(key)  # full: the next position needs new memory
    before = state_of(cache)

    def no_memory(*_):
        raise MemoryError

    monkeypatch.setattr(torch.Tensor, "new_empty", no_memory)
    with pytest.raises(MemoryError):
        cache.append(key[:, :, :1])
    monkeypatch.undo()
    same(before, state_of(cache))
    cache.append(key[:, :, :1])
    assert_array_equal(cache.held()[0][:, :, -1:], key[:, :, :1])


@torch.no_grad()
def test_a_transformer_that_refuses_a_memory_writes_nothing():
    sizes = {"d_model": C, "n_heads": H, "n_layers": 2, "d_ff": 7}
    model = Transformer(VOCABULARY, VOCABULARY, **sizes).eval()
    memory, caches = model.encode(TOKENS, torch.tensor([3, 2])), model.new_caches()
    model.decode(TOKENS[:, :1], memory, caches=caches)
    longer = model.encode(torch.cat([TOKENS, TOKENS], dim=1), torch.tensor([6, 5]))
    with pytest.raises(ValueError, match=r"^memory must have the 3 rows that the cache holds"):
        model.decode(TOKENS[:, :1], longer, caches=caches)
    assert [cache.length for cache in caches] == [1, 1]
