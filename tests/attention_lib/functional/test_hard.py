"""Draws in torch: the index drawn, the value taken, gradients, and each message."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_large_scale_takes_the_best_key_of_every_query():
    query, key, value = normal(2, 3, 5), normal(7, 5, seed=1), normal(2, 7, 11, seed=2)
    output, index = functional.hard_attention(query, key, value, rng=generator(), scale=1e6)
    best = (query @ key.T).argmax(dim=-1)
    assert_array_equal(index, best)
    assert_array_equal(output, torch.take_along_dim(value, best[..., None], dim=1))


def test_the_scale_is_one_over_the_root_of_the_width_unless_given():
    query, key, value = normal(101, 5), normal(7, 5, seed=1), normal(7, 11, seed=2)
    drawn = [
        functional.hard_attention(query, key, value, rng=generator(), **options)[1]
        for options in ({}, {"scale": 5**-0.5}, {"scale": -3.0})
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_one_seed_gives_one_draw_whatever_the_global_generator_does():
    weights = torch.full((1009, 7), 1 / 7)
    first = functional.draw(weights, rng=generator())
    torch.rand(3)
    assert torch.equal(first, functional.draw(weights, rng=generator()))
    assert not torch.equal(first, functional.draw(weights, rng=generator(1)))


def test_draws_do_not_depend_on_how_the_weights_lie_in_memory():
    weights = normal(101, 7).exp()
    turned = weights.T.contiguous().T
    assert not turned.is_contiguous()
    assert torch.equal(
        functional.draw(weights, rng=generator()), functional.draw(turned, rng=generator())
    )


def test_an_empty_row_among_others():
    weights = torch.tensor([[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    assert_array_equal(functional.draw(weights, rng=generator()), [1, -1, 0])
    assert_array_equal(functional.draw(weights[1], rng=generator()), -1)


@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
def test_without_keys_nothing_is_drawn(leading):
    index = functional.draw(torch.ones(*leading, 4, 0), rng=generator())
    assert_array_equal(index, np.full((*leading, 4), -1))
    assert index.dtype == torch.int64


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_dtype_stays(dtype):
    query, key, value = (one.to(dtype) for one in (normal(3, 5), normal(7, 5), normal(7, 2)))
    output, index = functional.hard_attention(query, key, value, rng=generator())
    assert output.dtype == dtype
    assert index.dtype == torch.int64
    assert_array_equal(output.double(), value[index].double())


def test_gradients_reach_the_rows_that_were_taken():
    value = normal(7, 2).requires_grad_()
    functional.take(value, torch.tensor([3, -1, 3, 0])).sum().backward()
    expected = np.zeros((7, 2))
    expected[3], expected[0] = 2, 1
    assert_allclose(value.grad, expected)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: functional.draw(torch.tensor([0.5, -1.0]), rng=generator()),
            ValueError,
            "weights must not be negative or NaN",
        ),
        (
            lambda: functional.draw(torch.tensor(1.0), rng=generator()),
            ValueError,
            r"weights must have at least 1 dimension\(s\), got shape \(\)",
        ),
        (
            lambda: functional.draw([1.0], rng=generator()),
            TypeError,
            r"weights must be a torch\.Tensor, got list",
        ),
        (
            lambda: functional.take(torch.ones(3), torch.tensor([0])),
            ValueError,
            r"value must have at least 2 dimension\(s\), got shape \(3,\)",
        ),
        (
            lambda: functional.take(torch.ones(3, 2), torch.tensor([-2, 3])),
            ValueError,
            r"index must lie in -1\.\.2, got -2\.\.3",
        ),
        (
            lambda: functional.hard_attention(
                torch.full((1, 1), torch.nan), torch.ones(2, 1), torch.ones(2, 1), rng=generator()
            ),
            ValueError,
            "query and key must give scores without NaN, got NaN",
        ),
        (
            lambda: functional.hard_attention(
                torch.ones(1, 1),
                torch.ones(2, 1),
                torch.ones(2, 1),
                rng=generator(),
                mask=np.ones(2, bool),
            ),
            TypeError,
            r"mask must be a torch\.Tensor, got ndarray",
        ),
        (
            lambda: functional.hard_attention(
                torch.ones(1, 1),
                torch.ones(2, 1),
                torch.ones(2, 1),
                rng=generator(),
                mask=torch.ones(3, dtype=torch.bool),
            ),
            ValueError,
            r"mask must broadcast to the scores' shape \(1, 2\), got \(3,\)",
        ),
        (
            lambda: functional.draw(torch.ones(2), rng=np.random.default_rng(0)),
            TypeError,
            "rng must be a torch.Generator, got Generator",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        call()


def test_hard_attention_draws_with_the_weights():
    query = normal(1, 1, 5).expand(40_000, 1, 5)
    key, value = normal(2, 7, 5, seed=1)[0], normal(2, 7, 11, seed=2)[0]
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
