"""What the stored study of speculative decoding has to hold, and the draft that it kept."""

import json

import numpy as np
import torch

from attention_book import studies
from attention_book.studies import RESULTS
from attention_lib.data.tokeniser_training import translation_tokenisers
from attention_lib.modules import Transformer


def stored():
    return json.loads((RESULTS / "speculative.json").read_text())


def test_three_drafts_at_every_length_and_temperature():
    found = {}
    for row in stored()["results"]["agreement"]:
        found.setdefault((row["temperature"], row["draft_length"]), set()).add(row["seed"])
    lengths = stored()["settings"]["draft_lengths"]
    assert set(found) == {(heat, k) for heat in (0, 1) for k in lengths}
    assert all(len(seeds) >= 3 for seeds in found.values())


def test_greedy_speculation_wrote_what_greedy_search_writes():
    record = stored()
    rows = [one for one in record["results"]["agreement"] if one["temperature"] == 0]
    assert {one["same_as_greedy"] for one in rows} == {record["settings"]["sentences"]}
    assert len({one["tokens"] for one in rows}) == 1


def test_the_counts_of_a_row_fit_one_another():
    for row in stored()["results"]["agreement"]:
        # Each call writes the proposals that stayed and at most one token of the large model.
        assert row["accepted"] <= row["tokens"] <= row["accepted"] + row["calls"]
        assert row["accepted"] <= row["judged"]
        assert row["judged"] <= row["draft_length"] * row["calls"]
        np.testing.assert_allclose(row["rate"], row["accepted"] / row["judged"], rtol=1e-4)
        np.testing.assert_allclose(row["tokens_a_call"], row["tokens"] / row["calls"], rtol=1e-4)


def test_the_draft_is_small_and_can_be_built():
    assert (RESULTS / "speculative.npz").stat().st_size < 300_000
    study = studies.load("speculative")
    numbers = study.weights()
    numbers["readout.weight"] = numbers["target_embedding.weight"]
    tokenisers = translation_tokenisers("words")
    draft = Transformer(*map(len, tokenisers), **study.settings["draft"])
    draft.load_state_dict({name: torch.tensor(one) for name, one in numbers.items()})
    share = {row["share"] for row in study.record["results"]["agreement"]}
    assert len(share) == 1
    assert share.pop() < 1 / 5
