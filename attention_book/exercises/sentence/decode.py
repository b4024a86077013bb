"""The greedy decoder loop."""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem
from attention_book.exercises.words import describe

exercise = Exercise(__name__, __doc__, difficulty=2, minutes=15)


def expect_tokens(tokens, expected):
    tokens = tokens.tolist() if hasattr(tokens, "tolist") else tokens
    if not isinstance(tokens, (list, tuple)):
        raise Problem(
            f"your function should return a list of tokens, but returns {describe(tokens)}"
        )
    try:
        tokens = [int(token) for token in tokens]
    except (TypeError, ValueError, OverflowError) as error:
        raise Problem("your list should hold tokens, which are whole numbers") from error
    if any(abs(token) > 999 for token in tokens):
        raise Problem("your list should hold tokens, which are small whole numbers here")
    if tokens != expected:
        raise Problem(f"your loop writes {tokens}, where {expected} is right")


def guarded(step, limit):
    """`step`, which may be called so many times."""
    calls = []

    def counted(token, state):
        calls.append(token)
        if len(calls) > limit:
            raise Problem(
                f"your loop does not stop: it has called step {limit + 1} times, "
                f"where {limit} are enough"
            )
        return step(token, state)

    return counted


def scripted(script, limit, seen):
    """A guarded step whose best tokens are those of the script; it notes what it is fed."""

    def step(token, state):
        seen.append((int(token), state))
        return np.where(np.arange(5) == script[state], 2.0, 0.0), state + 1

    return guarded(step, limit)


def step_of_words(token, state):
    """A step whose states are words, whose start token is 4 and whose scores are negative."""
    if not isinstance(state, str):
        raise Problem("your loop does not hand the first state to step, which it is given")
    if state == "first" and int(token) != 4:
        raise Problem(f"your loop feeds {int(token)} first, where the start token it is given is 4")
    best, new_state = {"first": (1, "second"), "second": (0, "third"), "third": (3, "third")}[state]
    return np.where(np.arange(5) == best, -2.0, -np.arange(5, 10.0)), new_state


@exercise.behaviour("it writes the best token of each step and stops before the end token")
def _(answer):
    expect_tokens(answer(scripted([3, 4, 2, 1, 3], 4, []), 0, 0, 1, 11), [3, 4, 2])


@exercise.behaviour("it feeds back the token and the state")
def _(answer):
    seen = []
    answer(scripted([3, 4, 2, 1], 4, seen), 0, 0, 1, 11)
    fed, states = [token for token, _ in seen], [state for _, state in seen]
    if fed != [0, 3, 4, 2]:
        raise Problem(
            f"your loop feeds the tokens {fed} to step: it should feed the start token, "
            "then what it has written"
        )
    if states != [0, 1, 2, 3]:
        raise Problem(
            f"your loop hands the states {states} to step: each call gets the state "
            "that the last one returned"
        )
    expect_tokens(answer(guarded(step_of_words, 3), "first", 4, 3, 11), [1, 0])


@exercise.behaviour("it never takes more than max_steps steps")
def _(answer):
    for steps in (3, 1):
        step = scripted([2, 3, 4, 2, 3, 4, 1], steps, [])
        expect_tokens(answer(step, 0, 0, 1, steps), [2, 3, 4][:steps])


@exercise.behaviour("it writes nothing if the end token comes first")
def _(answer):
    expect_tokens(answer(scripted([1, 3], 1, []), 0, 0, 1, 7), [])


def variant(
    stop=True, feed=True, carry=True, keep_end=False, pick=np.argmax, extra=0, first=False, **fixed
):
    def decode(step, state, start, end, max_steps):
        given = {"state": state, "start": start, "end": end} | fixed
        state, start, end = given["state"], given["start"], given["end"]
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


def largest_without_sign(scores):
    return np.argmax(np.abs(scores))


NO_STOP, WRITES = "does not stop", "your loop writes"
exercise.mutant("does not look for the end token", variant(stop=False), NO_STOP)
exercise.mutant("feeds the start token each time", variant(feed=False), "what it has written")
exercise.mutant("keeps the first state", variant(carry=False), NO_STOP)
exercise.mutant("writes the end token too", variant(keep_end=True), WRITES)
exercise.mutant("takes the worst token", variant(pick=np.argmin), NO_STOP)
exercise.mutant("takes one step too many", variant(extra=1), NO_STOP)
exercise.mutant("writes the start token too", variant(first=True), WRITES)
exercise.mutant("writes the start token's id by hand", variant(start=0), "feeds 0 first")
exercise.mutant("writes the end token's id by hand", variant(end=1), WRITES)
exercise.mutant("begins with a state of its own", variant(state=0), "first state")
exercise.mutant(
    "takes the score that is largest without its sign", variant(pick=largest_without_sign), NO_STOP
)
