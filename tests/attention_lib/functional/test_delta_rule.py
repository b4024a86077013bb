"""The delta rule in torch: two forms, one answer, and what a write must do."""

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.functional import delta_rule_attention
from tests.helpers.largest import largest_tensor
from tests.helpers.recurrence_laws import (
    LENGTHS,
    STRENGTHS,
    H,
    beginning,
    delta_products,
    example,
    normal,
    open_positions,
    uniform,
    unit,
)

EXACT = {"rtol": 1e-10, "atol": 1e-11}
TOLERANCES = {torch.float16: 2e-3, torch.bfloat16: 2e-2, torch.float32: 1e-5}
FORMS = [("recurrent", 64), *(("chunked", size) for size in (1, 3, 8, 64))]
# PyTorch's own forward derivatives are compiled by what PyTorch calls deprecated.
TORCH_WARNS = pytest.mark.filterwarnings("ignore:`torch.jit")
every_form = pytest.mark.parametrize(("form", "chunk_size"), FORMS)


def tensors(n, seed=0):
    query, key, value = example(n, seed)
    return [torch.from_numpy(one) for one in (query, unit(key), value)]


def tensor(array):
    return array if array is None else torch.as_tensor(array)


@every_form
@pytest.mark.parametrize("shape", STRENGTHS.values(), ids=STRENGTHS)
def test_every_form_equals_the_products_of_all_later_steps(form, chunk_size, shape):
    for n in LENGTHS[:4]:
        query, key, value = example(n)
        strength = 2 * np.asarray(uniform(*shape(n), seed=4))
        for mask in (None, open_positions(n)):
            for state in (None, beginning()):
                options = {"mask": mask, "state": state}
                expected = delta_products(query, unit(key), value, strength, **options)
                given = [tensor(one) for one in (query, 3 * key, value, strength)]
                options = {name: tensor(one) for name, one in options.items()}
                options |= {"form": form, "chunk_size": chunk_size, "unit_keys": True}
                output, last = delta_rule_attention(*given, return_state=True, **options)
                assert_allclose(output, expected[0], **EXACT)
                assert_allclose(last, expected[1], **EXACT)
                assert_allclose(delta_rule_attention(*given, **options), expected[0], **EXACT)


@every_form
def test_several_chunks_equal_the_reference(form, chunk_size):
    arrays, strength = example(131, seed=5), uniform(H, 131, 1, seed=6)
    expected = reference.delta_rule_attention(*arrays, strength, unit_keys=True)
    given = [*map(torch.from_numpy, arrays), torch.from_numpy(strength)]
    options = {"form": form, "chunk_size": chunk_size, "unit_keys": True}
    assert_allclose(delta_rule_attention(*given, **options), expected, **EXACT)


@every_form
def test_orthonormal_keys_give_back_exactly_what_was_stored(form, chunk_size):
    key, value = torch.eye(67), torch.from_numpy(normal(67, 5)).float()
    options = {"form": form, "chunk_size": chunk_size, "return_state": True}
    output, state = delta_rule_attention(key, key, value, 1.0, **options)
    assert_array_equal(output, value)
    assert_array_equal(key @ state, value)


@every_form
def test_a_second_write_to_a_key_replaces_the_first(form, chunk_size):
    key = torch.from_numpy(unit(normal(1, 4))).expand(67, 4)
    value = torch.from_numpy(normal(67, 5))
    options = {"form": form, "chunk_size": chunk_size}
    assert_allclose(delta_rule_attention(key, key, value, 1.0, **options), value, **EXACT)


