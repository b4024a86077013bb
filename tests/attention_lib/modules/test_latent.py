"""MultiHeadLatentAttention: both forms against the reference, and its small cache."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from attention_lib import functional, reference
from attention_lib.modules import KVCache, MultiHeadAttention, MultiHeadLatentAttention
from attention_lib.training import seeded

B, N, C, H, D, E, L, R = 2, 23, 12, 3, 4, 5, 7, 6
SIZES = {"d_latent": L, "d_rotary": R}
KINDS = [
    {},
    {"d_value": E},
    {"d_key": 2, "d_query_latent": 11},
    {"d_value": E, "d_query_latent": 11, "base": 50.0},
]
TOLERANCES = {
    torch.float16: 1e-2,
    torch.bfloat16: 8e-2,
    torch.float32: 6e-6,
    torch.float64: 1e-12,
}
CHUNKS = [[1] * N, [5, 1, 1, 7, 9], [0, 3, 1, 19], [N], [11, 12]]
X = torch.from_numpy(np.random.default_rng(0).normal(size=(B, N, C)))
MASK = torch.from_numpy(np.random.default_rng(1).random((B, H, N, N)) < 0.7)
BOTH = pytest.mark.parametrize("absorbed", [False, True])
EACH = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind) or "plain")


def built(*sizes, **options):
    with seeded(0):
        module = MultiHeadLatentAttention(*(sizes or (C, H)), **{**SIZES, **options})
        for name, one in module.named_parameters():
            if name.endswith("gain"):
                nn.init.uniform_(one, 0.5, 1.5)
    return module.double().eval()


def numpy_of(module):
    names = {
        "query_projection.weight": "query_weight",
        "query_down.weight": "query_down_weight",
        "query_norm.gain": "query_gain",
        "latent_projection.weight": "latent_weight",
        "latent_norm.gain": "latent_gain",
        "rotary_key_projection.weight": "rotary_key_weight",
        "key_projection.weight": "key_weight",
        "value_projection.weight": "value_weight",
        "output_projection.weight": "output_weight",
    }
    given = {names[n]: one.detach().double().numpy() for n, one in module.named_parameters()}
    return {**given, "n_heads": module.n_heads, "base": module.rotary.base}


@BOTH
@EACH
@pytest.mark.parametrize("options", [{}, {"causal": True}, {"mask": MASK}], ids=str)
def test_both_forms_equal_the_reference(absorbed, kind, options):
    module = built(**kind)
    plain = {k: v.numpy() if k == "mask" else v for k, v in options.items()}
    expected = reference.latent_attention(
        X.numpy(), **numpy_of(module), **plain, return_weights=True
    )
    output, weights = module(X, absorbed=absorbed, return_weights=True, **options)
    assert_allclose(output.detach(), expected[0], rtol=1e-11, atol=1e-13)
    assert_allclose(weights.detach(), expected[1], rtol=1e-11, atol=1e-13)
    fused = module(X, absorbed=absorbed, **options)
    assert_allclose(fused.detach(), expected[0], rtol=1e-11, atol=1e-13)


@BOTH
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_every_dtype(absorbed, dtype):
    module = built(d_query_latent=11).to(dtype)
    x = X.to(dtype)
    output = module(x, absorbed=absorbed, causal=True)
    assert output.dtype == dtype
    expected = reference.latent_attention(x.double().numpy(), **numpy_of(module), causal=True)
    tolerance = TOLERANCES[dtype]
    assert_allclose(output.detach().double(), expected, rtol=tolerance, atol=tolerance)


@BOTH
@EACH
@pytest.mark.parametrize("chunks", CHUNKS, ids=len)
def test_cached_is_uncached(absorbed, kind, chunks):
    module = built(**kind)
    with torch.no_grad():
        expected = module(X, causal=True)
        cache = KVCache()
        parts = X.split(chunks, 1)
        outputs = [module(one, causal=True, cache=cache, absorbed=absorbed) for one in parts]
    assert_allclose(torch.cat(outputs, dim=1), expected, rtol=1e-11, atol=1e-13)
    assert cache.length == N


@pytest.mark.parametrize("window", [0, 4])
@pytest.mark.parametrize("chunks", CHUNKS, ids=len)
def test_cached_with_a_window_and_a_mask_is_uncached(window, chunks):
    module, done, outputs, cache = built(), 0, [], KVCache(window=window)
    with torch.no_grad():
        for part in X.split(chunks, 1):
            start, done = done, done + part.shape[1]
            outputs.append(module(part, cache=cache, mask=MASK[..., start:done, :done]))
        near = functional.window_mask(N, N, window=window, causal=True)
        expected = module(X, mask=near & MASK)
    assert_allclose(torch.cat(outputs, dim=1), expected, rtol=1e-11, atol=1e-13)


def test_a_prompt_is_naive_and_a_step_absorbed_unless_one_says_otherwise():
    module, used = built(), []
    for name in ("_naive", "_absorbed"):
        plain = getattr(module, name)
        call = lambda *given, name=name, plain=plain, **options: (  # noqa: E731
            used.append(name) or plain(*given, **options)
        )
        setattr(module, name, call)
    with torch.no_grad():
        cache = KVCache()
        module(X)
        module(X[:, :7], cache=cache)
        module(X[:, 7:8], cache=cache)
        module(X[:, 8:11], cache=cache)
        module(X[:, 11:12], cache=cache, absorbed=False)
        module(X, absorbed=True)
        cache.reset()
        module(X[:, :1], cache=cache)
        module(X[:, 1:2], cache=cache)
    expected = ["_naive", "_naive", "_absorbed", "_absorbed", "_naive", "_absorbed"]
    assert used == [*expected, "_naive", "_absorbed"]


def test_the_cache_of_a_position_is_the_latent_and_one_rotary_key():
    latent, heads = KVCache(max_length=N), KVCache(max_length=N)
    with torch.no_grad():
        built()(X, cache=latent)
        MultiHeadAttention(C, H).double()(X, cache=heads)
    assert latent.nbytes == B * N * (L + R) * 8
    assert heads.nbytes == B * N * 2 * C * 8
    assert [tuple(one.shape) for one in latent.held()] == [(B, 1, N, L + R)]


def test_wrong_options_are_refused_before_anything_is_stored():
    module, cache = built().requires_grad_(False), KVCache()
    for options in ({"causal": 1}, {"return_weights": 1}, {"absorbed": 1}):
        with pytest.raises(TypeError, match=f"^{next(iter(options))} must be True or False"):
            module(X, cache=cache, **options)
    with pytest.raises(ValueError, match=r"^mask must broadcast"):
        module(X, cache=cache, mask=torch.ones(5, 23, dtype=torch.bool))
    assert cache.length == 0


def test_what_the_latent_saves_at_the_published_sizes():
    """DeepSeek-V2: 128 heads of width 128, latent 512, rotary 64: 576 numbers instead of 32768."""
    cache = KVCache()
    cache.append(torch.zeros(1, 1, 16, 512 + 64, dtype=torch.bfloat16))
    assert cache.nbytes == 16 * 576 * 2
    heads = KVCache()
    heads.append(*[torch.zeros(1, 128, 16, 128, dtype=torch.bfloat16)] * 2)
    assert heads.nbytes == 16 * 32768 * 2


@BOTH
@pytest.mark.parametrize("kind", [KINDS[0], KINDS[3]], ids=["plain", "latent"])
def test_gradcheck_of_input_and_parameters(absorbed, kind):
    module = built(**kind)
    names, parameters = zip(*module.named_parameters(), strict=True)
    options = {"causal": True, "absorbed": absorbed}

    def output(x, *values):
        given = dict(zip(names, values, strict=True))
        return torch.func.functional_call(module, given, (x,), options)

    x = X[:1, :5].clone().requires_grad_()
    assert torch.autograd.gradcheck(output, (x, *parameters), fast_mode=True)


def test_positions_are_relative():
    """The same rows later in the sequence give the same outputs: only distances count."""
    module = built()
    mask = functional.window_mask(N, N, window=2, causal=True)
    repeated = X[:, :5].repeat(1, 3, 1)
    output = module(repeated, mask=mask[:15, :15]).detach()
    assert_allclose(output[:, 12:15], output[:, 7:10], rtol=1e-10, atol=1e-12)


def test_dropout_acts_in_training_only_and_forward_stores_nothing():
    module = built(dropout=0.5)
    before = set(vars(module))
    assert_array_equal(module(X).detach(), built()(X).detach())
    module.train()
    with seeded(1):
        _, weights = module(X, return_weights=True)
        assert not torch.equal(module(X), module(X))
        assert not torch.equal(module(X, absorbed=True), module(X, absorbed=True))
    assert (weights == 0).any()
    assert set(vars(module)) == before
    assert torch.equal(built().train()(X), built()(X))


@BOTH
def test_zero_sizes_views_and_leading_axes(absorbed):
    module = built()
    run = lambda x, **options: module(x, absorbed=absorbed, **options).detach()  # noqa: E731
    expected = run(X)
    assert run(X[:0]).shape == (0, N, C)
    assert run(X[:, :0]).shape == (B, 0, C)
    assert_allclose(run(X[0]), expected[0], rtol=1e-11)
    assert_allclose(run(X[:, None]), expected[:, None], rtol=1e-11)
    assert_allclose(run(X.mT.contiguous().mT), expected, rtol=1e-11)
    empty = run(X, mask=torch.arange(N)[:, None] != 2)
    assert_array_equal(empty[:, 2], np.zeros((B, C)))


@BOTH
@pytest.mark.parametrize("cached", [False, True])
def test_under_autocast_it_gives_the_same_up_to_rounding(absorbed, cached):
    module, x = built(d_query_latent=11).float(), X.float()
    expected = module(x, causal=True, absorbed=absorbed).detach()
    cache = KVCache() if cached else None
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        output = module(x, causal=True, absorbed=absorbed, cache=cache)
    assert output.dtype == torch.bfloat16
    assert_allclose(output.float(), expected, rtol=0.05, atol=0.05)


def test_parameters_are_named_and_have_no_bias():
    module = built(d_value=E, d_query_latent=11)
    shapes = {name: tuple(one.shape) for name, one in module.named_parameters()}
    assert shapes == {
        "query_down.weight": (11, C),
        "query_norm.gain": (11,),
        "query_projection.weight": (H * (D + R), 11),
        "latent_projection.weight": (L, C),
        "latent_norm.gain": (L,),
        "rotary_key_projection.weight": (R, C),
        "key_projection.weight": (H * D, L),
        "value_projection.weight": (H * E, L),
        "output_projection.weight": (C, H * E),
    }
    plain = built()
    assert plain.query_down is None
    assert plain.query_norm is None
    assert tuple(plain.query_projection.weight.shape) == (H * (D + R), C)
    assert (plain.d_key, plain.d_value, plain.dropout) == (D, D, 0.0)
    assert plain.rotary.base == 10000.0
    assert built(d_key=3, d_value=E).d_key == 3
    assert built(7, 2, d_key=3, d_value=E)(torch.ones(5, 7).double()).shape == (5, 7)


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (
            lambda: built(12, 5),
            ValueError,
            "^n_heads must divide d_model where d_key or d_value is None, got n_heads 5 and 12$",
        ),
        (lambda: built(12, 5, d_key=3), ValueError, "^n_heads must divide d_model where"),
        (lambda: built(12, 5, d_value=3), ValueError, "^n_heads must divide d_model where"),
        (lambda: built(0, 5), ValueError, "^d_model must be at least 1, got 0$"),
        (lambda: built(12, 0), ValueError, "^n_heads must be at least 1, got 0$"),
        (lambda: built(d_latent=0), ValueError, "^d_latent must be at least 1, got 0$"),
        (lambda: built(d_rotary=5), ValueError, "^d_rotary must be even, got 5$"),
        (lambda: built(d_key=0), ValueError, "^d_key must be at least 1, got 0$"),
        (lambda: built(d_value=0), ValueError, "^d_value must be at least 1, got 0$"),
        (lambda: built(d_query_latent=0), ValueError, "^d_query_latent must be at least 1, got 0$"),
        (lambda: built(dropout=1), ValueError, r"^dropout must lie in \[0, 1\), got 1$"),
        (lambda: built(base=0), ValueError, "^base must be greater than 0, got 0$"),
        (lambda: built()(X.numpy()), TypeError, "^x must be a torch.Tensor, got ndarray$"),
        (lambda: built()(X.float()), TypeError, "^arguments must share one dtype, got x float32"),
        (
            lambda: built()(X[..., :5]),
            ValueError,
            r"^x must have width 12 on its last axis, got shape \(2, 23, 5\)$",
        ),
        (lambda: built()(X, causal=1), TypeError, "^causal must be True or False, got int$"),
        (lambda: built()(X, return_weights=1), TypeError, "^return_weights must be True or False"),
        (lambda: built()(X, absorbed=1), TypeError, "^absorbed must be True or False, got int$"),
        (lambda: built()(X, cache=[]), TypeError, "^cache must be a KVCache, got list$"),
        (
            lambda: built()(X[0], cache=KVCache()),
            ValueError,
            r"^x must have shape \[B, T, C\] where a cache is used, got \(23, 12\)$",
        ),
        (
            lambda: built()(X, mask=torch.ones(5, 23, dtype=torch.bool)),
            ValueError,
            r"^mask must broadcast to the scores' shape \(2, 3, 23, 23\), got \(5, 23\)$",
        ),
        (
            lambda: built()(X, mask=torch.ones(2, 1, 23, dtype=torch.bool)),
            ValueError,
            r"^mask must have the 4 axes .*got shape \(2, 1, 23\); give one .* as mask\[:, None\]$",
        ),
        (
            lambda: built()(X, cache=KVCache()),
            ValueError,
            "^x needs a gradient, and none flows through a cache",
        ),
    ],
)
def test_bad_input_is_named(run, error, message):
    with pytest.raises(error, match=message):
        run()
