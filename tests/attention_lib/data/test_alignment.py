"""IBM model 1 against fractions, against laws, and on the sentence pairs of the book."""

import copy
import pickle
from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.data.alignment import (
    EMPTY,
    WordTranslation,
    link_agreement,
    train_word_translation,
    two_way_links,
)

A, DOG, CAT, THE = 1, 2, 3, 4
UN, PERRO, GATO, EL = 11, 12, 13, 14
SOURCES = [[A, DOG], [A, CAT], [THE, DOG]]
TARGETS = [[UN, PERRO], [UN, GATO], [EL, PERRO]]

sentences = st.lists(st.integers(0, 5), min_size=1, max_size=4)
corpora = st.lists(st.tuples(sentences, sentences), min_size=1, max_size=6)


def exact(sources, targets, iterations, empty_word):
    """t(f | e) in fractions, by a loop over the words: the definition."""
    sources = [[EMPTY, *source] if empty_word else source for source in sources]
    size = len({word for target in targets for word in target})
    t = defaultdict(lambda: Fraction(1, size))
    for _ in range(iterations):
        counts = defaultdict(Fraction)
        for source, target in zip(sources, targets, strict=True):
            for f in target:
                whole = sum(t[e, f] for e in source)
                for e in source:
                    counts[e, f] += t[e, f] / whole
        totals = defaultdict(Fraction)
        for (e, _), count in counts.items():
            totals[e] += count
        t = {(e, f): count / totals[e] for (e, f), count in counts.items()}
    return t


def test_one_step_by_hand():
    model = train_word_translation(SOURCES, TARGETS, iterations=1, empty_word=False)
    assert model.probability(A, UN) == 1 / 2
    assert model.probability(A, PERRO) == model.probability(A, GATO) == 1 / 4
    assert model.probability(DOG, PERRO) == 1 / 2
    assert model.probability(THE, EL) == model.probability(THE, PERRO) == 1 / 2
    assert model.probability(THE, GATO) == 0
    assert_allclose(
        model.posteriors([A, DOG], [UN, PERRO]), [[0, 2 / 3, 1 / 3], [0, 1 / 3, 2 / 3]], rtol=1e-14
    )


@pytest.mark.parametrize("empty_word", [True, False])
@pytest.mark.parametrize("iterations", [1, 2, 4])
def test_it_is_what_fractions_give(iterations, empty_word):
    sources = [*SOURCES, [DOG, DOG, CAT], [THE]]  # a word twice, and sides of unequal length
    targets = [*TARGETS, [GATO, PERRO], [EL, EL, UN]]
    expected = exact(sources, targets, iterations, empty_word)
    model = train_word_translation(sources, targets, iterations=iterations, empty_word=empty_word)
    for (e, f), value in expected.items():
        assert model.probability(e, f) == pytest.approx(float(value), rel=1e-12)
    assert model.probability(CAT, EL) == 0
    assert (model.probability(EMPTY, UN) > 0) is empty_word
    assert model.has_empty is empty_word


def test_the_likelihood_by_hand():
    model = train_word_translation(SOURCES, TARGETS, iterations=1, empty_word=False)
    before = 6 * np.log(1 / 4)
    after = 4 * np.log(3 / 8) + 2 * np.log(1 / 2)  # halves: un beside a cat, perro beside the dog
    assert_allclose(model.log_likelihoods, [before, after], rtol=1e-14)


@settings(deadline=None)
@given(corpora, st.integers(1, 6), st.booleans())
def test_the_likelihood_never_falls_and_probabilities_sum_to_one(corpus, iterations, empty_word):
    sources, targets = zip(*corpus, strict=True)
    model = train_word_translation(sources, targets, iterations=iterations, empty_word=empty_word)
    assert len(model.log_likelihoods) == iterations + 1
    assert np.diff(model.log_likelihoods).min() > -1e-9
    words = sorted({word for target in targets for word in target})
    for e in {word for source in sources for word in source} | ({EMPTY} if empty_word else set()):
        assert sum(model.probability(e, f) for f in words) == pytest.approx(1)
    for source, target in corpus:
        posteriors = model.posteriors(source, target)
        assert posteriors.shape == (len(target), len(source) + 1)
        assert_allclose(posteriors.sum(axis=1), 1)
        assert posteriors.min() >= 0
        assert empty_word or not posteriors[:, 0].any()


