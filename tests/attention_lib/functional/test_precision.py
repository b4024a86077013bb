"""The dtype that comes back from each function, how half precision is widened, and defaults."""

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


def test_masks_and_dtypes_are_judged():
    assert check_torch_mask(None, (3,)) is None
    with pytest.raises(TypeError, match=r"^mask must be a torch\.Tensor, got list$"):
        check_torch_mask([True], (1,))
    with pytest.raises(ValueError, match=r"^mask must broadcast to the scores' shape \(3,\), got"):
        check_torch_mask(torch.ones(2, dtype=torch.bool), (3,))
    assert check_floating_dtype(None) == torch.get_default_dtype()
    assert check_floating_dtype(torch.float16) == torch.float16
    for wrong, name in ((torch.int64, r"torch\.int64"), ("float32", "'float32'"), (3.0, r"3\.0")):
        with pytest.raises(TypeError, match=f"^dtype must be a floating torch.dtype, got {name}$"):
            check_floating_dtype(wrong)
