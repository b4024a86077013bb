"""Tiled attention in torch: exact, small in memory, differentiable once."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.utils._python_dispatch import TorchDispatchMode

from attention_lib import functional, reference
from attention_lib.functional import online_softmax, tiled_attention
from tests.helpers import attention_laws
from tests.helpers.attention_laws import example, random_mask

TOLERANCES = {
    torch.float16: 2e-3,
    torch.bfloat16: 2e-2,
    torch.float32: 2e-6,
    torch.float64: 1e-12,
}
LAWS = (
    attention_laws.equals_the_loops_with_a_mask,
    attention_laws.equals_the_loops_when_causal,
    attention_laws.ignores_the_future,
    attention_laws.ignores_masked_keys,
    attention_laws.forgets_the_order_of_keys,
)
OPTIONS = [
    {},
    {"scale": -0.3},
    {"causal": True},
    {"mask": random_mask()},
    {"mask": random_mask(), "causal": True},
    {"mask": np.array([True, False, True, True, False])},
    {"mask": np.array([[True], [False], [True]])},
]


class Recorder(TorchDispatchMode):
    """The operations that were run, and the numbers in the largest memory that they asked for."""

    def __init__(self):
        super().__init__()
        self.names, self.largest = [], 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        self.names.append(func.overloadpacket.__name__)
        for one in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(one, torch.Tensor):  # a view shares the memory of what it looks at
                size = one.untyped_storage().nbytes() // one.element_size()
                self.largest = max(self.largest, size)
        return result


def tensors(arrays, dtype=torch.float64):
    return [torch.from_numpy(np.ascontiguousarray(one)).to(dtype) for one in arrays]


def with_tensors(options):
    return {k: torch.from_numpy(v) if k == "mask" else v for k, v in options.items()}


@pytest.mark.parametrize("law", LAWS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("block_size", [1, 2, 128])
def test_law(law, block_size):
    def in_torch(*arrays, **options):
        options = {"block_size": block_size, **with_tensors(options)}
        return tiled_attention(*tensors(arrays), **options).numpy()

    law(in_torch)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_equals_the_reference_in_every_dtype(dtype, options):
    given = tensors(example(), dtype)
    exact = [one.double().numpy() for one in given]
    expected, expected_sum = reference.tiled_attention(*exact, return_log_sum_exp=True, **options)
    output, log_sum_exp = tiled_attention(
        *given, block_size=2, return_log_sum_exp=True, **with_tensors(options)
    )
    assert output.dtype == dtype
    assert log_sum_exp.dtype == (dtype if dtype == torch.float64 else torch.float32)
    tolerance = TOLERANCES[dtype]
    assert_allclose(output.double(), expected, rtol=tolerance, atol=tolerance)
    assert_allclose(log_sum_exp.double(), expected_sum, rtol=2e-6)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("block_size", [1, 2, 3, 7])
def test_gradients_equal_the_reference_backward(options, block_size):
    arrays = example(4)
    loss_weight = np.random.default_rng(5).normal(size=(2, 3, 11))
    expected = reference.attention_backward(*arrays, loss_weight, **options)
    given = [one.requires_grad_() for one in tensors(arrays)]
    output = tiled_attention(*given, block_size=block_size, **with_tensors(options))
    output.backward(torch.from_numpy(loss_weight))
    for ours, theirs in zip(given, expected, strict=True):
        assert_allclose(ours.grad, theirs, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("n_queries", "n_keys"), [(1, 1), (3, 13), (13, 3), (17, 17), (0, 5), (5, 0)]
)
@pytest.mark.parametrize("causal", [False, True])
def test_any_length(n_queries, n_keys, causal):
    arrays = example(1, n_queries=n_queries, n_keys=n_keys)
    given = [one.requires_grad_() for one in tensors(arrays)]
    options = {"causal": causal, "block_size": 4, "return_log_sum_exp": True}
    output, log_sum_exp = tiled_attention(*given, **options)
    expected, expected_sum = reference.tiled_attention(*arrays, **options)
    assert_allclose(output.detach(), expected, rtol=1e-12, atol=1e-14)
    assert_allclose(log_sum_exp.detach(), expected_sum, rtol=1e-12, atol=1e-14)
    expected = reference.attention(*arrays, causal=causal)
    assert_allclose(output.detach(), expected, rtol=1e-12, atol=1e-14)
    output.backward(output.detach())
    grads = reference.attention_backward(*arrays, expected, causal=causal)
    for ours, theirs in zip(given, grads, strict=True):
        assert_allclose(ours.grad, theirs, rtol=1e-12, atol=1e-14)


def test_gradcheck_of_the_output_and_of_the_log_sum_exp():
    given = [one.requires_grad_() for one in tensors(a[:1, :, :3] for a in example(6))]
    mask = torch.tensor([[True] * 5, [False] * 5, [True, False, True, True, False]])

    def both(*inputs):
        output, total = tiled_attention(
            *inputs, mask=mask, block_size=2, return_log_sum_exp=True, causal=True, scale=0.7
        )
        return output, total.masked_fill(total == -torch.inf, 0)

    assert torch.autograd.gradcheck(both, given)


def test_broadcast_axes_and_views():
    rng = np.random.default_rng(3)
    shapes = ((2, 1, 5, 3), (3, 7, 3), (2, 3, 7, 2))
    arrays = [rng.normal(size=shape) for shape in shapes]
    mask = rng.random((2, 1, 5, 7)) < 0.6
    query, key, value = tensors(arrays)
    turned = [query.mT.contiguous().mT, key.flip(0).flip(0), value.mT.contiguous().mT]
    given = [one.requires_grad_() for one in turned]
    output = tiled_attention(*given, mask=torch.from_numpy(mask), block_size=3)
    expected = reference.attention(*arrays, mask=mask)
    assert_allclose(output.detach(), expected, rtol=1e-12, atol=1e-13)
    grads = torch.autograd.grad(output, given, output.detach())
    for ours, theirs in zip(
        grads, reference.attention_backward(*arrays, expected, mask=mask), strict=True
    ):
        assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)
    assert tiled_attention(query[:0], key[:, :0], value[:0, :, :0]).shape == (0, 3, 5, 2)


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_empty_rows_have_zero_output_and_gradient(dtype):
    given = [one.requires_grad_() for one in tensors(example(), dtype)]
    mask = torch.zeros(3, 5, dtype=torch.bool)
    mask[1, 3:] = True
    output, log_sum_exp = tiled_attention(*given, mask=mask, block_size=2, return_log_sum_exp=True)
    assert_array_equal(output[:, [0, 2]].detach().float(), np.zeros((2, 2, 11)))
    assert (log_sum_exp[:, [0, 2]] == -torch.inf).all()
    output.sum().backward()
    assert_array_equal(given[0].grad[:, [0, 2]].float(), np.zeros((2, 2, 7)))
    assert all(torch.isfinite(one.grad).all() for one in given)
    assert (given[2].grad[:, :3] == 0).all()
    assert given[2].grad.float().abs().sum() > 0


def test_a_second_derivative_is_refused():
    given = [one.requires_grad_() for one in tensors(example())]
    (first,) = torch.autograd.grad(tiled_attention(*given).sum(), given[:1], create_graph=True)
    with pytest.raises(
        RuntimeError,
        match=r"^tiled_attention can be differentiated once only; "
        r"use attention\(\.\.\., return_weights=True\) for second derivatives$",
    ):
        first.sum().backward()


@pytest.mark.parametrize("scale", [2, 2**70, np.float32(0.5), np.int64(-3)])
def test_a_scale_of_any_kind_is_a_float(scale):
    given = tensors(example())
    output = tiled_attention(*given, block_size=2, scale=scale)
    assert output.isfinite().all()
    assert_array_equal(output, tiled_attention(*given, block_size=2, scale=float(scale)))


def test_autocast_leaves_the_blocks_alone():
    given = [one.requires_grad_() for one in tensors(example(), torch.float32)]
    plain = tiled_attention(*given)
    grads = torch.autograd.grad(plain.square().sum(), given)
    with torch.autocast("cpu", torch.bfloat16):
        output = tiled_attention(*given)
        again = torch.autograd.grad(output.square().sum(), given)
    assert output.dtype == torch.float32
    for ours, theirs in zip((output, *again), (plain, *grads), strict=True):
        assert_array_equal(ours.detach(), theirs.detach())
    exact = [one.requires_grad_() for one in tensors(example())]
    expected = torch.autograd.grad(functional.attention(*exact).square().sum(), exact)
    for ours, theirs in zip(grads, expected, strict=True):
        assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("n_queries", "causal"), [(2048, True), (1024, False)])
def test_nothing_grows_with_the_square_of_the_length(n_queries, causal):
    query = torch.randn(n_queries, 2).requires_grad_()
    key, value = (torch.randn(16_384, 2).requires_grad_() for _ in range(2))
    rows = torch.rand(n_queries, 1) < 0.9
    with Recorder() as seen:
        output = tiled_attention(query, key, value, causal=causal, mask=rows, block_size=1024)
        output.sum().backward()
    assert seen.largest == 1024 * 1024


def test_blocks_behind_a_causal_query_are_not_computed():
    query, key, value = (torch.randn(64, 2) for _ in range(3))
    for causal, products in ((False, 2 * 64), (True, 2 * 36)):
        with Recorder() as seen:
            tiled_attention(query, key, value, block_size=8, causal=causal)
        assert seen.names.count("mm") == products


def test_the_default_block_has_128_rows():
    with Recorder() as seen:
        tiled_attention(torch.randn(300, 1), torch.randn(400, 1), torch.randn(400, 1))
    assert seen.largest == 128 * 128


def test_online_softmax_equals_the_reference():
    rng = np.random.default_rng(0)
    scores, value = rng.normal(size=(2, 3, 11)), rng.normal(size=(2, 11, 5))
    mask = rng.random((2, 3, 11)) < 0.5
    mask[0, 1] = False
    ours = theirs = None
    for columns in (slice(0, 4), slice(4, 4), slice(4, 9), slice(9, 11)):
        block, rows = scores[..., columns], value[:, columns]
        part = mask[..., columns]
        theirs = reference.online_softmax(block, rows, theirs, mask=part)
        ours = online_softmax(*tensors((block, rows)), ours, mask=torch.from_numpy(part))
        for one, other in zip(ours, theirs, strict=True):
            assert_allclose(one, other, rtol=1e-12, atol=1e-13)
        assert_allclose(ours.output(), theirs.output(), rtol=1e-12, atol=1e-13)
        assert_allclose(ours.log_sum_exp(), theirs.log_sum_exp(), rtol=1e-12, atol=1e-13)


def test_gradients_flow_through_the_online_softmax():
    scores, value = torch.randn(3, 4).double(), torch.randn(4, 2).double()

    def output(scores, value):
        state = online_softmax(scores[:, :1], value[:1])
        return online_softmax(scores[:, 1:], value[1:], state).output()

    assert torch.autograd.gradcheck(output, [scores.requires_grad_(), value.requires_grad_()])
    assert_allclose(
        output(scores, value).detach(), (scores.softmax(-1) @ value).detach(), rtol=1e-12
    )


def test_online_softmax_of_no_keys_has_the_shape_of_the_rows():
    state = online_softmax(torch.ones(2, 3, 0), torch.ones(2, 0, 5))
    assert [tuple(one.shape) for one in state] == [(2, 3), (2, 3), (2, 3, 5)]
    assert_array_equal(state.log_sum_exp(), np.full((2, 3), -np.inf))


def test_online_softmax_widens_half_precision():
    state = online_softmax(torch.zeros(1, 1).half(), torch.ones(1, 1).half())
    assert {one.dtype for one in state} == {torch.float32}


Q, K, V = tensors(example())


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"query": Q.numpy()}, TypeError, r"^query must be a torch\.Tensor, got ndarray$"),
        ({"key": K.numpy()}, TypeError, r"^key must be a torch\.Tensor, got ndarray$"),
        ({"value": V.numpy()}, TypeError, r"^value must be a torch\.Tensor, got ndarray$"),
        ({"key": K[..., :3]}, ValueError, "same width D"),
        ({"value": V[:, :3]}, ValueError, "one row for each of the 5 keys"),
        ({"mask": torch.ones(4, 5).bool()}, ValueError, r"mask must broadcast.*\(2, 3, 5\)"),
        ({"mask": np.ones(5, bool)}, TypeError, r"^mask must be a torch\.Tensor, got ndarray$"),
        ({"causal": 1}, TypeError, "^causal must be True or False, got int$"),
        ({"return_log_sum_exp": 1}, TypeError, "^return_log_sum_exp must be True or False"),
        ({"scale": np.inf}, ValueError, "^scale must be finite"),
        ({"block_size": 0}, ValueError, "^block_size must be at least 1, got 0$"),
    ],
)
def test_bad_input_is_named(changed, error, message):
    with pytest.raises(error, match=message):
        tiled_attention(**{"query": Q, "key": K, "value": V, **changed})


def test_bad_scores_are_named():
    one = torch.ones(1, 1)
    with pytest.raises(TypeError, match=r"^scores must be a torch\.Tensor, got list$"):
        online_softmax([[1.0]], one)
    with pytest.raises(TypeError, match=r"^value must be a torch\.Tensor, got list$"):
        online_softmax(one, [[1.0]])
    with pytest.raises(ValueError, match=r"^scores must have at least 2 dimension"):
        online_softmax(torch.ones(1), one)
    with pytest.raises(ValueError, match="one row for each of the 1 keys"):
        online_softmax(one, torch.ones(2, 1))
    with pytest.raises(ValueError, match=r"mask must broadcast to the scores' shape \(1, 1\)"):
        online_softmax(one, one, mask=torch.ones(2).bool())
    with pytest.raises(
        ValueError,
        match=r"^state\.weighted must have shape \[\.\.\., T, E\] = \(2, 1\), got \(1, 1\)$",
    ):
        online_softmax(torch.ones(2, 1), one, online_softmax(one, one))


def test_agrees_with_fused_attention_on_long_sequences():
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 3, 1031, 8).double() for _ in range(3))
    expected = functional.attention(query, key, value, causal=True)
    assert_allclose(
        tiled_attention(query, key, value, causal=True), expected, rtol=1e-11, atol=1e-13
    )
