"""The torch functions against the reference, against torch itself, and under differentiation."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.nn import functional as F

from attention_lib import functional, reference
from tests.helpers import attention_laws
from tests.helpers.attention_laws import example, random_bias, random_mask

TOLERANCES = {
    torch.float16: 2e-3,
    torch.bfloat16: 2e-2,
    torch.float32: 2e-6,
    torch.float64: 1e-12,
}


OPTIONS = [
    {},
    {"scale": 0.3},
    {"causal": True},
    {"mask": random_mask()},
    {"mask": random_mask(), "causal": True},
    {"bias": random_bias()},
    {"bias": random_bias(), "mask": random_mask(), "causal": True},
    {"bias": random_bias(), "temperature": 0.7},
]


ARRAYS = ("mask", "bias")


def with_tensors(options, dtype):
    """The options with tensors in place of arrays, the bias in this dtype."""
    tensors = {name: torch.from_numpy(options[name]) for name in ARRAYS if name in options}
    if "bias" in tensors:
        tensors["bias"] = tensors["bias"].to(dtype)
    return {**options, **tensors}


def in_torch(query, key, value, **options):
    tensors = [torch.from_numpy(np.ascontiguousarray(array)) for array in (query, key, value)]
    result = functional.attention(*tensors, **with_tensors(options, torch.float64))
    return tuple(one.numpy() for one in result) if isinstance(result, tuple) else result.numpy()


def step_by_step(query, key, value, *, return_weights=False, **options):
    output, weights = in_torch(query, key, value, return_weights=True, **options)
    return (output, weights) if return_weights else output


# A fused kernel does not promise bitwise equality; the next test takes its place there.
FUSED_LAWS = [law for law in attention_laws.LAWS if law is not attention_laws.ignores_the_future]
CASES = [(in_torch, law) for law in FUSED_LAWS]


CASES += [(step_by_step, law) for law in attention_laws.LAWS]


@pytest.mark.parametrize(("path", "law"), CASES, ids=lambda one: one.__name__)
def test_law(path, law):
    law(path)


def test_fused_path_ignores_the_future():
    query, key, value = example(5, n_queries=5)
    before = in_torch(query, key, value, causal=True)
    key[:, 3:] += 3.0
    value[:, 3:] -= 5.0
    after = in_torch(query, key, value, causal=True)
    assert_allclose(after[:, :3], before[:, :3], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("return_weights", [False, True])
def test_equals_the_reference_in_every_dtype(dtype, options, return_weights):
    tensors = [torch.from_numpy(array).to(dtype) for array in example()]
    exact = [tensor.double().numpy() for tensor in tensors]
    options = with_tensors(options, dtype)
    rounded = {k: v.numpy() if k == "mask" else v for k, v in options.items()}
    if "bias" in options:
        rounded["bias"] = options["bias"].double().numpy()
    expected = reference.attention(*exact, **rounded)
    output = functional.attention(*tensors, return_weights=return_weights, **options)
    output = output[0] if return_weights else output
    assert output.dtype == dtype
    tolerance = TOLERANCES[dtype]
    assert_allclose(output.double().numpy(), expected, rtol=tolerance, atol=tolerance)


def test_equals_torch_itself():
    query, key, value = (torch.from_numpy(array) for array in example())
    mask = torch.from_numpy(random_mask())
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    assert_allclose(
        functional.attention(query, key, value, mask=mask), expected, rtol=1e-12, atol=1e-13
    )


@pytest.mark.parametrize("return_weights", [False, True])
@pytest.mark.parametrize("options", OPTIONS)
def test_gradients_equal_the_reference_backward(options, return_weights):
    arrays = example(4)
    loss_weight = np.random.default_rng(5).normal(size=(2, 3, 11))
    expected = reference.attention_backward(*arrays, loss_weight, **options)
    options = with_tensors(options, torch.float64)
    tensors = [torch.from_numpy(array).requires_grad_() for array in arrays]
    output = functional.attention(*tensors, return_weights=return_weights, **options)
    output = output[0] if return_weights else output
    output.backward(torch.from_numpy(loss_weight))
    for tensor, gradient in zip(tensors, expected, strict=True):
        assert_allclose(tensor.grad, gradient, rtol=1e-10, atol=1e-12)


SQUARE = random_mask(n_queries=5)[:, None]  # [B, 1, 5, 5]


@pytest.mark.parametrize("scale", [None, 0, 0.0, -0.5, 1e-50, -1e-50, 1e-39])
@pytest.mark.parametrize("options", [{}, {"causal": True}, {"mask": SQUARE, "causal": True}])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_scale_on_the_kernel_for_heads_of_one_width(dtype, options, scale):
    rng = np.random.default_rng(11)
    arrays = [rng.normal(size=(2, 2, 5, 3)) for _ in range(4)]
    tensors = [torch.from_numpy(array).to(dtype).requires_grad_() for array in arrays[:3]]
    output = functional.attention(*tensors, scale=scale, **with_tensors(options, dtype))
    output.backward(torch.from_numpy(arrays[3]).to(dtype))
    results = [output.detach(), *(tensor.grad for tensor in tensors)]
    options = {**options, "scale": scale}
    expected = [reference.attention(*arrays[:3], **options)]
    expected += reference.attention_backward(*arrays, **options)
    tolerance = {"rtol": 1e-10, "atol": 1e-12} if dtype == torch.float64 else {"atol": 2e-6}
    for one, other in zip(results, expected, strict=True):
        assert_allclose(one, other, **tolerance)


@pytest.mark.parametrize("return_weights", [False, True])
def test_gradcheck(return_weights):
    tensors = [torch.from_numpy(array[:1, :, :3]).requires_grad_() for array in example(6)]

    def output(*inputs):
        result = functional.attention(*inputs, return_weights=return_weights)
        return result[0] if return_weights else result

    assert torch.autograd.gradcheck(output, tensors)


@pytest.mark.parametrize("return_weights", [False, True])
def test_gradients_reach_the_bias(return_weights):
    tensors = [torch.from_numpy(array[:1, :, :3]) for array in example(6)]
    bias = torch.from_numpy(np.random.default_rng(7).normal(size=(3, 1))).requires_grad_()
    mask = torch.tensor([[True] * 5, [False] * 5, [True, False, True, True, False]])

    def output(bias):
        shifted = bias * torch.arange(5, dtype=torch.float64)  # [3, 5]
        options = {"mask": mask, "bias": shifted, "return_weights": return_weights}
        result = functional.attention(*tensors, **options)
        return result[0] if return_weights else result

    assert torch.autograd.gradcheck(output, [bias])
    (gradient,) = torch.autograd.grad(output(bias).sum(), [bias])
    assert gradient[1] == 0
    assert (gradient[[0, 2]] != 0).all()


@pytest.mark.parametrize("return_weights", [False, True])
def test_a_bias_of_minus_infinity_is_a_mask(return_weights):
    query, key, value = (torch.from_numpy(array).requires_grad_() for array in example(8))
    mask = torch.from_numpy(random_mask())
    mask[0, 1] = False
    bias = torch.zeros(mask.shape, dtype=torch.float64).masked_fill(~mask, -torch.inf)
    results = []
    for options in ({"mask": mask}, {"bias": bias}):
        output = functional.attention(query, key, value, return_weights=return_weights, **options)
        output = output[0] if return_weights else output
        results.append((output, *torch.autograd.grad(output.square().sum(), [query, key, value])))
    for ours, expected in zip(*results, strict=True):
        assert_allclose(ours.detach(), expected.detach(), rtol=1e-12, atol=1e-14)


def test_single_steps_follow_the_limit_and_do_not_see_a_closed_key():
    query, key, value = example(9)
    bias = np.zeros((3, 5))
    bias[1, [0, 3]] = np.inf
    mask = np.ones((3, 5), dtype=bool)
    mask[:, 2] = False
    key[:, 2] = np.nan
    options = {"bias": bias, "mask": mask}
    _, weights = in_torch(query, key, value, return_weights=True, **options)
    _, expected = reference.attention(query, key, value, return_weights=True, **options)
    assert_allclose(weights, expected, rtol=1e-12, atol=1e-13)
    assert_array_equal(weights[:, 1], [[0.5, 0, 0, 0.5, 0]] * 2)
    assert_array_equal(weights[:, :, 2], np.zeros((2, 3)))


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("return_weights", [False, True])
def test_empty_rows_have_zero_output_and_gradient(dtype, return_weights):
    tensors = [torch.from_numpy(array).to(dtype).requires_grad_() for array in example()]
    mask = torch.zeros(3, 5, dtype=torch.bool)
    mask[1] = True
    output = functional.attention(*tensors, mask=mask, return_weights=return_weights)
    output = output[0] if return_weights else output
    assert_array_equal(output[:, [0, 2]].detach().float(), np.zeros((2, 2, 11)))
    output.sum().backward()
    assert_array_equal(tensors[0].grad[:, [0, 2]].float(), np.zeros((2, 2, 7)))
    for tensor in tensors:
        assert torch.isfinite(tensor.grad).all()
    assert tensors[2].grad.float().abs().sum() > 0


def test_dropout_scales_the_kept_weights_and_repeats_with_the_seed():
    tensors = [torch.from_numpy(array) for array in example()]
    _, full = functional.attention(*tensors, return_weights=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        _, weights = functional.attention(*tensors, return_weights=True, dropout=0.5)
        torch.manual_seed(0)
        _, again = functional.attention(*tensors, return_weights=True, dropout=0.5)
    assert_array_equal(weights, again)
    dropped = weights == 0
    assert 0 < dropped.sum() < dropped.numel()
    assert_allclose(weights[~dropped], 2 * full[~dropped], rtol=1e-12, atol=1e-13)


def test_zero_sizes_and_views():
    query, key, value = (torch.from_numpy(array) for array in example())
    assert functional.attention(query[:0], key[:0], value[:0]).shape == (0, 3, 11)
    assert_array_equal(functional.attention(query, key[:, :0], value[:, :0]), np.zeros((2, 3, 11)))
    turned = query.mT.contiguous().mT
    assert not turned.is_contiguous()
    expected = functional.attention(query, key, value)
    assert_allclose(
        functional.attention(turned, key.flip(1), value.flip(1)), expected, rtol=1e-12, atol=1e-13
    )


Q, K, V = (torch.from_numpy(array) for array in example())


@pytest.mark.parametrize(
    ("arrays", "options", "error", "message"),
    [
        ((Q.numpy(), K, V), {}, TypeError, r"query must be a torch.Tensor, got ndarray"),
        ((Q.long(), K, V), {}, TypeError, r"query must have a floating dtype.*int64"),
        ((Q[..., :5], K, V), {}, ValueError, r"same width D"),
        ((Q, K, V), {"mask": torch.ones(3, 5)}, TypeError, r"mask must be boolean.*float32"),
        ((Q, K, V), {"mask": np.ones((3, 5), bool)}, TypeError, r"mask must be a torch.Tensor"),
        ((Q, K, V), {"mask": torch.ones(4, 5).bool()}, ValueError, r"got \(4, 5\)"),
        ((Q, K, V), {"bias": np.zeros(5)}, TypeError, r"bias must be a torch.Tensor, got ndarray"),
        ((Q, K, V), {"bias": torch.zeros(5)}, TypeError, r"got query float64, bias float32"),
        ((Q, K, V), {"bias": torch.zeros(4).double()}, ValueError, r"bias must broadcast.*\(4,\)"),
        ((Q, K, V), {"temperature": -1.0}, ValueError, r"temperature must be greater than 0"),
        ((Q, K, V), {"dropout": 1.0}, ValueError, r"dropout must lie in \[0, 1\), got 1.0"),
        ((Q, K, V), {"dropout": True}, TypeError, r"dropout must be a real number, got bool"),
        ((Q, K, V), {"return_weights": None}, TypeError, r"return_weights must be True or False"),
    ],
)
def test_bad_input_is_named(arrays, options, error, message):
    with pytest.raises(error, match=message):
        functional.attention(*arrays, **options)
