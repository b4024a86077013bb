"""Performer attention in torch against the formula by loops and the reference."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.functional import (
    LinearAttentionState,
    orthogonal_features,
    performer_attention,
    positive_features,
)
from tests.helpers.largest import largest_output, largest_tensor
from tests.helpers.linear_laws import (
    EMPTY,
    LENGTHS,
    B,
    E,
    example,
    key_mask,
    performer_loops,
    softmax_loops,
)

EXACT = {"rtol": 1e-12, "atol": 1e-12}
TOLERANCES = {torch.float16: 2e-3, torch.bfloat16: 2e-2, torch.float32: 1e-5}
DOUBLE = torch.float64


def tensors(*lengths, seed=0):
    return tuple(torch.from_numpy(one) for one in example(seed, *lengths))


@pytest.mark.parametrize("orthogonal", [True, False])
@pytest.mark.parametrize(("n_features", "width"), [(1, 1), (4, 3), (7, 3), (2, 5), (64, 16)])
def test_draws_the_features_of_the_reference(n_features, width, orthogonal):
    options = {"seed": 3, "orthogonal": orthogonal}
    ours = orthogonal_features(n_features, width, dtype=DOUBLE, **options)
    assert_allclose(ours, reference.orthogonal_features(n_features, width, **options), atol=1e-12)


def test_defaults_and_dtypes_of_the_features():
    ours = orthogonal_features(4, 3)
    assert ours.dtype == torch.float32
    assert_allclose(ours, reference.orthogonal_features(4, 3), atol=1e-6)
    assert orthogonal_features(4, 3, dtype=torch.bfloat16, device="cpu").dtype == torch.bfloat16
    assert orthogonal_features(4, 3, device="meta").device.type == "meta"
    with pytest.raises(TypeError, match=r"^dtype must be a floating torch.dtype, got torch.int64"):
        orthogonal_features(4, 3, dtype=torch.int64)


@pytest.mark.parametrize("dtype", [*TOLERANCES, DOUBLE])
def test_positive_features_equal_the_reference(dtype):
    x = tensors(5, 5)[0].to(dtype)
    rows = orthogonal_features(7, 3, seed=1, dtype=DOUBLE).to(dtype)
    expected = reference.positive_features(x.double().numpy(), rows.double().numpy())
    ours = positive_features(x, rows)
    assert ours.dtype == dtype
    tolerance = TOLERANCES.get(dtype, 1e-12)  # the smallest of float16 have fewer digits
    assert_allclose(ours.double(), expected, rtol=tolerance * 4, atol=tolerance / 100)
    assert positive_features(x[0, 0], rows).shape == (7,)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("lengths", [*LENGTHS, *EMPTY], ids=str)
def test_equals_the_weights_written_out(lengths, causal):
    arrays = example(0, *lengths)
    rows = orthogonal_features(7, 3, seed=4, dtype=DOUBLE)
    for mask in (None, key_mask(lengths[1])):
        options = {"causal": causal}
        expected = performer_loops(*arrays, rows.numpy(), mask=mask, **options)
        options["mask"] = mask if mask is None else torch.from_numpy(mask)
        given = [torch.from_numpy(one) for one in arrays]
        output = performer_attention(*given, n_features=7, seed=4, **options)
        assert output.shape == (B, lengths[0], E)
        assert_allclose(output, expected, **EXACT)
        assert_array_equal(output, performer_attention(*given, features=rows, **options))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("lengths", [(2200, 2200), (40, 2200), (2200, 40)], ids=str)
def test_several_segments_equal_the_sums_of_the_features(lengths, causal):
    given = tensors(*lengths, seed=1)
    rows = orthogonal_features(7, 3, dtype=DOUBLE)
    mask = torch.from_numpy(key_mask(lengths[1]))
    output = performer_attention(*given, features=rows, causal=causal, mask=mask)
    q, k = (positive_features(one * 3**-0.25, rows) for one in given[:2])
    weights = (q @ k.mT) * mask
    weights = weights.tril(lengths[1] - lengths[0]) if causal else weights
    total = weights.sum(-1, keepdim=True)
    expected = (weights @ given[2] / total).masked_fill(total == 0, 0)
    assert_allclose(output, expected, rtol=1e-11, atol=1e-12)


def test_defaults_and_options():
    arrays = example(1)
    given = [torch.from_numpy(one) for one in arrays]
    default = performer_attention(*given, n_features=5)
    assert_allclose(default, reference.performer_attention(*arrays, n_features=5), **EXACT)
    options = {"n_features": 5, "seed": 2, "orthogonal": False, "scale": 0.3}
    expected = reference.performer_attention(*arrays, **options)
    assert_allclose(performer_attention(*given, **options), expected, **EXACT)


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("causal", [False, True])
def test_lower_precision(dtype, causal):
    given = [one.to(dtype) for one in tensors(70, 70)]
    output = performer_attention(*given, n_features=16, causal=causal)
    assert output.dtype == dtype
    exact = (one.double().numpy() for one in given)
    expected = reference.performer_attention(*exact, n_features=16, causal=causal)
    tolerance = TOLERANCES[dtype]
    assert_allclose(output.double(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("causal", [False, True])
def test_exponents_are_not_rounded_under_autocast(causal):
    query, key, value = (one.float() for one in tensors(70, 70, seed=7))
    given = [(3 * query).requires_grad_(), (3 * key).requires_grad_(), value]
    expected = performer_attention(*given, n_features=16, causal=causal)
    with torch.autocast("cpu", torch.bfloat16):
        output = performer_attention(*given, n_features=16, causal=causal)
    # exponents of about 30, rounded to 8 bits, would make factors wrong by a tenth
    assert (output - expected).abs().max() < 0.02 * value.abs().max()
    ours = torch.autograd.grad(output.float().sum(), given[:2])
    theirs = torch.autograd.grad(expected.sum(), given[:2])
    for one, other in zip(ours, theirs, strict=True):
        assert (one - other).abs().max() < 0.05 * other.abs().max()


def test_approaches_attention():
    arrays = example(2, 7, 7)
    arrays = (arrays[0] * 0.4, arrays[1] * 0.4, arrays[2])
    given = [torch.from_numpy(one) for one in arrays]
    for causal in (False, True):
        exact = softmax_loops(*arrays, causal=causal)
        errors = []
        for n_features in (32, 512):
            found = [
                performer_attention(*given, n_features=n_features, seed=seed, causal=causal)
                for seed in range(20)
            ]
            errors.append(math.sqrt((torch.stack(found) - torch.from_numpy(exact)).pow(2).mean()))
        assert 2.5 < errors[0] / errors[1] < 6  # 4 in the limit: sixteen times as many features


@pytest.mark.parametrize("dtype", [torch.float32, DOUBLE])
@pytest.mark.parametrize("factor", [3, 30, 300])
@pytest.mark.parametrize("causal", [False, True])
def test_large_inputs_equal_the_reference(causal, factor, dtype):
    arrays = example(3, 150, 150)
    arrays = (arrays[0] * factor, arrays[1] * factor, arrays[2])
    given = [torch.from_numpy(one).to(dtype) for one in arrays]
    ones = torch.ones_like(given[2])
    options = {"n_features": 6, "causal": causal}
    total = performer_attention(given[0], given[1], ones, **options)
    assert_allclose(total, ones, rtol=1e-5 if dtype == torch.float32 else 1e-12)
    if dtype == DOUBLE:
        expected = reference.performer_attention(*arrays, **options)
        output = performer_attention(*given, **options)
        assert_allclose(output, expected, rtol=1e-9, atol=1e-9)


def test_a_huge_late_key_does_not_drown_the_early_ones():
    query, key, value = tensors(130, 130, seed=4)
    key[:, 0] *= 1e-3
    key[:, 1:100] += 50.0  # the first query sees a key of another size only
    mask = torch.ones(130, dtype=torch.bool)
    mask[120:] = False
    for given_mask in (None, mask, torch.arange(130) > 3):
        options = {"n_features": 5, "causal": True}
        output = performer_attention(query, key, value, mask=given_mask, **options)
        numpy_mask = None if given_mask is None else given_mask.numpy()
        arrays = (one.numpy() for one in (query, key, value))
        expected = reference.performer_attention(*arrays, mask=numpy_mask, **options)
        assert_allclose(output, expected, rtol=1e-8, atol=1e-9)


def test_the_halves_are_joined_with_gradients():
    query, key, value = tensors(9, 9, seed=5)
    key[:, 4:] *= 60.0
    given = [one[:1].requires_grad_() for one in (query, key, value)]
    output = performer_attention(*given, n_features=5, causal=True)
    rows = orthogonal_features(5, 3, dtype=DOUBLE)
    weight = torch.from_numpy(np.random.default_rng(6).normal(size=(1, 9, E)))
    ours = torch.autograd.grad((output * weight).sum(), given)
    q, k = (one * 3**-0.25 for one in given[:2])
    exponents = (q @ rows.mT)[:, :, None] + (k @ rows.mT - k.square().sum(-1)[..., None] / 2)[
        :, None
    ]
    scores = exponents.logsumexp(-1).masked_fill(torch.ones(9, 9).triu(1).bool(), -torch.inf)
    plain = scores.softmax(-1) @ given[2]
    expected = torch.autograd.grad((plain * weight).sum(), given)
    assert_allclose(output.detach(), plain.detach(), rtol=1e-9, atol=1e-10)
    for one, other in zip(ours, expected, strict=True):
        assert_allclose(one, other, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("lengths", [(3, 5), (5, 3), (4, 4)], ids=str)
def test_gradcheck(lengths, causal):
    given = [one[:1].requires_grad_() for one in tensors(*lengths, seed=2)]
    mask = torch.tensor([True, False, True, True, True])[: lengths[1]]

    def output(*inputs):
        return performer_attention(*inputs, n_features=4, causal=causal, mask=mask)

    assert torch.autograd.gradcheck(output, given)


def test_gradients_reach_given_features():
    rows = orthogonal_features(4, 3, dtype=DOUBLE).requires_grad_()
    given = [one[:1] for one in tensors(4, 4)]
    for causal in (False, True):
        assert torch.autograd.gradcheck(
            lambda rows, causal=causal: performer_attention(*given, features=rows, causal=causal),
            [rows],
        )


@pytest.mark.parametrize("causal", [False, True])
def test_gradients_across_segments(causal):
    given = [one.requires_grad_() for one in tensors(2100, 2100, seed=3)]
    weight = torch.from_numpy(np.random.default_rng(4).normal(size=(B, 2100, E)))
    rows = orthogonal_features(5, 3, dtype=DOUBLE)
    output = performer_attention(*given, features=rows, causal=causal)
    ours = torch.autograd.grad((output * weight).sum(), given)
    q, k = (positive_features(one * 3**-0.25, rows) for one in given[:2])
    weights = (q @ k.mT).tril() if causal else q @ k.mT
    plain = weights @ given[2] / weights.sum(-1, keepdim=True)
    expected = torch.autograd.grad((plain * weight).sum(), given)
    for one, other in zip(ours, expected, strict=True):
        assert_allclose(one, other, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_a_gradient_of_one_input_alone_is_the_same(wanted, causal):
    given = tensors(70, 70, seed=2)
    everything = [one.clone().requires_grad_() for one in given]
    given[wanted].requires_grad_()
    output = performer_attention(*given, n_features=4, causal=causal)
    (ours,) = torch.autograd.grad(output.square().sum(), [given[wanted]])
    output = performer_attention(*everything, n_features=4, causal=causal)
    expected = torch.autograd.grad(output.square().sum(), everything)[wanted]
    assert_allclose(ours, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_empty_rows_have_zero_output_and_gradient(causal):
    given = [one.requires_grad_() for one in tensors(7, 5, seed=5)]
    mask = torch.tensor([[[False, True, True, True, True]], [[False] * 5]])
    output = performer_attention(*given, n_features=4, causal=causal, mask=mask)
    gradients = torch.autograd.grad(output.square().sum() + output.sum(), given)
    assert_array_equal(output[1].detach(), np.zeros((7, E)))
    for gradient in gradients:
        assert gradient.isfinite().all()
        assert_array_equal(gradient[1], np.zeros_like(gradient[1]))
    assert gradients[2][0].abs().sum() > 0
    assert_array_equal(gradients[1][0, 0], np.zeros(3))
    if causal:
        assert_array_equal(output[0, :3].detach(), np.zeros((3, E)))
        assert_array_equal(gradients[0][0, :3], np.zeros((3, 3)))


@pytest.mark.parametrize("causal", [False, True])
def test_leading_axes_broadcast_and_views(causal):
    query, key, value = tensors(67, 67)
    mask = torch.from_numpy(key_mask(67))
    options = {"n_features": 5, "causal": causal}
    both = performer_attention(query[:, None], key[None], value[None], mask=mask, **options)
    for i in range(B):
        for j in range(B):
            one = performer_attention(query[i], key[j], value[j], mask=mask[j], **options)
            assert_allclose(both[i, j], one, **EXACT)
    third = value[:, None, None]
    wide = performer_attention(query, key, third, **options)
    assert_allclose(wide[1, 0, 0], performer_attention(query[0], key[0], value[1], **options))
    turned = [one.mT.contiguous().mT for one in (query, key, value)]
    expected = performer_attention(query, key, value, **options)
    assert_allclose(performer_attention(*turned, **options), expected, **EXACT)
    nothing = performer_attention(query[:0], key[:0], value[:0], **options)
    assert nothing.shape == (0, 67, E)


def test_the_input_is_left_as_it_was():
    given = tensors(7, 7)
    rows = torch.eye(3, dtype=DOUBLE)
    copies = [one.clone() for one in (*given, rows)]
    for causal in (False, True):
        performer_attention(*given, features=rows, causal=causal, scale=1.0)
    for one, copy in zip((*given, rows), copies, strict=True):
        assert_array_equal(one, copy)


def test_features_stream_as_a_feature_map():
    given = tensors(9, 9)
    rows = orthogonal_features(6, 3, dtype=DOUBLE)
    state = LinearAttentionState(feature_map=lambda x: positive_features(x * 3**-0.25, rows))
    outputs = [state.append(*(one[:, i : i + 1] for one in given)) for i in range(9)]
    expected = performer_attention(*given, features=rows, causal=True)
    assert_allclose(torch.cat(outputs, dim=1), expected, **EXACT)


def test_changing_drawn_features_leaves_the_next_draw_as_it_is():
    first = orthogonal_features(5, 3, seed=7, dtype=torch.float64)
    kept = first.clone()
    first.zero_()
    assert orthogonal_features(5, 3, seed=7, dtype=torch.float64).equal(kept)


@pytest.mark.parametrize("causal", [False, True])
def test_what_gradients_allocate_grows_with_the_length(causal):
    def allocated(n):
        given = [torch.zeros(n, 64, requires_grad=True) for _ in range(3)]
        with largest_output() as seen:
            performer_attention(*given, n_features=16, causal=causal).sum().backward()
        return seen.sum

    # Eight segments against two: a gradient as long as the whole for each would show.
    assert allocated(16_384) <= 4.2 * allocated(4096)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("grad", [False, True])
def test_no_tensor_of_all_pairs(causal, grad):
    n = 16_384
    given = [torch.randn(n, 2, generator=torch.Generator().manual_seed(0)) for _ in range(3)]
    given = [one.requires_grad_(grad) for one in given]

    def there_and_back():
        output = performer_attention(*given, n_features=8, causal=causal)
        if grad:
            output.sum().backward()

    assert n < largest_tensor(there_and_back) <= 8 * n


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    ("width", "value_width", "n_features"), [(64, 8, 16), (8, 64, 16), (8, 8, 256), (8, 8, 16)]
)
def test_segments_are_shorter_where_there_are_more_numbers_to_a_position(
    width, value_width, n_features, causal
):
    query, value = torch.ones(4, 2, 2048, width), torch.ones(4, 2, 2048, value_width)
    rows = torch.ones(n_features, width)
    largest = largest_tensor(
        lambda: performer_attention(query, query, value, features=rows, causal=causal)
    )
    assert largest <= max(query.numel(), value.numel(), 2**18)  # input, output, one segment


Q, K, V = tensors(5, 5)
W = torch.ones(4, 3, dtype=DOUBLE)
ERRORS = [
    ({"query": Q.numpy()}, TypeError, r"^query must be a torch.Tensor, got ndarray$"),
    ({"key": K.numpy()}, TypeError, r"^key must be a torch.Tensor, got ndarray$"),
    ({"value": V.numpy()}, TypeError, r"^value must be a torch.Tensor, got ndarray$"),
    ({"key": K.float()}, TypeError, r"share one dtype"),
    ({"key": K[..., :2]}, ValueError, r"same width D"),
    ({"value": V[:, :4]}, ValueError, r"value must have one row for each of the 5 keys"),
    ({"causal": 1}, TypeError, r"^causal must be True or False, got int$"),
    ({"mask": np.ones(5, bool)}, TypeError, r"^mask must be a torch.Tensor"),
    ({"mask": torch.ones(5, 5).bool()}, ValueError, r"mask must be the same for every"),
    ({"scale": 0.0}, ValueError, r"^scale must be greater than 0, got 0.0$"),
    ({"n_features": 0}, ValueError, r"^n_features must be at least 1, got 0$"),
    ({"seed": -1}, ValueError, r"^seed must be at least 0, got -1$"),
    ({"orthogonal": None}, TypeError, r"^orthogonal must be True or False, got NoneType$"),
    ({"n_features": None}, ValueError, r"^exactly one of n_features and features .*got neither$"),
    ({"features": W}, ValueError, r"^exactly one of n_features and features .*got both$"),
    (
        {"n_features": None, "features": W[:, :2]},
        ValueError,
        r"^features must have shape \[M, 3\] with M of at least 1, got \(4, 2\)$",
    ),
    ({"n_features": None, "features": W.numpy()}, TypeError, r"^features must be a torch.Tensor"),
    ({"n_features": None, "features": W.float()}, TypeError, r"got query float64, features float"),
]


@pytest.mark.parametrize(("options", "error", "message"), ERRORS)
def test_bad_input_is_named(options, error, message):
    with pytest.raises(error, match=message):
        performer_attention(
            **{"query": Q, "key": K, "value": V, "n_features": 4, "seed": 0, **options}
        )


def test_bad_features_are_named():
    with pytest.raises(ValueError, match=r"^width must be at least 1, got 0$"):
        orthogonal_features(3, 0)
    with pytest.raises(ValueError, match=r"^n_features must be at least 1, got 0$"):
        orthogonal_features(0, 3)
    with pytest.raises(
        ValueError, match=r"^x must have at least 1 dimension\(s\), got shape \(\)$"
    ):
        positive_features(torch.tensor(1.0), W)
    with pytest.raises(ValueError, match=r"^features must have shape \[M, 2\]"):
        positive_features(torch.ones(2), W.float())
    with pytest.raises(TypeError, match=r"^x must be a torch.Tensor"):
        positive_features([1.0], W)
    with pytest.raises(TypeError, match=r"^features must be a torch.Tensor"):
        positive_features(torch.ones(3), W.numpy())
    with pytest.raises(TypeError, match=r"got x float32, features float64$"):
        positive_features(torch.ones(3), W)
