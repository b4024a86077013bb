"""Greedy search and sampling over a table: what they write, when they stop, what they refuse."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.functional import next_token_probabilities
from attention_lib.generation import greedy_search, sample
from tests.helpers.table_state import TableState, greedy_loop, log_probability

END = 3
PROMPTS = torch.tensor([[1, 2, 0, 2, 1], [2, 9, 9, 9, 9], [0, 1, 3, -7, 9], [2, 2, 9, 9, 9]])
LENGTHS = torch.tensor([5, 1, 3, 2])
UNEVEN = {"prompt_lengths": LENGTHS, "padding": 0}


def prompt(row):
    return PROMPTS[row, : LENGTHS[row]].tolist()


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("end", [END, None])
def test_greedy_equals_the_loop_for_prompts_of_every_length(seed, end):
    state = TableState(5, seed=seed)
    found = greedy_search(state, PROMPTS, max_new_tokens=4, end=end, **UNEVEN)
    assert found.tokens.dtype == found.lengths.dtype == torch.int64
    assert found.tokens.shape == (4, int(found.lengths.max()))
    for row in range(4):
        expected = greedy_loop(state, prompt(row), most=4, end=end)
        length = int(found.lengths[row])
        assert found.tokens[row, :length].tolist() == expected
        assert_array_equal(found.tokens[row, length:], 0)
        total = log_probability(state, prompt(row), expected)
        assert_allclose(found.log_probability[row], total, rtol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_each_row_is_what_it_is_alone(seed):
    together = greedy_search(TableState(5, seed=seed), PROMPTS, max_new_tokens=6, end=2, **UNEVEN)
    for row in range(4):
        alone = greedy_search(
            TableState(5, seed=seed), torch.tensor([prompt(row)]), max_new_tokens=6, end=2
        )
        length = int(alone.lengths)
        assert together.tokens[row, :length].tolist() == alone.tokens[0].tolist()
        assert together.lengths[row] == length
        assert together.log_probability[row] == alone.log_probability[0]


def sure(token, vocabulary=4):
    return 5.0 * np.eye(vocabulary)[token]


def test_the_state_reads_prompts_together_and_no_padding_ever():
    logits = {(0, 1): sure(0), (1, 0): sure(2), (0, 1, 1): sure(2), (1, 0, 2): sure(END)}
    state = TableState(4, logits=logits | {(0, 1, 1, 2): sure(END)})
    found = greedy_search(
        state,
        torch.tensor([[0, 1, 1], [1, 0, 9]]),
        prompt_lengths=torch.tensor([3, 2]),
        max_new_tokens=5,
        end=END,
        padding=1,
    )
    assert state.fed == [[[0, 1], [1, 0]], [[1], [2]], [[2]]]
    assert state.reordered == [[0]]  # row 1 has ended, and leaves the batch
    assert found.tokens.tolist() == [[2, 3], [2, 3]]


def test_the_last_token_is_not_fed_and_the_state_is_left_as_it_is_without_need():
    state = TableState(4)
    found = greedy_search(state, torch.tensor([[0, 1], [2, 3]]), max_new_tokens=3)
    assert [len(one[0]) for one in state.fed] == [2, 1, 1]
    assert state.reordered == []
    assert found.lengths.tolist() == [3, 3]


def test_padding_follows_the_end_and_is_0_unless_given():
    logits = {(1,): sure(END), (2,): sure(2), (2, 2): sure(1), (2, 2, 1): sure(END)}
    prompts = torch.tensor([[1], [2]])
    for options, padding in (({}, 0), ({"padding": 7}, 7)):
        state = TableState(4, logits=logits)
        found = greedy_search(state, prompts, max_new_tokens=9, end=END, **options)
        assert found.tokens.tolist() == [[3, padding, padding], [2, 1, 3]]
        assert found.lengths.tolist() == [1, 3]


def test_the_end_token_inside_a_prompt_ends_nothing():
    state = TableState(4, logits={(0, END, 1): sure(2), (0, END, 1, 2): sure(1), (1,): sure(2)})
    found = greedy_search(
        state,
        torch.tensor([[0, END, 1], [1, 0, 0]]),
        prompt_lengths=torch.tensor([3, 1]),
        max_new_tokens=2,
        end=END,
    )
    assert found.tokens[0].tolist() == [2, 1]


def test_of_equally_likely_tokens_the_smaller_id_is_taken():
    state = TableState(4, logits={(0,): np.array([0.0, 2.0, 2.0, 1.0])})
    assert greedy_search(state, torch.tensor([[0]]), max_new_tokens=1).tokens.tolist() == [[1]]


def test_a_token_of_minus_infinity_is_never_taken():
    logits = {(0,): np.array([-np.inf, -3.0, -np.inf, -np.inf])}
    for search in (greedy_search, lambda *a, **o: sample(*a, rng=seeded(), **o)):
        found = search(TableState(4, logits=logits), torch.tensor([[0]] * 50), max_new_tokens=1)
        assert_array_equal(found.tokens, np.ones((50, 1)))
        assert_array_equal(found.log_probability, np.zeros(50))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_log_probabilities_are_float32_at_least(dtype):
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    state = TableState(5, dtype=dtype)
    for found in (
        greedy_search(state, torch.tensor([[1]]), max_new_tokens=2),
        sample(TableState(5, dtype=dtype), torch.tensor([[1]]), max_new_tokens=2, rng=seeded()),
    ):
        assert found.log_probability.dtype == wide


OPTIONS = [
    {},
    {"temperature": 0.5},
    {"temperature": 2.0},
    {"top_k": 2},
    {"top_p": 0.6},
    {"temperature": 0.7, "top_k": 3, "top_p": 0.9},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_sampled_frequencies_are_those_of_the_distribution(options):
    n = 20_000
    logits = torch.tensor([0.3, 1.0, -0.5, 0.6])
    state = TableState(4, logits={(0,): logits.numpy()})
    state.advance = lambda tokens: logits.expand(len(tokens), 4)
    found = sample(
        state, torch.zeros(n, 1, dtype=torch.int64), max_new_tokens=1, rng=seeded(), **options
    )
    expected = next_token_probabilities(logits, **options).double()
    frequencies = torch.bincount(found.tokens[:, 0], minlength=4) / n
    spread = (expected * (1 - expected) / n).sqrt()
    assert ((frequencies - expected).abs() <= 4 * spread + 1e-6).all()
    own = logits.log_softmax(dim=-1)[found.tokens[:, 0]]
    assert_allclose(found.log_probability, own, rtol=1e-6)


def test_the_second_token_depends_on_the_first():
    n = 5_000
    state = TableState(3, logits={(0,): np.zeros(3), (0, 0): sure(2, 3), (0, 1): sure(0, 3)})
    found = sample(
        state,
        torch.zeros(n, 1, dtype=torch.int64),
        max_new_tokens=2,
        end=2,
        rng=seeded(),
        temperature=0.1,
    )
    first, second = found.tokens[:, 0], found.tokens[:, 1]
    assert_array_equal(second[first == 0], 2)
    assert_array_equal(second[first == 1], 0)
    assert_array_equal(found.lengths, torch.where(first == 2, 1, 2))
    assert_array_equal(second[first == 2], 0)
    assert_allclose((first == 1).double().mean(), 1 / 3, atol=0.03)


def test_sampling_repeats_with_the_seed_and_only_with_it():
    def drawn(seed):
        prompts = torch.tensor([[0], [1], [2]])
        return sample(TableState(5), prompts, max_new_tokens=8, rng=seeded(seed)).tokens

    assert_array_equal(drawn(0), drawn(0))
    assert (drawn(0) != drawn(1)).any()


@pytest.mark.parametrize("options", [{"temperature": 1e-9}, {"top_k": 1}, {"top_p": 1e-9}])
def test_the_limits_of_sampling_are_greedy(options):
    greedy = greedy_search(TableState(5), PROMPTS, max_new_tokens=4, end=END, **UNEVEN)
    drawn = sample(
        TableState(5), PROMPTS, max_new_tokens=4, end=END, rng=seeded(), **UNEVEN, **options
    )
    for ours, expected in zip(drawn, greedy, strict=True):
        assert_array_equal(ours, expected)


def test_sampling_leaves_the_global_generator_alone():
    before = torch.random.get_rng_state()
    sample(TableState(5), torch.tensor([[0]]), max_new_tokens=4, rng=seeded())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_no_gradient_is_recorded():
    weight = torch.ones(3, requires_grad=True)

    class Learned(TableState):
        def advance(self, tokens):
            assert not torch.is_grad_enabled()
            return (weight * torch.arange(3)).expand(len(tokens), 3)

    for found in (
        greedy_search(Learned(3), torch.tensor([[0]]), max_new_tokens=2),
        sample(Learned(3), torch.tensor([[0]]), max_new_tokens=2, rng=seeded()),
    ):
        assert not found.log_probability.requires_grad


def answering(logits):
    state = TableState(3)
    state.advance = lambda tokens: logits
    return state


ONE = torch.tensor([[1, 2]])
BAD_INPUT = [
    ({"prompts": [[1]]}, TypeError, r"prompts must be a torch.Tensor, got list"),
    ({"prompts": ONE.int()}, TypeError, "prompts must hold token ids of dtype int64, got.*int32"),
    ({"prompts": ONE[0]}, ValueError, r"prompts must have shape \[B, length\].*got \(2,\)"),
    ({"prompts": ONE[:, :0]}, ValueError, r"both at least 1, got \(1, 0\)"),
    ({"prompts": torch.tensor([[1, 5]])}, ValueError, r"prompts.*ids in 0\.\.4, got 1\.\.5"),
    ({"prompts": torch.tensor([[-1, 3]])}, ValueError, r"prompts.*ids in 0\.\.4, got -1\.\.3"),
    ({"prompt_lengths": [2]}, TypeError, r"prompt_lengths must be a torch.Tensor, got list"),
    (
        {"prompt_lengths": torch.tensor([2.0])},
        TypeError,
        r"prompt_lengths must have dtype int64, got torch.float32",
    ),
    (
        {"prompt_lengths": torch.tensor([2, 2])},
        ValueError,
        r"prompt_lengths must have shape \[B\] = \(1,\), got \(2,\)",
    ),
    (
        {"prompt_lengths": torch.tensor([0])},
        ValueError,
        r"prompt_lengths must lie in 1\.\.2, got 0\.\.0",
    ),
    (
        {"prompt_lengths": torch.tensor([3])},
        ValueError,
        r"prompt_lengths must lie in 1\.\.2, got 3\.\.3",
    ),
    ({"max_new_tokens": 0}, ValueError, "max_new_tokens must be at least 1, got 0"),
    ({"max_new_tokens": 1.0}, TypeError, "max_new_tokens must be an integer, got float"),
    ({"end": 5}, ValueError, r"end must be a token id in 0\.\.4, got 5"),
    ({"end": -1}, ValueError, "end must be at least 0, got -1"),
    ({"end": "x"}, TypeError, "end must be an integer, got str"),
    ({"padding": -1}, ValueError, "padding must be at least 0, got -1"),
    ({"padding": None}, TypeError, "padding must be an integer, got NoneType"),
    (
        {"state": answering(np.zeros((1, 5)))},
        TypeError,
        r"logits must be a torch.Tensor, got ndarray",
    ),
    (
        {"state": answering(torch.zeros(1, 5).long())},
        TypeError,
        "logits must have a floating dtype.*int64",
    ),
    (
        {"state": answering(torch.zeros(2, 5))},
        ValueError,
        r"logits must have shape \[R, V\] with R = 1 rows.*got \(2, 5\)",
    ),
    ({"state": answering(torch.zeros(1, 1, 5))}, ValueError, r"got \(1, 1, 5\)"),
    (
        {"state": answering(torch.zeros(1, 0))},
        ValueError,
        r"R = 1 rows and at least one token, got \(1, 0\)",
    ),
    (
        {"state": answering(torch.tensor([[0, torch.nan, 1, 1, 1]]))},
        ValueError,
        "logits must be finite, or -inf for a token that may not follow, and leave one that may; "
        "got NaN in row 0 of the state",
    ),
    (
        {"state": answering(torch.tensor([[0, torch.inf, 1, 1, 1]]))},
        ValueError,
        r"got \+inf in row 0",
    ),
    (
        {"state": answering(torch.full((1, 5), -torch.inf))},
        ValueError,
        "got -inf for every token in row 0",
    ),
]


@pytest.mark.parametrize(("change", "error", "message"), BAD_INPUT)
@pytest.mark.parametrize("search", [greedy_search, sample])
def test_bad_input_is_named(search, change, error, message):
    options = {"state": TableState(5), "prompts": ONE, "max_new_tokens": 2} | change
    if search is sample:
        options["rng"] = seeded()
    with pytest.raises(error, match=message):
        search(options.pop("state"), options.pop("prompts"), **options)


def test_the_row_of_bad_logits_is_named():
    logits = torch.zeros(3, 5)
    logits[2, 1] = torch.nan
    with pytest.raises(ValueError, match="got NaN in row 2 of the state"):
        greedy_search(answering(logits), torch.ones(3, 1).long(), max_new_tokens=1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rng": None}, TypeError, r"rng must be a torch.Generator, got NoneType"),
        ({"temperature": 0}, ValueError, "temperature must be greater than 0, got 0"),
        ({"temperature": "x"}, TypeError, "temperature must be a real number, got str"),
        ({"top_k": 0}, ValueError, "top_k must be at least 1, got 0"),
        ({"top_k": 6}, ValueError, "top_k must be at most the 5 tokens there are, got 6"),
        ({"top_k": 1.5}, TypeError, "top_k must be an integer, got float"),
        ({"top_p": 0}, ValueError, r"top_p must lie in \(0, 1\], got 0"),
        ({"top_p": 1.1}, ValueError, r"top_p must lie in \(0, 1\], got 1.1"),
    ],
)
def test_sampling_names_bad_options(options, error, message):
    state = TableState(5)
    with pytest.raises(error, match=message):
        sample(state, ONE, **{"max_new_tokens": 2, "rng": seeded()} | options)
    assert len(state.fed) == (options.get("top_k") == 6)  # judged before anything is computed
