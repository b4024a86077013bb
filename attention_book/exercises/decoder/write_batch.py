"""Greedy decoding of a batch whose rows end at different times."""

import numpy as np

from attention_book.exercises.exercise import Exercise
from attention_book.exercises.expect import Problem, expect_array
from attention_book.exercises.words import describe

exercise = Exercise(__name__, __doc__, difficulty=3, minutes=15)
PAD, START, END, V = 0, 1, 2, 9
SCRIPTS = [[5, 7, 3, END], [END], [8, 6, END], [4, 3, 5, 6, 7, END]]


class Model:
    """next_scores of a model that writes scripts, one for each source; it judges what it is fed."""

    def __init__(self, scripts, *, start=START, end=END, lift=0.0):
        self.scripts, self.start, self.end, self.lift = scripts, start, end, lift
        self.source = np.arange(10, 10 + len(scripts))[:, None] * np.ones(3, dtype=int)
        self.calls = 0

    def __call__(self, source, written):
        source, written = np.asarray(source), np.asarray(written)
        self.calls += 1
        if self.calls > 12:
            raise Problem("your loop does not stop: it asks for scores again when all is written")
        if source.shape != self.source.shape or (source != self.source).any():
            raise Problem("your loop hands something else than the source as the source")
        if written.ndim != 2 or len(written) != len(source):
            raise Problem(
                f"your loop hands {describe(written)} as what is written: it should have a row "
                "for each source"
            )
        if (written[:, :1] != self.start).any():
            raise Problem("your loop should hand the rows from the start token on")
        return self._scores(written[:, 1:])

    def _scores(self, written):
        scores = np.zeros((len(written), V)) + self.lift
        for k, row in enumerate(written.tolist()):
            script = self.scripts[k]
            done = self.end in row
            if not done and row != script[: len(row)]:
                raise Problem(
                    f"your loop hands row {k} as {row} after the start token, where "
                    f"{script[: len(row)]} was written: each step is fed all that stands there"
                )
            follows = 3 if done or len(row) >= len(script) else script[len(row)]
            scores[k, follows] += 2.0
        return scores


def wanted(scripts, steps, end=END, padding=PAD):
    n = min(steps, max(map(len, scripts)))
    return [(one + n * [padding])[:n] for one in scripts]


def judge(answer, model, *, steps=10, start=START, end=END, padding=PAD):
    given = answer(model, model.source, start, end, padding, steps)
    expected = np.array(wanted(model.scripts, steps, end, padding))
    ids = expect_array(given, expected.shape, what="ids", axes=("batch", "step"))
    wrong = np.argwhere(ids != expected)
    if len(wrong):
        k, t = wrong[0].tolist()
        written = expected[k].tolist()
        raise Problem(f"row {k} is wrong from step {t} on, where {written} is right")


@exercise.behaviour("one row is written up to its end token, which is kept")
def _(answer):
    judge(answer, Model(SCRIPTS[:1]))


@exercise.behaviour("rows that have ended are filled with padding while others go on")
def _(answer):
    judge(answer, Model(SCRIPTS))


@exercise.behaviour("it never takes more than max_steps steps")
def _(answer):
    for steps in (4, 1):
        judge(answer, Model(SCRIPTS), steps=steps)


@exercise.behaviour("start, end and padding are the ids handed in, and scores may be negative")
def _(answer):
    scripts = [[2, 1, 4], [6, 4]]
    judge(answer, Model(scripts, start=7, end=4, lift=-9.0), start=7, end=4, padding=8)


def variant(
    *, stop="all", fill=True, feed="all", pick=np.argmax, extra=0, first=False, keep=True, **fixed
):
    def write(next_scores, source, start, end, padding, max_steps):
        ids = {"start": start, "end": end, "padding": padding} | fixed
        written = np.full((len(source), 1), ids["start"])
        ended = np.zeros(len(source), dtype=bool)
        for _ in range(max_steps + extra):
            fed = {"all": written, "last": written[:, -1:], "source": source}[feed]
            best = pick(next_scores(source, fed), axis=-1)
            best = np.where(ended, ids["padding"], best) if fill else best
            if not keep:
                best = np.where(best == ids["end"], ids["padding"], best)
                ended |= best == ids["padding"]
            else:
                ended |= best == ids["end"]
            written = np.column_stack([written, best])
            if stop != "never" and getattr(ended, stop)():
                break
        return written if first else written[:, 1:]

    return write


exercise.right = variant()
exercise.mutant("does not look for the end token", variant(stop="never"), "shape")
exercise.mutant("stops when the first row has ended", variant(stop="any"), "shape")
exercise.mutant("goes on writing in a row that has ended", variant(fill=False), "row 0 is wrong")
exercise.mutant("feeds the last token alone", variant(feed="last"), "from the start token on")
exercise.mutant("feeds the source", variant(feed="source"), "from the start token on")
exercise.mutant("takes one step too many", variant(extra=1), "shape")
exercise.mutant("keeps the start token", variant(first=True), "shape")
exercise.mutant("drops the end token", variant(keep=False), "row 0 is wrong")
exercise.mutant("takes the worst token", variant(pick=np.argmin), "was written")
exercise.mutant("writes the padding id by hand", variant(padding=0), "row 1 is wrong")
exercise.mutant("writes the end token's id by hand", variant(end=2), "was written")