@settings(deadline=None)
@given(corpora, st.permutations(range(6)))
def test_other_ids_and_another_order_of_words_change_nothing_else(corpus, renamed):
    sources, targets = zip(*corpus, strict=True)
    model = train_word_translation(sources, targets, iterations=3)
    turned = train_word_translation(
        [[renamed[e] for e in reversed(source)] for source in sources],
        [target[::-1] for target in targets],
        iterations=3,
    )
    assert_allclose(turned.log_likelihoods, model.log_likelihoods)
    for source, target in corpus:
        expected = [[model.probability(e, f) for f in target] for e in source]
        found = [[turned.probability(renamed[e], f) for f in target] for e in source]
        assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_each_pair_twice_gives_the_same_words_and_twice_the_likelihood():
    once = train_word_translation(SOURCES, TARGETS)
    twice = train_word_translation(SOURCES * 2, TARGETS * 2)
    assert_allclose(twice.log_likelihoods, 2 * np.array(once.log_likelihoods))
    assert twice.probability(DOG, PERRO) == pytest.approx(once.probability(DOG, PERRO))


def test_links_are_the_largest_posteriors_and_the_empty_word_takes_the_rest():
    model = train_word_translation(SOURCES, TARGETS, iterations=20)
    assert_array_equal(model.links([DOG, A], [UN, PERRO]), [[False, True], [True, False]])
    assert_array_equal(model.links([DOG, A], [99, PERRO]), [[False, False], [True, False]])
    assert_array_equal(model.posteriors([DOG, A], [99])[0], [1, 0, 0])
    assert_array_equal(model.posteriors([77], [PERRO])[0], [1, 0])  # the empty word has met it
    without = train_word_translation(SOURCES, TARGETS, empty_word=False)
    assert_array_equal(without.posteriors([77], [PERRO])[0], [1, 0])
    assert model.links([], [UN]).shape == (1, 0)
    assert model.links([A], []).shape == (0, 1)


def test_of_equally_likely_origins_the_first_counts():
    model = train_word_translation([[1, 2]], [[5, 6]], iterations=1, empty_word=False)
    assert_array_equal(model.links([1, 2], [5]), [[True, False]])
    assert_array_equal(model.links([2, 1], [5]), [[True, False]])
    with_empty = train_word_translation([[1, 2]], [[5, 6]], iterations=1)
    assert not with_empty.links([1, 2], [5]).any()


def test_two_way_links_hold_in_both_directions_and_are_one_to_one():
    there = train_word_translation(SOURCES, TARGETS)
    back = train_word_translation(TARGETS, SOURCES)
    source, target = [A, DOG, DOG], [PERRO, UN]
    links = two_way_links(there, back, source, target)
    assert_array_equal(links, [[False, True, False], [True, False, False]])
    forward, backward = there.links(source, target), back.links(target, source).T
    assert_array_equal(links, forward & backward)
    assert (forward | backward).sum() > links.sum()  # the second dog looks at perro as well


def test_a_model_can_be_copied():
    model = train_word_translation(SOURCES, TARGETS)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert isinstance(twin, WordTranslation)
        assert twin.log_likelihoods == model.log_likelihoods
        assert_array_equal(twin.posteriors([A, DOG], [UN]), model.posteriors([A, DOG], [UN]))
    assert repr(model) == "WordTranslation of 14 word pairs, with empty word"


def test_integers_of_numpy_are_taken():
    narrow = [np.array(source, dtype=np.int8) for source in SOURCES]
    model = train_word_translation(narrow, tuple(map(tuple, TARGETS)), iterations=np.uint8(10))
    plain = train_word_translation(SOURCES, TARGETS)
    assert model.log_likelihoods == plain.log_likelihoods
    assert model.probability(np.int8(A), np.uint64(UN)) == plain.probability(A, UN)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: train_word_translation([[1]], []),
            ValueError,
            "^sources and targets must be equally many and not none, got 1 sources and 0 targets$",
        ),
        (lambda: train_word_translation([], []), ValueError, "got 0 sources and 0 targets"),
        (lambda: train_word_translation([[1]], [[]]), ValueError, "^targets must hold a word"),
        (
            lambda: train_word_translation([[1], []], [[1], [1]], empty_word=False),
            ValueError,
            r"^sources\[1\] must hold a word where there is no empty word$",
        ),
        (lambda: train_word_translation([[1.5]], [[1]]), TypeError, r"^sources\[0\] must hold int"),
        (
            lambda: train_word_translation([[1]], [[-1]]),
            ValueError,
            r"^targets\[0\] must hold word ids of at least 0, got -1$",
        ),
        (
            lambda: train_word_translation([[1]], [[1]], iterations=0),
            ValueError,
            "^iterations must be at least 1, got 0$",
        ),
        (
            lambda: train_word_translation([[1]], [[1]], empty_word=1),
            TypeError,
            "^empty_word must be True or False, got int$",
        ),
    ],
)
def test_training_names_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.probability(-2, 1), ValueError, "^source_word must be at least -1, got -2$"),
        (lambda m: m.probability(1, EMPTY), ValueError, "^target_word must be at least 0, got -1$"),
        (lambda m: m.probability(0.5, 1), TypeError, "^source_word must be an integer, got float$"),
        (lambda m: m.posteriors([-1], [1]), ValueError, "^source must hold word ids of at least 0"),
        (lambda m: m.posteriors([1], ["a"]), TypeError, "^target must hold integers"),
        (lambda m: m.links([[1]], [1]), ValueError, r"^source must have shape \[length\]"),
        (
            lambda m: two_way_links(m, None, [1], [1]),
            TypeError,
            "^backward must be a WordTranslation, got NoneType$",
        ),
    ],
)
def test_a_model_names_what_is_wrong(call, error, message):
    model = train_word_translation(SOURCES, TARGETS)
    with pytest.raises(error, match=message):
        call(model)


