"""MultiHeadAttention against the reference, against torch's own module, and what it refuses."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from attention_lib import reference
from attention_lib.modules import (
    ALiBi,
    KVCache,
    MultiHeadAttention,
    RelativePositionBias,
    RotaryPositionalEncoding,
)
from attention_lib.training import seeded
from tests.helpers import heads_example as example

AMBIGUOUS = (
    r"^mask must have the 4 axes \[\.\.\., H, T, S\], or at most 2, got shape \(2, 3, 5\); "
    r"give one mask for each row of the batch as mask\[:, None\]$"
)

TOLERANCES = {
    torch.float16: 1e-2,
    torch.bfloat16: 6e-2,
    torch.float32: 4e-6,
    torch.float64: 1e-12,
}
C, H, B, T, S = 12, 6, 2, 3, 5
LAYERS = ("query", "key", "value", "output")


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def built(*sizes, seed=0, **options):
    """A module in float64 and evaluation mode whose biases are not zero."""
    with seeded(seed):
        module = MultiHeadAttention(*(sizes or (C, H)), **options)
        for name, one in module.named_parameters():
            if name.endswith("bias"):
                nn.init.normal_(one)
    return module.double().eval()


def numpy_of(module):
    """The parameters under the names of the reference function."""
    parameters = {}
    for name in LAYERS:
        layer = getattr(module, f"{name}_projection")
        parameters[f"{name}_weight"] = layer.weight.detach().double().numpy()
        if layer.bias is not None:
            parameters[f"{name}_bias"] = layer.bias.detach().double().numpy()
    return {**parameters, "n_heads": module.n_heads, "n_kv_heads": module.n_kv_heads}


QUERY, KEY, VALUE = normal(B, T, C), normal(B, S, C, seed=1), normal(B, S, C, seed=2)
MASK = torch.from_numpy(example.mask())

SHAPES = [
    {},
    {"bias": False},
    {"n_kv_heads": 2},
    {"n_kv_heads": 1, "d_value": 5},
    {"d_key": 3, "d_value": 5},
    {"d_key": 7},
]


@pytest.mark.parametrize("return_weights", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_the_reference(shape, return_weights):
    module = built(**shape)
    arrays = [one.numpy() for one in (QUERY, KEY, VALUE)]
    for options in ({}, {"causal": True}, {"mask": MASK}):
        plain = {k: v.numpy() if k == "mask" else v for k, v in options.items()}
        expected = reference.multi_head_attention(
            *arrays, **numpy_of(module), **plain, return_weights=True
        )
        result = module(QUERY, KEY, VALUE, **options, return_weights=return_weights)
        ours = result if return_weights else (result,)
        assert len(ours) == 1 + return_weights
        for one, other in zip(ours, expected, strict=False):
            assert_allclose(one.detach(), other, rtol=1e-11, atol=1e-13)


def test_key_is_the_query_and_value_is_the_key_unless_given():
    module = built()
    assert_array_equal(module(QUERY).detach(), module(QUERY, QUERY, QUERY).detach())
    assert_array_equal(module(QUERY, KEY).detach(), module(QUERY, KEY, KEY).detach())
    assert not torch.allclose(module(QUERY, KEY), module(QUERY, KEY, VALUE))


def test_inputs_of_other_widths_and_more_or_no_leading_axes():
    module = built(C, H, key_width=7, value_width=13, n_kv_heads=3)
    key, value = normal(B, S, 7, seed=1), normal(B, S, 13, seed=2)
    expected = reference.multi_head_attention(
        QUERY.numpy(), key.numpy(), value.numpy(), **numpy_of(module)
    )
    assert_allclose(module(QUERY, key, value).detach(), expected, rtol=1e-11)
    assert_allclose(module(QUERY[0], key[0], value[0]).detach(), expected[0], rtol=1e-11)
    stacked = [torch.stack([one, one.flip(0)]) for one in (QUERY, key, value)]
    assert_allclose(module(*stacked).detach(), [expected, expected[::-1]], rtol=1e-11)
    assert module(QUERY[:0], key[:0], value[:0]).shape == (0, T, C)
    assert module(QUERY[:, :0], key, value).shape == (B, 0, C)
    turned = QUERY.mT.contiguous().mT
    assert_allclose(module(turned, key, value).detach(), expected, rtol=1e-11)


def test_nothing_to_attend_to_gives_the_output_bias():
    module = built()
    bias = module.output_projection.bias.detach()
    nothing = module(QUERY, KEY[:, :0]).detach()
    assert_array_equal(nothing, bias.expand(B, T, C))
    mask = torch.tensor([[True], [False], [True]])
    output, weights = module(QUERY, KEY, mask=mask, return_weights=True)
    assert_array_equal(output[:, 1].detach(), bias.expand(B, C))
    assert_array_equal(weights[:, :, 1].detach(), np.zeros((B, H, S)))
    assert_array_equal(built(bias=False)(QUERY, KEY[:, :0]).detach(), np.zeros((B, T, C)))


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("n_kv_heads", [6, 2])
def test_every_dtype(dtype, n_kv_heads):
    module = built(n_kv_heads=n_kv_heads).to(dtype)
    query = QUERY.to(dtype)
    output, weights = module(query, return_weights=True)
    assert output.dtype == weights.dtype == module(query).dtype == dtype
    exact = query.double().numpy()
    expected = reference.multi_head_attention(exact, exact, exact, **numpy_of(module))
    tolerance = TOLERANCES[dtype]
    for one in (output, module(query)):
        assert_allclose(one.detach().double(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("options", [{}, {"n_kv_heads": 2, "rotary": RotaryPositionalEncoding(2)}])
def test_gradcheck_of_input_and_parameters(options):
    module = built(**options)
    names, parameters = zip(*module.named_parameters(), strict=True)

    def output(query, *values):
        given = dict(zip(names, values, strict=True))
        return torch.func.functional_call(module, given, (query,), {"causal": True})

    assert torch.autograd.gradcheck(
        output, (QUERY.clone().requires_grad_(), *parameters), fast_mode=True
    )


def test_dropout_acts_on_the_weights_in_training_only_and_forward_stores_nothing():
    module = built(dropout=0.5)
    before = set(vars(module))
    full = module(QUERY, KEY, return_weights=True)
    assert_array_equal(module(QUERY, KEY).detach(), module(QUERY, KEY).detach())
    assert_array_equal(full[0].detach(), built()(QUERY, KEY, return_weights=True)[0].detach())
    module.train()
    with seeded(1):
        output, weights = module(QUERY, KEY, return_weights=True)
        fused = [module(QUERY, KEY) for _ in range(2)]
    assert not torch.equal(*fused)
    dropped = weights == 0
    assert 0 < dropped.sum() < dropped.numel()
    assert_allclose(
        weights[~dropped].detach(), 2 * full[1][~dropped].detach(), rtol=1e-12, atol=1e-13
    )
    assert not torch.allclose(output, full[0])
    assert set(vars(module)) == before
    with seeded(1):
        assert torch.equal(built().train()(QUERY), built()(QUERY))


# Heads one by one


@pytest.mark.parametrize("options", SHAPES, ids=str)
def test_the_output_is_the_sum_of_what_the_heads_contribute(options):
    module = built(**options)
    gate = normal(H, seed=3)
    for given in ({}, {"mask": MASK}, {"causal": True}, {"head_gate": gate}):
        parts = module.head_contributions(QUERY, KEY, VALUE, **given)
        assert parts.shape == (B, H, T, C)
        bias = 0 if module.output_projection.bias is None else module.output_projection.bias
        total = (parts.sum(dim=-3) + bias).detach()
        assert_allclose(total, module(QUERY, KEY, VALUE, **given).detach(), rtol=1e-11, atol=1e-13)
    own = module.head_contributions(QUERY)
    assert_array_equal(own.detach(), module.head_contributions(QUERY, QUERY, QUERY).detach())


def test_a_gate_scales_its_head_and_its_gradient_is_the_head_s_part_of_the_loss():
    module = built()
    parts = module.head_contributions(QUERY, KEY)
    gate = torch.ones(H, dtype=torch.float64, requires_grad=True)
    output = module(QUERY, KEY, head_gate=gate)
    assert_allclose(output.detach(), module(QUERY, KEY).detach(), rtol=1e-12, atol=1e-13)
    loss_weight = normal(B, T, C, seed=4)
    (output * loss_weight).sum().backward()
    expected = (parts * loss_weight[:, None]).sum(dim=(0, 2, 3))
    assert_allclose(gate.grad, expected.detach(), rtol=1e-10)
    without = torch.ones(H, dtype=torch.float64)
    without[4] = 0
    silenced = module(QUERY, KEY, head_gate=without)
    assert_allclose(silenced.detach(), (output - parts[:, 4]).detach(), rtol=1e-10, atol=1e-12)


# Positions


class Distance(nn.Module):
    """A bias that is different in each head, for the last query at the last key."""

    def forward(self, n_queries, n_keys):
        place = torch.arange(n_queries)[:, None] + n_keys - n_queries - torch.arange(n_keys)
        return -0.1 * torch.arange(1, H + 1)[:, None, None] * place.double().abs()


@pytest.mark.parametrize("n_kv_heads", [6, 2])
@pytest.mark.parametrize("return_weights", [False, True])
def test_a_position_bias_is_added_to_the_scores(n_kv_heads, return_weights):
    module = built(n_kv_heads=n_kv_heads, position_bias=Distance())
    bias = Distance()(T, S).numpy()
    expected = reference.multi_head_attention(
        QUERY.numpy(), KEY.numpy(), KEY.numpy(), **numpy_of(module), bias=bias, causal=True
    )
    result = module(QUERY, KEY, causal=True, return_weights=return_weights)
    output = result[0] if return_weights else result
    assert_allclose(output.detach(), expected, rtol=1e-11)
    alone = module(QUERY[0], KEY[0], causal=True)
    assert_allclose(alone.detach(), expected[0], rtol=1e-11)


def test_a_module_of_ours_gives_the_position_bias():
    module = built(position_bias=ALiBi(H))
    expected = reference.multi_head_attention(
        *[QUERY.numpy()] * 3, **numpy_of(module), bias=reference.alibi_bias(H, T, T)
    )
    assert_allclose(module(QUERY).detach(), expected, rtol=1e-7)


@pytest.mark.parametrize("n_kv_heads", [6, 2])
def test_rotary_turns_queries_and_keys_and_not_values(n_kv_heads):
    module = built(n_kv_heads=n_kv_heads, d_key=4, rotary=RotaryPositionalEncoding(4))
    parameters = numpy_of(module)
    x = QUERY.numpy()
    heads = []
    for name, count in (("query", H), ("key", n_kv_heads), ("value", n_kv_heads)):
        projected = x @ parameters[f"{name}_weight"].T + parameters[f"{name}_bias"]
        heads.append(reference.split_heads(projected, count))
    mixed = reference.grouped_query_attention(
        reference.rotate(heads[0]), reference.rotate(heads[1]), heads[2], causal=True
    )
    expected = reference.merge_heads(mixed) @ parameters["output_weight"].T
    expected = expected + parameters["output_bias"]
    assert_allclose(module(QUERY, causal=True).detach(), expected, rtol=1e-11)


def test_rotary_with_a_key_puts_the_last_query_at_the_last_key():
    module = built(rotary=RotaryPositionalEncoding(2))
    everything = module(KEY, causal=True).detach()
    assert_allclose(module(KEY, KEY, causal=True).detach(), everything, rtol=1e-11)
    last = module(KEY[:, 3:], KEY, causal=True).detach()
    alone = module(KEY[0, 3:], KEY[0], causal=True).detach()
    assert_allclose(alone, last[0], rtol=1e-11)
    assert_allclose(last, everything[:, 3:], rtol=1e-11)
    longer = module(KEY, KEY[:, 3:]).detach()
    rotated = module(KEY[:, 3:], KEY[:, 3:]).detach()
    assert_allclose(longer[:, 3:], rotated, rtol=1e-11)


# torch


def pair(dtype=torch.float64, seed=0, **options):
    """torch's module with parameters that are not zero, and ours made from it."""
    with seeded(seed):
        theirs = nn.MultiheadAttention(C, H, dtype=dtype, **options)
        for one in theirs.parameters():
            nn.init.normal_(one, std=0.5)
    return theirs.eval(), MultiHeadAttention.from_torch(theirs.eval())


