"""The texts and caches of the study on streams, and what its page says of what is stored."""

import numpy as np
import pytest
import torch

from attention_book.studies import load as load_study
from attention_lib.modules import LanguageModel
from attention_lib.training import seeded


@pytest.fixture
def streaming(load):
    return load("streaming")


@pytest.fixture(scope="module")
def study():
    return load_study("streaming")


def small_model():
    with seeded(0):
        sizes = {"d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 8}
        return LanguageModel(97, positions="rotary", **sizes).eval()


def test_after_some_letters_the_letter_before_comes_again(streaming):
    source = streaming.Copied(streaming.FULL)
    drawn = source.draw(20, seed=3)
    assert drawn.shape == (20, streaming.FULL["length"] + 1)
    copies = torch.isin(drawn[:, 1:-1], source.after)
    assert 0.1 < copies.float().mean() < 0.5
    assert (drawn[:, 2:] == drawn[:, :-2])[copies].all()
    assert not (drawn[:, 2:] == drawn[:, :-2])[~copies].all()
    assert source.characters[source.after[0]] == "t"


def test_the_letters_are_drawn_by_the_pairs_of_the_reviews(streaming):
    source = streaming.Copied(streaming.FULL)
    pairs = {tuple(pair) for pair in source.streams["train"].unfold(0, 2, 1).unique(dim=0).tolist()}
    drawn = source.draw(50, seed=4)
    free = ~torch.isin(drawn[:, :-1], source.after)
    met = torch.stack([drawn[:, :-1][free], drawn[:, 1:][free]], dim=1).tolist()
    assert all(tuple(pair) in pairs for pair in met)


def test_reviews_are_judged_on_another_split(streaming):
    source = streaming.Reviews(streaming.FULL)
    seen = "".join(source.characters[k] for k in source.streams["train"].tolist())
    piece = "".join(source.characters[k] for k in source.draw(2, streaming.MANY)[0].tolist())
    assert piece not in seen
    known = "".join(source.characters[k] for k in source.draw(2, 1)[0].tolist())
    assert known in seen


@pytest.mark.parametrize(("n_sinks", "moves"), [(0, False), (1, True)])
def test_a_cache_sees_the_newest_keys_and_the_sinks(streaming, n_sinks, moves):
    model, cache = small_model(), 4
    streaming.keep(model, cache, n_sinks)
    tokens = torch.arange(1, 11)[None]
    other = tokens.clone()
    other[0, 0] = 40
    assert (model(tokens)[0, -1] != model(other)[0, -1]).any() == moves
    oldest = tokens.clone()
    oldest[0, -cache + n_sinks] = 40  # still there
    assert (model(tokens)[0, -1] != model(oldest)[0, -1]).any()
    gone = tokens.clone()
    gone[0, -cache + n_sinks - 1] = 40
    assert torch.equal(model(tokens)[0, -1], model(gone)[0, -1])
    streaming.keep(model)
    assert (model(tokens)[0, -1] != model(gone)[0, -1]).any()


def test_read_anew_is_the_whole_as_long_as_nothing_has_left(streaming):
    model, tokens = small_model(), torch.arange(1, 13)[None] % 7
    tokens[0, 0] = streaming.START
    whole = streaming.each_loss(model, tokens)
    anew = streaming.read_anew(model, tokens, cache=6, way="start")
    torch.testing.assert_close(anew[:, :6], whole[:, :6])
    assert not torch.allclose(anew[:, 6:], whole[:, 6:])


def test_stored_runs_are_all_there(study, streaming):
    found = [(run["text"], run["way"], run["seed"]) for run in study.runs]
    assert found == [(*kind, seed) for kind in streaming.KINDS for seed in range(3)]
    for run in study.runs:
        assert all(len(losses) == study.settings["length"] for losses in run["losses"].values())


def test_stored_caches_agree_with_all_keys_until_the_first_key_leaves(study):
    cache = study.settings["cache"]
    for run in study.runs:
        whole = np.array(run["losses"]["full"])[:cache]
        for kind in ("0 sinks", "1 sinks", "4 sinks"):
            np.testing.assert_allclose(run["losses"][kind][:cache], whole, atol=1e-3)
