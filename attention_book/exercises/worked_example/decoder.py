"""One step of an LSTM cell, and the greedy loop."""

from __future__ import annotations

import numpy as np

from attention_book.exercises.engine import (
    Behaviour,
    Candidate,
    Exercise,
    Mutant,
    Problem,
    expect_close,
    expect_tuple,
)
from attention_lib import reference


def _lstm_arguments(
    seed: int, batch: tuple[int, ...], width: int, hidden: int
) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(*batch, width)),
        rng.normal(size=(*batch, hidden)),
        rng.normal(size=(*batch, hidden)),
        rng.normal(size=(4 * hidden, width)),
        rng.normal(size=(4 * hidden, hidden)),
        rng.normal(size=4 * hidden),
    )


def _lstm_matches(answer: Candidate, arguments, because: str) -> None:
    inputs, hidden, cell, input_weight, hidden_weight, bias = arguments
    weights = {"input_weight": input_weight, "hidden_weight": hidden_weight, "input_bias": bias}
    expected = reference.lstm_cell(inputs, hidden, cell, **weights)
    new_hidden, new_cell = expect_tuple(answer(*arguments), ("hidden", "cell"))
    axes = ("batch", "unit")[-hidden.ndim :]
    expect_close(new_cell, expected[1], what="cell states", axes=axes, because=because)
    expect_close(
        new_hidden,
        expected[0],
        what="hidden states",
        axes=axes,
        because="output gate times tanh of the new cell state",
    )


def _lstm_of_one_sequence(answer: Candidate) -> None:
    for seed, width, hidden in [(51, 5, 3), (52, 2, 7)]:
        because = "it is f times the old one plus i times g, with the gates in the order i, f, g, o"
        _lstm_matches(answer, _lstm_arguments(seed, (), width, hidden), because)


def _lstm_of_a_batch(answer: Candidate) -> None:
    _lstm_matches(
        answer, _lstm_arguments(53, (5,), 3, 2), "every row of the batch is a sequence of its own"
    )


def _lstm_keeps_its_cell(answer: Candidate) -> None:
    inputs, hidden, cell, input_weight, hidden_weight, bias = _lstm_arguments(54, (), 3, 2)
    bias = np.concatenate([np.full(2, -60.0), np.full(2, 60.0), np.zeros(2), np.zeros(2)])
    arguments = (inputs, hidden, cell, 0 * input_weight, 0 * hidden_weight, bias)
    _lstm_matches(
        answer, arguments, "with the input gate shut and the forget gate open the cell state stays"
    )


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _lstm_variant(order="ifgo", squash=np.tanh, forget=True, output=np.tanh, use_bias=True):
    def step(inputs, hidden, cell, input_weight, hidden_weight, bias):
        total = inputs @ input_weight.T + hidden @ hidden_weight.T + (bias if use_bias else 0)
        parts = dict(zip(order, np.split(total, 4, axis=-1), strict=True))
        kept = _sigmoid(parts["f"]) * cell if forget else cell
        new_cell = kept + _sigmoid(parts["i"]) * squash(parts["g"])
        return _sigmoid(parts["o"]) * output(new_cell), new_cell

    return step


def _lstm_exchanged_returns(*arguments):
    return _lstm_variant()(*arguments)[::-1]


def _lstm_hidden_alone(*arguments):
    return np.asarray(_lstm_variant()(*arguments)[0])


LSTM_STEP = Exercise(
    name="worked_example.lstm_step",
    title="One step of an LSTM cell",
    difficulty=2,
    behaviours=[
        Behaviour("hidden and cell state of one sequence are right", _lstm_of_one_sequence),
        Behaviour("a batch of sequences works", _lstm_of_a_batch),
        Behaviour(
            "with the input gate shut and the forget gate open nothing is lost",
            _lstm_keeps_its_cell,
        ),
    ],
    mutants=[
        Mutant(
            _lstm_variant(order="ifog"), "gates read in the order i, f, o, g", says="i, f, g, o"
        ),
        Mutant(_lstm_variant(squash=_sigmoid), "sigmoid for the candidate", says="cell states"),
        Mutant(_lstm_variant(forget=False), "never forgets", says="cell states"),
        Mutant(_lstm_variant(output=lambda x: x), "no tanh on the way out", says="hidden states"),
        Mutant(_lstm_variant(use_bias=False), "forgets the bias", says="cell states"),
        Mutant(_lstm_exchanged_returns, "returns cell and hidden exchanged", says="cell states"),
        Mutant(_lstm_hidden_alone, "returns the hidden state alone", says="2 things"),
    ],
)


def _scripted_step(script: list[int], vocabulary: int, seen: list):
    def step(token, state):
        seen.append((int(token), state))
        scores = np.zeros(vocabulary)
        scores[script[state]] = 2.0
        return scores, state + 1

    return step