OPTIONS = [{}, {"bias": False}, {"kdim": 7, "vdim": 13}, {"kdim": 7, "bias": False}, {"vdim": 5}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-11), (torch.float32, 2e-5)])
def test_equals_torch_in_outputs_weights_and_gradients(options, batch_first, dtype, tolerance):
    theirs, ours = pair(dtype, batch_first=batch_first, **options)
    widths = (C, options.get("kdim", C), options.get("vdim", C))
    lengths = (T, S, S)
    given = [
        normal(B, n, width, seed=place).to(dtype)
        for place, (n, width) in enumerate(zip(lengths, widths, strict=True))
    ]
    padding = torch.tensor([[True] * 5, [True] * 4 + [False]])  # True = may attend: theirs inverts
    closed = MASK.flatten(0, 1) & padding.repeat_interleave(H, 0)[:, None]
    closed[..., 0] = True
    mask = closed.unflatten(0, (B, H))
    turn = (lambda x: x) if batch_first else (lambda x: x.transpose(0, 1))
    expected, each = theirs(
        *(turn(one) for one in given), attn_mask=~closed, average_attn_weights=False
    )
    _, averaged = theirs(*(turn(one) for one in given), attn_mask=~closed)
    output, weights = ours(*given, mask=mask, return_weights=True)
    tolerances = {"rtol": tolerance, "atol": tolerance}
    assert output.dtype == dtype
    assert_allclose(output.detach(), turn(expected).detach(), **tolerances)
    assert_allclose(ours(*given, mask=mask).detach(), turn(expected).detach(), **tolerances)
    assert_allclose(weights.detach(), each.detach(), **tolerances)
    assert_allclose(weights.mean(dim=-3).detach(), averaged.detach(), **tolerances)
    loss_weight = normal(B, T, C, seed=9).to(dtype)
    (turn(expected) * loss_weight).sum().backward()
    (ours(*given, mask=mask) * loss_weight).sum().backward()
    stacked = {"weight": [], "bias": []}
    for name in LAYERS[:3]:
        layer = getattr(ours, f"{name}_projection")
        stacked["weight"].append(layer.weight.grad)
        stacked["bias"].append(None if layer.bias is None else layer.bias.grad)
    if theirs.in_proj_weight is None:
        their_weights = [getattr(theirs, f"{name}_proj_weight").grad for name in "qkv"]
    else:
        their_weights = list(theirs.in_proj_weight.grad.chunk(3))
    for one, other in zip(stacked["weight"], their_weights, strict=True):
        assert_allclose(one, other, rtol=tolerance, atol=10 * tolerance)
    if options.get("bias", True):
        together = torch.cat(stacked["bias"])
        assert_allclose(together, theirs.in_proj_bias.grad, rtol=tolerance, atol=10 * tolerance)
        assert_allclose(ours.output_projection.bias.grad, theirs.out_proj.bias.grad, rtol=tolerance)
    else:
        assert stacked["bias"] == [None] * 3
    assert_allclose(ours.output_projection.weight.grad, theirs.out_proj.weight.grad, **tolerances)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("batch_first", [False, True])
