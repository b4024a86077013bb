"""A copy does what the original does: by pickle, by deepcopy, in another process."""

import copy
import math
import multiprocessing
import pickle

import numpy as np
import pytest

from attention_lib.choose import (
    AttentionSelector,
    NothingFitsError,
    Setting,
    TransformerConfig,
    choose_attention,
)
from attention_lib.cost import encoder
from attention_lib.data.batching import LabelledBatches, PairBatches
from attention_lib.data.digit_strings import Augmentation, digit_strings
from attention_lib.data.speech_batch import speech_batch
from attention_lib.data.tokeniser import Tokeniser
from attention_lib.data.tokeniser_training import train_bpe, train_words
from attention_lib.training import (
    EarlyStopping,
    History,
    constant,
    inverse_square_root,
    warmup_cosine,
    warmup_linear,
)

TEXTS = ["Tom sees <eos> and Mary.", "The dog sees <pad> and <unk>."]
TRAINED = {
    "words": train_words(TEXTS),
    "words as they are": train_words(TEXTS, truecased=False),
    "bpe": train_bpe(TEXTS, vocabulary=60),
    "bpe, truecased": train_bpe(TEXTS, vocabulary=60, truecased=True),
}
COPIES = {
    "pickle": lambda one: pickle.loads(pickle.dumps(one)),
    "oldest pickle": lambda one: pickle.loads(pickle.dumps(one, protocol=0)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "json": lambda one: Tokeniser.from_json(one.to_json()),
    "twice": lambda one: copy.deepcopy(pickle.loads(pickle.dumps(one))),
}
TRIED = ["<eos> Tom", "<pad><sos>", "Xavier sees <unk> and Tom.", "", "  the dog\n"]


def results(tokeniser):
    ids = [tokeniser.encode(text) for text in TRIED]
    return ids, [tokeniser.decode(row) for row in ids], len(tokeniser), repr(tokeniser)


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("tokeniser", TRAINED.values(), ids=TRAINED)
def test_a_copied_tokeniser_reads_special_tokens_as_text(tokeniser, copied):
    expected = results(tokeniser)
    assert 2 not in expected[0][0]
    assert results(copied(tokeniser)) == expected
    assert results(tokeniser) == expected


@pytest.mark.whole
def test_a_tokeniser_in_a_spawned_worker_does_the_same():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(results, TRAINED.values()) == list(map(results, TRAINED.values()))


PAIRS = [[5, 6], [7], [8, 8, 8]]
OTHERS = {
    "pairs": PairBatches(PAIRS, PAIRS, 2, seed=3),
    "labels": LabelledBatches(PAIRS, [0, 1, 1], 2, seed=3),
}


@pytest.mark.parametrize("copied", [COPIES["pickle"], copy.deepcopy, copy.copy])
@pytest.mark.parametrize("batches", OTHERS.values(), ids=OTHERS)
def test_copied_batches_are_the_same_at_every_step(batches, copied):
    batches(4)
    twin = copied(batches)
    for step in (0, 5, 2):
        for ours, theirs in zip(batches(step), twin(step), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "schedule",
    [
        constant(0.1),
        warmup_linear(0.3, warmup=2, steps=7),
        warmup_cosine(0.3, warmup=2, steps=7, floor=0.1),
        inverse_square_root(0.3, warmup=3),
    ],
)
def test_a_schedule_can_be_pickled(schedule):
    twin = COPIES["pickle"](schedule)
    assert [twin(step) for step in range(1, 8)] == [schedule(step) for step in range(1, 8)]


def test_other_things_that_are_handed_on_are_equal_to_their_copies():
    strings = digit_strings(2, min_digits=2, max_digits=3, seed=0)
    things = [
        EarlyStopping(patience=3),
        History(losses=[1.0], learning_rates=[0.1]),
        Augmentation(noise=None),
        Setting(n=7, causal=True),
        AttentionSelector.default().calibration.origin,
        TransformerConfig.for_task("long_seq", vocabulary=97),
        encoder(5, n_layers=2, d_model=4, n_heads=2, d_ff=3),
    ]
    assert [COPIES["pickle"](one) for one in things] == things
    for ours, theirs in zip(
        speech_batch(strings), speech_batch(copy.deepcopy(strings)), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_an_error_that_crosses_processes_keeps_its_candidates():
    with pytest.raises(NothingFitsError) as caught:
        choose_attention(512, memory_limit=1, calibration="default")
    twin = COPIES["pickle"](caught.value)
    assert str(twin) == str(caught.value)
    assert twin.candidates == caught.value.candidates
    assert all(math.isfinite(one.seconds) for one in twin.candidates)
