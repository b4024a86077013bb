"""The study of searches: exact search against all outputs, and what is stored."""

import json
from itertools import product

import pytest
import torch

from attention_book.studies import RESULTS
from attention_lib.data.tokens import EOS, PAD, SOS
from attention_lib.modules import Transformer
from attention_lib.training import seeded

LONGEST = 3


@pytest.fixture(scope="module")
def stored():
    return json.loads((RESULTS / "beam_width.json").read_text())["results"]


@pytest.fixture
def study(load):
    return load("beam_width")


def total_of(model, source, tokens):
    fed = torch.tensor([[SOS, *tokens[:-1]]])
    with torch.no_grad():
        gains = model(source[None], torch.tensor([len(source)]), fed).log_softmax(-1)[0]
    return gains[range(len(tokens)), list(tokens)].sum().item()


def small(seed):
    with seeded(seed):
        return Transformer(7, 5, d_model=8, n_heads=2, n_layers=1, d_ff=8).eval()


def test_exact_search_says_when_too_many_are_open(study):
    settings = {"max_words": LONGEST, "most_open": 1}
    assert study.likeliest(small(0), torch.tensor([4, 5, 6]), -100.0, settings) is None


@pytest.mark.parametrize("seed", range(3))
def test_exact_search_finds_the_likeliest_of_all_outputs(study, seed):
    model = small(seed)
    source = torch.tensor([4, 5, 6])
    others = [token for token in range(5) if token != EOS]
    outputs = [(*words, EOS) for size in range(LONGEST) for words in product(others, repeat=size)]
    totals = {one: total_of(model, source, one) for one in outputs}
    settings = {"max_words": LONGEST, "most_open": 1000}
    tokens, total, _ = study.likeliest(model, source, min(totals.values()), settings)
    assert tuple(tokens) == max(totals, key=totals.get)
    assert total == pytest.approx(max(totals.values()), abs=1e-4)


def test_runs_that_repeat_by_hand(study):
    assert study.repeated([5, 6, 7, 5, 6, 7]) == (1, 4)
    assert study.repeated([5, 5, 5, 5]) == (1, 2)
    assert study.repeated([5, 6]) == (0, 0)


def test_words_of_a_row_end_before_its_end(study):
    assert study.words_of(torch.tensor([5, 6, EOS, PAD, PAD])) == [5, 6]
    assert study.words_of(torch.tensor([EOS, PAD])) == []
    assert study.words_of(torch.tensor([5, 6])) == [5, 6]


def test_words_in_common_count_each_once(study):
    assert study.in_common([5, 5, 6], [5, 7, 6]) == 2
    assert study.in_common([], [5]) == 0


def test_every_sentence_was_searched_to_the_end(stored):
    (mode,) = stored["mode"]
    assert mode["certain"] == mode["searched"] == 500
    pairs = zip(mode["log_probability"], mode["empty_log_probability"], strict=True)
    assert all(best >= empty for best, empty in pairs)


def test_no_beam_is_likelier_than_the_likeliest(stored):
    (mode,) = stored["mode"]
    best = sum(mode["log_probability"]) / 500
    assert all(run["log_probability"] <= best + 1e-3 for run in stored["beam"])