def test_there_and_back_is_the_same_module(options, batch_first):
    theirs, ours = pair(batch_first=batch_first, dropout=0.25, **options)
    assert ours.dropout == 0.25
    again = ours.to_torch(batch_first=batch_first)
    assert type(again) is nn.MultiheadAttention
    assert again.batch_first == batch_first
    assert again.dropout == 0.25
    assert again.training == ours.training == theirs.training == False  # noqa: E712
    before, after = theirs.state_dict(), again.state_dict()
    assert list(before) == list(after)
    for name, one in before.items():
        assert after[name].dtype == torch.float64
        assert_array_equal(after[name], one)
        assert after[name].data_ptr() != one.data_ptr()
    for one, other in zip(again.parameters(), theirs.parameters(), strict=True):
        assert one.requires_grad
        assert other.requires_grad
    assert MultiHeadAttention.from_torch(theirs.train()).training
    assert ours.train().to_torch().training
    assert ours.to_torch().batch_first


def test_from_torch_makes_the_class_that_it_is_called_on():
    class Own(MultiHeadAttention):
        pass

    assert type(Own.from_torch(pair()[0])) is Own


AUTOCAST = [
    {},
    {"rotary": RotaryPositionalEncoding(2)},
    {"position_bias": ALiBi(H)},
    {"position_bias": RelativePositionBias(H), "n_kv_heads": 2},
]


