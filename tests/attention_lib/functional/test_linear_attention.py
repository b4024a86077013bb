"""Linear attention in torch against n x n weights by loops, the reference, and differentiation."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import reference
from attention_lib.functional import LinearAttentionState, linear_attention
from tests.helpers.largest import largest_output, largest_tensor
from tests.helpers.linear_laws import EMPTY, LENGTHS, B, E, example, key_mask, linear_loops

EXACT = {"rtol": 1e-12, "atol": 1e-12}
TOLERANCES = {torch.float16: 2e-3, torch.bfloat16: 2e-2, torch.float32: 5e-6}


def tensors(*lengths, seed=0):
    return tuple(torch.from_numpy(one) for one in example(seed, *lengths))


@pytest.mark.parametrize("feature_map", ["elu", "relu", "exp"])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("lengths", [*LENGTHS, *EMPTY], ids=str)
def test_equals_the_weights_written_out(lengths, causal, feature_map):
    arrays = example(0, *lengths)
    for mask in (None, key_mask(lengths[1])):
        options = {"causal": causal, "feature_map": feature_map}
        expected = linear_loops(*arrays, mask=mask, **options)
        options["mask"] = mask if mask is None else torch.from_numpy(mask)
        output = linear_attention(*map(torch.from_numpy, arrays), **options)
        assert output.shape == (B, lengths[0], E)
        assert_allclose(output, expected, **EXACT)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("lengths", [(2200, 2200), (40, 2200), (2200, 40)], ids=str)
def test_several_segments_equal_the_reference(lengths, causal, grad):
    arrays = example(1, *lengths)
    mask = key_mask(lengths[1])
    given = [torch.from_numpy(one).requires_grad_(grad) for one in arrays]
    output = linear_attention(*given, causal=causal, mask=torch.from_numpy(mask))
    expected = reference.linear_attention(*arrays, causal=causal, mask=mask)
    assert_allclose(output.detach(), expected, **EXACT)


@pytest.mark.parametrize("causal", [False, True])
def test_a_mask_of_one_entry_for_several_segments(causal):
    given = tensors(2200, 2200)
    mask = torch.tensor([[[True]], [[False]]])
    output = linear_attention(*given, causal=causal, mask=mask)
    assert_allclose(output[0], linear_attention(*given, causal=causal)[0], **EXACT)
    assert_array_equal(output[1], np.zeros((2200, E)))


@pytest.mark.parametrize("widths", [(64, 8), (8, 64), (256, 8), (8, 8)])
def test_segments_are_shorter_where_there_are_more_numbers_to_a_position(widths):
    query = torch.ones(4, 2, 2048, widths[0])
    value = torch.ones(4, 2, 2048, widths[1])
    largest = largest_tensor(lambda: LinearAttentionState().append(query, query, value)[:0])
    assert largest <= max(value.numel(), query.numel(), 2**18)  # output, input, one segment
    sizes = []

    def features(x):
        sizes.append(x.shape[-2])
        return x

    linear_attention(query, query, value, feature_map=features)
    expected = {64: 512, 256: 128, 8: 512}[max(widths)]
    assert set(sizes) == {expected}


@pytest.mark.parametrize("mask", [[True], [True, False, True, True, False, True, True]], ids=len)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("n_queries", [3, 7, 8])
def test_masks_of_one_axis_and_of_one_entry(n_queries, causal, mask):
    query, key, value = tensors(n_queries, 7)
    mask = torch.tensor(mask)
    full = mask.expand(B, 1, 7)
    expected = linear_loops(
        query.numpy(), key.numpy(), value.numpy(), causal=causal, mask=full.numpy()
    )
    assert_allclose(
        linear_attention(query, key, value, causal=causal, mask=mask), expected, **EXACT
    )
    scalar = torch.tensor(False)
    nothing = linear_attention(query, key, value, causal=causal, mask=scalar)
    assert_array_equal(nothing, np.zeros((B, n_queries, E)))


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("causal", [False, True])
def test_lower_precision(dtype, causal):
    query, key, value = (one.to(dtype) for one in tensors(70, 70))
    output = linear_attention(query, key, value, causal=causal)
    assert output.dtype == dtype
    exact = (one.double().numpy() for one in (query, key, value))
    expected = reference.linear_attention(*exact, causal=causal)
    tolerance = TOLERANCES[dtype]
    assert_allclose(output.double(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("feature_map", ["elu", "relu", "exp"])
def test_under_autocast(causal, feature_map):
    given = [one.float().requires_grad_() for one in tensors(70, 70)]
    expected = linear_attention(*given, causal=causal, feature_map=feature_map)
    with torch.autocast("cpu", torch.bfloat16):
        output = linear_attention(*given, causal=causal, feature_map=feature_map)
    assert_allclose(output.detach().float(), expected.detach(), atol=3e-2)
    assert all(one.isfinite().all() for one in torch.autograd.grad(output.float().sum(), given))


def test_elu_keeps_its_digits_far_below_zero():
    one, key = torch.tensor([[-40.0]]), torch.tensor([[-40.0], [-41.0]])
    output = linear_attention(one, key, torch.tensor([[1.0], [0.0]]))
    assert_allclose(output, [[1 / (1 + np.exp(-1))]], rtol=1e-6)


def test_a_function_as_feature_map_sees_single_precision_for_half():
    seen = []

    def both(x):
        seen.append(x.dtype)
        return torch.cat([x.exp(), (-x).exp()], -1)

    query, key, value = tensors()
    output = linear_attention(query, key, value, feature_map=both)
    doubled = [torch.cat([one, -one], -1) for one in (query, key)]
    assert_allclose(output, linear_attention(*doubled, value, feature_map="exp"), **EXACT)
    linear_attention(query.half(), key.half(), value.half(), feature_map=both)
    assert seen == [torch.float64] * 2 + [torch.float32] * 2


@pytest.mark.parametrize("causal", [False, True])
def test_leading_axes_broadcast(causal):
    query, key, value = tensors(67, 67)
    mask = torch.from_numpy(key_mask(67))
    both = linear_attention(query[:, None], key[None], value[None], causal=causal, mask=mask)
    for i in range(B):
        for j in range(B):
            one = (query[i], key[j], value[j])
            expected = linear_attention(*one, causal=causal, mask=mask[j])
            assert_allclose(both[i, j], expected, **EXACT)
    third = value[:, None, None]
    wide = linear_attention(query, key, third, causal=causal)  # value alone has the outer axes
    assert wide.shape == (B, 1, B, 67, E)
    assert_allclose(wide[1, 0, 0], linear_attention(query[0], key[0], value[1], causal=causal))


@pytest.mark.parametrize("causal", [False, True])
def test_batches_of_zero_and_views(causal):
    query, key, value = tensors(67, 67)
    nothing = linear_attention(query[:0], key[:0], value[:0], causal=causal)
    assert nothing.shape == (0, 67, E)
    assert linear_attention(query, key, value[..., :0], causal=causal).shape == (B, 67, 0)
    turned = [one.mT.contiguous().mT for one in (query, key, value)]
    assert not turned[0].is_contiguous()
    expected = linear_attention(query, key, value, causal=causal)
    assert_allclose(linear_attention(*turned, causal=causal), expected, **EXACT)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("feature_map", ["elu", "relu", "exp"])
@pytest.mark.parametrize("lengths", [(3, 5), (5, 3), (4, 4)], ids=str)
def test_gradcheck(lengths, feature_map, causal):
    given = [one[:1].requires_grad_() for one in tensors(*lengths, seed=2)]
    mask = torch.tensor([True, False, True, True, True])[: lengths[1]]

    def output(*inputs):
        return linear_attention(*inputs, causal=causal, feature_map=feature_map, mask=mask)

    assert torch.autograd.gradcheck(output, given)


def test_gradients_across_chunks_and_segments_equal_those_of_the_weights_written_out():
    given = [one.requires_grad_() for one in tensors(2100, 2100, seed=3)]
    weight = torch.from_numpy(np.random.default_rng(4).normal(size=(B, 2100, E)))
    ours = torch.autograd.grad((linear_attention(*given, causal=True) * weight).sum(), given)
    query, key = (torch.nn.functional.elu(one) + 1 for one in given[:2])
    weights = (query @ key.mT).tril()
    plain = weights @ given[2] / weights.sum(-1, keepdim=True)
    expected = torch.autograd.grad((plain * weight).sum(), given)
    for one, other in zip(ours, expected, strict=True):
        assert_allclose(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_a_gradient_of_one_input_alone_is_the_same(wanted, causal):
    given = tensors(70, 70, seed=2)
    everything = [one.clone().requires_grad_() for one in given]
    given[wanted].requires_grad_()
    output = linear_attention(*given, causal=causal)
    (ours,) = torch.autograd.grad(output.square().sum(), [given[wanted]])
    output = linear_attention(*everything, causal=causal)
    expected = torch.autograd.grad(output.square().sum(), everything)[wanted]
    assert_allclose(ours, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_empty_rows_have_zero_output_and_gradient(causal):
    query, key, value = tensors(7, 5, seed=5)
    query[:, 6] = -1.0  # no feature left
    given = [one.requires_grad_() for one in (query, key, value)]
    mask = torch.tensor([False, True, True, True, True])
    output = linear_attention(*given, causal=causal, feature_map="relu", mask=mask)
    gradients = torch.autograd.grad(output.square().sum() + output.sum(), given)
    empty = [0, 1, 2, 6] if causal else [6]
    assert_array_equal(output[:, empty].detach(), np.zeros((B, len(empty), E)))
    assert_array_equal(gradients[0][:, empty], np.zeros((B, len(empty), 3)))
    for gradient in gradients:
        assert gradient.isfinite().all()
    assert_array_equal(gradients[1][:, 0], np.zeros((B, 3)))
    assert_array_equal(gradients[2][:, 0], np.zeros((B, E)))
    assert gradients[2].abs().sum() > 0


@pytest.mark.parametrize("junk", [1e4, -1e4, np.inf, np.nan])
@pytest.mark.parametrize("feature_map", ["elu", "relu", "exp", torch.square])
@pytest.mark.parametrize("causal", [False, True])
def test_a_closed_key_has_no_say_whatever_it_is(causal, feature_map, junk):
    given = [one.requires_grad_() for one in tensors(7, 7, seed=5)]
    mask = torch.tensor([True, False, True, True, False, True, True])
    options = {"causal": causal, "feature_map": feature_map, "mask": mask}
    output = linear_attention(*given, **options)
    gradients = torch.autograd.grad(output.square().sum(), given)
    with torch.no_grad():
        given[1][:, ~mask] = junk
    again = linear_attention(*given, **options)
    assert_array_equal(again.detach(), output.detach())
    for one, other in zip(torch.autograd.grad(again.square().sum(), given), gradients, strict=True):
        assert_array_equal(one, other)


def test_nothing_visible_gives_zero_gradients():
    given = [one.requires_grad_() for one in tensors(5, 5)]
    output = linear_attention(*given, mask=torch.zeros(5, dtype=torch.bool))
    for gradient in torch.autograd.grad(output.sum(), given):
        assert_array_equal(gradient, torch.zeros_like(gradient))


def test_the_input_is_left_as_it_was():
    given = tensors(7, 7)
    copies = [one.clone() for one in given]
    for causal in (False, True):
        for feature_map in ("elu", "relu", "exp", lambda x: x):
            linear_attention(*(one.abs_() for one in given), causal=causal, feature_map=feature_map)
    for one, copy in zip(given, copies, strict=True):
        assert_array_equal(one, copy.abs())


def test_ignores_the_future():
    query, key, value = tensors(131, 131)
    before = linear_attention(query, key, value, causal=True)
    key[:, 70:] += 3.0
    value[:, 70:] -= 5.0
    after = linear_attention(query, key, value, causal=True)
    assert_allclose(after[:, :70], before[:, :70], rtol=1e-13, atol=1e-13)
    assert (after[:, 70:] != before[:, 70:]).any(-1).all()


@pytest.mark.parametrize(
    "sizes", [[131], [100, 31], [1] * 131, [64, 0, 66, 1], [0, 131], [3, 128]], ids=len
)
def test_the_state_gives_the_causal_form(sizes):
    given = tensors(131, 131, seed=6)
    mask = torch.from_numpy(key_mask(131))
    state = LinearAttentionState(feature_map="exp")
    outputs, start = [], 0
    for size in sizes:
        part = slice(start, start + size)
        pieces = (one[:, part] for one in given)
        outputs.append(state.append(*pieces, mask=mask[..., part]))
        start += size
        assert state.length == start
    expected = linear_attention(*given, causal=True, feature_map="exp", mask=mask)
    assert_allclose(torch.cat(outputs, dim=1), expected, **EXACT)
    features = given[1].exp() * mask.mT
    assert_allclose(state.numerator, features.mT @ given[2], **EXACT)
    assert_allclose(state.normaliser, features.sum(1), **EXACT)
    state.reset()
    assert (state.length, state.numerator, state.normaliser) == (0, None, None)
    other = [one[0, :2] for one in given]
    expected = linear_attention(*other, causal=True, feature_map="exp")
    assert_allclose(state.append(*other), expected, **EXACT)


def test_a_step_of_the_state_costs_the_same_however_many_came_before():
    given = tensors(300, 300)
    state = LinearAttentionState()
    state.append(*given)
    assert state.numerator.shape == (B, 3, E)
    step = [one[:, :1] for one in given]
    size = largest_tensor(lambda: state.append(*step))
    assert size <= B * max(9, 3 * E)


def test_gradients_flow_through_the_state():
    given = [one.requires_grad_() for one in tensors(9, 9, seed=7)]
    state = LinearAttentionState()
    outputs = [state.append(*(one[:, i : i + 3] for one in given)) for i in (0, 3, 6)]
    weight = torch.from_numpy(np.random.default_rng(8).normal(size=(B, 9, E)))
    ours = torch.autograd.grad((torch.cat(outputs, dim=1) * weight).sum(), given)
    whole = linear_attention(*given, causal=True)
    expected = torch.autograd.grad((whole * weight).sum(), given)
    for one, other in zip(ours, expected, strict=True):
        assert_allclose(one, other, **EXACT)


def test_the_state_holds_single_precision_for_half():
    given = [one.half() for one in tensors(9, 9)]
    state = LinearAttentionState()
    outputs = [state.append(*(one[:, i : i + 1] for one in given)) for i in range(9)]
    assert outputs[0].dtype == torch.float16
    assert state.numerator.dtype == torch.float32
    expected = linear_attention(*given, causal=True)
    assert_allclose(torch.cat(outputs, dim=1), expected, rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("grad", [False, True])
def test_no_tensor_of_all_pairs(causal, grad):
    n = 16_384
    given = [torch.randn(n, 2, generator=torch.Generator().manual_seed(0)) for _ in range(3)]
    given = [one.requires_grad_(grad) for one in given]

    def there_and_back():
        output = linear_attention(*given, causal=causal)
        if grad:
            output.sum().backward()

    assert n < largest_tensor(there_and_back) <= 64 * 2048


@pytest.mark.parametrize("causal", [False, True])
def test_what_gradients_allocate_grows_with_the_length(causal):
    def allocated(n):
        given = [torch.zeros(n, 64, requires_grad=True) for _ in range(3)]
        with largest_output() as seen:
            linear_attention(
                *given, causal=causal, feature_map=torch.nn.functional.softplus
            ).sum().backward()
        return seen.sum

    # Eight segments against two: a gradient as long as the whole for each would show.
    assert allocated(16_384) <= 4.2 * allocated(4096)


Q, K, V = tensors(5, 5)
ERRORS = [
    ((Q.numpy(), K, V), {}, TypeError, r"^query must be a torch.Tensor, got ndarray$"),
    ((Q, K.tolist(), V), {}, TypeError, r"^key must be a torch.Tensor, got list$"),
    ((Q, K, V.tolist()), {}, TypeError, r"^value must be a torch.Tensor, got list$"),
    ((Q, K.float(), V), {}, TypeError, r"share one dtype"),
    ((Q[..., :2], K, V), {}, ValueError, r"same width D"),
    ((Q, K, V[:, :4]), {}, ValueError, r"value must have one row for each of the 5 keys"),
    ((Q, K, V), {"causal": 1}, TypeError, r"^causal must be True or False, got int$"),
    ((Q, K, V), {"mask": np.ones(5, bool)}, TypeError, r"^mask must be a torch.Tensor"),
    ((Q, K, V), {"mask": torch.ones(5, 5).bool()}, ValueError, r"mask must be the same for every"),
    ((Q, K, V), {"feature_map": "x"}, ValueError, r"^feature_map must be one of 'elu', 'relu', "),
    ((Q, K, V), {"feature_map": 3}, TypeError, r"^feature_map must be a name or a function, got"),
    (
        (Q, K, V),
        {"feature_map": lambda x: x.sum(-1)},
        ValueError,
        r"^feature_map must give features of shape \(2, 5\) and a width of at least 1, got \(2, 5",
    ),
    ((Q, K, V), {"feature_map": lambda x: x.float()}, TypeError, r"keep the dtype float64, got fl"),
    (
        (Q, K, V),
        {"feature_map": lambda x: x.numpy()},
        TypeError,
        r"^the features of feature_map must be a torch.Tensor, got ndarray$",
    ),
]


@pytest.mark.parametrize(("arrays", "options", "error", "message"), ERRORS)
def test_bad_input_is_named(arrays, options, error, message):
    with pytest.raises(error, match=message):
        linear_attention(*arrays, **options)


def test_the_state_names_what_does_not_fit():
    with pytest.raises(ValueError, match=r"feature_map must be one of"):
        LinearAttentionState(feature_map="tanh")
    state = LinearAttentionState()
    with pytest.raises(ValueError, match=r"^the second last axes must have one length, got query"):
        state.append(Q, K[:, :4], V[:, :4])
    with pytest.raises(TypeError, match=r"^mask must be a torch.Tensor"):
        state.append(Q, K, V, mask=True)
    state.append(Q, K, V)
    first = r"^query, key and value must have .* dtype of the first call, .*float64.*, got "
    for arrays in ((Q[0], K[0], V[0]), (Q, K, V[..., :2]), [x.float() for x in (Q, K, V)]):
        with pytest.raises(ValueError, match=first):
            state.append(*arrays)
    assert state.length == 5
