"""LSH attention in torch, sorted and chunked, against the dense definition."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.functional import lsh_attention, lsh_buckets
from tests.helpers.largest import largest_tensor

N, D, E = 13, 3, 5
TOLERANCES = {
    torch.float16: 2e-3,
    torch.bfloat16: 2e-2,
    torch.float32: 2e-6,
    torch.float64: 1e-12,
}


def example(seed=0, n=N, leading=(2,)):
    rng = np.random.default_rng(seed)
    shapes = ((*leading, n, D), (*leading, n, E))
    return [torch.from_numpy(rng.normal(size=shape)) for shape in shapes]


def both(query_key, value, *, mask=None, **options):
    """Output of ours and of the reference."""
    arrays = (query_key.double().numpy(), value.double().numpy())
    expected = reference.lsh_attention(
        *arrays, mask=None if mask is None else mask.numpy(), **options
    )
    return lsh_attention(query_key, value, mask=mask, **options), expected


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("n", [1, 2, 13, 64])
@pytest.mark.parametrize(
    ("bucket_size", "n_hashes"), [(1, 1), (2, 3), (3, 1), (4, 4), (5, 2), (99, 2)]
)
def test_equals_the_dense_definition(bucket_size, n_hashes, n, masked, causal):
    query_key, value = example(1, n)
    mask = torch.rand(2, 1, n, generator=torch.Generator().manual_seed(0)) < 0.7
    options = {"bucket_size": bucket_size, "n_hashes": n_hashes, "causal": causal, "seed": 4}
    ours, expected = both(query_key, value, mask=mask if masked else None, **options)
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)
    if masked:
        assert_array_equal(ours[~mask[:, 0]], 0)
    # Tensors in float64, so the buckets are the same to the last one.
    again = reference.lsh_buckets(
        query_key.numpy(), bucket_size=bucket_size, n_hashes=n_hashes, seed=4
    )
    buckets = lsh_buckets(query_key, bucket_size=bucket_size, n_hashes=n_hashes, seed=4)
    assert buckets.dtype == torch.int64
    assert_array_equal(buckets, again)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    n=st.integers(0, 40),
    bucket_size=st.integers(1, 12),
    n_hashes=st.integers(1, 3),
    causal=st.booleans(),
    seed=st.integers(0, 99),
)
def test_any_length_and_any_bucket(n, bucket_size, n_hashes, causal, seed):
    query_key, value = example(seed, n, leading=())
    ours, expected = both(
        query_key, value, bucket_size=bucket_size, n_hashes=n_hashes, causal=causal, seed=seed
    )
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("causal", [False, True])
def test_a_long_prime_length(causal):
    query_key, value = example(3, 521, leading=())
    ours, expected = both(query_key, value, bucket_size=16, n_hashes=3, causal=causal)
    assert_allclose(ours, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_every_dtype(dtype):
    query_key, value = (one.to(dtype) for one in example(2))
    mask = torch.arange(N) != 5
    ours, expected = both(query_key, value, mask=mask, bucket_size=4, n_hashes=2, scale=0.4)
    assert ours.dtype == dtype
    assert_allclose(ours.double(), expected, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])


@pytest.mark.parametrize("scale", [2, 2**70, np.float32(0.5), np.int64(-3)])
def test_a_scale_of_any_kind_is_a_float(scale):
    given = example(2)
    output = lsh_attention(*given, bucket_size=4, n_hashes=2, scale=scale)
    assert output.isfinite().all()
    assert_array_equal(output, lsh_attention(*given, bucket_size=4, n_hashes=2, scale=float(scale)))


def test_under_autocast():
    query_key, value = (one.float() for one in example(2))
    options = {"bucket_size": 4, "n_hashes": 2}
    with torch.autocast("cpu", torch.bfloat16):
        output = lsh_attention(query_key, value, **options)
        buckets = lsh_buckets(query_key, **options)
    assert_allclose(output, lsh_attention(query_key, value, **options), atol=3e-2)
    assert_array_equal(buckets, reference.lsh_buckets(query_key.numpy(), **options))


@pytest.mark.parametrize("bucket_size", [4, 99])
def test_closed_tokens_have_a_bucket_of_their_own(bucket_size):
    query_key, _ = example(2)
    mask = torch.arange(N) % 3 > 0
    options = {"bucket_size": bucket_size, "n_hashes": 2}
    expected = reference.lsh_buckets(query_key.numpy(), mask=mask.numpy(), **options)
    assert_array_equal(lsh_buckets(query_key, mask=mask, **options), expected)


def dense(query_key, value, **options):
    """The reference's mask, under which torch differentiates dense attention."""
    mask = options["mask"]
    mask = None if mask is None else mask.numpy()
    reached = reference.lsh_mask(query_key.detach().numpy(), **{**options, "mask": mask})
    key = torch.nn.functional.normalize(query_key, dim=-1)
    scores = (query_key @ key.mT * D**-0.5).masked_fill(~torch.from_numpy(reached), -torch.inf)
    return torch.nan_to_num(scores).softmax(dim=-1).masked_fill(scores == -torch.inf, 0) @ value


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("mask", [None, torch.arange(N) != 4])
def test_gradients_equal_those_of_the_dense_definition(mask, causal):
    given = [one.requires_grad_() for one in example(3)]
    options = {"bucket_size": 3, "n_hashes": 3, "causal": causal, "mask": mask}
    ours = lsh_attention(*given, **options)
    loss_weight = torch.from_numpy(np.random.default_rng(4).normal(size=ours.shape))
    grads = torch.autograd.grad((ours * loss_weight).sum(), given)
    expected = torch.autograd.grad((dense(*given, **options) * loss_weight).sum(), given)
    for gradient, other in zip(grads, expected, strict=True):
        assert (gradient != 0).any()
        assert_allclose(gradient, other, rtol=1e-10, atol=1e-12)
        if mask is not None:
            assert_array_equal(gradient[:, 4], torch.zeros_like(gradient[:, 4]))


