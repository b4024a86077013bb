"""The torch functions of the first two chapters: dtypes, defaults, leading axes."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference
from attention_lib.functional.precision import check_floating_dtype, check_torch_mask, widen

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


Q, K, V = normal(3, 5), normal(7, 5, seed=1), normal(7, 11, seed=2)
GATES = {"input_weight": normal(12, 5), "hidden_weight": normal(12, 3)}
BIASES = {"input_bias": normal(12), "hidden_bias": normal(12, seed=1)}


@pytest.mark.parametrize("dtype", DTYPES)
def test_widened_is_half_precision_only(dtype):
    working = torch.float64 if dtype == torch.float64 else torch.float32
    given, *widened = widen(first=Q.to(dtype), second=K.to(dtype))
    assert given == dtype
    assert [one.dtype for one in widened] == [working, working]
    assert_array_equal(widened[1].double(), K.to(dtype).double())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "call",
    [
        lambda dtype: functional.softmax(Q.to(dtype)),
        lambda dtype: functional.dot_scores(Q.to(dtype), K.to(dtype)),
        lambda dtype: functional.scaled_dot_scores(Q.to(dtype), K.to(dtype)),
        lambda dtype: functional.general_scores(Q.to(dtype), K.to(dtype), normal(5, 5).to(dtype)),
        lambda dtype: functional.additive_scores_projected(
            Q.to(dtype), K.to(dtype), normal(5).to(dtype)
        ),
        lambda dtype: functional.kernel_regression(Q.to(dtype), K.to(dtype), V.to(dtype)),
        lambda dtype: functional.attend(normal(3, 7).to(dtype), V.to(dtype)),
        lambda dtype: functional.attention(
            Q.to(dtype), K.to(dtype), V.to(dtype), return_weights=True
        ),
        lambda dtype: functional.lstm_gates(
            normal(2, 5).to(dtype),
            normal(2, 3).to(dtype),
            **{name: one.to(dtype) for name, one in (GATES | BIASES).items()},
        ),
        lambda dtype: functional.lstm_cell(
            *(normal(2, n).to(dtype) for n in (5, 3, 3)),
            **{name: one.to(dtype) for name, one in (GATES | BIASES).items()},
        ),
    ],
)
def test_what_comes_back_has_the_dtype_of_what_went_in(call, dtype):
    result = call(dtype)
    for one in result if isinstance(result, tuple) else (result,):
        assert one.dtype == dtype


def test_the_bandwidth_and_the_temperature_are_one_unless_given():
    ones = {"bandwidth": 1.0}
    assert torch.equal(
        functional.kernel_regression(Q, K, V), functional.kernel_regression(Q, K, V, **ones)
    )
    assert torch.equal(functional.softmax(Q), functional.softmax(Q, temperature=1.0))
    assert_allclose(functional.softmax(Q), reference.softmax(Q.numpy()), rtol=1e-14)


@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
def test_an_lstm_step_takes_any_leading_axes(leading):
    inputs, hidden, cell = (normal(*leading, n, seed=n) for n in (5, 3, 3))
    given = {name: one.numpy() for name, one in (GATES | BIASES).items()}
    gates = functional.lstm_gates(inputs, hidden, **GATES, **BIASES)
    expected = reference.lstm_gates(inputs.numpy(), hidden.numpy(), **given)
    for ours, exact in zip(gates, expected, strict=True):
        assert_allclose(ours, exact, rtol=1e-13)
    state = functional.lstm_cell(inputs, hidden, cell, **GATES, **BIASES)
    expected = reference.lstm_cell(inputs.numpy(), hidden.numpy(), cell.numpy(), **given)
    for ours, exact in zip(state, expected, strict=True):
        assert_allclose(ours, exact, rtol=1e-13)


@pytest.mark.parametrize("names", [(), ("input_bias",), ("hidden_bias",)])
def test_each_bias_of_an_lstm_step_stands_alone(names):
    given = GATES | {name: BIASES[name] for name in names}
    gates = functional.lstm_gates(normal(2, 5), normal(2, 3), **given)
    exact = {name: one.numpy() for name, one in given.items()}
    expected = reference.lstm_gates(normal(2, 5).numpy(), normal(2, 3).numpy(), **exact)
    for ours, one in zip(gates, expected, strict=True):
        assert_allclose(ours, one, rtol=1e-13)


def test_masks_and_dtypes_are_judged():
    assert check_torch_mask(None, (3,)) is None
    with pytest.raises(TypeError, match=r"^mask must be a torch\.Tensor, got list$"):
        check_torch_mask([True], (1,))
    with pytest.raises(ValueError, match=r"^mask must broadcast to the scores' shape \(3,\), got"):
        check_torch_mask(torch.ones(2, dtype=torch.bool), (3,))
    assert check_floating_dtype(None) == torch.get_default_dtype()
    assert check_floating_dtype(torch.float16) == torch.float16
    for wrong, name in ((torch.int64, r"torch\.int64"), ("float32", "float32"), (3.0, r"3\.0")):
        with pytest.raises(TypeError, match=f"^dtype must be a floating torch.dtype, got {name}$"):
            check_floating_dtype(wrong)


def test_attend_at_the_temperature_of_one_and_with_the_dropout_that_is_given():
    scores = normal(3, 7)
    output, weights = functional.attend(scores, V)
    assert_allclose(weights, reference.softmax(scores.numpy()), rtol=1e-14)
    assert_allclose(output, weights @ V, rtol=1e-14)
    torch.manual_seed(0)
    _, dropped = functional.attend(scores, V, dropout=0.25)
    kept = dropped != 0
    assert 0 < kept.sum() < kept.numel()
    assert_allclose(dropped[kept], weights[kept] / 0.75, rtol=1e-14)


@pytest.mark.parametrize(("n_queries", "n_keys"), [(1, 1), (1, 5), (2, 2), (2, 5), (3, 2)])
def test_both_paths_align_the_last_query_with_the_last_key(n_queries, n_keys):
    given = [one.numpy() for one in (Q[:n_queries], K[:n_keys], V[:n_keys])]
    expected = reference.attention(*given, causal=True)
    tensors = [torch.from_numpy(one) for one in given]
    assert_allclose(functional.attention(*tensors, causal=True), expected, rtol=1e-13)
    stepwise, _ = functional.attention(*tensors, causal=True, return_weights=True)
    assert_allclose(stepwise, expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("options", "fused", "is_causal"),
    [
        ({}, 1, False),
        ({"mask": torch.ones(3, 3, dtype=torch.bool)}, 1, False),
        ({"causal": True}, 1, True),
        ({"causal": True, "bias": normal(3, 3)}, 1, False),
        ({"bias": normal(3, 3)}, 1, False),
        ({"temperature": 2.0}, 0, None),
        ({"return_weights": True}, 0, None),
    ],
)
def test_the_fused_kernel_does_the_work_where_it_can(options, fused, is_causal, monkeypatch):
    calls, kernel = [], torch.nn.functional.scaled_dot_product_attention

    def counted(*args, **given):
        calls.append(given["is_causal"])
        return kernel(*args, **given)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", counted)
    functional.attention(Q, K[:3], V[:3], **options)
    assert calls == [is_causal] * fused


def test_without_a_size_no_kernel_is_called(monkeypatch):
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", None)
    assert functional.attention(Q[:0], K, V).shape == (0, 11)
    assert_array_equal(functional.attention(Q, K[:0], V[:0]), np.zeros((3, 11)))