LINKS = [np.array([[0, 1, 0], [0, 0, 0], [1, 0, 0]], bool), np.array([[True], [True]])]


def test_agreement_by_hand_and_for_several_heads_at_once():
    first = np.array([[0.2, 0.5, 0.3], [0.9, 0.1, 0.0], [0.1, 0.2, 0.7]])
    second = np.array([[1.0], [1.0]])
    assert link_agreement([first, second], LINKS) == 3 / 4  # the second word has no link
    heads = np.stack([first, first[:, ::-1]])  # the other misses no more than the third word hits
    stacked = link_agreement([heads, np.stack([second, second])], LINKS)
    assert_array_equal(stacked, [3 / 4, 4 / 4])
    assert stacked.shape == (2,)
    assert stacked.dtype == np.float64


def test_several_links_of_a_word_count_as_one_and_the_first_of_equals_is_taken():
    both = np.array([[True, True, False]])
    assert link_agreement([np.array([[0.1, 0.6, 0.3]])], [both]) == 1
    assert link_agreement([np.full((1, 3), 1 / 3)], [both]) == 1
    assert link_agreement([np.full((1, 3), 1 / 3)], [both[:, ::-1]]) == 0
    assert link_agreement([np.array([[0, 1, 2]])], [both]) == 0  # integers too


def test_links_agree_with_themselves():
    assert link_agreement([one.astype(float) for one in LINKS], LINKS) == 1


@pytest.mark.parametrize(
    ("weights", "links", "error", "message"),
    [
        ([np.ones((3, 3))], LINKS, ValueError, "equally many, got 1 and 2"),
        ([], [], ValueError, "links must hold at least one link"),
        ([np.ones((3, 3))], [np.zeros((3, 3), bool)], ValueError, "at least one link, got none"),
        ([[[1.0]]], [LINKS[1]], TypeError, r"^weights\[0\] must be a NumPy array, got list$"),
        ([np.ones((2, 1))], [[[True]]], TypeError, r"^links\[0\] must be a NumPy array, got list$"),
        ([np.ones((2, 1))], [np.ones((2, 1))], TypeError, r"^links\[0\] must be boolean"),
        ([np.ones((2, 1))], [np.ones(2, bool)], TypeError, r"of shape \(2,\)$"),
        ([np.ones((2, 1), complex)], LINKS[1:], TypeError, r"^weights\[0\] must hold real numbers"),
        (
            [np.ones((4, 2, 1)), np.ones((2, 1))],
            LINKS[1:] * 2,
            ValueError,
            r"^weights\[1\] must have shape \[\.\.\., T, S\] = \(4, 2, 1\), got \(2, 1\)$",
        ),
        ([np.ones((3, 1))], LINKS[1:], ValueError, r"= \(2, 1\), got \(3, 1\)$"),
        ([np.full((2, 1), np.nan)], LINKS[1:], ValueError, r"^weights\[0\] must not hold NaN$"),
    ],
)
def test_agreement_names_what_is_wrong(weights, links, error, message):
    with pytest.raises(error, match=message):
        link_agreement(weights, links)


@pytest.mark.whole
def test_on_the_pairs_of_the_book_common_words_find_their_translation():
    from attention_lib.data.tokeniser_training import translation_tokenisers
    from attention_lib.data.translation import load_tatoeba

    english, spanish = translation_tokenisers("words")
    pairs = load_tatoeba("train")[:6000]
    sources = [english.encode(pair.english) for pair in pairs]
    targets = [spanish.encode(pair.spanish) for pair in pairs]
    model = train_word_translation(sources, targets, iterations=5)
    assert (np.diff(model.log_likelihoods) > 0).all()
    for one, other in (("dog", "perro"), ("house", "casa"), ("water", "agua"), ("black", "negro")):
        ((e,), (f,)) = english.encode(one), spanish.encode(other)
        best = max(range(4, len(spanish)), key=lambda word, e=e: model.probability(e, word))
        assert spanish.token(best) == spanish.token(f)
