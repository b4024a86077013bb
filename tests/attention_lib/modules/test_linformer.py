"""The Linformer module: the function between projections, whatever heads share."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional
from attention_lib.modules import LinformerAttention, MultiHeadAttention
from attention_lib.training import seeded

L, C, H, R = 13, 6, 3, 5
SHARING = ("none", "heads", "key_value")


def module(seed=0, *, sharing="heads", **options):
    torch.manual_seed(seed)
    one = LinformerAttention(L, C, H, R, sharing=sharing, **options).double()
    for parameter in one.parameters():
        torch.nn.init.normal_(parameter)
    return one


def by_definition(one, query, key, mask=None):
    """Project the width first, then the length: E (x W)."""
    lengths = [length[..., : key.shape[-2]] for length in (one.key_length, one.value_length)]
    heads = functional.linformer_attention(
        functional.split_heads(one.query_projection(query), H),
        functional.split_heads(one.key_projection(key), H),
        functional.split_heads(one.value_projection(key), H),
        key_projection=lengths[0],
        value_projection=lengths[1],
        mask=mask,
    )
    return one.output_projection(functional.merge_heads(heads))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("sharing", SHARING)
@pytest.mark.parametrize("n_keys", [1, 7, L])
def test_equals_the_definition(n_keys, sharing, bias):
    one = module(sharing=sharing, bias=bias)
    query, key = torch.randn(2, 4, C).double(), torch.randn(2, n_keys, C).double()
    padding = functional.padding_mask(torch.tensor([n_keys, n_keys // 2]), n_keys)[:, None]
    whole = torch.arange(n_keys) % 2 == 0
    for mask in (None, padding, whole, whole[None]):
        expected = by_definition(one, query, key, mask)
        assert_allclose(
            one(query, key, mask=mask).detach(), expected.detach(), rtol=1e-10, atol=1e-12
        )
    assert_array_equal(one(key).detach(), one(key, key).detach())
    for alone in (whole[None, None], None):
        single = one(query[0], key[0], mask=alone)
        assert single.shape == (4, C)
        expected = one(query, key, mask=alone)[0].detach()
        assert_allclose(single.detach(), expected, rtol=1e-10, atol=1e-12)
    for given in ((query, key[0]), (query[0], key)):  # a batch of one of the two
        expected = by_definition(one, *given, padding)
        output = one(*given, mask=padding)
        assert_allclose(output.detach(), expected.detach(), rtol=1e-10, atol=1e-12)
    single = one(query[0], key[0])
    assert_allclose(single.detach(), one(query, key)[0].detach(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("sharing", SHARING)
def test_gradients_of_every_parameter_equal_those_of_the_definition(sharing):
    one = module(1, sharing=sharing)
    x = torch.randn(2, 7, C).double()
    mask = functional.padding_mask(torch.tensor([7, 3]), 7)[:, None]
    names, parameters = zip(*one.named_parameters(), strict=True)
    ours = torch.autograd.grad(one(x, mask=mask).square().sum(), parameters)
    expected = torch.autograd.grad(by_definition(one, x, x, mask).square().sum(), parameters)
    assert ("value_length" in names) == (sharing != "key_value")
    for name, gradient, other in zip(names, ours, expected, strict=True):
        assert (gradient != 0).any(), name
        assert_allclose(gradient, other, rtol=1e-8, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("sharing", ["none", "heads"])
def test_the_identity_is_multi_head_attention(sharing):
    one = LinformerAttention(7, C, H, 7, sharing=sharing).double()
    exact = MultiHeadAttention(C, H).double()
    exact.load_state_dict({k: v for k, v in one.state_dict().items() if "length" not in k})
    with torch.no_grad():
        for length in (one.key_length, one.value_length):
            length.copy_(torch.eye(7))
    x = torch.randn(2, 7, C).double()
    assert_allclose(one(x).detach(), exact(x).detach(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("sharing", SHARING)
def test_nothing_real_gives_the_bias_of_the_output(sharing):
    one = module(sharing=sharing)
    output = one(torch.randn(2, 4, C).double(), mask=torch.zeros(4, dtype=torch.bool))
    expected = one.output_projection.bias.expand(2, 4, C)
    assert_allclose(output.detach(), expected.detach(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("sharing", SHARING)
def test_padding_does_not_leak(sharing):
    one = module(sharing=sharing)
    x = torch.randn(1, 7, C).double()
    mask = torch.arange(7) < 5
    other = x.clone()
    other[:, 5:] = torch.randn(1, 2, C).double() * 100
    before, after = one(x, mask=mask), one(x, other, mask=mask)
    assert_allclose(after.detach(), before.detach(), rtol=1e-12, atol=1e-13)
    short = one(x, x[:, :5])
    assert_allclose(short.detach(), before.detach(), rtol=1e-10, atol=1e-12)


def test_shapes_names_and_first_values():
    torch.manual_seed(0)
    one = LinformerAttention(400, C, H, 50)
    assert one.key_length.shape == one.value_length.shape == (50, 400)
    assert (one.max_length, one.d_model, one.n_heads, one.n_projected) == (400, C, H, 50)
    assert (one.sharing, one.dropout) == ("heads", 0.0)
    for length in (one.key_length, one.value_length):
        assert length.std().item() == pytest.approx(400**-0.5, rel=0.05)
    for name in ("query", "key", "value", "output"):
        layer = getattr(one, f"{name}_projection")
        assert layer.weight.shape == (C, C)
        assert layer.weight.abs().max() <= (6 / (2 * C)) ** 0.5
        assert_array_equal(layer.bias.detach(), np.zeros(C))
    assert LinformerAttention(L, C, H, R, sharing="none").key_length.shape == (H, R, L)
    shared = LinformerAttention(L, C, H, R, sharing="key_value")
    assert shared.value_length is shared.key_length
    without = LinformerAttention(L, C, H, R, bias=False)
    for name in ("query", "key", "value", "output"):
        assert getattr(without, f"{name}_projection").bias is None


@pytest.mark.parametrize("sharing", SHARING)
def test_dropout_acts_in_training_only(sharing):
    one = module(sharing=sharing, dropout=0.5)
    x = torch.randn(2, 7, C).double()
    assert not torch.equal(one(x), one(x))
    one.eval()
    assert torch.equal(one(x), one(x))
    plain = module(sharing=sharing)
    assert_allclose(one(x).detach(), plain(x).detach(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("sharing", SHARING)
def test_autocast_and_half_precision(sharing):
    one = module(sharing=sharing).float()
    x = torch.randn(2, 7, C)
    mask = torch.arange(7) < 5
    expected = one(x, mask=mask).detach()
    with torch.autocast("cpu", torch.bfloat16):
        output = one(x, mask=mask)
    assert output.dtype == torch.bfloat16
    scale = expected.abs().max()
    assert_allclose(output.detach().float() / scale, expected / scale, atol=0.1)
    half = one.bfloat16()(x.bfloat16(), mask=mask)
    assert half.dtype == torch.bfloat16


with seeded(0):
    X = torch.randn(2, 7, C).double()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (
            (X,),
            {"causal": True},
            ValueError,
            "^causal must be False: each projected key mixes all positions, the future among them$",
        ),
        ((X,), {"causal": None}, TypeError, "^causal must be True or False, got NoneType$"),
        ((X.float(),), {}, TypeError, "^arguments must share one dtype, got query float32"),
        ((X, X.float()), {}, TypeError, "^arguments must share one dtype, got key float32"),
        ((X[..., :5],), {}, ValueError, "^query must have width 6 on its last axis"),
        ((X, X[..., :5]), {}, ValueError, "^key must have width 6 on its last axis"),
        (
            (X, torch.ones(2, L + 1, C).double()),
            {},
            ValueError,
            r"^key must have at most max_length = 13 rows, got shape \(2, 14, 6\)$",
        ),
        ((X, X[:1].expand(3, 7, C)), {}, ValueError, "must broadcast together"),
        ((X,), {"mask": np.ones(7, bool)}, TypeError, r"^mask must be a torch\.Tensor"),
        ((X,), {"mask": torch.ones(7)}, TypeError, "^mask must be boolean"),
        ((X,), {"mask": torch.ones(7, 7).bool()}, ValueError, "^mask must .*every query"),
        (
            (X,),
            {"mask": torch.ones(H, 1, 7).bool()},
            ValueError,
            r"^mask must be the same for every head, of size 1 on its third last axis, got "
            r"shape \(3, 1, 7\)$",
        ),
    ],
)
def test_bad_input_is_named(arguments, options, error, message):
    with pytest.raises(error, match=message):
        module()(*arguments, **options)


@pytest.mark.parametrize(
    ("sizes", "options", "error", "message"),
    [
        ((0, C, H, R), {}, ValueError, "^max_length must be at least 1, got 0$"),
        ((L, 0, H, R), {}, ValueError, "^d_model must be at least 1, got 0$"),
        ((L, C, 0, R), {}, ValueError, "^n_heads must be at least 1, got 0$"),
        ((L, C, H, 0), {}, ValueError, "^n_projected must be at least 1, got 0$"),
        ((L, C, 4, R), {}, ValueError, "^n_heads must divide d_model, got n_heads 4 and 6$"),
        (
            (L, C, H, R),
            {"sharing": "all"},
            ValueError,
            "^sharing must be one of 'none', 'heads', 'key_value', got 'all'$",
        ),
        ((L, C, H, R), {"dropout": 1.0}, ValueError, r"^dropout must lie in \[0, 1\), got 1.0$"),
        ((L, C, H, R), {"bias": 1}, TypeError, "^bias must be True or False, got int$"),
    ],
)
def test_bad_sizes_are_named(sizes, options, error, message):
    with pytest.raises(error, match=message):
        LinformerAttention(*sizes, **options)
