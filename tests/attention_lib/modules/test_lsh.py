"""LSHAttention: the function between projections, and what it is where all tokens meet."""

import re

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from attention_lib import functional, reference
from attention_lib.modules import LSHAttention
from attention_lib.training import seeded

B, C, H, N = 2, 12, 3, 17
LAYERS = ("query_key", "value", "output")


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


X = normal(B, N, C)
PADDING = functional.padding_mask(torch.tensor([N, 11]), N)[:, None]


def built(*, bucket_size=3, n_hashes=2, **options):
    with seeded(0):
        module = LSHAttention(C, H, bucket_size=bucket_size, n_hashes=n_hashes, **options)
        for name, one in module.named_parameters():
            if name.endswith("bias"):
                nn.init.normal_(one)
    return module.double().requires_grad_(False)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    "options", [{}, {"bucket_size": 5, "n_hashes": 1, "seed": 4}, {"bucket_size": 99}]
)
def test_equals_the_definition(options, causal, bias):
    module = built(bias=bias, **options)
    heads = [
        functional.split_heads(layer(X), H).numpy()
        for layer in (module.query_key_projection, module.value_projection)
    ]
    given = {"bucket_size": 3, "n_hashes": 2, "seed": 0, **options, "causal": causal}
    for mask in (None, PADDING, PADDING[1, 0, 0]):
        expected = reference.lsh_attention(
            *heads, mask=None if mask is None else mask.numpy(), **given
        )
        mixed = torch.from_numpy(reference.merge_heads(expected))
        output = module(X, mask=mask, causal=causal)
        assert_allclose(output, module.output_projection(mixed), rtol=1e-11, atol=1e-13)
        alone = module(X[1], mask=mask if mask is None else mask.flatten()[-N:], causal=causal)
        assert_allclose(alone, output[1], rtol=1e-11, atol=1e-13)
    assert_array_equal(module(X), module(X, causal=False))


def test_where_all_tokens_meet_it_is_attention_with_normed_keys():
    module = built(bucket_size=N)
    queries = functional.split_heads(module.query_key_projection(X), H)
    keys = queries / queries.norm(dim=-1, keepdim=True)
    values = functional.split_heads(module.value_projection(X), H)
    others = ~torch.eye(N, dtype=torch.bool)
    heads = functional.attention(queries, keys, values, mask=others)
    expected = module.output_projection(functional.merge_heads(heads))
    assert_allclose(module(X), expected, rtol=1e-11, atol=1e-13)


def test_padding_gives_the_bias_and_does_not_leak():
    module = built()
    other = X.clone()
    other[1, 11:] = 100
    output = module(X, mask=PADDING)
    assert_allclose(
        output[1, 11:], module.output_projection.bias.expand(6, C), rtol=1e-12, atol=1e-14
    )
    assert_allclose(module(other, mask=PADDING), output, rtol=1e-12, atol=1e-14)


def test_gradcheck_of_input_and_parameters():
    module = built().requires_grad_()
    names, parameters = zip(*module.named_parameters(), strict=True)

    def output(x, *values):
        given = dict(zip(names, values, strict=True))
        return torch.func.functional_call(module, given, (x,), {"mask": PADDING})

    x = X.clone().requires_grad_()
    assert torch.autograd.gradcheck(output, (x, *parameters), fast_mode=True)
    (output(x, *parameters) * X).sum().backward()
    for name, one in module.named_parameters():
        assert one.grad.abs().max() > 1e-9, name


def test_under_autocast_it_gives_the_same_up_to_rounding():
    """With one bucket: which tokens meet does not hang on the rounding."""
    module, x = built(bucket_size=N).float().requires_grad_(), X.float()
    expected = module(x).detach()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = module(x)
    assert output.dtype == torch.bfloat16
    assert_allclose(output.detach().float(), expected, rtol=0.05, atol=0.05)
    output.float().sum().backward()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        sorted_by_hash = built().float()(x)
    assert torch.isfinite(sorted_by_hash).all()
    half = built().bfloat16()(x.bfloat16())
    assert half.dtype == torch.bfloat16


def test_sizes_names_and_first_values():
    with seeded(0):
        module = LSHAttention(C, H, bucket_size=5, n_hashes=4, seed=7)
    assert (module.d_model, module.n_heads) == (C, H)
    assert (module.bucket_size, module.n_hashes, module.seed) == (5, 4, 7)
    assert repr(module).startswith("LSHAttention(\n  bucket_size=5, n_hashes=4, seed=7\n")
    shapes = {name: tuple(one.shape) for name, one in module.named_parameters()}
    expected = {}
    for name in LAYERS:
        expected |= {f"{name}_projection.weight": (C, C), f"{name}_projection.bias": (C,)}
    assert shapes == expected
    bound = (6 / (2 * C)) ** 0.5  # Xavier
    for name in LAYERS:
        layer = getattr(module, f"{name}_projection")
        assert 0.9 * bound < layer.weight.abs().max() <= bound
        assert_array_equal(layer.bias.detach(), np.zeros(C))
    before = {name: one.clone() for name, one in module.state_dict().items()}
    nn.init.ones_(module.value_projection.bias)
    with seeded(1):
        module.reset_parameters()
    for name, one in module.state_dict().items():
        assert torch.equal(one, before[name]) == name.endswith("bias")
    bare = LSHAttention(C, H, bucket_size=5, n_hashes=4, bias=False)
    assert [name for name, _ in bare.named_parameters()] == [
        f"{name}_projection.weight" for name in LAYERS
    ]
    assert bare.seed == 0


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (
            lambda: LSHAttention(0, H, bucket_size=3, n_hashes=2),
            ValueError,
            "d_model must be at least 1, got 0",
        ),
        (
            lambda: LSHAttention(C, 0, bucket_size=3, n_hashes=2),
            ValueError,
            "n_heads must be at least 1, got 0",
        ),
        (
            lambda: LSHAttention(C, 5, bucket_size=3, n_hashes=2),
            ValueError,
            "n_heads must divide d_model, got n_heads 5 and 12",
        ),
        (lambda: built(bucket_size=0), ValueError, "bucket_size must be at least 1, got 0"),
        (lambda: built(n_hashes=0), ValueError, "n_hashes must be at least 1, got 0"),
        (
            lambda: LSHAttention(C, H, bucket_size=3, n_hashes=2, seed=-1),
            ValueError,
            "seed must be at least 0, got -1",
        ),
        (lambda: built(bias=1), TypeError, "bias must be True or False, got int"),
        (lambda: built()(X.numpy()), TypeError, "x must be a torch.Tensor, got ndarray"),
        (
            lambda: built()(X[..., :5]),
            ValueError,
            "x must have width 12 on its last axis, got shape (2, 17, 5)",
        ),
        (
            lambda: built()(X.float()),
            TypeError,
            "arguments must share one dtype, got x float32, weight float64",
        ),
        (
            lambda: built()(X, mask=PADDING[:, 0]),
            ValueError,
            "mask must have the 4 axes [..., H, T, S], or at most 2, got shape (2, 1, 17); "
            "give one mask for each row of the batch as mask[:, None]",
        ),
        (
            lambda: built()(X, mask=torch.ones(N, N).bool()),
            ValueError,
            "mask must be the same for every query, of size 1 on its second last axis, "
            "got shape (17, 17)",
        ),
        (lambda: built()(X, causal=1), TypeError, "causal must be True or False, got int"),
    ],
)
def test_bad_input_is_named(run, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        run()
