"""Linformer attention in torch against the reference."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional, reference
from attention_lib.functional import linformer_attention, pooling_projection
from tests.helpers.largest import largest_tensor

T, S, R, D, E = 3, 7, 5, 2, 11
TOLERANCES = {
    torch.float16: 1e-2,
    torch.bfloat16: 1e-1,
    torch.float32: 2e-5,
    torch.float64: 1e-12,
}


def example(seed=0, heads=()):
    """Query, key, value and the two projections."""
    rng = np.random.default_rng(seed)
    shapes = ((2, 3, T, D), (2, 3, S, D), (2, 3, S, E), (*heads, R, S), (*heads, R, S))
    return [torch.from_numpy(rng.normal(size=shape) / 2) for shape in shapes]


def named(tensors):
    names = ("query", "key", "value", "key_projection", "value_projection")
    return dict(zip(names, tensors, strict=True))


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("heads", [(), (3,)])
@pytest.mark.parametrize("options", [{}, {"scale": 0.3}, {"mask": np.arange(S) % 3 > 0}])
def test_equals_the_reference_in_every_dtype(options, heads, dtype):
    given = named(one.to(dtype) for one in example(heads=heads))
    exact = {name: one.double().numpy() for name, one in given.items()}
    expected = reference.linformer_attention(**exact, **options)
    if "mask" in options:
        options = {"mask": torch.from_numpy(options["mask"])}
    output = linformer_attention(**given, **options)
    assert output.dtype == dtype
    assert_allclose(output.double(), expected, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])


def test_the_identity_is_exact():
    query, key, value, *_ = example()
    same = torch.eye(S).double()
    output = linformer_attention(query, key, value, key_projection=same, value_projection=same)
    assert_allclose(output, functional.attention(query, key, value), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("heads", [(), (3,)])
def test_gradcheck(heads):
    given = [one.requires_grad_() for one in example(1, heads)]
    mask = torch.arange(S)[None, None] < torch.tensor([0, 5])[:, None, None, None]

    def output(*tensors):
        return linformer_attention(**named(tensors), mask=mask)

    small = [
        one.detach()[..., :3].requires_grad_() if i == 2 else one for i, one in enumerate(given)
    ]
    assert torch.autograd.gradcheck(output, small)
    grads = torch.autograd.grad(output(*given).sum(), given)
    assert_array_equal(output(*given)[0].detach(), np.zeros((3, T, E)))
    for gradient in grads[:3]:
        assert_array_equal(gradient[0], torch.zeros_like(gradient[0]))
        assert (gradient[1] != 0).any()
    assert_array_equal(grads[1][1, :, 5:], np.zeros((3, 2, D)))
    assert_array_equal(grads[2][1, :, 5:], np.zeros((3, 2, E)))


def test_masked_keys_have_no_say():
    given = named(example(2))
    mask = torch.arange(S) != 4
    before = linformer_attention(**given, mask=mask)
    for name in ("key", "value"):
        given[name] = given[name].clone()
        given[name][..., 4, :] = torch.nan
    assert_array_equal(linformer_attention(**given, mask=mask), before)


def test_dropout_acts_on_the_slots():
    given = named(example(3))
    given["value"] = torch.ones_like(given["value"])
    given["value_projection"] = torch.eye(R, S).double()
    assert_allclose(linformer_attention(**given), 1, rtol=1e-12, atol=1e-13)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        dropped = linformer_attention(**given, dropout=0.5)
    assert (dropped != 1).any()


def test_under_autocast():
    given = {name: one.float() for name, one in named(example(5)).items()}
    with torch.autocast("cpu", torch.bfloat16):
        output = linformer_attention(**given)
    assert_allclose(output.float(), linformer_attention(**given), atol=3e-2)


def test_nothing_grows_with_the_square_of_the_length():
    n = 16_384
    query, key, value = (torch.randn(n, 8).requires_grad_() for _ in range(3))
    projection = torch.randn(16, n, requires_grad=True)

    def both_ways():
        output = linformer_attention(
            query, key, value, key_projection=projection, value_projection=projection
        )
        output.sum().backward()

    assert largest_tensor(both_ways) <= 16 * n


def test_views_and_zero_sizes():
    given = named(example(4))
    turned = {name: one.mT.contiguous().mT for name, one in given.items()}
    assert_allclose(
        linformer_attention(**turned), linformer_attention(**given), rtol=1e-12, atol=1e-13
    )
    none = {**given, "key": given["key"][..., :0, :], "value": given["value"][..., :0, :]}
    none |= {name: given[name][:, :0] for name in ("key_projection", "value_projection")}
    assert_array_equal(linformer_attention(**none), np.zeros((2, 3, T, E)))
    empty = {**given, **{name: given[name][:0] for name in ("query", "key", "value")}}
    assert linformer_attention(**empty).shape == (0, 3, T, E)


@pytest.mark.parametrize(("n_projected", "n_keys"), [(1, 7), (3, 7), (7, 7), (5, 12), (2, 5)])
def test_pooling_equals_the_reference(n_projected, n_keys):
    pooling = pooling_projection(n_projected, n_keys, dtype=torch.float64, device="cpu")
    assert pooling.dtype == torch.float64
    assert_array_equal(pooling, reference.pooling_projection(n_projected, n_keys))
    assert pooling_projection(1, 1).dtype == torch.float32
    assert pooling_projection(n_projected, n_keys, device="meta").device.type == "meta"


GIVEN = named(example())


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        (
            {"causal": True},
            ValueError,
            "^causal must be False: each projected key mixes all positions, the future among them$",
        ),
        ({"causal": 0}, TypeError, "^causal must be True or False, got int$"),
        ({"scale": "1"}, TypeError, "^scale must be a real number, got str$"),
        ({"dropout": 1.0}, ValueError, r"^dropout must lie in \[0, 1\), got 1.0$"),
        *(
            ({name: [1.0]}, TypeError, rf"^{name} must be a torch\.Tensor, got list$")
            for name in GIVEN
        ),
        *(
            ({name: GIVEN[name].half()}, TypeError, rf"^arguments must share .*{name} float16")
            for name in GIVEN
        ),
        ({"query": GIVEN["query"][..., :1]}, ValueError, "same width D"),
        ({"value": GIVEN["value"][..., :3, :]}, ValueError, "one row for each of the 7 keys"),
        ({"mask": torch.ones(T, S).bool()}, ValueError, r"^mask must .*every query.*\(3, 7\)"),
        ({"mask": np.ones(S, bool)}, TypeError, r"^mask must be a torch\.Tensor, got ndarray$"),
        ({"key_projection": torch.ones(R, 4).double()}, ValueError, r"^key_projection must have"),
        ({"value_projection": torch.ones(4, S).double()}, ValueError, r"same number R of rows"),
        ({"key_projection": torch.ones(R, S)}, TypeError, "key_projection float32"),
    ],
)
def test_bad_input_is_named(changed, error, message):
    with pytest.raises(error, match=message):
        linformer_attention(**{**GIVEN, **changed})


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ((0, 3), ValueError, "^n_projected must be at least 1, got 0$"),
        ((1, 0), ValueError, "^n_keys must be at least 1, got 0$"),
        ((4, 3), ValueError, "^n_projected must be at most n_keys 3, got 4$"),
    ],
)
def test_bad_sizes_are_named(sizes, error, message):
    with pytest.raises(error, match=message):
        pooling_projection(*sizes)


def test_a_bad_dtype_is_named():
    with pytest.raises(
        TypeError, match=r"^dtype must be a floating torch\.dtype, got torch\.int64$"
    ):
        pooling_projection(1, 2, dtype=torch.int64)
