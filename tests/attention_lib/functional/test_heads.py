"""Multi-head and grouped-query attention in torch against the reference and under autograd."""

import importlib

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference
from tests.helpers import heads_example as example
from tests.helpers.heads_example import B, D, E, H, S, T

AMBIGUOUS = (
    r"^mask must have the 4 axes \[\.\.\., H, T, S\], or at most 2, got shape \(2, 3, 5\); "
    r"give one mask for each row of the batch as mask\[:, None\]$"
)

GROUPS = [6, 3, 2, 1]
TOLERANCES = {
    torch.float16: 1e-2,
    torch.bfloat16: 8e-2,
    torch.float32: 4e-6,
    torch.float64: 1e-12,
}
BOTH = pytest.mark.parametrize("return_weights", [False, True])


def tensors(arrays, dtype=torch.float64):
    return tuple(torch.from_numpy(np.ascontiguousarray(array)).to(dtype) for array in arrays)


def grouped_example(n_groups, n_queries=T, n_keys=S):
    rng = np.random.default_rng(7)
    shapes = ((B, H, n_queries, D), (B, n_groups, n_keys, D), (B, n_groups, n_keys, E))
    return tuple(rng.normal(size=shape) for shape in shapes)


def in_torch(options):
    arrays = ("mask", "bias")
    return {k: torch.from_numpy(v) if k in arrays else v for k, v in options.items()}


