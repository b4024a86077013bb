"""Gathered blocks against dense attention under the mask, in value, gradient and memory."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference
from attention_lib.functional import (
    block_sparse_attention,
    block_sparse_mask,
    block_sparse_pattern,
)
from tests.helpers.bad_calls import whole
from tests.helpers.largest import largest_output
from tests.helpers.sparse_cases import block_calls, example, padding

KINDS = [
    {},
    {"window_blocks": 1, "global_blocks": 0, "random_blocks": 0},
    {"window_blocks": 5, "global_blocks": 0, "random_blocks": 2, "seed": 7},
    {"global_blocks": 1, "random_blocks": 1},
    {"global_blocks": 100},
]
LENGTHS = [(1, 1, False), (67, 67, False), (67, 67, True), (5, 67, True), (1, 67, True)]


def tensors(n_queries, n_keys, dtype=torch.float64):
    arrays = example(n_queries, n_keys)
    return [torch.from_numpy(array).to(dtype).requires_grad_() for array in arrays]


def output_and_gradients(attention, given, **options):
    output = attention(*given, **options)
    weight = torch.linspace(-1, 2, output.numel(), dtype=output.dtype).view(output.shape)
    return output.detach(), *torch.autograd.grad(output, given, weight)


def assert_equal_parts(ours, expected):
    for one, other in zip(ours, expected, strict=True):
        assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", [*KINDS, {"random_blocks": 100}])
@pytest.mark.parametrize("n_blocks", [0, 1, 2, 17])
def test_patterns_and_masks_equal_those_of_the_reference(n_blocks, kind, causal):
    pattern = block_sparse_pattern(n_blocks, causal=causal, **kind)
    expected = reference.block_sparse_pattern(n_blocks, causal=causal, **kind)
    assert pattern.dtype == torch.bool
    assert_array_equal(pattern, expected)
    length = max(0, n_blocks * 3 - 1)
    mask = block_sparse_mask(pattern, length, block_size=3, causal=causal)
    options = {"block_size": 3, "causal": causal}
    assert_array_equal(mask, reference.block_sparse_mask(expected, length, **options))


def test_the_defaults():
    given = {"window_blocks": 3, "global_blocks": 2, "random_blocks": 3, "seed": 0, "causal": False}
    assert_array_equal(block_sparse_pattern(20), block_sparse_pattern(20, **given))
    pattern = block_sparse_pattern(4, window_blocks=1, global_blocks=0, random_blocks=0)
    assert_array_equal(block_sparse_mask(pattern, 4, block_size=1), np.eye(4))
    pattern[0, 1] = True
    assert block_sparse_mask(pattern, 4, block_size=1)[0, 1]
    arrays = tensors(67, 67)
    output = block_sparse_attention(*arrays, block_size=5)
    expected = block_sparse_attention(*arrays, block_size=5, mask=None, scale=None, **given)
    assert_array_equal(output.detach(), expected.detach())


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("block_size", [1, 8, 100])
@pytest.mark.parametrize(("n_queries", "n_keys", "causal"), LENGTHS)
def test_equals_dense_attention_under_the_mask(
    n_queries, n_keys, causal, block_size, kind, masked, monkeypatch
):
    pattern = block_sparse_pattern(-(-n_keys // block_size), causal=causal, **kind)
    visible = block_sparse_mask(pattern, n_keys, block_size=block_size, causal=causal)
    visible = visible[n_keys - n_queries :]
    options = {"block_size": block_size, "causal": causal, **kind}
    if masked:
        options["mask"] = torch.from_numpy(padding(n_keys))
        visible = visible & options["mask"]
    given = tensors(n_queries, n_keys)
    expected = output_and_gradients(functional.attention, given, mask=visible)
    assert_equal_parts(output_and_gradients(block_sparse_attention, given, **options), expected)
    # the same in many small pieces
    monkeypatch.setattr("attention_lib.plans.block_sparse.PIECE", 700)
    monkeypatch.setattr("attention_lib.plans.block_sparse.GATHERED", 700)
    assert_equal_parts(output_and_gradients(block_sparse_attention, given, **options), expected)
    with torch.no_grad():
        assert_equal_parts([block_sparse_attention(*given, **options)], expected[:1])


@pytest.mark.parametrize("causal", [False, True])
def test_equals_the_reference(causal):
    arrays, mask = example(211, 211, seed=3), padding(211)
    options = {"block_size": 8, "seed": 5, "scale": -0.4, "causal": causal}
    expected = reference.block_sparse_attention(*arrays, mask=mask, **options)
    given = [torch.from_numpy(array) for array in arrays]
    output = block_sparse_attention(*given, mask=torch.from_numpy(mask), **options)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(1,), (211,), (1, 211), (2, 1, 1, 211), (3, 1, 1)])
@pytest.mark.parametrize("causal", [False, True])
def test_masks_that_broadcast(shape, causal):
    mask = torch.from_numpy(np.random.default_rng(1).random(shape) < 0.5)
    given = tensors(211, 211)
    pattern = block_sparse_pattern(27, causal=causal)
    visible = block_sparse_mask(pattern, 211, block_size=8, causal=causal) & mask
    options = {"block_size": 8, "mask": mask, "causal": causal}
    expected = output_and_gradients(functional.attention, given, mask=visible)
    assert_equal_parts(output_and_gradients(block_sparse_attention, given, **options), expected)


TOLERANCES = {torch.float16: 4e-3, torch.bfloat16: 3e-2, torch.float32: 2e-6}


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_other_dtypes(dtype, causal, masked):
    given = tensors(131, 131, dtype)
    options = {"block_size": 8, "causal": causal}
    mask = padding(131) if masked else None
    exact = [tensor.detach().double() for tensor in given]
    expected = reference.block_sparse_attention(
        *(one.numpy() for one in exact), mask=mask, **options
    )
    options["mask"] = torch.from_numpy(mask) if masked else None
    output, *gradients = output_and_gradients(block_sparse_attention, given, **options)
    assert output.dtype == dtype
    assert_allclose(output.double(), expected, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])
    exact = [one.requires_grad_() for one in exact]
    _, *expected = output_and_gradients(block_sparse_attention, exact, **options)
    for one, other in zip(gradients, expected, strict=True):
        assert one.dtype == dtype
        error = 2 * TOLERANCES[dtype] * other.abs().max().item()
        assert_allclose(one.double(), other, rtol=0, atol=error)


@pytest.mark.parametrize("causal", [False, True])
def test_under_autocast(causal):
    given = tensors(101, 101, torch.float32)
    expected = block_sparse_attention(*given, block_size=8, causal=causal)
    with torch.autocast("cpu", torch.bfloat16):
        output = block_sparse_attention(*given, block_size=8, causal=causal)
    assert output.dtype == torch.bfloat16
    assert_allclose(output.detach().float(), expected.detach(), atol=3e-2)
    gradients = torch.autograd.grad(output.float().sum(), given)
    for one, tensor in zip(gradients, given, strict=True):
        assert (one.dtype, one.shape) == (torch.float32, tensor.shape)
        assert one.isfinite().all()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_gradcheck(causal, masked):
    options = {"block_size": 3, "global_blocks": 1, "random_blocks": 1, "causal": causal}
    options["mask"] = torch.arange(31) % 3 > 0 if masked else None
    given = [tensor[:1, :1] if tensor.ndim == 4 else tensor[:1] for tensor in tensors(31, 31)]
    given = [tensor[..., :2].detach().requires_grad_() for tensor in given]
    assert torch.autograd.gradcheck(lambda *x: block_sparse_attention(*x, **options), given)


@pytest.mark.parametrize("causal", [False, True])
def test_empty_rows_have_zero_output_and_gradient(causal):
    mask = torch.zeros(67, dtype=torch.bool)
    mask[20] = True
    given = tensors(67, 67)
    options = {"block_size": 5, "global_blocks": 0, "random_blocks": 0, "causal": causal}
    output, *gradients = output_and_gradients(block_sparse_attention, given, mask=mask, **options)
    sees = np.zeros(67, dtype=bool)
    sees[20 if causal else 15 : 30] = True
    assert_array_equal((output != 0).all(dim=-1)[0, 0], sees)
    assert_array_equal(output[:, :, ~sees], np.zeros((2, 3, 67 - sees.sum(), 7)))
    assert_array_equal(gradients[0][:, :, ~sees], np.zeros((2, 3, 67 - sees.sum(), 5)))
    assert_allclose(gradients[0], np.zeros((2, 3, 67, 5)), atol=1e-14)  # one key has weight 1
    assert_array_equal(gradients[2][:, ~mask], np.zeros((3, 66, 7)))
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    nothing = block_sparse_attention(*given, block_size=5, mask=torch.tensor([False]))
    assert_array_equal(nothing.detach(), np.zeros((2, 3, 67, 7)))


def test_zero_sizes_and_views():
    query, key, value = tensors(67, 67)
    for some in (
        (query[:0], key[:0], value),
        (query[..., :0, :], key[..., :0, :], value[:, :0]),
        (query, key, value[..., :0]),
    ):
        output = block_sparse_attention(*some, block_size=2)
        assert output.shape == (*some[0].shape[:-1], some[2].shape[-1])
        output.sum().backward()
    step = block_sparse_attention(query[..., :0, :], key, value, block_size=2, causal=True)
    assert step.shape == (2, 3, 0, 7)
    expected = block_sparse_attention(query, key, value, block_size=8).detach()
    arguments = (one.mT.contiguous().mT for one in (query, key, value))
    output = block_sparse_attention(*arguments, block_size=8)
    assert_allclose(output.detach(), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("causal", [False, True])
def test_the_last_queries_alone_equal_the_end_of_the_whole(causal):
    query, key, value = (tensor.detach() for tensor in tensors(67, 67))
    options = {"block_size": 8, "causal": True, "seed": 2}
    whole_output = block_sparse_attention(query, key, value, **options)
    for n_keys in (1, 8, 9, 40, 67):
        start = max(0, n_keys - 3)
        step = query[:, :, start:n_keys], key[:, :, :n_keys], value[:, :n_keys]
        output = block_sparse_attention(*step, **options)
        assert_allclose(output, whole_output[:, :, start:n_keys], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("block_size", [16, 64])
def test_no_tensor_of_length_times_length(causal, masked, block_size):
    n = 16384
    query, value = torch.zeros(1, n, 2), torch.ones(1, n, 3, requires_grad=True)
    options = {"block_size": block_size, "causal": causal}
    if masked:
        options["mask"] = torch.arange(n) % 2 == 0
    with largest_output() as seen:
        output = block_sparse_attention(query, query, value, **options)
    assert n < seen.numbers <= 2**22  # n * n is 2 ** 28; the pattern at block 16 has 2 ** 20
    with largest_output() as seen:
        output.sum().backward()
    assert n < seen.numbers <= 2**22


@pytest.mark.parametrize("causal", [False, True])
def test_blocks_longer_than_the_sequence_are_cut_to_it(causal):
    given = [tensor.detach() for tensor in tensors(7, 7)]
    mask = torch.arange(7) != 2
    expected = functional.attention(*given, mask=mask, causal=causal)
    with largest_output() as seen:
        output = block_sparse_attention(*given, block_size=2**40, mask=mask, causal=causal)
        pattern = block_sparse_mask(torch.ones(1, 1).bool(), 7, block_size=2**40, causal=causal)
    assert seen.numbers <= output.numel()
    assert_allclose(output, expected, rtol=1e-12, atol=1e-12)
    assert_array_equal(pattern, np.tri(7) if causal else np.ones((7, 7)))
    assert block_sparse_mask(torch.ones(0, 0).bool(), 0, block_size=3).shape == (0, 0)


def test_blocks_of_half_the_length_under_a_mask():
    """Where everything is seen there is a mask of n numbers, and nothing of n * n."""
    n = 8192
    query, mask = torch.ones(1, n, 2), torch.arange(n) % 2 == 0
    with largest_output() as seen:
        output = block_sparse_attention(
            query, query, query, block_size=n // 2, mask=mask, causal=True
        )
    assert seen.numbers <= 2**22  # n * n is 2 ** 26
    assert_allclose(output, np.ones((1, n, 2)), rtol=1e-5)


@pytest.mark.parametrize("call", list(block_calls()))
def test_a_bad_argument_is_named(call):
    function, given, error, message = call
    given = {
        name: torch.from_numpy(one) if isinstance(one, np.ndarray) else one
        for name, one in given.items()
    }
    with pytest.raises(error, match=whole(message, "torch.Tensor")):
        getattr(functional, function)(**given)


@pytest.mark.parametrize("causal", [False, True])
def test_the_device_of_new_tensors_changes_nothing(causal):
    given, options = tensors(67, 67), {"block_size": 3, "causal": causal}
    expected = block_sparse_attention(*given, **options)
    with torch.device("meta"):
        assert_array_equal(block_sparse_attention(*given, **options).detach(), expected.detach())
        assert block_sparse_pattern(7).device.type == "meta"
        assert block_sparse_pattern(7, device="cpu").device.type == "cpu"


def test_a_gradient_by_torch_func():
    query, key, value = tensors(67, 67)
    gradient = torch.func.grad(
        lambda x: block_sparse_attention(x, key, value, block_size=3).square().sum()
    )(query.detach())
    block_sparse_attention(query, key, value, block_size=3).square().sum().backward()
    assert_allclose(gradient.detach(), query.grad, atol=1e-12)