@every_form
@pytest.mark.parametrize("strength", [1.0, 2.0])
def test_many_writes_to_a_few_keys_in_single_precision(form, chunk_size, strength):
    """The worst for the equations of a chunk: no number grows all the same."""
    places = np.random.default_rng(3).integers(0, 4, 300)
    key = torch.from_numpy(unit(normal(4, 16)))[places].float()
    value = torch.from_numpy(normal(300, 5)).float()
    options = {"form": form, "chunk_size": chunk_size}
    output = delta_rule_attention(key, key, value, strength, **options)
    exact = (one.double().numpy() for one in (key, key, value))
    expected = reference.delta_rule_attention(*exact, strength)
    assert_allclose(output, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("sizes", [[67], [40, 27], [1] * 67, [64, 0, 3]], ids=len)
@every_form
def test_pieces_give_what_the_whole_gives(form, chunk_size, sizes):
    given, strength = tensors(67), torch.from_numpy(uniform(H, 67, 1, seed=2))
    mask = torch.from_numpy(open_positions(67))
    options = {"form": form, "chunk_size": chunk_size, "return_state": True}
    state, outputs, start = None, [], 0
    for size in sizes:
        part = slice(start, start + size)
        pieces = [one[..., part, :] for one in (*given, strength)]
        output, state = delta_rule_attention(*pieces, mask=mask[..., part], state=state, **options)
        outputs.append(output)
        start += size
    whole, last = delta_rule_attention(*given, strength, mask=mask, return_state=True)
    assert_allclose(torch.cat(outputs, dim=-2), whole, **EXACT)
    assert_allclose(state, last, **EXACT)


@every_form
def test_ignores_the_future(form, chunk_size):
    query, key, value = tensors(67)
    strength = torch.from_numpy(uniform(67, 1, seed=2)).clamp(min=0.01)
    options = {"form": form, "chunk_size": chunk_size}
    before = delta_rule_attention(query, key, value, strength, **options)
    for one in (query, key, value, strength):
        one[..., 40:, :] /= 2
    after = delta_rule_attention(query, key, value, strength, **options)
    assert_array_equal(after[..., :40, :], before[..., :40, :])
    assert (after[..., 40:, :] != before[..., 40:, :]).any(-1).all()


@pytest.mark.parametrize("form", ["recurrent", "chunked"])
@pytest.mark.parametrize("unit_keys", [False, True])
def test_gradcheck(form, unit_keys):
    shapes = ((4, 2), (4, 2), (4, 1), (2, 1))
    given = [torch.from_numpy(normal(*one, seed=i)) for i, one in enumerate(shapes)]
    given.append(torch.from_numpy(uniform(4, 1, seed=8)) * 0.8 + 0.1)
    mask = torch.tensor([True, True, False, True])

    def both(query, key, value, state, strength):
        options = {"mask": mask, "state": state, "form": form, "chunk_size": 2}
        options |= {"return_state": True, "unit_keys": unit_keys}
        return delta_rule_attention(query, key, value, strength, **options)

    given = [one.requires_grad_() for one in given]
    assert torch.autograd.gradcheck(both, given)


@pytest.mark.whole
def test_a_second_derivative():
    shapes = ((3, 2), (3, 2), (3, 1))
    given = [torch.from_numpy(normal(*one, seed=i)) for i, one in enumerate(shapes)]
    given.append(torch.from_numpy(uniform(3, 1, seed=8)) * 0.8 + 0.1)
    chunked = partial(delta_rule_attention, chunk_size=2)
    assert torch.autograd.gradgradcheck(chunked, [one.requires_grad_() for one in given])


@every_form
def test_gradients_across_chunks_equal_those_of_the_steps(form, chunk_size):
    given = [*tensors(67, seed=3), torch.from_numpy(uniform(H, 67, 1, seed=4))]
    given = [one.requires_grad_() for one in given]
    output = delta_rule_attention(*given, form=form, chunk_size=chunk_size)
    ours = torch.autograd.grad(output.square().sum(), given)
    output = delta_rule_attention(*given, form="recurrent")
    expected = torch.autograd.grad(output.square().sum(), given)
    for one, other in zip(ours, expected, strict=True):
        assert_allclose(one, other, **EXACT)


@pytest.mark.parametrize("form", ["recurrent", "chunked"])
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_lower_precision(dtype, form):
    given, strength = tensors(70), torch.from_numpy(uniform(H, 70, 1, seed=3)).to(dtype)
    narrow = [one.to(dtype) for one in given]
    output, state = delta_rule_attention(*narrow, strength, form=form, return_state=True)
    assert (output.dtype, state.dtype) == (dtype, torch.float32)
    exact = (one.double().numpy() for one in (*narrow, strength))
    expected = reference.delta_rule_attention(*exact)
    tolerance = TOLERANCES[dtype]
    assert_allclose(output.double(), expected, rtol=tolerance, atol=4 * tolerance)


def test_leading_axes_broadcast():
    query, key, value = (one[0, 0] for one in tensors(13))
    strength = torch.tensor([0.9, 0.5, 0.1], dtype=torch.float64)[:, None, None]
    heads = delta_rule_attention(query, key, value, strength)
    for i in range(3):
        assert_allclose(heads[i], delta_rule_attention(query, key, value, strength[i]), **EXACT)
    assert delta_rule_attention(query, key, value[None, :, :0], 0.5).shape == (1, 13, 0)


@pytest.mark.parametrize("junk", [1e300, np.inf, np.nan])
@every_form
def test_a_closed_position_has_no_say_whatever_it_holds(form, chunk_size, junk):
    given = [one.requires_grad_() for one in tensors(7)]
    mask = torch.tensor([True, False, True, True, False, True, True])
    options = {"mask": mask, "form": form, "chunk_size": chunk_size, "unit_keys": True}
    output = delta_rule_attention(*given, 0.5, **options)
    gradients = torch.autograd.grad(output.square().sum(), given)
    with torch.no_grad():
        given[1][..., ~mask, :], given[2][..., ~mask, :] = junk, junk
    again = delta_rule_attention(*given, 0.5, **options)
    assert_array_equal(again.detach(), output.detach())
    for one, other in zip(torch.autograd.grad(again.square().sum(), given), gradients, strict=True):
        assert_array_equal(one, other)


def test_chunks_hold_no_matrix_of_all_pairs_and_steps_no_more_than_the_state():
    n = 4096
    given = [torch.ones(n, 4) / 2 for _ in range(3)]
    assert largest_tensor(lambda: delta_rule_attention(*given, 0.5)) <= n * 64
    step = [one[:1] for one in given]
    options = {"state": torch.ones(4, 4), "return_state": True}
    for form in ("recurrent", "chunked"):
        stepped = partial(delta_rule_attention, *step, 0.5, form=form, **options)
        assert largest_tensor(stepped) <= 16


@TORCH_WARNS
def test_mapped_and_differentiated_by_its_strength():
    query, key, value = tensors(7)
    strength = torch.from_numpy(uniform(4, 7, 1, seed=2)) * 0.8 + 0.1

    def total(strength):
        return delta_rule_attention(query, key, value, strength, chunk_size=3).sin().sum()

    mapped = torch.vmap(total)(strength)
    assert_allclose(mapped, [total(one) for one in strength], **EXACT)
    slope = torch.vmap(torch.func.grad(total))(strength)
    _, along = torch.func.jvp(total, (strength[0],), (torch.ones_like(strength[0]),))
    assert_allclose(along, slope[0].sum(), **EXACT)


Q, K, V = tensors(5)
GIVEN = {"query": Q, "key": K, "value": V, "strength": 0.5}
ERRORS = [
    ({"strength": 2.5}, ValueError, r"^strength must lie in \[0, 2\]$"),
    ({"strength": [1.0]}, TypeError, r"^strength must be a torch.Tensor, got list$"),
    ({"unit_keys": 1}, TypeError, r"^unit_keys must be True or False, got int$"),
    (
        {"form": "parallel"},
        ValueError,
        r"^form must be one of 'chunked', 'recurrent', got 'parallel'$",
    ),
    ({"chunk_size": -1}, ValueError, r"^chunk_size must be at least 1, got -1$"),
]


@pytest.mark.parametrize(("changed", "error", "message"), ERRORS)
def test_bad_input_is_named(changed, error, message):
    with pytest.raises(error, match=message):
        delta_rule_attention(**{**GIVEN, **changed})
