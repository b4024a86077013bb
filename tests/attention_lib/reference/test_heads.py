"""Multi-head and grouped-query attention in NumPy against loops, their own rules and bad input."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from tests.helpers import heads_example as example
from tests.helpers import loop_oracles
from tests.helpers.heads_example import D, E, H, S, T

AMBIGUOUS = (
    r"^mask must have the 4 axes \[\.\.\., H, T, S\], or at most 2, got shape \(2, 3, 5\); "
    r"give one mask for each row of the batch as mask\[:, None\]$"
)

GROUPS = [6, 3, 2, 1]


def test_heads_are_stretches_of_the_last_axis():
    x = np.arange(24.0).reshape(2, 2, 6)
    split = reference.split_heads(x, 3)
    assert split.shape == (2, 3, 2, 2)
    assert_array_equal(split[1, 2], [[16, 17], [22, 23]])
    assert_array_equal(reference.merge_heads(split), x)
    assert np.shares_memory(split, x)
    assert_array_equal(reference.split_heads(x[0], 6)[:, :, 0], x[0].T)


@pytest.mark.parametrize("shape", [(0, 3, 6), (2, 0, 6), (2, 3, 0)])
def test_heads_of_nothing(shape):
    x = np.zeros(shape)
    split = reference.split_heads(x, 3)
    assert split.shape == (shape[0], 3, shape[1], shape[2] // 3)
    assert reference.merge_heads(split).shape == shape


@pytest.mark.parametrize("n_groups", GROUPS)
@pytest.mark.parametrize("with_biases", [False, True])
def test_equals_the_loops(n_groups, with_biases):
    given, weights = example.inputs(), example.weights(n_groups)
    biases = example.biases(n_groups) if with_biases else None
    options = {"n_heads": H, "n_kv_heads": n_groups, **(biases or {})}
    expected = example.loops(given, weights, n_groups, bias_dict=biases)
    output, attended = reference.multi_head_attention(
        *given, *weights, **options, return_weights=True
    )
    assert_allclose(output, expected[0], rtol=1e-12, atol=1e-13)
    assert_allclose(attended, expected[1], rtol=1e-12, atol=1e-13)
    assert_array_equal(reference.multi_head_attention(*given, *weights, **options), output)


@pytest.mark.parametrize("n_groups", GROUPS)
@pytest.mark.parametrize(("n_queries", "n_keys"), [(3, 5), (5, 5), (5, 3), (1, 5)])
def test_equals_the_loops_with_mask_bias_and_causal(n_groups, n_queries, n_keys):
    sizes = {"n_queries": n_queries, "n_keys": n_keys}
    given, weights = example.inputs(**sizes), example.weights(n_groups)
    mask, bias = example.mask(**sizes), example.scores_bias(**sizes)
    allowed = mask & np.array(loop_oracles.causal(n_queries, n_keys))
    expected, attended = example.loops(given, weights, n_groups, allowed=allowed, bias=bias)
    options = {"n_heads": H, "n_kv_heads": n_groups, "mask": mask, "bias": bias}
    output, ours = reference.multi_head_attention(
        *given, *weights, **options, causal=True, return_weights=True
    )
    assert_allclose(output, expected, rtol=1e-12, atol=1e-13)
    assert_allclose(ours, attended, rtol=1e-12, atol=1e-13)


def test_as_many_groups_as_heads_is_the_default():
    given, weights = example.inputs(), example.weights(H)
    output = reference.multi_head_attention(*given, *weights, n_heads=H)
    asked = reference.multi_head_attention(*given, *weights, n_heads=H, n_kv_heads=H)
    assert_array_equal(output, asked)


def test_a_query_with_nothing_to_attend_to_gets_the_output_bias():
    given, weights, biases = example.inputs(), example.weights(2), example.biases(2)
    mask = np.ones((T, S), dtype=bool)
    mask[1] = False
    output, attended = reference.multi_head_attention(
        *given, *weights, n_heads=H, n_kv_heads=2, mask=mask, **biases, return_weights=True
    )
    assert_array_equal(output[:, 1], [biases["output_bias"]] * 2)
    assert_array_equal(attended[:, :, 1], np.zeros((2, H, S)))


def grouped_example(n_groups, dtype=np.float64):
    rng = np.random.default_rng(7)
    shapes = ((2, H, T, D), (2, n_groups, S, D), (2, n_groups, S, E))
    return tuple(rng.normal(size=shape).astype(dtype) for shape in shapes)


@pytest.mark.parametrize("n_groups", GROUPS)
def test_a_group_serves_neighbouring_heads(n_groups):
    query, key, value = grouped_example(n_groups)
    options = {"bias": example.scores_bias(), "scale": 0.3, "causal": True}
    output, weights = reference.grouped_query_attention(
        query, key, value, mask=example.mask(), return_weights=True, **options
    )
    for h in range(H):
        g = h // (H // n_groups)
        own = {**options, "bias": options["bias"][h], "mask": example.mask()[:, h]}
        alone = reference.attention(query[:, h], key[:, g], value[:, g], return_weights=True, **own)
        assert_allclose(output[:, h], alone[0], rtol=1e-13, atol=1e-13)
        assert_allclose(weights[:, h], alone[1], rtol=1e-13, atol=1e-13)


def test_without_options_every_query_sees_every_key_and_only_the_output_comes_back():
    query, key, value = grouped_example(H)
    output = reference.grouped_query_attention(query, key, value)
    assert_allclose(output, reference.attention(query, key, value), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float16, 4e-3), (np.float32, 4e-6)])
def test_small_dtypes_come_back_and_are_rounded_once(dtype, tolerance):
    given, weights = example.inputs(dtype), example.weights(2, dtype)
    options = {**example.biases(2, dtype), "bias": example.scores_bias(dtype)}
    output, attended = reference.multi_head_attention(
        *given, *weights, n_heads=H, n_kv_heads=2, return_weights=True, **options
    )
    assert output.dtype == attended.dtype == dtype
    exact = reference.multi_head_attention(
        *(one.astype(np.float64) for one in (*given, *weights)),
        n_heads=H,
        n_kv_heads=2,
        **{name: one.astype(np.float64) for name, one in options.items()},
    )
    assert_allclose(output, exact, rtol=tolerance, atol=tolerance)


def test_zero_sizes_and_views():
    (query, key, value), weights = example.inputs(), example.weights(3)
    options = {"n_heads": H, "n_kv_heads": 3, **example.biases(3)}
    run = lambda *given: reference.multi_head_attention(*given, *weights, **options)  # noqa: E731
    assert run(query[:0], key[:0], value[:0]).shape == (0, 3, 17)
    assert run(query[:, :0], key, value).shape == (2, 0, 17)
    empty = run(query, key[:, :0], value[:, :0])
    assert_array_equal(empty, np.broadcast_to(options["output_bias"], (2, 3, 17)))
    turned = np.asfortranarray(query)
    assert_allclose(
        run(turned, key[:, ::-1], value[:, ::-1]), run(query, key, value), rtol=1e-12, atol=1e-13
    )
    assert_allclose(
        run(query[0], key[0], value[0]), run(query, key, value)[0], rtol=1e-12, atol=1e-13
    )


GIVEN, WEIGHTS, BIASES = example.inputs(), example.weights(2), example.biases(2)


def call(given=GIVEN, weights=WEIGHTS, **options):
    reference.multi_head_attention(*given, *weights, **{"n_heads": H, "n_kv_heads": 2, **options})


def replaced(values, place, value):
    return (*values[:place], value, *values[place + 1 :])


Q4, K4, V4 = grouped_example(2)


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
            lambda: call(weights=replaced(WEIGHTS, 1, WEIGHTS[1][:-1])),
            ValueError,
            "^n_kv_heads must divide the rows of key_weight, got n_kv_heads 2 and 7$",
        ),
        (
            lambda: call(weights=replaced(WEIGHTS, 2, WEIGHTS[2][:-1])),
            ValueError,
            "^n_kv_heads must divide the rows of value_weight, got n_kv_heads 2 and",
        ),
        (
            lambda: call(weights=replaced(WEIGHTS, 0, np.array(1.0))),
            ValueError,
            r"^query_weight must have shape \[out, 7\]",
        ),
        (lambda: call(n_heads=0), ValueError, "^n_heads must be at least 1, got 0$"),
        (lambda: call(n_heads=6.0), TypeError, "^n_heads must be an integer, got float$"),
        (lambda: call(n_kv_heads=0), ValueError, "^n_kv_heads must be at least 1, got 0$"),
        (lambda: call(n_kv_heads="2"), TypeError, "^n_kv_heads must be an integer, got str$"),
        (
            lambda: call(n_heads=4),
            ValueError,
            "^query_weight and key_weight must give heads of one width of at least 1, got 6 and 4$",
        ),
        (
            lambda: call(return_weights=1),
            TypeError,
            "^return_weights must be True or False, got int",
        ),
        (lambda: call(causal=1), TypeError, "^causal must be True or False, got int$"),
        (
            lambda: call(replaced(GIVEN, 0, GIVEN[0][0, 0])),
            ValueError,
            r"^query must have at least 2 dimension\(s\), got shape \(7,\)$",
        ),
        (
            lambda: call(replaced(GIVEN, 1, GIVEN[1][..., :3])),
            ValueError,
            r"^key_weight must have shape \[out, 3\] for key of shape \(2, 5, 3\), got \(8, 11\)$",
        ),
        (
            lambda: call(weights=replaced(WEIGHTS, 2, WEIGHTS[2][0])),
            ValueError,
            r"^value_weight must have shape \[out, 13\] for value .*got \(13,\)$",
        ),
        (
            lambda: call(weights=replaced(WEIGHTS, 3, WEIGHTS[3][:, :5])),
            ValueError,
            r"^output_weight must have shape \[C, 12\] for 6 heads of width 2, got \(17, 5\)$",
        ),
        (
            lambda: call(query_bias=np.ones(3)),
            ValueError,
            r"^query_bias must have shape \[out\] = \(24,\), got \(3,\)$",
        ),
        (lambda: call(output_bias=np.ones(())), ValueError, r"^output_bias must .*got \(\)$"),
        (
            lambda: call(replaced(GIVEN, 2, GIVEN[2].astype(np.float32))),
            TypeError,
            "^arguments must share one dtype, got query float64, key float64, value float32",
        ),
        (lambda: call(key_bias=[1.0]), TypeError, "^key_bias must be a NumPy array, got list$"),
        (
            lambda: call(bias=np.ones((5, 3, 5))),
            ValueError,
            r"^bias must broadcast to the scores' shape \(2, 6, 3, 5\), got \(5, 3, 5\)$",
        ),
        (
            lambda: call(mask=np.ones((2, 3, 5), bool)),
            ValueError,
            AMBIGUOUS,
        ),
        (
            lambda: call(replaced(GIVEN, 0, GIVEN[0][0]), mask=np.ones((2, 3, 5), bool)),
            ValueError,
            AMBIGUOUS,
        ),
        (
            lambda: call(n_heads=0, n_kv_heads=None),
            ValueError,
            "^n_heads must be at least 1, got 0$",
        ),
        (
            lambda: reference.grouped_query_attention(Q4.tolist(), K4, V4),
            TypeError,
            "^query must be a NumPy array, got list$",
        ),
        (
            lambda: reference.grouped_query_attention(Q4, K4, V4.tolist()),
            TypeError,
            "^value must be a NumPy array, got list$",
        ),
        (
            lambda: reference.grouped_query_attention(Q4[:, :5], K4, V4),
            ValueError,
            r"^the heads of key must divide those of query on the third last axis, "
            r"got query \(2, 5, 3, 4\) and key \(2, 2, 5, 4\)$",
        ),
        (
            lambda: reference.grouped_query_attention(Q4, K4[:, :0], V4[:, :0]),
            ValueError,
            r"^the heads of key must divide.*key \(2, 0, 5, 4\)$",
        ),
        (
            lambda: reference.grouped_query_attention(Q4, K4[:, :1], V4),
            ValueError,
            r"^key and value must have the same number of heads on their third last axis, "
            r"got key \(2, 1, 5, 4\) and value \(2, 2, 5, 2\)$",
        ),
        (
            lambda: reference.grouped_query_attention(Q4[..., :3], K4, V4),
            ValueError,
            r"^query and key must have the same width D on their last axis, "
            r"got query \(2, 6, 3, 3\) and key \(2, 2, 5, 4\)$",
        ),
        (
            lambda: reference.grouped_query_attention(Q4, np.stack([K4[0]] * 3), V4),
            ValueError,
            r"^the axes before the last three must broadcast together, "
            r"got query \(2, 6, 3, 4\), key \(3, 2, 5, 4\), value \(2, 2, 5, 2\)$",
        ),
        (
            lambda: reference.grouped_query_attention(Q4, K4, V4[:, :, :4]),
            ValueError,
            "^value must have one row for each of the 5 keys",
        ),
        (
            lambda: reference.grouped_query_attention(Q4, K4[0, 0], V4),
            ValueError,
            r"^key must have at least 3 dimension\(s\), got shape \(5, 4\)$",
        ),
        (
            lambda: reference.grouped_query_attention(Q4, K4.tolist(), V4),
            TypeError,
            "^key must be a NumPy array, got list$",
        ),
        (
            lambda: reference.split_heads(GIVEN[0], 3),
            ValueError,
            "^n_heads must divide the width of x, got n_heads 3 and 7$",
        ),
        (lambda: reference.split_heads([1.0], 1), TypeError, "^x must be a NumPy array, got list$"),
        (lambda: reference.split_heads(np.ones(6), 2), ValueError, "^x must have at least 2"),
        (
            lambda: reference.split_heads(Q4, True),
            TypeError,
            "^n_heads must be an integer, got bool",
        ),
        (lambda: reference.merge_heads(np.ones((3, 6))), ValueError, "^x must have at least 3"),
        (lambda: reference.merge_heads(None), TypeError, "^x must be a NumPy array, got NoneType$"),
    ],
)
def test_bad_input_is_named(run, error, message):
    with pytest.raises(error, match=message):
        run()