def test_gradcheck_and_a_zero_vector():
    query_key, value = example(5, n=7, leading=())
    given = [query_key.requires_grad_(), value[:, :2].requires_grad_()]
    assert torch.autograd.gradcheck(
        lambda *both: lsh_attention(*both, bucket_size=3, n_hashes=2, seed=3), given
    )
    with torch.no_grad():
        query_key[3] = 0
    output = lsh_attention(query_key, value, bucket_size=3, n_hashes=2)
    assert_allclose(
        output.detach(),
        both(query_key.detach(), value, bucket_size=3, n_hashes=2)[1],
        rtol=1e-12,
    )
    (gradient,) = torch.autograd.grad(output.sum(), [query_key])
    assert torch.isfinite(gradient).all()


def test_the_seed_decides_and_is_zero_by_default():
    query_key, value = example(6, n=64)
    options = {"bucket_size": 4, "n_hashes": 1}
    first = lsh_attention(query_key, value, **options)
    assert torch.equal(first, lsh_attention(query_key, value, **options, seed=0))
    assert not torch.equal(first, lsh_attention(query_key, value, **options, seed=1))
    buckets = lsh_buckets(query_key, **options)
    assert torch.equal(buckets, lsh_buckets(query_key, **options, seed=0))
    assert not torch.equal(buckets, lsh_buckets(query_key, **options, seed=1))


def test_padding_does_not_leak():
    query_key, value = example(7)
    mask = torch.arange(N) < torch.tensor([9, 11])[:, None, None]
    options = {"bucket_size": 4, "n_hashes": 3, "mask": mask}
    before = lsh_attention(query_key, value, **options)
    closed = ~mask[:, 0]
    query_key[closed], value[closed] = torch.nan, torch.inf
    after = lsh_attention(query_key, value, **options)
    assert_array_equal(after, before)
    assert_array_equal(after[closed], 0)
    nothing = lsh_attention(query_key, value, bucket_size=4, n_hashes=3, mask=mask & False)
    assert_array_equal(nothing, 0)


