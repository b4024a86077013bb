"""Beam search against all sequences there are and against a loop over lists."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.generation import Generated, Hypotheses, beam_search, greedy_search
from tests.helpers.table_state import TableState, all_endings, beam_loop, log_probability, penalised

END = 2
PROMPTS = torch.tensor([[1, 2, 0, 2, 1], [2, 9, 9, 9, 9], [0, 1, 2, -7, 9]])
LENGTHS = torch.tensor([5, 1, 3])
UNEVEN = {"prompt_lengths": LENGTHS}
ONE = torch.tensor([[1, 0]])


def prompt(row):
    return PROMPTS[row, : LENGTHS[row]].tolist()


def written(found, row, place):
    return found.tokens[row, place, : found.lengths[row, place]].tolist()


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 3.0])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("most", [1, 2, 4])
def test_as_wide_as_all_sequences_it_finds_the_best_of_all(alpha, seed, most):
    state = TableState(3, seed=seed)
    width = 3**most
    found = beam_search(
        state,
        PROMPTS,
        beam_width=width,
        max_new_tokens=most,
        length_penalty=alpha,
        n_best=width,
        end=END,
        **UNEVEN,
    )
    for row in range(3):
        endings = all_endings(state, prompt(row), most=most, end=END)
        ranked = sorted(
            ((penalised(total, len(tokens), alpha), total, tokens) for total, tokens in endings),
            key=lambda one: -one[0],
        )
        there = len(ranked)
        assert_allclose(found.score[row, :there], [one[0] for one in ranked], rtol=1e-12)
        assert_allclose(found.log_probability[row, :there], [one[1] for one in ranked], rtol=1e-12)
        assert [tuple(written(found, row, n)) for n in range(there)] == [one[2] for one in ranked]
        assert_array_equal(found.lengths[row, there:], 0)
        assert_array_equal(found.tokens[row, there:], 0)
        assert_array_equal(found.score[row, there:], -np.inf)
        assert_array_equal(found.log_probability[row, there:], -np.inf)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 3.0])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("end", [END, None])
@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_every_width_equals_the_loop_that_never_stops_early(alpha, seed, end, width):
    state = TableState(4, seed=seed)
    options = {"beam_width": width, "max_new_tokens": 5, "end": end, "length_penalty": alpha}
    found = beam_search(state, PROMPTS, n_best=width, **options, **UNEVEN)
    best = beam_search(TableState(4, seed=seed), PROMPTS, **options, **UNEVEN)
    assert isinstance(found, Hypotheses)
    assert isinstance(best, Generated)
    for row in range(3):
        expected = beam_loop(state, prompt(row), width=width, most=5, end=end, alpha=alpha)[:width]
        for place, (score, total, tokens) in enumerate(expected):
            assert written(found, row, place) == tokens
            assert_allclose(found.score[row, place], score, rtol=1e-12)
            assert_allclose(found.log_probability[row, place], total, rtol=1e-12)
        assert_array_equal(found.lengths[row, len(expected) :], 0)
        assert best.tokens[row, : best.lengths[row]].tolist() == expected[0][2]
        assert_array_equal(best.tokens[row, best.lengths[row] :], 0)
        assert_allclose(best.log_probability[row], expected[0][1], rtol=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 2.0])
@pytest.mark.parametrize("seed", range(6))
def test_one_beam_is_greedy(alpha, seed):
    options = {"max_new_tokens": 5, "end": END, "padding": 1, **UNEVEN}
    greedy = greedy_search(TableState(4, seed=seed), PROMPTS, **options)
    beam = beam_search(
        TableState(4, seed=seed), PROMPTS, beam_width=1, length_penalty=alpha, **options
    )
    for ours, expected in zip(beam, greedy, strict=True):
        assert ours.dtype == expected.dtype
        assert_array_equal(ours, expected)


@pytest.mark.parametrize("seed", range(4))
def test_each_row_is_what_it_is_alone(seed):
    options = {"beam_width": 3, "max_new_tokens": 5, "end": END, "n_best": 3}
    together = beam_search(TableState(4, seed=seed), PROMPTS, **options, **UNEVEN)
    for row in range(3):
        alone = beam_search(TableState(4, seed=seed), torch.tensor([prompt(row)]), **options)
        for place in range(3):
            assert written(together, row, place) == written(alone, 0, place)
        assert_array_equal(together.score[row], alone.score[0])


def log(*probabilities):
    with np.errstate(divide="ignore"):
        return np.log(np.array(probabilities))


GARDEN_PATH = {
    (0,): log(0.5, 0.4, 0.1),
    (0, 0): log(0.4, 0.3, 0.3),
    (0, 1): log(0.05, 0.05, 0.9),
    (0, 2): log(0.4, 0.3, 0.3),
}


def test_two_beams_find_what_greedy_misses():
    """The first step prefers token 0, yet the likeliest pair is 1, 2."""
    state = TableState(3, logits=GARDEN_PATH)
    start = torch.tensor([[0]])
    greedy = greedy_search(state, start, max_new_tokens=2)
    assert greedy.tokens.tolist() == [[0, 0]]
    assert_allclose(greedy.log_probability.exp(), [0.2])
    found = beam_search(
        TableState(3, logits=GARDEN_PATH), start, beam_width=2, max_new_tokens=2, n_best=2
    )
    assert found.tokens.tolist() == [[[1, 2], [0, 0]]]
    assert_allclose(found.log_probability.exp(), [[0.36, 0.2]])
    assert_array_equal(found.score, found.log_probability)


SHORT_OR_LONG = {
    (0,): log(0.0, 0.6, 0.4),
    (0, 1): log(0.0, 0.6, 0.4),
    (0, 1, 1): log(0.0, 0.01, 0.99),
}


@pytest.mark.parametrize(
    ("alpha", "expected"), [(0.0, [2]), (0.25, [2]), (1.0, [1, 1, 2]), (4.0, [1, 1, 2])]
)
def test_the_length_penalty_of_wu_favours_the_longer(alpha, expected):
    """P = 0.4 at length 1 against 0.6 * 0.6 * 0.99 at length 3."""
    state = TableState(3, logits=SHORT_OR_LONG)
    found = beam_search(
        state,
        torch.tensor([[0]]),
        beam_width=2,
        max_new_tokens=3,
        end=2,
        length_penalty=alpha,
        n_best=2,
    )
    assert written(found, 0, 0) == expected
    long, short = np.log(0.6 * 0.6 * 0.99) / (8 / 6) ** alpha, np.log(0.4)
    assert_allclose(found.score[0, 0], max(long, short), rtol=1e-12)


def test_it_stops_when_nothing_open_can_win_and_not_before():
    """With alpha = 0 the finished one cannot be beaten; with a penalty it still can."""
    logits = {(0,): log(0.1, 0.3, 0.6), (0, 1): log(0.0, 1.0, 0.0), (0, 0): log(0.5, 0.25, 0.25)}
    logits |= {(0, 1, 1): log(0.0, 1.0, 0.0), (0, 1, 1, 1): log(0.0, 1.0, 0.0)}

    def steps(**options):
        state = TableState(3, logits=logits)
        found = beam_search(
            state, torch.tensor([[0]]), beam_width=2, max_new_tokens=4, end=2, **options
        )
        return len(state.fed), found

    count, found = steps()
    assert count == 1
    assert found.tokens.tolist() == [[2]]
    count, found = steps(length_penalty=2.5)  # log 0.3 / (9 / 6) ** 2.5 > log 0.6
    assert count == 4
    assert found.tokens.tolist() == [[1, 1, 1, 1]]
    count, found = steps(length_penalty=2.0)  # log 0.3 / (9 / 6) ** 2 < log 0.6
    assert count == 1
    count, found = steps(n_best=2)  # the second best is still to be found
    assert count == 4
    assert written(found, 0, 1) == [1, 1, 1, 1]


def test_a_prompt_that_is_settled_leaves_the_state():
    logits = {(0,): log(0.1, 0.2, 0.7), (1,): log(0.8, 0.15, 0.05)}
    logits |= {(1, 0): log(0.5, 0.4, 0.1), (1, 1): log(0.5, 0.3, 0.2)}
    state = TableState(3, logits=logits)
    found = beam_search(
        state, torch.tensor([[0], [1]]), beam_width=2, max_new_tokens=2, end=2, padding=1
    )
    assert state.fed == [[[0], [1]], [[0], [1]]]
    assert state.reordered == [[1, 1]]
    assert found.tokens.tolist() == [[2, 1], [0, 0]]


def test_a_prompt_that_is_being_read_is_one_beam_and_costs_nothing():
    state = TableState(3, seed=1)
    options = {"beam_width": 2, "max_new_tokens": 1, "n_best": 2}
    prompts, lengths = torch.tensor([[0, 1, 2], [2, 0, 0]]), torch.tensor([3, 1])
    found = beam_search(state, prompts, prompt_lengths=lengths, **options)
    assert state.fed == [[[0], [2]], [[1]], [[2]]]
    for row, text in enumerate(([0, 1, 2], [2])):
        for place in range(2):
            total = log_probability(state, text, written(found, row, place))
            assert_allclose(found.log_probability[row, place], total, rtol=1e-12)


def test_of_equal_candidates_the_smaller_tokens_of_the_earlier_beam_come_first():
    found = beam_search(state_of_zeros(), ONE, beam_width=3, max_new_tokens=2, n_best=3)
    assert found.tokens.tolist() == [[[0, 0], [0, 1], [0, 2]]]
    ended = beam_search(state_of_zeros(), ONE, beam_width=5, max_new_tokens=1, end=4, n_best=5)
    assert ended.tokens.tolist() == [[[0], [1], [2], [3], [4]]]


def state_of_zeros():
    state = TableState(5)
    state.row = lambda sequence: np.zeros(5)
    return state


def test_of_equal_candidates_the_extension_of_the_better_beginning_comes_first():
    """1, 0 and 0, 0 have P = 1/8; 1 is the likelier beginning."""
    logits = {
        (0,): log(0.25, 0.5, 0.25),
        (0, 0): log(0.5, 0.25, 0.25),
        (0, 1): log(0.25, 0.5, 0.25),
    }
    state = TableState(3, logits=logits)
    found = beam_search(state, torch.tensor([[0]]), beam_width=2, max_new_tokens=2, n_best=2)
    assert found.tokens.tolist() == [[[1, 1], [1, 0]]]


def test_of_equal_scores_the_one_that_was_finished_first_wins():
    """P = 1/2 at length 1, and 1/2 * 1 at length 2."""
    logits = {(0,): log(0.0, 0.5, 0.5), (0, 1): log(0.0, 1.0, 0.0)}
    state = TableState(3, logits=logits)
    found = beam_search(state, torch.tensor([[0]]), beam_width=2, max_new_tokens=2, end=2, n_best=2)
    assert found.tokens.tolist() == [[[2, 0], [1, 1]]]
    assert found.lengths.tolist() == [[1, 2]]
    state = TableState(3, logits=logits)
    beam_search(state, torch.tensor([[0]]), beam_width=2, max_new_tokens=2, end=2)
    assert len(state.fed) == 1  # what can only draw level cannot win


def test_a_token_of_minus_infinity_is_never_part_of_a_hypothesis():
    state = TableState(3, logits={(0,): log(0.0, 1.0, 0.0), (0, 1): log(0.5, 0.0, 0.5)})
    found = beam_search(state, torch.tensor([[0]]), beam_width=3, max_new_tokens=2, n_best=3)
    assert found.tokens.tolist() == [[[1, 0], [1, 2], [0, 0]]]
    assert found.lengths.tolist() == [[2, 2, 0]]
    assert_allclose(found.score, [[np.log(0.5), np.log(0.5), -np.inf]])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_log_probabilities_are_float32_at_least_and_scores_float64(dtype):
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    options = {"beam_width": 3, "max_new_tokens": 4, "n_best": 1, "length_penalty": 0.6}
    found = beam_search(TableState(5, dtype=dtype), ONE, **options)
    exact = beam_search(TableState(5), ONE, **options)
    assert (found.score.dtype, found.log_probability.dtype) == (torch.float64, wide)
    tolerance = {torch.float16: 1e-2, torch.bfloat16: 5e-2}.get(dtype, 1e-5)
    assert_allclose(found.score, exact.score, rtol=tolerance)


def test_no_gradient_is_recorded():
    weight = torch.ones(3, requires_grad=True)
    state = TableState(3)
    state.reorder = lambda rows: None
    state.advance = lambda tokens: (weight * torch.arange(3)).expand(len(tokens), 3)
    found = beam_search(state, ONE, beam_width=2, max_new_tokens=2)
    assert not found.log_probability.requires_grad


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"beam_width": 0}, ValueError, "beam_width must be at least 1, got 0"),
        ({"beam_width": 2.0}, TypeError, "beam_width must be an integer, got float"),
        ({"n_best": 0}, ValueError, "n_best must be at least 1, got 0"),
        ({"n_best": 3}, ValueError, "n_best must be at most beam_width = 2, got 3"),
        ({"n_best": True}, TypeError, "n_best must be an integer, got bool"),
        ({"length_penalty": -0.5}, ValueError, r"length_penalty must be at least 0, got -0.5"),
        ({"length_penalty": "x"}, TypeError, "length_penalty must be a real number, got str"),
        ({"max_new_tokens": 0}, ValueError, "max_new_tokens must be at least 1, got 0"),
        ({"end": 5}, ValueError, r"end must be a token id in 0\.\.4, got 5"),
        ({"padding": -1}, ValueError, "padding must be at least 0, got -1"),
        (
            {"prompt_lengths": torch.tensor([0])},
            ValueError,
            r"prompt_lengths must lie in 1\.\.2, got 0\.\.0",
        ),
        ({"prompts": torch.tensor([[1, 5]])}, ValueError, r"prompts.*ids in 0\.\.4, got 1\.\.5"),
        ({"prompts": ONE.float()}, TypeError, "prompts must hold token ids of dtype int64"),
    ],
)
def test_bad_input_is_named(change, error, message):
    options = {"prompts": ONE, "beam_width": 2, "max_new_tokens": 2} | change
    with pytest.raises(error, match=message):
        beam_search(TableState(5), options.pop("prompts"), **options)


def test_bad_logits_are_named():
    state = TableState(3)
    state.advance = lambda tokens: torch.tensor([[0, torch.nan, 1]])
    with pytest.raises(ValueError, match="got NaN in row 0 of the state"):
        beam_search(state, ONE, beam_width=2, max_new_tokens=2)
    state.advance = lambda tokens: torch.zeros(1, 3)  # one row, however many beams there are
    state.reorder = lambda rows: None
    with pytest.raises(ValueError, match=r"R = 2 rows.*got \(1, 3\)"):
        beam_search(state, ONE, beam_width=2, max_new_tokens=2)


@pytest.mark.parametrize("length_penalty", [1.0, 20.0, 150.0])
def test_scores_stay_finite_and_in_order_under_a_large_penalty(length_penalty):
    options = {"beam_width": 3, "max_new_tokens": 61, "n_best": 3}
    found = beam_search(TableState(5), ONE, length_penalty=length_penalty, **options)
    logarithm = torch.log(-found.log_probability.double())
    logarithm -= length_penalty * torch.log((5 + found.lengths.double()) / 6)
    assert found.score.isfinite().all()
    assert (found.score < 0).all()
    assert_allclose(torch.log(-found.score), logarithm, rtol=1e-9)
    assert (found.score.diff() <= 0).all()


@pytest.mark.parametrize("length_penalty", [1000, 1e300])
def test_a_penalty_beyond_the_floats_is_named_before_the_search(length_penalty):
    state = TableState(5)
    message = r"length_penalty must be at most 155 for max_new_tokens = 512, got 1"
    with pytest.raises(ValueError, match=message):
        beam_search(state, ONE, beam_width=2, max_new_tokens=512, length_penalty=length_penalty)
    beam_search(state, ONE, beam_width=2, max_new_tokens=1, length_penalty=length_penalty)


def test_what_is_no_state_is_named():
    for state in (None, TableState):
        with pytest.raises(TypeError, match="state must be a DecodingState"):
            beam_search(state, ONE, beam_width=2, max_new_tokens=1)
