"""Linear attention that forgets, in torch: three forms, one answer."""

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.functional import decayed_linear_attention
from attention_lib.functional.decayed import decayed_weights
from tests.helpers.largest import largest_tensor
from tests.helpers.recurrence_laws import (
    DECAYS,
    LENGTHS,
    D,
    H,
    beginning,
    decayed_sums,
    example,
    normal,
    open_positions,
    uniform,
)

EXACT = {"rtol": 1e-11, "atol": 1e-12}
TOLERANCES = {torch.float16: 2e-3, torch.bfloat16: 2e-2, torch.float32: 5e-6}
FORMS = [("recurrent", 64), ("parallel", 64)]
FORMS += [("chunked", size) for size in (1, 3, 8, 64)]
# PyTorch's own forward derivatives are compiled by what PyTorch calls deprecated.
TORCH_WARNS = pytest.mark.filterwarnings("ignore:`torch.jit")
every_form = pytest.mark.parametrize(("form", "chunk_size"), FORMS)


def tensors(n, seed=0):
    return [torch.from_numpy(one) for one in example(n, seed)]


def tensor(array):
    return array if array is None else torch.as_tensor(array)


@every_form
@pytest.mark.parametrize("shape", DECAYS.values(), ids=DECAYS)
def test_every_form_equals_the_sum_over_all_pairs(form, chunk_size, shape):
    for n in LENGTHS[:4]:
        arrays, decay = example(n), np.asarray(uniform(*shape(n), seed=4))
        for mask in (None, open_positions(n)):
            for state in (None, beginning()):
                expected = decayed_sums(*arrays, decay, mask=mask, state=state)
                given = [*map(torch.from_numpy, arrays), tensor(decay)]
                options = {"mask": tensor(mask), "state": tensor(state)}
                options |= {"form": form, "chunk_size": chunk_size}
                output, last = decayed_linear_attention(*given, return_state=True, **options)
                assert_allclose(output, expected[0], **EXACT)
                assert_allclose(last, expected[1], **EXACT)
                again = decayed_linear_attention(*given, **options)
                assert_allclose(again, expected[0], **EXACT)


@every_form
def test_several_chunks_equal_the_reference(form, chunk_size):
    arrays, decay = example(131, seed=5), uniform(H, 131, D, seed=6)
    expected = reference.decayed_linear_attention(*arrays, decay)
    given = [*map(torch.from_numpy, arrays), torch.from_numpy(decay)]
    output = decayed_linear_attention(*given, form=form, chunk_size=chunk_size)
    assert_allclose(output, expected, **EXACT)


@every_form
def test_laws_of_keeping_all_and_of_keeping_nothing(form, chunk_size):
    query, key, value = tensors(67)
    options = {"form": form, "chunk_size": chunk_size}
    weights = (query @ key.mT).tril()
    kept = decayed_linear_attention(query, key, value, 1.0, **options)
    assert_allclose(kept, weights @ value, **EXACT)
    alone = decayed_linear_attention(query, key, value, 0, **options)
    assert_allclose(alone, (query * key).sum(-1, keepdim=True) * value, **EXACT)


@every_form
def test_weights_fall_by_the_product_of_the_decays_between(form, chunk_size):
    decay = torch.from_numpy(uniform(67, 1, seed=3))
    one, value = torch.ones(67, 1, dtype=torch.float64), torch.eye(67, dtype=torch.float64)
    weights = decayed_linear_attention(one, one, value, decay, form=form, chunk_size=chunk_size)
    for i, j in ((5, 5), (9, 7), (66, 60), (3, 60)):
        expected = decay[j + 1 : i + 1].prod() if i >= j else 0.0
        assert_allclose(weights[i, j], expected, **EXACT)