@pytest.mark.parametrize("options", AUTOCAST)
@pytest.mark.parametrize("cached", [False, True])
def test_under_autocast_it_gives_the_same_up_to_rounding(options, cached):
    module, x = built(**options).float(), QUERY.float()
    gate = torch.linspace(0.5, 1.5, H).requires_grad_()
    expected = module(x, causal=True, head_gate=gate)
    cache = KVCache() if cached else None
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.set_grad_enabled(not cached):
        output = module(x, causal=True, head_gate=gate, cache=cache)
    assert output.dtype == torch.bfloat16
    assert_allclose(output.detach().float(), expected.detach(), rtol=0.05, atol=0.05)
    if not cached:
        output.float().sum().backward()
        assert all(torch.isfinite(one.grad).all() for one in (gate, *module.parameters()))


def test_parameters_are_drawn_as_torch_draws_them():
    with seeded(0):
        ours = MultiHeadAttention(96, 6)
        theirs = nn.MultiheadAttention(96, 6)
        apart = MultiHeadAttention(96, 6, key_width=48, value_width=24)
        theirs_apart = nn.MultiheadAttention(96, 6, kdim=48, vdim=24)
    largest = theirs.in_proj_weight.abs().max().item()
    assert_allclose(largest, (6 / (4 * 96)) ** 0.5, rtol=1e-3)
    for name in LAYERS[:3]:
        layer = getattr(ours, f"{name}_projection")
        assert_allclose(layer.weight.abs().max().item(), largest, rtol=2e-3)
        assert_allclose(layer.weight.mean().item(), 0, atol=5e-3)
        own = getattr(apart, f"{name}_projection").weight.abs().max().item()
        other = getattr(theirs_apart, f"{name[0]}_proj_weight").abs().max().item()
        assert_allclose(own, other, rtol=5e-3)
    out = ours.output_projection.weight.abs().max().item()
    assert_allclose(out, theirs.out_proj.weight.abs().max().item(), rtol=1e-3)
    for name, one in (*ours.named_parameters(), *apart.named_parameters()):
        if name.endswith("bias"):
            assert_array_equal(one.detach(), np.zeros(one.shape))