@pytest.mark.parametrize("causal", [False, True])
def test_nothing_grows_with_the_square_of_the_length(causal):
    n, size = 16_384, 32
    query_key, value = torch.randn(n, 4).requires_grad_(), torch.randn(n, 2).requires_grad_()

    def both_ways():
        lsh_attention(
            query_key, value, bucket_size=size, n_hashes=2, causal=causal
        ).sum().backward()

    # scores: N times two chunks; while hashing: N times half of the N / size buckets
    assert largest_tensor(both_ways) <= n * max(2 * size, n // (2 * size))


def test_leading_axes_broadcast_and_views():
    query_key, value = example(8, leading=(2, 1))
    value = torch.cat([value, -value, 2 * value], dim=1)
    mask = torch.arange(N) < torch.tensor([13, 9])[:, None, None, None]
    options = {"bucket_size": 4, "n_hashes": 2}
    ours, expected = both(query_key, value, mask=mask, **options)
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)
    ours, expected = both(value[..., :D], query_key, **options)  # queries and keys have more axes
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)
    per_head = mask & (torch.arange(3) != 1)[:, None, None]
    ours, expected = both(query_key.expand(2, 3, N, D), value, mask=per_head, **options)
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)
    turned = [one.mT.contiguous().mT for one in (query_key, value)]
    again = lsh_attention(*turned, mask=mask, **options)
    assert_allclose(
        again, lsh_attention(query_key, value, mask=mask, **options), rtol=1e-12, atol=1e-13
    )


@pytest.mark.parametrize("cut", [np.s_[:0], np.s_[:, :0], np.s_[..., :0]])
def test_of_nothing_comes_nothing_but_it_has_a_gradient(cut):
    query_key, value = (one.requires_grad_() for one in example(8))
    mask = torch.arange(N) < 9
    if cut == np.s_[..., :0]:  # a value without width
        given = query_key, value[cut]
    else:
        given = query_key[cut], value[cut]
        mask = mask[: given[0].shape[1]]
    output = lsh_attention(*given, bucket_size=4, n_hashes=2, mask=mask)
    assert output.shape == given[1].shape
    half = lsh_attention(*(one.half() for one in given), bucket_size=4, n_hashes=2)
    assert half.dtype == torch.float16
    for gradient in torch.autograd.grad(output.sum(), [query_key, value]):
        assert_array_equal(gradient, torch.zeros_like(gradient))


QK, V = example()
GIVEN = {"query_key": QK, "value": V, "bucket_size": 4, "n_hashes": 2}
BAD = [
    ({"query_key": QK.numpy()}, TypeError, r"^query_key must be a torch\.Tensor, got ndarray$"),
    ({"query_key": QK[0, 0]}, ValueError, "^query_key must have at least 2 dimension"),
    ({"query_key": QK[..., :0]}, ValueError, "^the width of query_key must be at least 1, got 0$"),
    ({"bucket_size": 0}, ValueError, "^bucket_size must be at least 1, got 0$"),
    ({"bucket_size": 2.0}, TypeError, "^bucket_size must be an integer, got float$"),
    ({"n_hashes": 0}, ValueError, "^n_hashes must be at least 1, got 0$"),
    ({"seed": -1}, ValueError, "^seed must be at least 0, got -1$"),
    ({"mask": torch.ones(N, N).bool()}, ValueError, "^mask must .*every query"),
    ({"mask": torch.ones(N)}, TypeError, "^mask must be boolean"),
    ({"mask": np.ones(N, bool)}, TypeError, r"^mask must be a torch\.Tensor, got ndarray$"),
]
MORE = [
    ({"value": V.numpy()}, TypeError, r"^value must be a torch\.Tensor, got ndarray$"),
    ({"value": V[:, :4]}, ValueError, "^value must have one row for each of the 13 keys"),
    ({"value": V.float()}, TypeError, "query_key float64, value float32$"),
    ({"causal": 1}, TypeError, "^causal must be True or False, got int$"),
    ({"scale": np.nan}, ValueError, "^scale must be finite, got nan$"),
]


@pytest.mark.parametrize(("changed", "error", "message"), BAD + MORE)
def test_bad_input_is_named(changed, error, message):
    with pytest.raises(error, match=message):
        lsh_attention(**{**GIVEN, **changed})


@pytest.mark.parametrize(("changed", "error", "message"), BAD)
def test_bad_input_of_the_buckets_is_named(changed, error, message):
    given = {name: one for name, one in GIVEN.items() if name != "value"}
    with pytest.raises(error, match=message):
        lsh_buckets(**{**given, **changed})