def _expect_tokens(tokens, expected: list[int]) -> None:
    tokens = tokens.tolist() if hasattr(tokens, "tolist") else tokens
    if not isinstance(tokens, (list, tuple)):
        raise Problem(
            f"your function should return a list of tokens, but returns a {type(tokens).__name__}"
        )
    try:
        tokens = [int(token) for token in tokens]
    except (TypeError, ValueError) as error:
        raise Problem("your list should hold tokens, which are whole numbers") from error
    if tokens != expected:
        raise Problem(f"your loop writes {tokens}, where {expected} is right")


def _guarded(step, limit: int):
    calls = []

    def guarded(token, state):
        calls.append(token)
        if len(calls) > limit:
            raise Problem(
                f"your loop does not stop: it has called step {limit + 1} times, "
                f"where {limit} are enough"
            )
        return step(token, state)

    return guarded


def _loop_writes_until_end(answer: Candidate) -> None:
    script, seen = [3, 4, 2, 1, 3], []
    tokens = answer(_guarded(_scripted_step(script, 5, seen), 4), 0, 0, 1, 11)
    _expect_tokens(tokens, [3, 4, 2])


def _loop_takes_what_it_is_given(answer: Candidate) -> None:
    def step(token, state):
        if not isinstance(state, str):
            raise Problem("your loop does not hand the first state to step, which it is given")
        if state == "first" and int(token) != 4:
            raise Problem(
                f"your loop feeds {int(token)} first, where the start token it is given is 4"
            )
        scores = -np.arange(5, 10.0)
        scores[{"first": 1, "second": 0, "third": 3}[state]] = -2.0
        return scores, {"first": "second", "second": "third", "third": "third"}[state]

    _expect_tokens(answer(_guarded(step, 3), "first", 4, 3, 11), [1, 0])


def _loop_feeds_back(answer: Candidate) -> None:
    seen: list = []
    answer(_guarded(_scripted_step([3, 4, 2, 1], 5, seen), 4), 0, 0, 1, 11)
    fed = [token for token, _ in seen]
    if fed != [0, 3, 4, 2]:
        raise Problem(
            f"your loop feeds the tokens {fed} to step: it should feed the start token, "
            "then what it has written"
        )
    states = [state for _, state in seen]
    if states != [0, 1, 2, 3]:
        raise Problem(
            f"your loop hands the states {states} to step: each call gets the state "
            "that the last one returned"
        )
    _loop_takes_what_it_is_given(answer)


def _loop_respects_the_limit(answer: Candidate) -> None:
    for max_steps in (3, 1):
        step = _guarded(_scripted_step([2, 3, 4, 2, 3, 4, 1], 5, []), max_steps)
        _expect_tokens(answer(step, 0, 0, 1, max_steps), [2, 3, 4][:max_steps])


def _loop_may_be_empty(answer: Candidate) -> None:
    _expect_tokens(answer(_guarded(_scripted_step([1, 3], 5, []), 1), 0, 0, 1, 7), [])


def _loop_variant(
    stop=True, feed=True, carry=True, keep_end=False, pick=np.argmax, extra=0, first=False
):
    def decode(step, state, start, end, max_steps):
        token, written = start, [start] if first else []
        for _ in range(max_steps + extra):
            scores, new_state = step(token, state)
            state = new_state if carry else state
            chosen = int(pick(scores))
            if stop and chosen == end:
                return [*written, end] if keep_end else written
            written.append(chosen)
            token = chosen if feed else start
        return written

    return decode


def _loop_fixed(**fixed):
    def decode(step, state, start, end, max_steps):
        given = {"step": step, "state": state, "start": start, "end": end, "max_steps": max_steps}
        return _loop_variant()(**(given | fixed))

    return decode


DECODE = Exercise(
    name="worked_example.decode",
    title="The greedy decoder loop",
    difficulty=2,
    behaviours=[
        Behaviour(
            "it writes the best token of each step and stops before the end token",
            _loop_writes_until_end,
        ),
        Behaviour("it feeds back the token and the state", _loop_feeds_back),
        Behaviour("it never takes more than max_steps steps", _loop_respects_the_limit),
        Behaviour("it writes nothing if the end token comes first", _loop_may_be_empty),
    ],
    mutants=[
        Mutant(_loop_variant(stop=False), "does not look for the end token", says="does not stop"),
        Mutant(
            _loop_variant(feed=False), "feeds the start token each time", says="what it has written"
        ),
        Mutant(_loop_variant(carry=False), "keeps the first state", says="does not stop"),
        Mutant(_loop_variant(keep_end=True), "writes the end token too", says="your loop writes"),
        Mutant(_loop_variant(pick=np.argmin), "takes the worst token", says="does not stop"),
        Mutant(_loop_variant(extra=1), "takes one step too many", says="does not stop"),
        Mutant(_loop_variant(first=True), "writes the start token too", says="your loop writes"),
        Mutant(_loop_fixed(start=0), "writes the start token's id by hand", says="feeds 0 first"),
        Mutant(_loop_fixed(end=1), "writes the end token's id by hand", says="your loop writes"),
        Mutant(_loop_fixed(state=0), "begins with a state of its own", says="first state"),
        Mutant(
            _loop_variant(pick=lambda scores: np.argmax(np.abs(scores))),
            "takes the score that is largest without its sign",
            says="does not stop",
        ),
    ],
)