def test_drawing_again_changes_every_weight_and_clears_the_biases():
    module = built()
    before = {name: one.clone() for name, one in module.state_dict().items()}
    with seeded(5):
        module.reset_parameters()
    for name, one in module.state_dict().items():
        assert not torch.equal(one, before[name])
        assert name.endswith("weight") or not one.any()


def test_sizes_are_kept_and_parameters_named():
    module = MultiHeadAttention(
        C, H, n_kv_heads=2, d_key=3, d_value=5, key_width=7, value_width=13, dropout=0.125
    )
    shapes = {name: tuple(one.shape) for name, one in module.named_parameters()}
    assert shapes == {
        "query_projection.weight": (18, C),
        "query_projection.bias": (18,),
        "key_projection.weight": (6, 7),
        "key_projection.bias": (6,),
        "value_projection.weight": (10, 13),
        "value_projection.bias": (10,),
        "output_projection.weight": (C, 30),
        "output_projection.bias": (C,),
    }
    sizes = (module.d_model, module.n_heads, module.n_kv_heads, module.d_key, module.d_value)
    assert sizes == (C, H, 2, 3, 5)
    assert module.dropout == 0.125
    plain = MultiHeadAttention(C, H)
    assert (plain.n_kv_heads, plain.d_key, plain.d_value, plain.dropout) == (H, 2, 2, 0.0)
    assert plain.rotary is None
    assert plain.position_bias is None
    assert MultiHeadAttention(7, 2, d_key=3, d_value=5)(torch.ones(3, 7)).shape == (3, 7)