@every_form
@pytest.mark.parametrize("strong", [0.0, 1e-38, 1e-12, 0.5])
def test_strong_decay_in_single_precision(form, chunk_size, strong):
    """No quotient of products: what is left of a mild step between strong ones keeps its digits."""
    given = [one.float().requires_grad_() for one in tensors(131, seed=7)]
    decay = torch.full((131, 1), strong)
    decay[::7] = 0.9
    decay.requires_grad_()
    options = {"form": form, "chunk_size": chunk_size}
    output = decayed_linear_attention(*given, decay, **options)
    exact = [one.detach().double().requires_grad_() for one in (*given, decay)]
    expected = decayed_linear_attention(*exact, form="recurrent")
    assert_allclose(output.detach(), expected.detach(), rtol=1e-5, atol=1e-5)
    ours = torch.autograd.grad(output.square().sum(), (*given, decay))
    theirs = torch.autograd.grad(expected.square().sum(), exact)
    for one, other in zip(ours, theirs, strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("sizes", [[67], [40, 27], [1] * 67, [64, 0, 3]], ids=len)
@every_form
def test_pieces_give_what_the_whole_gives(form, chunk_size, sizes):
    given, decay = tensors(67), torch.from_numpy(uniform(H, 67, 1, seed=2))
    mask = torch.from_numpy(open_positions(67))
    options = {"form": form, "chunk_size": chunk_size, "return_state": True}
    state, outputs, start = None, [], 0
    for size in sizes:
        part = slice(start, start + size)
        pieces = [one[..., part, :] for one in (*given, decay)]
        output, state = decayed_linear_attention(
            *pieces, mask=mask[..., part], state=state, **options
        )
        outputs.append(output)
        start += size
    whole, last = decayed_linear_attention(*given, decay, mask=mask, return_state=True)
    assert_allclose(torch.cat(outputs, dim=-2), whole, **EXACT)
    assert_allclose(state, last, **EXACT)


@every_form
def test_ignores_the_future(form, chunk_size):
    query, key, value = tensors(67)
    decay = torch.from_numpy(uniform(67, D, seed=2)).clamp(min=0.01)
    options = {"form": form, "chunk_size": chunk_size}
    before = decayed_linear_attention(query, key, value, decay, **options)
    for one in (query, key, value, decay):
        one[..., 40:, :] /= 2
    after = decayed_linear_attention(query, key, value, decay, **options)
    assert_array_equal(after[..., :40, :], before[..., :40, :])
    assert (after[..., 40:, :] != before[..., 40:, :]).any(-1).all()


@pytest.mark.parametrize("form", ["recurrent", "parallel", "chunked"])
@pytest.mark.parametrize("decay", [(4, 1), (4, 2)], ids=str)
def test_gradcheck(form, decay):
    shapes = ((4, 2), (4, 2), (4, 1), (2, 1))
    given = [torch.from_numpy(normal(*one, seed=i)) for i, one in enumerate(shapes)]
    given.append(torch.from_numpy(uniform(*decay, seed=8)) * 0.8 + 0.1)
    mask = torch.tensor([True, True, False, True])

    def both(query, key, value, state, decay):
        options = {"mask": mask, "state": state, "form": form, "chunk_size": 2}
        return decayed_linear_attention(query, key, value, decay, return_state=True, **options)

    given = [one.requires_grad_() for one in given]
    assert torch.autograd.gradcheck(both, given)


@pytest.mark.whole
def test_a_second_derivative():
    shapes = ((3, 2), (3, 2), (3, 1))
    given = [torch.from_numpy(normal(*one, seed=i)) for i, one in enumerate(shapes)]
    given.append(torch.from_numpy(uniform(3, 1, seed=8)) * 0.8 + 0.1)
    chunked = partial(decayed_linear_attention, chunk_size=2)
    assert torch.autograd.gradgradcheck(chunked, [one.requires_grad_() for one in given])


@every_form
def test_a_decay_of_zero_has_the_right_gradient(form, chunk_size):
    given, decay = tensors(13), torch.from_numpy(uniform(13, 1, seed=1))
    decay[[3, 4, 9]] = 0
    decay.requires_grad_()
    output = decayed_linear_attention(*given, decay, form=form, chunk_size=chunk_size)
    (ours,) = torch.autograd.grad(output.sum(), [decay])
    for i in (3, 4, 5, 9):
        values = []
        for step in (0.0, 0.25):  # the output is linear in each decay
            moved = decay.detach().clone()
            moved[i] = step
            values.append(decayed_linear_attention(*given, moved, form="recurrent").sum())
        assert_allclose(ours[i, 0], (values[1] - values[0]) / 0.25, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("form", ["recurrent", "parallel", "chunked"])
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_lower_precision(dtype, form):
    given, decay = tensors(70), torch.from_numpy(uniform(H, 70, 1, seed=3)).to(dtype)
    narrow = [one.to(dtype) for one in given]
    output, state = decayed_linear_attention(*narrow, decay, form=form, return_state=True)
    assert (output.dtype, state.dtype) == (dtype, torch.float32)
    exact = (one.double().numpy() for one in (*narrow, decay))
    expected = reference.decayed_linear_attention(*exact)
    tolerance = TOLERANCES[dtype]
    assert_allclose(output.double(), expected, rtol=tolerance, atol=4 * tolerance)


def test_a_decay_may_be_finer_than_what_it_shrinks():
    one = torch.ones(200, 1, dtype=torch.bfloat16)
    decay = torch.tensor(0.999)
    output = decayed_linear_attention(one, one, one, decay)
    assert output.dtype == torch.bfloat16
    assert_allclose(output[-1].double(), (1 - 0.999**200) / 0.001, rtol=5e-3)
    rounded = decayed_linear_attention(one, one, one, decay.bfloat16())
    assert rounded[-1] == 200  # it is 1 in bfloat16: nothing is forgotten


def test_leading_axes_broadcast():
    query, key, value = tensors(13)
    decay = torch.tensor([0.9, 0.5, 0.1], dtype=torch.float64)[:, None, None]
    heads = decayed_linear_attention(query[0, 0], key[0, 0], value[0, 0], decay)
    assert heads.shape == (3, *value.shape[-2:])
    for i in range(3):
        one = decayed_linear_attention(query[0, 0], key[0, 0], value[0, 0], decay[i])
        assert_allclose(heads[i], one, **EXACT)
    crossed = decayed_linear_attention(query[:, None, :1], key[None, :, :1], value[0, 0], 0.5)
    assert crossed.shape == (2, 2, 1, *value.shape[-2:])
    one = decayed_linear_attention(query[1, 0], key[0, 0], value[0, 0], 0.5)
    assert_allclose(crossed[1, 0, 0], one, **EXACT)
    nothing = decayed_linear_attention(query[:0], key[:0], value[:0], 0.5)
    assert nothing.shape == (0, *value.shape[1:])


@pytest.mark.parametrize("junk", [1e300, np.inf, np.nan])
@every_form
def test_a_closed_position_has_no_say_whatever_it_holds(form, chunk_size, junk):
    given = [one.requires_grad_() for one in tensors(7)]
    mask = torch.tensor([True, False, True, True, False, True, True])
    options = {"mask": mask, "form": form, "chunk_size": chunk_size}
    output = decayed_linear_attention(*given, 0.5, **options)
    gradients = torch.autograd.grad(output.square().sum(), given)
    with torch.no_grad():
        given[1][..., ~mask, :], given[2][..., ~mask, :] = junk, junk
    again = decayed_linear_attention(*given, 0.5, **options)
    assert_array_equal(again.detach(), output.detach())
    for one, other in zip(torch.autograd.grad(again.square().sum(), given), gradients, strict=True):
        assert_array_equal(one, other)


def test_chunks_hold_no_matrix_of_all_pairs_and_steps_no_more_than_the_state():
    n = 4096
    given = [torch.ones(n, 4) for _ in range(3)]
    largest = largest_tensor(lambda: decayed_linear_attention(*given, 0.99))
    assert largest == n * 64
    largest = largest_tensor(lambda: decayed_linear_attention(*given[:3], 0.99, chunk_size=8))
    assert largest == n * 8
    step = [one[:1] for one in given]
    options = {"state": torch.ones(4, 4), "return_state": True}
    for form in ("recurrent", "chunked"):
        stepped = partial(decayed_linear_attention, *step, 0.99, form=form, **options)
        assert largest_tensor(stepped) <= 16


def test_the_parts_of_a_chunk_are_products_of_decays():
    query, key, decay = (torch.from_numpy(uniform(7, 3, seed=i)) for i in range(3))
    weights, reads, writes, kept = decayed_weights(query, key, decay)
    assert weights.shape == (7, 7)
    assert_allclose(reads, query * decay.cumprod(0), **EXACT)
    after = torch.stack([decay[i + 1 :].prod(0) for i in range(7)])
    assert_allclose(writes, key * after, **EXACT)
    assert_allclose(kept, decay.prod(0, keepdim=True), **EXACT)


@TORCH_WARNS
def test_mapped_and_differentiated_by_its_decay():
    query, key, value = tensors(7)
    decay = torch.from_numpy(uniform(4, 7, 1, seed=2)) * 0.8 + 0.1

    def total(decay):
        return decayed_linear_attention(query, key, value, decay, chunk_size=3).sin().sum()

    mapped = torch.vmap(total)(decay)
    assert_allclose(mapped, [total(one) for one in decay], **EXACT)
    slope = torch.vmap(torch.func.grad(total))(decay)
    _, along = torch.func.jvp(total, (decay[0],), (torch.ones_like(decay[0]),))
    assert_allclose(along, slope[0].sum(), **EXACT)


Q, K, V = tensors(5)
GIVEN = {"query": Q, "key": K, "value": V, "decay": 0.5}
ERRORS = [
    ({"query": Q.numpy()}, TypeError, r"^query must be a torch.Tensor, got ndarray$"),
    ({"decay": None}, TypeError, r"^decay must be a torch.Tensor, got NoneType$"),
    ({"decay": torch.ones(5)}, TypeError, r"^decay must have the dtype of query, float64, got fl"),
    ({"decay": -0.5}, ValueError, r"^decay must lie in \[0, 1\]$"),
    ({"decay": torch.full((5, 1), 1.5).double()}, ValueError, r"^decay must lie in \[0, 1\]$"),
    ({"state": torch.ones(4, 5)}, TypeError, r"^state must have dtype float64, got float32$"),
    ({"state": Q.to("meta")}, ValueError, r"^state must be on the device of query, cpu, got meta$"),
    ({"decay": Q.to("meta")}, ValueError, r"^decay must be on the device of query, cpu, got meta$"),
    (
        {"form": "fast"},
        ValueError,
        r"^form must be one of 'chunked', 'parallel', 'recurrent', got 'fast'$",
    ),
    ({"chunk_size": 0}, ValueError, r"^chunk_size must be at least 1, got 0$"),
    ({"chunk_size": 2.0}, TypeError, r"^chunk_size must be an integer, got float$"),
]


@pytest.mark.parametrize(("changed", "error", "message"), ERRORS)
def test_bad_input_is_named(changed, error, message):
    with pytest.raises(error, match=message):
        decayed_linear_attention(**{**GIVEN, **changed})
