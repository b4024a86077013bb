"""How the study of recall draws and reads, and what the page on the state says of its results."""

import numpy as np
import pytest
import torch

from attention_book.studies import load as load_study
from attention_lib.training import seeded


@pytest.fixture
def state_recall(load):
    return load("state_recall")


@pytest.fixture(scope="module")
def study():
    return load_study("state_recall")


def right(study, task, memory):
    """[seeds, sizes] at the better of the learning rates."""
    found = [
        study.values("right", task=task, memory=memory, rate=rate)
        for rate in study.settings["rates"]
    ]
    return max(found, key=np.mean)


def test_the_letter_wanted_is_the_last_one_written_under_the_name(state_recall):
    names, letters, asked, wanted = state_recall.draw([3, 4], state_recall.FULL, 20, seed=1)
    assert names.shape == letters.shape == (20, 12)
    assert asked.shape == wanted.shape == (20, 3)
    for row in range(20):
        written = list(zip(names[row].tolist(), letters[row].tolist(), strict=True))
        last = dict(written)  # a later entry replaces an earlier one
        assert [last[name] for name in asked[row].tolist()] == wanted[row].tolist()
        assert sorted(names[row].tolist()) == sorted(asked[row].tolist() * 4)


def test_each_name_is_written_once_where_it_says_so(state_recall):
    names, *_ = state_recall.draw([32, 1], state_recall.FULL, 5, seed=2)
    assert all(len(set(row)) == 32 for row in names.tolist())


def test_only_some_memories_know_the_order(state_recall):
    ordered = {"softmax, recent", "one decay", "gated decay", "delta rule"}
    for memory in state_recall.FULL["memories"]:
        with seeded(3):
            model = state_recall.Recall(memory, state_recall.TINY)
        names, letters, asked, _ = state_recall.draw([4, 2], state_recall.TINY, 3, seed=3)
        with torch.no_grad():
            one, other = model(names, letters, asked), model(names.flip(1), letters.flip(1), asked)
        assert torch.allclose(one, other, atol=1e-5) == (memory not in ordered), memory


def test_a_share_of_right_letters_is_a_share_of_the_letters_asked(study):
    for run in study.runs:
        asked = [
            study.settings["test"] * names for names, _ in study.settings["tasks"][run["task"]]
        ]
        for share, n in zip(run["right"], asked, strict=True):
            assert 0 <= share <= 1
            assert round(share, 4) == pytest.approx(round(share * n) / n, abs=6e-5)


def test_written_again_the_memories_without_order_guess(study):
    for memory in ("softmax", "elu + 1", "plain sum"):
        assert right(study, "again", memory)[:, -1].max() < 0.3
    assert right(study, "again", "delta rule").min() > 0.95


def test_written_once_the_delta_rule_is_no_better_than_the_plain_sum(study):
    delta, plain, elu = (
        right(study, "once", memory)[:, -1] for memory in ("delta rule", "plain sum", "elu + 1")
    )
    assert abs(delta.mean() - plain.mean()) < 0.05
    assert elu.max() < plain.min()
