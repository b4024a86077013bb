"""The other torch functions against the reference, gradients included."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


Q, K, V = normal(2, 3, 5), normal(2, 7, 5, seed=1), normal(2, 7, 11, seed=2)
NARROW = normal(2, 7, 2, seed=3)
CALLS = {
    "dot_scores": ((Q, K), {}),
    "scaled_dot_scores": ((Q, K), {"scale": 0.3}),
    "general_scores": ((Q, NARROW, normal(5, 2)), {}),
    "additive_scores": (
        (Q, NARROW, normal(13, 5), normal(13, 2), normal(13)),
        {"bias": normal(13, seed=4)},
    ),
    "concat_scores": ((Q, NARROW, normal(13, 7), normal(13)), {}),
    "kernel_regression": ((Q, K, V), {"bandwidth": 0.7}),
    "softmax": ((Q,), {"temperature": 0.3, "mask": Q > -1}),
    "lstm_cell": (
        (Q[0], normal(3, 3), normal(3, 3, seed=5)),
        {
            "input_weight": normal(12, 5),
            "hidden_weight": normal(12, 3),
            "input_bias": normal(12),
            "hidden_bias": normal(12, seed=6),
        },
    ),
    "attend": ((Q, normal(2, 5, 11)), {"mask": Q > 0}),
}


def tensor(one, dtype=torch.float64):
    if not isinstance(one, np.ndarray):
        return one
    made = torch.from_numpy(one)
    return made if made.dtype == torch.bool else made.to(dtype)


def first(result):
    return result[0] if isinstance(result, tuple) else result


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("name", CALLS)
def test_equals_the_reference(name, dtype):
    arguments, options = CALLS[name]
    given = [tensor(one, dtype) for one in arguments]
    given_options = {key: tensor(one, dtype) for key, one in options.items()}
    widened = [one.double().numpy() for one in given]
    wide_options = {
        key: one.double().numpy()
        if torch.is_tensor(one) and one.is_floating_point()
        else options[key]
        for key, one in given_options.items()
    }
    ours = first(getattr(functional, name)(*given, **given_options))
    expected = first(getattr(reference, name)(*widened, **wide_options))
    assert ours.dtype == dtype
    tolerance = {torch.float16: 3e-3, torch.bfloat16: 2e-2, torch.float32: 1e-5}.get(dtype, 1e-12)
    assert_allclose(ours.double(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", CALLS)
def test_gradcheck(name):
    arguments, options = CALLS[name]
    given = [tensor(one).requires_grad_() for one in arguments]
    options = {key: tensor(one) for key, one in options.items()}
    assert torch.autograd.gradcheck(
        lambda *inputs: first(getattr(functional, name)(*inputs, **options)), given
    )


@pytest.mark.parametrize(("n_queries", "n_keys"), [(5, 5), (3, 7), (7, 3)])
def test_masks_equal_the_reference(n_queries, n_keys):
    for options in ({"window": 2}, {"window": 2, "causal": True}):
        ours = functional.window_mask(n_queries, n_keys, **options)
        assert_array_equal(ours, reference.window_mask(n_queries, n_keys, **options))
    causal = functional.causal_mask(n_queries, n_keys)
    assert_array_equal(causal, reference.causal_mask(n_queries, n_keys))
    lengths = np.array([0, 2, 3])
    padding = functional.padding_mask(torch.from_numpy(lengths), n_keys)
    assert_array_equal(padding, reference.padding_mask(lengths, n_keys))
    both = functional.combine_masks(causal, padding)
    assert_array_equal(both, reference.combine_masks(causal.numpy(), padding.numpy()))


def test_softmax_of_infinite_scores_and_its_gradient():
    inf = torch.inf
    scores = torch.tensor([[inf, 1.0, inf], [-inf, 2.0, 2.0], [-inf, -inf, -inf]])
    scores.requires_grad_()
    weights = functional.softmax(scores)
    assert_array_equal(weights.detach(), [[0.5, 0, 0.5], [0, 0.5, 0.5], [0, 0, 0]])
    (weights**2).sum().backward()
    assert torch.isfinite(scores.grad).all()
    assert_array_equal(scores.grad[2], [0, 0, 0])
    assert torch.isnan(functional.softmax(torch.tensor([1.0, torch.nan]))).all()


def test_hard_attention_draws_with_the_weights():
    query = torch.from_numpy(Q[:1, :1]).expand(40_000, 1, 5)
    key, value = torch.from_numpy(K[0]), torch.from_numpy(V[0])
    mask = torch.arange(7) != 3
    rng = torch.Generator().manual_seed(0)
    output, index = functional.hard_attention(query, key, value, rng=rng, mask=mask)
    weights = functional.attention(query[:1], key, value, mask=mask, return_weights=True)[1]
    shares = torch.bincount(index.flatten(), minlength=7) / 40_000
    assert_allclose(shares, weights[0, 0], atol=0.01)
    assert shares[3] == 0
    assert_array_equal(output, value[index])
    output, index = functional.hard_attention(query[:2], key, value, rng=rng, mask=~mask & mask)
    assert_array_equal(index, [[-1], [-1]])
    assert_array_equal(output, np.zeros((2, 1, 11)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: functional.softmax([1.0]), TypeError, "scores must be a torch.Tensor, got list"),
        (lambda: functional.softmax(torch.ones(2), temperature=0), ValueError, "temperature"),
        (lambda: functional.combine_masks(torch.ones(2)), TypeError, "mask must be boolean"),
        (lambda: functional.combine_masks(), ValueError, "at least one mask"),
        (lambda: functional.padding_mask(torch.tensor([4]), 3), ValueError, r"lie in 0..3"),
        (
            lambda: functional.draw(torch.ones(2), rng=np.random.default_rng(0)),
            TypeError,
            "rng must be a torch.Generator, got Generator",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_half_precision_of_an_lstm_step_is_rounded_once():
    shapes = [(31, 5), (31, 7), (31, 7), (28, 5), (28, 7)]
    for dtype in (torch.float16, torch.bfloat16):
        arrays = [torch.tensor(normal(*s, seed=k), dtype=dtype) for k, s in enumerate(shapes)]
        weights = {"input_weight": arrays[3], "hidden_weight": arrays[4]}
        wide = {name: weight.double() for name, weight in weights.items()}
        got = functional.lstm_cell(*arrays[:3], **weights)
        expected = functional.lstm_cell(*(array.double() for array in arrays[:3]), **wide)
        for one, exact in zip(got, expected, strict=True):
            assert (one == exact.to(dtype)).double().mean() > 0.99


def test_a_tiny_temperature_takes_the_largest_score():
    for dtype in (torch.float32, torch.float64):
        for temperature in (1e-40, 1e-300, 5e-324):
            weights = functional.softmax(
                torch.tensor([1.0, 3.0, 2.0], dtype=dtype), temperature=temperature
            )
            assert weights.tolist() == [0, 1, 0]


def test_a_draw_refuses_what_is_no_weight_and_never_takes_a_zero():
    rng = torch.Generator().manual_seed(0)
    for wrong in (torch.nan, -1.0):
        with pytest.raises(ValueError, match="weights must not be negative or NaN"):
            functional.draw(torch.tensor([0.5, wrong]), rng=rng)
    tiny = torch.tensor([0.0, 1e-45]).expand(101, -1)
    assert (functional.draw(tiny, rng=rng) == 1).all()
    with pytest.raises(ValueError, match="query and key must give scores without NaN"):
        functional.hard_attention(
            torch.full((1, 1), torch.nan), torch.ones(2, 1), torch.ones(2, 1), rng=rng
        )


def test_hard_attention_without_keys_gives_zeros():
    query, key, value = torch.ones(3, 2), torch.ones(0, 2), torch.ones(0, 5)
    output, index = functional.hard_attention(query, key, value, rng=torch.Generator())
    assert_array_equal(output, np.zeros((3, 5)))
    assert_array_equal(index, np.full(3, -1))


@pytest.mark.parametrize("wrong", [-2, 2])
def test_take_refuses_an_index_that_is_not_there(wrong):
    with pytest.raises(ValueError, match=r"index must lie in -1\.\.1"):
        functional.take(torch.ones(2, 1), torch.tensor([0, wrong]))


def test_rows_of_an_lstm_step_that_do_not_fit_are_named():
    weights = {"input_weight": torch.ones(16, 3), "hidden_weight": torch.ones(16, 4)}
    with pytest.raises(ValueError, match=r"inputs \(2, 3\), hidden \(5, 4\)"):
        functional.lstm_gates(torch.ones(2, 3), torch.ones(5, 4), **weights)


def test_scores_of_a_weight_without_axes_are_refused():
    one, none = torch.ones(1, 2), torch.ones(())
    with pytest.raises(ValueError, match="score_vector must have"):
        functional.additive_scores(one, one, none, torch.ones(3, 2), torch.ones(3, 1))
    with pytest.raises(ValueError, match="weight must have shape"):
        functional.concat_scores(one, one, none, torch.ones(3))