def test_heads_are_stretches_of_the_last_axis():
    x = torch.arange(24.0).reshape(2, 2, 6)
    split = functional.split_heads(x, 3)
    assert_array_equal(split, reference.split_heads(x.numpy(), 3))
    assert_array_equal(functional.merge_heads(split), x)
    assert_array_equal(functional.split_heads(x[0], 3), split[0])
    assert_array_equal(functional.merge_heads(split[0]), x[0])
    assert_array_equal(functional.merge_heads(split[:, None]), x[:, None])
    assert split.data_ptr() == x.data_ptr()
    assert functional.merge_heads(split).data_ptr() == x.data_ptr()
    for shape in ((0, 3, 6), (2, 0, 6), (2, 3, 0)):
        nothing = functional.split_heads(torch.zeros(shape), 3)
        assert nothing.shape == (shape[0], 3, shape[1], shape[2] // 3)
        assert functional.merge_heads(nothing).shape == shape


@BOTH
@pytest.mark.parametrize("n_groups", GROUPS)
@pytest.mark.parametrize(("n_queries", "n_keys"), [(3, 5), (5, 5), (5, 3), (2, 5), (1, 5), (1, 1)])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_groups_equal_the_reference(return_weights, n_groups, n_queries, n_keys, causal, scale):
    arrays = grouped_example(n_groups, n_queries, n_keys)
    options = {"causal": causal, "scale": scale}
    expected = reference.grouped_query_attention(*arrays, return_weights=True, **options)
    result = functional.grouped_query_attention(
        *tensors(arrays), return_weights=return_weights, **options
    )
    ours = result if return_weights else (result,)
    assert len(ours) == 1 + return_weights
    for one, other in zip(ours, expected, strict=False):
        assert_allclose(one, other, rtol=1e-12, atol=1e-14)


SHAPES = [
    (),
    (S,),
    (1, S),
    (T, S),
    (T, 1),
    (1, T, S),
    (H, 1, 1),
    (H, 1, S),
    (H, T, S),
    (B, 1, 1, S),
    (B, 1, T, S),
    (B, H, T, 1),
    (B, H, T, S),
]


@BOTH
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("n_groups", GROUPS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_masks_and_biases_of_every_shape_are_folded(return_weights, causal, n_groups, shape):
    arrays = grouped_example(n_groups)
    rng = np.random.default_rng(5)
    mask, bias = np.asarray(rng.random(shape) < 0.7), np.asarray(rng.normal(size=shape))
    for given in ({"mask": mask}, {"bias": bias}, {"mask": mask, "bias": bias}):
        options = {"causal": causal, **given}
        expected = reference.grouped_query_attention(*arrays, **options)
        result = functional.grouped_query_attention(
            *tensors(arrays), return_weights=return_weights, **in_torch(options)
        )
        output = result[0] if return_weights else result
        assert_allclose(output, expected, rtol=1e-12, atol=1e-14)
    if return_weights:
        _, weights = reference.grouped_query_attention(*arrays, return_weights=True, **options)
        assert_allclose(result[1], weights, rtol=1e-12, atol=1e-14)


@BOTH
@pytest.mark.parametrize("n_groups", GROUPS)
@pytest.mark.parametrize("with_biases", [False, True])
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_heads_equal_the_reference_in_every_dtype(return_weights, n_groups, with_biases, dtype):
    given = tensors((*example.inputs(), *example.weights(n_groups)), dtype)
    options = {"bias": example.scores_bias(), **(example.biases(n_groups) if with_biases else {})}
    options = dict(zip(options, tensors(options.values(), dtype), strict=True))
    sizes = {"n_heads": H, "n_kv_heads": n_groups, "causal": True}
    mask = example.mask()
    expected = reference.multi_head_attention(
        *(one.double().numpy() for one in given),
        mask=mask,
        return_weights=True,
        **sizes,
        **{name: one.double().numpy() for name, one in options.items()},
    )
    result = functional.multi_head_attention(
        *given,
        mask=torch.from_numpy(mask),
        return_weights=return_weights,
        **sizes,
        **options,
    )
    ours = result if return_weights else (result,)
    assert len(ours) == 1 + return_weights
    for one, other in zip(ours, expected, strict=False):
        assert one.dtype == dtype
        tolerance = TOLERANCES[dtype]
        assert_allclose(one.double(), other, rtol=tolerance, atol=tolerance)


def test_as_many_groups_as_heads_is_the_default():
    given = tensors((*example.inputs(), *example.weights(H)))
    output = functional.multi_head_attention(*given, n_heads=H)
    asked = functional.multi_head_attention(*given, n_heads=H, n_kv_heads=H)
    assert_array_equal(output, asked)
    expected = reference.multi_head_attention(*(one.numpy() for one in given), n_heads=H)
    assert_allclose(output, expected, rtol=1e-12, atol=1e-13)


@BOTH
@pytest.mark.parametrize("n_groups", [2, 6])
def test_gradcheck(return_weights, n_groups):
    given = [one.requires_grad_() for one in tensors(example.weights(n_groups))]
    query, key, value = tensors(one[:1] for one in example.inputs())
    bias = torch.from_numpy(example.scores_bias()).requires_grad_()
    mask = torch.from_numpy(example.mask()[:1])
    inputs = (query.requires_grad_(), *given, bias)

    def output(query, *rest):
        result = functional.multi_head_attention(
            query,
            key,
            value,
            *rest[:4],
            bias=rest[4],
            mask=mask,
            n_heads=H,
            n_kv_heads=n_groups,
            return_weights=return_weights,
        )
        return result[0] if return_weights else result

    assert torch.autograd.gradcheck(output, inputs, fast_mode=True)


@BOTH
@pytest.mark.parametrize("n_groups", GROUPS)
def test_empty_rows_have_zero_weights_and_pass_no_gradient(return_weights, n_groups):
    arrays = [one.requires_grad_() for one in tensors(grouped_example(n_groups))]
    mask = torch.ones(T, S, dtype=torch.bool)
    mask[1] = False
    result = functional.grouped_query_attention(*arrays, mask=mask, return_weights=return_weights)
    output = result[0] if return_weights else result
    assert_array_equal(output[:, :, 1].detach(), np.zeros((B, H, E)))
    output.sum().backward()
    assert_array_equal(arrays[0].grad[:, :, 1], np.zeros((B, H, D)))
    assert all(torch.isfinite(one.grad).all() for one in arrays)


@pytest.mark.parametrize("n_groups", [6, 2])
def test_large_scores_pick_one_key(n_groups):
    query, key, value = tensors(grouped_example(n_groups), torch.float32)
    output, weights = functional.grouped_query_attention(
        query * 1e4, key, value, return_weights=True
    )
    assert_array_equal(weights.max(dim=-1).values, np.ones((B, H, T)))
    fused = functional.grouped_query_attention(query * 1e4, key, value)
    assert_allclose(fused, output, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n_groups", [6, 2])
def test_dropout_scales_the_kept_weights(n_groups):
    arrays = tensors(grouped_example(n_groups))
    _, full = functional.grouped_query_attention(*arrays, return_weights=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        output, weights = functional.grouped_query_attention(
            *arrays, return_weights=True, dropout=0.5
        )
    dropped = weights == 0
    assert 0 < dropped.sum() < dropped.numel()
    assert_allclose(weights[~dropped], 2 * full[~dropped], rtol=1e-12, atol=1e-13)
    values = arrays[2].repeat_interleave(H // n_groups, dim=1)
    assert_allclose(output, weights @ values, rtol=1e-12, atol=1e-13)


def test_dropout_reaches_the_heads():
    given = tensors((*example.inputs(), *example.weights(2)))
    options = {"n_heads": H, "n_kv_heads": 2, "return_weights": True}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        _, weights = functional.multi_head_attention(*given, dropout=0.5, **options)
    assert (weights == 0).any()
    assert not (functional.multi_head_attention(*given, **options)[1] == 0).any()


@pytest.mark.parametrize("n_groups", GROUPS)
def test_zero_sizes_and_views(n_groups):
    query, key, value = tensors(grouped_example(n_groups))
    run = functional.grouped_query_attention
    assert run(query[:0], key[:0], value[:0]).shape == (0, H, T, E)
    assert run(query[:, :, :0], key, value).shape == (B, H, 0, E)
    assert_array_equal(run(query, key[:, :, :0], value[:, :, :0]), np.zeros((B, H, T, E)))
    _, weights = run(query, key[:, :, :0], value[:, :, :0], return_weights=True)
    assert weights.shape == (B, H, T, 0)
    turned = query.mT.contiguous().mT
    assert not turned.is_contiguous()
    expected = run(query, key, value)
    assert_allclose(run(turned, key.flip(2), value.flip(2)), expected, rtol=1e-12, atol=1e-13)
    alone = run(query[0], key[0], value[0], return_weights=True)
    assert_allclose(alone[0], expected[0], rtol=1e-12, atol=1e-13)
    assert alone[1].shape == (H, T, S)
    assert_allclose(run(query[0], key[0], value[0]), expected[0], rtol=1e-12, atol=1e-13)
    shared = run(query, key[0], value[:1])
    assert_allclose(shared[0], expected[0], rtol=1e-12, atol=1e-13)


@BOTH
def test_masks_are_made_where_the_tensors_are(return_weights):
    query, key, value = (one.to("meta") for one in tensors(grouped_example(2)))
    for mask in (None, torch.ones(T, S, dtype=torch.bool, device="meta")):
        result = functional.grouped_query_attention(
            query, key, value, mask=mask, causal=True, return_weights=return_weights
        )
        output = result[0] if return_weights else result
        assert output.device.type == "meta"


def test_groups_are_not_repeated_for_a_step_of_generation(monkeypatch):
    """What reaches the kernel for one new query: G heads of keys, the queries folded."""
    seen = []
    module = importlib.import_module("attention_lib.functional.grouped")
    plain = module.attention_core

    def spy(query, key, value, **options):
        seen.append((tuple(query.shape), tuple(key.shape), tuple(value.shape)))
        return plain(query, key, value, **options)

    monkeypatch.setattr(module, "attention_core", spy)
    for causal in (False, True):
        functional.grouped_query_attention(*tensors(grouped_example(2, 1, S)), causal=causal)
    functional.grouped_query_attention(*tensors(grouped_example(2, S, S)), causal=True)
    functional.grouped_query_attention(*tensors(grouped_example(2, S, S)))
    step = ((B, 2, 3, D), (B, 2, S, D), (B, 2, S, E))
    square = ((B, H, S, D), (B, H, S, D), (B, H, S, E))
    folded = ((B, 2, 3 * S, D), (B, 2, S, D), (B, 2, S, E))
    assert seen == [step, step, square, folded]


GIVEN = tensors((*example.inputs(), *example.weights(2)))
Q4, K4, V4 = tensors(grouped_example(2))


def test_no_heads_at_all():
    query, key = torch.ones(0, 3, 2), torch.ones(2, 5, 2)
    output, weights = functional.grouped_query_attention(query, key, key, return_weights=True)
    assert (output.shape, weights.shape) == ((0, 3, 2), (0, 3, 5))


def call(place=0, value=None, **options):
    given = list(GIVEN)
    given[place] = given[place] if value is None else value
    functional.multi_head_attention(*given, **{"n_heads": H, "n_kv_heads": 2, **options})


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (
            lambda: call(n_heads=5),
            ValueError,
            "^n_kv_heads must divide n_heads, got n_kv_heads 2 and 5$",
        ),
        (
            lambda: call(n_heads=5, n_kv_heads=5),
            ValueError,
            "^n_heads must divide the rows of query_weight, got n_heads 5 and 24$",
        ),
        (
            lambda: call(4, GIVEN[4][:-1]),
            ValueError,
            "^n_kv_heads must divide the rows of key_weight, got n_kv_heads 2 and 7$",
        ),
        (
            lambda: call(5, GIVEN[5][:-1]),
            ValueError,
            "^n_kv_heads must divide the rows of value_weight, got n_kv_heads 2 and",
        ),
        (
            lambda: call(3, torch.tensor(1.0, dtype=torch.float64)),
            ValueError,
            r"^query_weight must have shape \[out, 7\]",
        ),
        (lambda: call(n_heads=0), ValueError, "^n_heads must be at least 1, got 0$"),
        (lambda: call(n_kv_heads=0), ValueError, "^n_kv_heads must be at least 1, got 0$"),
        (lambda: call(n_kv_heads=2.0), TypeError, "^n_kv_heads must be an integer, got float$"),
        (
            lambda: call(return_weights=1),
            TypeError,
            "^return_weights must be True or False, got int$",
        ),
        (lambda: call(causal=1), TypeError, "^causal must be True or False, got int$"),
        (lambda: call(dropout=1.0), ValueError, r"^dropout must lie in \[0, 1\), got 1.0$"),
        (
            lambda: call(1, GIVEN[1][..., :3]),
            ValueError,
            r"^key_weight must have shape \[out, 3\] for key of shape \(2, 5, 3\), got \(8, 11\)$",
        ),
        (
            lambda: call(5, GIVEN[5][0]),
            ValueError,
            r"^value_weight must have shape \[out, 13\] for value .*got \(13,\)$",
        ),
        (
            lambda: call(6, GIVEN[6][:, :5]),
            ValueError,
            r"^output_weight must have shape \[C, 12\] for 6 heads of width 2, got \(17, 5\)$",
        ),
        (
            lambda: call(query_bias=torch.ones(3).double()),
            ValueError,
            r"^query_bias must have shape \[out\] = \(24,\), got \(3,\)$",
        ),
        (
            lambda: call(0, GIVEN[0].numpy()),
            TypeError,
            "^query must be a torch.Tensor, got ndarray$",
        ),
        (lambda: call(0, GIVEN[0].float()), TypeError, "share one dtype, got query float32, key"),
        (
            lambda: call(2, GIVEN[2].float()),
            TypeError,
            "share one dtype, .*, value float32, query_w",
        ),
        (lambda: call(bias=torch.ones(3, 5)), TypeError, "share one dtype, .*bias float32$"),
        (lambda: call(key_bias=[1.0]), TypeError, "^key_bias must be a torch.Tensor, got list$"),
        (
            lambda: call(bias=torch.ones(5, 3, 5).double()),
            ValueError,
            r"^bias must broadcast to the scores' shape \(2, 6, 3, 5\), got \(5, 3, 5\)$",
        ),
        (
            lambda: call(mask=torch.ones(2, 3, 5).bool()),
            ValueError,
            AMBIGUOUS,
        ),
        (
            lambda: call(0, GIVEN[0][0], mask=torch.ones(2, 3, 5).bool()),
            ValueError,
            AMBIGUOUS,
        ),
        (
            lambda: call(mask=np.ones((3, 5), bool)),
            TypeError,
            "^mask must be a torch.Tensor, got ndarray$",
        ),
        (
            lambda: call(n_heads=0, n_kv_heads=None),
            ValueError,
            "^n_heads must be at least 1, got 0$",
        ),
        (
            lambda: functional.grouped_query_attention(Q4.tolist(), K4, V4),
            TypeError,
            "^query must be a torch.Tensor, got list$",
        ),
        (
            lambda: functional.grouped_query_attention(Q4, K4, V4.tolist()),
            TypeError,
            "^value must be a torch.Tensor, got list$",
        ),
        (
            lambda: functional.grouped_query_attention(Q4[:, :5], K4, V4),
            ValueError,
            "^the heads of key must divide those of query",
        ),
        (
            lambda: functional.grouped_query_attention(Q4, K4, V4[:, :1]),
            ValueError,
            "^key and value must have the same number of heads",
        ),
        (
            lambda: functional.grouped_query_attention(Q4, K4, V4[:, :, :4]),
            ValueError,
            "^value must have one row for each of the 5 keys",
        ),
        (
            lambda: functional.grouped_query_attention(Q4, K4, V4, bias=V4.numpy()),
            TypeError,
            "^bias must be a torch.Tensor, got ndarray$",
        ),
        (
            lambda: functional.grouped_query_attention(Q4, K4, V4, bias=torch.ones(3, 5)),
            TypeError,
            "^arguments must share one dtype, got query float64, bias float32$",
        ),
        (
            lambda: functional.grouped_query_attention(Q4, K4.numpy(), V4),
            TypeError,
            "^key must be a torch.Tensor, got ndarray$",
        ),
        (
            lambda: functional.grouped_query_attention(Q4, K4.float(), V4),
            TypeError,
            "^arguments must share one dtype, got query float64, key float32, value float64$",
        ),
        (
            lambda: functional.grouped_query_attention(Q4, K4, V4, causal=None),
            TypeError,
            "^causal must be True or False, got NoneType$",
        ),
        (
            lambda: functional.grouped_query_attention(Q4, K4, V4, return_weights=None),
            TypeError,
            "^return_weights must be True or False, got NoneType$",
        ),
        (
            lambda: functional.split_heads(GIVEN[0], 3),
            ValueError,
            "^n_heads must divide the width of x, got n_heads 3 and 7$",
        ),
        (
            lambda: functional.split_heads(Q4.numpy(), 2),
            TypeError,
            "^x must be a torch.Tensor, got ndarray$",
        ),
        (lambda: functional.split_heads(Q4, 0), ValueError, "^n_heads must be at least 1, got 0$"),
        (lambda: functional.split_heads(torch.ones(6), 2), ValueError, "^x must have at least 2"),
        (lambda: functional.merge_heads(torch.ones(3, 6)), ValueError, "^x must have at least 3"),
        (
            lambda: functional.merge_heads(None),
            TypeError,
            "^x must be a torch.Tensor, got NoneType$",
        ),
    ],
)
def test_bad_input_is_named(run, error, message):
    with pytest.raises(error, match=message):
        run()
