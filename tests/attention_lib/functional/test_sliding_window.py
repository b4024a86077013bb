"""The fast band against dense attention under its mask, in value, gradient and memory."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference
from attention_lib.functional import (
    sink_window_mask,
    sliding_window_attention,
    streaming_positions,
)
from attention_lib.functional.folded import flows, fold
from attention_lib.plans.pieces import PIECE
from tests.helpers.bad_calls import whole
from tests.helpers.largest import largest_output
from tests.helpers.sparse_cases import example, padding, window_calls

SIZES = [(1, 1), (7, 7), (211, 211), (50, 211), (1, 211), (211, 67), (67, 5)]
BANDS = [(0, 0), (3, 2), (40, 0), (2, 50), (40, 3), (500, 1)]


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


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("window", "n_sinks"), BANDS)
@pytest.mark.parametrize(("n_queries", "n_keys"), SIZES)
def test_equals_dense_attention_under_the_mask(
    n_queries, n_keys, window, n_sinks, causal, masked, monkeypatch
):
    options = {"window": window, "n_sinks": n_sinks, "causal": causal}
    visible = sink_window_mask(n_queries, n_keys, **options)
    assert_array_equal(visible, reference.sink_window_mask(n_queries, n_keys, **options))
    if masked:
        options["mask"] = torch.from_numpy(padding(n_keys))
        visible = visible & options["mask"]
    given = tensors(n_queries, n_keys)
    expected = output_and_gradients(functional.attention, given, mask=visible)
    ours = output_and_gradients(sliding_window_attention, given, **options)
    assert_equal_parts(ours, expected)
    # the same in many small pieces
    monkeypatch.setattr("attention_lib.plans.sliding_window.PIECE", 3000)
    assert_equal_parts(output_and_gradients(sliding_window_attention, given, **options), expected)


@pytest.mark.parametrize(
    "options", [{}, {"causal": True}, {"n_sinks": 3}, {"causal": True, "n_sinks": 1}]
)
@pytest.mark.parametrize("masked", [False, True])
def test_equals_the_reference(options, masked):
    arrays, mask = example(211, 211, seed=3), padding(211) if masked else None
    expected = reference.sliding_window_attention(*arrays, window=20, mask=mask, **options)
    mask = torch.from_numpy(mask) if masked else None
    given = [torch.from_numpy(array) for array in arrays]
    output = sliding_window_attention(*given, window=20, mask=mask, **options)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("scale", [None, 0, 0.3, -0.5, 1e-50])
@pytest.mark.parametrize(("window", "n_sinks"), [(9, 0), (9, 3), (100, 0)])
def test_every_scale(scale, window, n_sinks):
    given = tensors(101, 101)
    visible = sink_window_mask(101, 101, window=window, n_sinks=n_sinks)
    expected = output_and_gradients(functional.attention, given, mask=visible, scale=scale)
    options = {"window": window, "n_sinks": n_sinks, "scale": scale}
    assert_equal_parts(output_and_gradients(sliding_window_attention, given, **options), expected)


@pytest.mark.parametrize("widths", [(5, 5), (2, 7), (7, 2)])
def test_any_widths_without_leading_axes(widths):
    width, value_width = widths
    rng = np.random.default_rng(2)
    shapes = ((103, width), (103, width), (103, value_width))
    arrays = [rng.normal(size=shape) for shape in shapes]
    expected = reference.sliding_window_attention(*arrays, window=4)
    output = sliding_window_attention(*(torch.from_numpy(one) for one in arrays), window=4)
    assert output.shape == (103, value_width)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "shape", [(1,), (211,), (1, 211), (2, 1, 1, 211), (3, 1, 1), (1, 1, 1, 211)]
)
def test_masks_that_broadcast(shape):
    mask = torch.from_numpy(np.random.default_rng(1).random(shape) < 0.5)
    given = tensors(211, 211)
    visible = sink_window_mask(211, 211, window=20) & mask
    expected = output_and_gradients(functional.attention, given, mask=visible)
    ours = output_and_gradients(sliding_window_attention, given, window=20, mask=mask)
    assert_equal_parts(ours, expected)


TOLERANCES = {torch.float16: 4e-3, torch.bfloat16: 3e-2, torch.float32: 2e-6}


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("n_sinks", [0, 2])
@pytest.mark.parametrize("masked", [False, True])
def test_other_dtypes(dtype, n_sinks, masked):
    given = tensors(211, 211, dtype)
    options = {"window": 20, "n_sinks": n_sinks, "causal": True}
    mask = padding(211) if masked else None
    exact = [tensor.detach().double() for tensor in given]
    expected = reference.sliding_window_attention(
        *(one.numpy() for one in exact), mask=mask, **options
    )
    options["mask"] = torch.from_numpy(mask) if masked else None
    output, *gradients = output_and_gradients(sliding_window_attention, given, **options)
    assert output.dtype == dtype
    assert_allclose(output.double(), expected, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])
    exact = [one.requires_grad_() for one in exact]
    _, *expected = output_and_gradients(sliding_window_attention, exact, **options)
    for one, other in zip(gradients, expected, strict=True):
        assert one.dtype == dtype
        error = 2 * TOLERANCES[dtype] * other.abs().max().item()
        assert_allclose(one.double(), other, rtol=0, atol=error)


@pytest.mark.parametrize("causal", [False, True])
def test_under_autocast(causal):
    given = tensors(101, 101, torch.float32)
    expected = sliding_window_attention(*given, window=7, n_sinks=2, causal=causal)
    with torch.autocast("cpu", torch.bfloat16):
        output = sliding_window_attention(*given, window=7, n_sinks=2, causal=causal)
    assert output.dtype == torch.bfloat16
    assert_allclose(output.detach().float(), expected.detach(), atol=3e-2)
    gradients = torch.autograd.grad(output.float().sum(), given)
    for one, tensor in zip(gradients, given, strict=True):
        assert (one.dtype, one.shape) == (torch.float32, tensor.shape)
        assert one.isfinite().all()


@pytest.mark.whole
@pytest.mark.parametrize("options", [{}, {"causal": True}, {"n_sinks": 2, "masked": True}])
def test_gradcheck(options):
    options = dict(options)
    if options.pop("masked", False):
        options["mask"] = torch.arange(75) % 3 > 0
    given = [tensor[:1, :1] if tensor.ndim == 4 else tensor[:1] for tensor in tensors(75, 75)]
    given = [tensor[..., :2].detach().requires_grad_() for tensor in given]

    def output(*inputs):
        return sliding_window_attention(*inputs, window=2, **options)

    assert torch.autograd.gradcheck(output, given)


@pytest.mark.parametrize("n_sinks", [0, 2])
def test_empty_rows_have_zero_output_and_gradient(n_sinks):
    mask = torch.ones(211, dtype=torch.bool)
    mask[:2], mask[60:150] = False, False
    given = tensors(211, 211)
    options = {"window": 20, "n_sinks": n_sinks, "mask": mask}
    output, *gradients = output_and_gradients(sliding_window_attention, given, **options)
    assert_array_equal(output[:, :, 80:130], np.zeros((2, 3, 50, 7)))
    assert_array_equal(gradients[0][:, :, 80:130], np.zeros((2, 3, 50, 5)))
    assert_array_equal(gradients[2][:, 60:150], np.zeros((3, 90, 7)))
    assert (output[:, :, 79] != 0).all()
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


def test_what_lies_outside_the_window_does_not_matter():
    query, key, value = (tensor.detach() for tensor in tensors(211, 211))
    before = sliding_window_attention(query, key, value, window=20, causal=True)
    key[:, :, 100] *= -3.0
    value[:, 100] = 1e3
    after = sliding_window_attention(query, key, value, window=20, causal=True)
    touched = (after - before).abs().amax(dim=(0, 1, 3)) > 1e-12
    assert_array_equal(touched.nonzero()[:, 0], np.arange(100, 121))


def test_folding_copies_only_what_has_its_numbers_apart():
    one = torch.ones(2, 3, 5, 7)
    query, key, value, mask, scale = fold(one, one.mT.contiguous().mT, one, None, 0.5, (2, 3))
    assert query.shape == key.shape == (6, 5, 7)
    assert query.data_ptr() == value.data_ptr() == one.data_ptr()
    assert key.stride(-1) == 1
    assert (mask, scale) == (None, 0.5)


def test_a_gradient_flows_where_it_is_wanted_and_allowed():
    one = torch.ones(1, requires_grad=True)
    assert flows(torch.ones(1), one)
    assert not flows(torch.ones(1))
    with torch.no_grad():
        assert not flows(one)


def test_zero_sizes_and_views():
    query, key, value = tensors(67, 67)
    for some in (
        (query[:0], key[:0], value),
        (query, key[..., :0, :], value[:, :0]),
        (query[..., :0, :], key, value),
        (query, key, value[..., :0]),
    ):
        output = sliding_window_attention(*some, window=2)
        assert_array_equal(output.detach(), np.zeros((*some[0].shape[:-1], some[2].shape[-1])))
        output.sum().backward()
    turned = query.mT.contiguous().mT
    expected = sliding_window_attention(query, key, value, window=2).detach()
    arguments = (turned, key.mT.contiguous().mT, value.mT.contiguous().mT)
    output = sliding_window_attention(*arguments, window=2)
    assert_allclose(output.detach(), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.whole
@pytest.mark.parametrize(
    ("window", "n_sinks", "masked"),
    [(16, 0, False), (16, 0, True), (16, 4, False), (16, 4, True), (6000, 4, True)],
)
def test_no_tensor_of_length_times_length(window, n_sinks, masked):
    n = 16384
    query, value = torch.zeros(1, n, 2), torch.ones(1, n, 3)
    mask = torch.arange(n) % 2 == 0 if masked else None
    with largest_output() as seen:
        sliding_window_attention(query, query, value, window=window, n_sinks=n_sinks, mask=mask)
    assert seen.numbers <= 2**23  # n * n is 2 ** 28


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("n_sinks", "masked"), [(0, False), (0, True), (4, False), (4, True)])
def test_no_tensor_of_length_times_length_on_the_way_back(n_sinks, masked, causal):
    n = 16384
    query = torch.zeros(1, n, 2, requires_grad=True)
    mask = torch.arange(n) % 2 == 0 if masked else None
    options = {"window": 40, "n_sinks": n_sinks, "mask": mask, "causal": causal}
    output = sliding_window_attention(query, query, query, **options)
    with largest_output() as seen:
        output.sum().backward()
    assert n < seen.numbers <= 2**22
    assert query.grad.isfinite().all()


def test_a_narrow_window_makes_only_views_of_keys():
    n = 16384
    query = torch.zeros(1, n, 32, requires_grad=True)
    with largest_output() as seen:
        output = sliding_window_attention(query, query, query, window=256)
    assert seen.bytes == output.numel() * 4
    with largest_output() as seen:
        output.sum().backward()
    assert seen.bytes <= 6 * output.numel() * 4


def test_with_sinks_keys_are_copied_a_piece_at_a_time():
    query = torch.zeros(4, 8192, 64)
    with largest_output() as seen:
        sliding_window_attention(query, query, query, window=256, n_sinks=4)
    # All 62 blocks at once would copy 62 * (128 + 2 * 256 + 4) keys of each sequence.
    assert seen.bytes <= 4 * PIECE < 4 * (4 * 62 * 644 * 64)


def test_one_step_reads_the_window_alone():
    key = torch.zeros(1, 100_000, 4)
    with largest_output() as seen:
        sliding_window_attention(key[:, :1], key, key, window=10, n_sinks=2, causal=True)
    assert seen.bytes <= 13 * 4 * 8


@pytest.mark.parametrize("n_sinks", [0, 3])
def test_streaming_with_the_kept_keys_equals_the_whole(n_sinks):
    query, key, value = (tensor.detach() for tensor in tensors(60, 60))
    options = {"window": 7, "n_sinks": n_sinks}
    expected = sliding_window_attention(query, key, value, causal=True, **options)
    held = torch.empty(0, dtype=torch.int64)
    outputs = []
    for start, stop in ((0, 1), (1, 2), (2, 20), (20, 21), (21, 45), (45, 60)):
        new = torch.arange(start, stop)
        kept = torch.cat([held, new])
        step = query[:, :, start:stop], key[:, :, kept], value[:, kept]
        outputs.append(sliding_window_attention(*step, causal=True, **options))
        held = streaming_positions(stop, **options)
        assert_array_equal(held, reference.streaming_positions(stop, **options))
        assert len(held) <= 7 + n_sinks
    assert_allclose(torch.cat(outputs, dim=2), expected, rtol=1e-12, atol=1e-12)


def test_defaults():
    assert_array_equal(streaming_positions(5, window=2), [3, 4])
    assert_array_equal(sink_window_mask(2, 2, window=0), np.eye(2))


@pytest.mark.parametrize("call", list(window_calls()))
def test_a_bad_argument_is_named(call):
    function, given, error, message = call
    given = {
        name: torch.from_numpy(one) if isinstance(one, np.ndarray) else one
        for name, one in given.items()
    }
    with pytest.raises(error, match=whole(message, "torch.Tensor")):
        getattr(functional, function)(**given)
