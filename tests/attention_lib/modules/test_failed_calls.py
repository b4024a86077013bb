"""A call that fails anywhere inside leaves every cache as it was, and the next one is right."""

import copy

import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.utils._python_dispatch import TorchDispatchMode

from attention_lib.generation import decoding_state, greedy_search
from attention_lib.modules import (
    DecoderCache,
    KVCache,
    LanguageModel,
    LinearAttention,
    LinearCache,
    MemoryCache,
    MultiHeadAttention,
    MultiHeadLatentAttention,
    RotaryPositionalEncoding,
    Seq2Seq,
    SlidingWindowAttention,
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from attention_lib.training import seeded

B, S, C, H, VOCABULARY = 2, 5, 12, 2, 11
with seeded(0):
    X, MEMORY = torch.randn(B, 11, C), torch.randn(B, S, C)
TOKENS = torch.randint(VOCABULARY, (B, 11), generator=torch.Generator().manual_seed(0))
SIZES = {"d_model": C, "n_heads": H, "n_layers": 2, "d_ff": 7}
READ = (TOKENS[:, :S], torch.tensor([5, 3]))
CAUSAL = {"causal": True}


class FailsAt(TorchDispatchMode):
    """The operation with this number fails, as one does for which there is no memory."""

    def __init__(self, number=None):
        super().__init__()
        self.number, self.count = number, 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        self.count += 1
        if self.count - 1 == self.number:
            raise MemoryError
        return operation(*args, **(kwargs or {}))


def attention(**options):
    return MultiHeadAttention(C, H, **options)


def language_model(**options):
    return LanguageModel(VOCABULARY, **SIZES, **options)


def decode(model):
    memory = model.encode(*READ)
    return lambda tokens, **options: model.decode(tokens, memory, **options)


def with_memory(module):
    return lambda x, **options: module(x, MEMORY, **options)


# name: the module, what is called, its options, the cache to begin with
CASES = {
    "attention": (attention, None, CAUSAL),
    "rotary": (lambda: attention(rotary=RotaryPositionalEncoding(6)), None, CAUSAL),
    "window": (lambda: attention(mechanism=SlidingWindowAttention(2)), None, CAUSAL),
    "sinks": (lambda: attention(mechanism=SlidingWindowAttention(2, n_sinks=2)), None, CAUSAL),
    "linear": (lambda: attention(mechanism=LinearAttention()), None, CAUSAL),
    "cross-attention": (attention, with_memory, {}),
    "latent": (lambda: MultiHeadLatentAttention(C, H, d_latent=3, d_rotary=2), None, CAUSAL),
    "encoder layer": (lambda: TransformerEncoderLayer(C, H, 7), None, CAUSAL),
    "decoder layer": (lambda: TransformerDecoderLayer(C, H, 7), with_memory, {}),
    "encoder": (lambda: TransformerEncoder(2, C, H, 7), None, CAUSAL),
    "encoder with sinks": (
        lambda: TransformerEncoder(2, C, H, 7, mechanism=SlidingWindowAttention(1, n_sinks=1)),
        None,
        CAUSAL,
    ),
    "decoder": (lambda: TransformerDecoder(2, C, H, 7), with_memory, {}),
    "language model": (language_model, None, {}),
    "transformer": (lambda: Transformer(VOCABULARY, VOCABULARY, **SIZES), decode, {}),
}


def prepared(name):
    make, calls, options = CASES[name]
    with seeded(0), torch.no_grad():
        module = make().eval()
        return module, (calls or (lambda one: one))(module), options


def cache_of(name, module):
    """An option of the call, with an empty cache."""
    if name == "cross-attention":
        return {"cache": MemoryCache()}
    if hasattr(module, "new_caches"):
        return {"caches": module.new_caches()}
    return {"cache": module.new_cache()}


def singles(kept):
    """All single caches in a cache, a pair, a list of them, or a dictionary of these."""
    if isinstance(kept, dict):
        return singles(list(kept.values()))
    if isinstance(kept, (list, tuple)):
        return [one for part in kept for one in singles(part)]
    return [kept]


def contents(kept):
    """What a call can see of the caches."""
    seen = []
    for cache in singles(kept):
        held = cache.held() if hasattr(cache, "held") else (cache.numerator, cache.normaliser)
        held = [None if one is None else one.clone() for one in held]
        seen.append((cache.length, cache.batch, held))
    return seen


def assert_same(seen, again):
    for (*numbers, held), (*numbers_again, held_again) in zip(seen, again, strict=True):
        assert numbers == numbers_again
        for one, other in zip(held, held_again, strict=True):
            assert (one is None) == (other is None)
            if one is not None:
                assert_array_equal(one, other)


def pieces(name, n):
    source = TOKENS if name in ("language model", "transformer") else X
    return source[:, : 2 * n].split(n, dim=1) if n > 1 else source.split(1, dim=1)


@pytest.mark.whole
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("name", CASES)
@torch.no_grad()
def test_whatever_operation_fails_the_caches_are_as_before(name, n):
    module, call, options = prepared(name)
    parts = pieces(name, n)
    kept, untroubled = cache_of(name, module), cache_of(name, module)
    for step, part in enumerate(parts):
        with FailsAt() as counted:
            expected = call(part, **options, **untroubled)
        before = contents(kept)
        for number in range(step % 7, counted.count, 7):
            with pytest.raises(MemoryError), FailsAt(number):
                call(part, **options, **kept)
            assert_same(before, contents(kept))
        assert_array_equal(call(part, **options, **kept), expected)


def parts_called(name):
    """The parts that a call runs through; a Transformer has read its source before."""
    for part, one in prepared(name)[0].named_modules():
        before = name == "transformer" and part.startswith(("encoder", "source_"))
        never = isinstance(one, torch.nn.ModuleList) or part.endswith(("dropout", "mechanism"))
        if part and not before and not never:
            yield name, part


PARTS = [one for name in CASES for one in parts_called(name)]


class Stop(BaseException):
    """No Exception: as somebody's interrupt."""


@pytest.mark.parametrize(("name", "part"), PARTS)
@torch.no_grad()
def test_a_hook_that_raises_leaves_the_caches_as_before(name, part):
    module, call, options = prepared(name)
    kept, (first, second, *_) = cache_of(name, module), pieces(name, 3)
    call(first, **options, **kept)
    before = contents(kept)

    def fails(*_):
        raise Stop

    one = module.get_submodule(part)
    for register in (one.register_forward_pre_hook, one.register_forward_hook):
        hook = register(fails)
        try:
            call(second, **options, **kept)
        except Stop:
            assert_same(before, contents(kept))
        else:
            assert name in ("cross-attention", "decoder layer", "decoder", "transformer")
            assert part.endswith(("key_projection", "value_projection"))  # once, of the memory
        finally:
            hook.remove()


@pytest.mark.parametrize("options", [{}, {"max_length": 30}, {"window": 3}])
@pytest.mark.parametrize("n_sinks", [0, 2])
def test_an_append_that_fails_at_any_operation_changes_nothing(options, n_sinks):
    options = {**options, **({"n_sinks": n_sinks} if "window" in options else {})}
    cache, untroubled = KVCache(**options), KVCache(**options)
    for part in torch.randn(2, 3, 23, 5).split([3, 1, 1, 1, 11, 1, 1, 1, 1, 1, 1], dim=2):
        with FailsAt() as counted:
            expected = untroubled.append(part, 2 * part)
        before = contents(cache)
        for number in range(counted.count):
            with pytest.raises(MemoryError), FailsAt(number):
                cache.append(part, 2 * part)
            assert_same(before, contents(cache))
        for one, other in zip(cache.append(part, 2 * part), expected, strict=True):
            assert_array_equal(one, other)


@torch.no_grad()
def test_rows_are_picked_in_all_caches_or_in_none():
    cache = TransformerDecoderLayer(C, H, 7).new_cache()
    cache.self_attention.append(torch.randn(2, H, 3, 5))
    cache.cross_attention.fill(torch.randn(2, H, 7, 5))
    before = contents(cache)
    with pytest.raises(MemoryError), FailsAt(3):
        cache.reorder(torch.tensor([1, 1, 0]))
    assert_same(before, contents(cache))


# States of generation

STATES = {
    "language model": lambda: decoding_state(prepared("language model")[0]),
    "language model, uncached": lambda: decoding_state(prepared("language model")[0], cached=False),
    "sinks": lambda: decoding_state(
        language_model(mechanism=SlidingWindowAttention(2, n_sinks=1), positions=None)
    ),
    "linear": lambda: decoding_state(language_model(mechanism=LinearAttention(), positions=None)),
    "transformer": lambda: decoding_state(prepared("transformer")[0], *READ),
    "transformer, uncached": lambda: decoding_state(
        prepared("transformer")[0], *READ, cached=False
    ),
    "seq2seq": lambda: decoding_state(
        Seq2Seq(VOCABULARY, VOCABULARY, 6, attention="additive"), *READ
    ),
}


def state_made(name):
    with seeded(0):
        return STATES[name]()


@pytest.mark.parametrize("name", STATES)
def test_a_step_that_fails_was_not_taken(name):
    state, untroubled = state_made(name), state_made(name)
    for one in (state, untroubled):
        one.advance(TOKENS[:, :3])
    with FailsAt() as counted:
        expected = untroubled.advance(TOKENS[:, 3:5])
    for number in range(0, counted.count, 17):
        with pytest.raises(MemoryError), FailsAt(number):
            state.advance(TOKENS[:, 3:5])
    with pytest.raises(ValueError, match="tokens must"):
        state.advance(TOKENS[:, 3:5] + VOCABULARY)
    rows, other = torch.tensor([1, 0]), copy.copy(state)
    with FailsAt() as counted:
        other.reorder(rows)
    for number in range(counted.count):
        with pytest.raises(MemoryError), FailsAt(number):
            state.reorder(rows)
    assert_allclose(state.advance(TOKENS[:, 3:5]), expected, rtol=1e-6)


@pytest.mark.parametrize("name", STATES)
def test_a_search_that_fails_can_be_made_again(name):
    state, other = state_made(name), state_made(name)
    prompts, options = TOKENS[:, :2], {"max_new_tokens": 6, "padding": 0}
    with pytest.raises(ValueError, match="end must be a token id"):
        greedy_search(state, prompts, end=VOCABULARY, **options)
    with FailsAt() as counted:
        expected = greedy_search(other, prompts, **options)
    for share in (0.2, 0.8):
        with pytest.raises(MemoryError), FailsAt(int(share * counted.count)):
            greedy_search(state, prompts, **options)
    assert_array_equal(greedy_search(state, prompts, **options).tokens, expected.tokens)
    with pytest.raises(ValueError, match="state has served a search already"):
        greedy_search(state, prompts, **options)


# Copies


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("name", STATES)
def test_a_copy_of_a_state_goes_on_by_itself(name, copied):
    state, expected = state_made(name), state_made(name)
    for one in (state, expected):
        one.advance(TOKENS[:, :3])
    other = copied(state)
    ours = [state.advance(TOKENS[:, 3:4]), other.advance(TOKENS[:, 7:8])]
    ours.append(state.advance(TOKENS[:, 4:5]))
    assert_allclose(ours[0], expected.advance(TOKENS[:, 3:4]), rtol=1e-6)
    assert_allclose(ours[2], expected.advance(TOKENS[:, 4:5]), rtol=1e-6)
    again = state_made(name)
    again.advance(TOKENS[:, :3])
    assert_allclose(ours[1], again.advance(TOKENS[:, 7:8]), rtol=1e-6)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("name", [one for one in CASES if one not in ("encoder", "decoder")])
@torch.no_grad()
def test_a_copy_of_a_cache_behaves_alike_and_shares_nothing(name, copied):
    module, call, options = prepared(name)
    (keyword, kept), (first, second, *_) = cache_of(name, module).popitem(), pieces(name, 3)
    call(first, **options, **{keyword: kept})
    other = [copied(one) for one in kept] if keyword == "caches" else copied(kept)
    expected = call(second, **options, **{keyword: other})
    assert_array_equal(call(second.flip(1), **options, **{keyword: kept}).shape, expected.shape)
    again = cache_of(name, module)
    call(first, **options, **again)
    assert_array_equal(call(second, **options, **again), expected)


def test_a_copy_made_in_inference_mode_can_be_used_outside():
    cache = KVCache()
    cache.append(torch.ones(1, 2, 3, 5))
    with torch.inference_mode():
        other = copy.copy(cache)
    other.append(torch.ones(1, 2, 1, 5))
    assert (cache.length, other.length) == (3, 4)


def test_sums_that_need_a_gradient_can_be_copied():
    cache, x = LinearCache(), torch.ones(1, 2, 3, 5, requires_grad=True)
    cache.append(x, x, x)
    for copied in (copy.copy, copy.deepcopy):
        other = copied(cache)
        other.append(x, x, x).sum().backward(retain_graph=True)
        assert (cache.length, other.length) == (3, 6)
    assert x.grad.abs().sum() > 0


def test_a_pair_of_caches_is_copied_whole():
    pair = DecoderCache(KVCache(), MemoryCache())
    other = copy.copy(pair)
    other.self_attention.append(torch.ones(1, 2, 3, 5))
    assert (pair.length, other.length) == (0, 3)