def test_a_state_dict_carries_everything():
    one, other = built(seed=0), built(seed=1)
    other.load_state_dict(one.state_dict())
    assert_array_equal(one(QUERY).detach(), other(QUERY).detach())


# What is refused

WIDE = built(C, H, key_width=7)
ROTARY = {"rotary": RotaryPositionalEncoding(2)}


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (
            lambda: MultiHeadAttention(12, 5),
            ValueError,
            "^n_heads must divide d_model where d_key or d_value is None, got n_heads 5 and 12$",
        ),
        (
            lambda: MultiHeadAttention(12, 5, d_key=3),
            ValueError,
            "^n_heads must divide d_model where d_key or d_value is None, got n_heads 5 and 12$",
        ),
        (
            lambda: MultiHeadAttention(12, 5, d_value=3),
            ValueError,
            "^n_heads must divide d_model where",
        ),
        (lambda: MultiHeadAttention(0, 5), ValueError, "^d_model must be at least 1, got 0$"),
        (lambda: MultiHeadAttention(12, 0), ValueError, "^n_heads must be at least 1, got 0$"),
        (lambda: MultiHeadAttention(12, 2.0), TypeError, "^n_heads must be an integer, got float$"),
        (
            lambda: MultiHeadAttention(12, 6, n_kv_heads=4),
            ValueError,
            "^n_kv_heads must divide n_heads, got n_kv_heads 4 and 6$",
        ),
        (
            lambda: MultiHeadAttention(12, 6, n_kv_heads=0),
            ValueError,
            "^n_kv_heads must be at least 1, got 0$",
        ),
        (lambda: MultiHeadAttention(12, 6, d_key=0), ValueError, "^d_key must be at least 1"),
        (lambda: MultiHeadAttention(12, 6, d_value=0), ValueError, "^d_value must be at least 1"),
        (lambda: MultiHeadAttention(12, 6, key_width=0), ValueError, "^key_width must be at leas"),
        (lambda: MultiHeadAttention(12, 6, value_width=0), ValueError, "^value_width must be at l"),
        (
            lambda: MultiHeadAttention(12, 6, dropout=1),
            ValueError,
            r"^dropout must lie in \[0, 1\)",
        ),
        (lambda: MultiHeadAttention(12, 6, bias=None), TypeError, "^bias must be True or False"),
        (lambda: built()(QUERY.numpy()), TypeError, "^query must be a torch.Tensor, got ndarray$"),
        (
            lambda: built(position_bias=lambda *sizes: np.zeros((H, *sizes)))(QUERY),
            TypeError,
            "^bias must be a torch.Tensor, got ndarray$",
        ),
        (
            lambda: built()(QUERY.float()),
            TypeError,
            "^arguments must share one dtype, got query flo",
        ),
        (lambda: built()(QUERY[0, 0]), ValueError, r"^query must have at least 2 dimension\(s\)"),
        (
            lambda: built()(QUERY[..., :7]),
            ValueError,
            r"^query must have width 12 on its last axis, got shape \(2, 3, 7\)$",
        ),
        (
            lambda: WIDE(QUERY),
            ValueError,
            r"^key must have width 7 on its last axis, got shape \(2, 3, 12\)$",
        ),
        (lambda: WIDE(QUERY, KEY[..., :7]), ValueError, "^value must have width 12 on its last ax"),
        (
            lambda: built()(QUERY, KEY.float()),
            TypeError,
            "^arguments must share one dtype, got key",
        ),
        (
            lambda: built()(QUERY, KEY.numpy()),
            TypeError,
            "^key must be a torch.Tensor, got ndarray$",
        ),
        (lambda: built()(QUERY, KEY, 1), TypeError, "^value must be a torch.Tensor, got int$"),
        (
            lambda: built()(QUERY, value=VALUE),
            ValueError,
            "^value needs a key: give both, or neither for self-attention$",
        ),
        (
            lambda: built()(QUERY, KEY, VALUE[:, :3]),
            ValueError,
            "^value must have one row for each of the 5 keys",
        ),
        (
            lambda: built()(QUERY, torch.cat([KEY, KEY])[:3]),
            ValueError,
            r"^the axes before the last two must broadcast together, got query \(2, 3, 12\)",
        ),
        (lambda: built()(QUERY, mask=MASK.double()), TypeError, "^mask must be boolean"),
        (
            lambda: built()(QUERY, KEY, mask=MASK[:, 0]),
            ValueError,
            AMBIGUOUS,
        ),
        (
            lambda: built()(QUERY[0], KEY, mask=MASK[:, 0]),
            ValueError,
            AMBIGUOUS,
        ),
        (
            lambda: built()(QUERY, causal=None),
            TypeError,
            "^causal must be True or False, got NoneT",
        ),
        (
            lambda: built()(QUERY, return_weights=1),
            TypeError,
            "^return_weights must be True or Fal",
        ),
        (
            lambda: built()(QUERY, head_gate=normal(5)),
            ValueError,
            r"^head_gate must have shape \[H\] = \(6,\), got \(5,\)$",
        ),
        (
            lambda: built(position_bias=Distance()).float()(QUERY.float()),
            TypeError,
            "^arguments must share one dtype, got bias float64, weight float32$",
        ),
        (
            lambda: built()(QUERY, head_gate=torch.ones(6)),
            TypeError,
            "^arguments must share one dtype, got head_gate float32, weight float64$",
        ),
        (
            lambda: built()(QUERY, head_gate=[1.0] * 6),
            TypeError,
            "^head_gate must be a torch.Tensor, got list$",
        ),
        (
            lambda: built(position_bias=ALiBi(3))(QUERY),
            ValueError,
            r"^bias must broadcast to the scores' shape \(2, 6, 3, 3\), got \(3, 3, 3\)$",
        ),
        (
            lambda: built()(QUERY, cache={}),
            TypeError,
            "^cache must be a KVCache, got dict$",
        ),
        (
            lambda: built()(QUERY[0], cache=KVCache()),
            ValueError,
            r"^query must have shape \[B, T, C\] where a cache is used, got \(3, 12\)$",
        ),
        (
            lambda: MultiHeadAttention.from_torch(nn.Linear(2, 2)),
            TypeError,
            "^module must be a torch.nn.MultiheadAttention, got Linear$",
        ),
        (
            lambda: MultiHeadAttention.from_torch(nn.MultiheadAttention(4, 2, add_bias_kv=True)),
            ValueError,
            "^module must not have add_bias_kv=True: there is no such key here$",
        ),
        (
            lambda: MultiHeadAttention.from_torch(nn.MultiheadAttention(4, 2, add_zero_attn=True)),
            ValueError,
            "^module must not have add_zero_attn=True: there is no such key here$",
        ),
        (
            lambda: built(n_kv_heads=2).to_torch(),
            ValueError,
            "^torch.nn.MultiheadAttention has no n_kv_heads = 2 instead of 6$",
        ),
        (
            lambda: built(d_key=4, rotary=RotaryPositionalEncoding(4)).to_torch(),
            ValueError,
            "^torch.nn.MultiheadAttention has no n_heads . d_key = 24 instead of 12 and no rotary$",
        ),
        (
            lambda: built(d_value=3, position_bias=ALiBi(6)).to_torch(),
            ValueError,
            "^torch.nn.MultiheadAttention has no n_heads . d_value = 18 instead of 12 and no posit",
        ),
        (
            lambda: built().to_torch(batch_first=1),
            TypeError,
            "^batch_first must be True or False, got int$",
        ),
    ],
)
def test_bad_input_is_named(run, error, message):
    with pytest.raises(error, match=message):
        run()
