"""Which word translates which, found by counting alone: an aligner that knows no attention."""

import numpy as np

from ..checks import as_list, check_count, check_flag, check_instance, check_plain
from .tokens import as_row

EMPTY = -1  # the word that stands in every source and explains what nothing else does


class WordTranslation:
    r"""The probabilities $t(f \mid e)$ that a source word e is translated by f: IBM model 1.

    Made by `train_word_translation`. A target word is drawn from one of the S source words or from
    the empty word, each as likely as the others, whatever its place:

    $$p(f_1 \dots f_T \mid e_1 \dots e_S) = \prod_{t=1}^{T} \frac{1}{S + 1} \sum_{j=0}^{S}
    t(f_t \mid e_j)$$

    Attributes:
        log_likelihoods: the natural logarithm of this product over all pairs of the training, once
            before the first iteration and once after each; it never falls.
        has_empty: whether there is an empty word $e_0$; else j begins at 1 and S + 1 is S.

    Source: Brown et al. (1993), section 4.1; the probability of the length T is left out.
    """

    def __init__(self, table, log_likelihoods, has_empty):
        self._table = table
        self.log_likelihoods, self.has_empty = log_likelihoods, has_empty

    def __repr__(self):
        empty = "with" if self.has_empty else "without"
        return f"WordTranslation of {len(self._table.probabilities)} word pairs, {empty} empty word"

    def probability(self, source_word, target_word):
        """$t(f \\mid e)$ of two ids; `EMPTY` is the source word that stands everywhere.

        0 for words that never stood in one pair.
        """
        check_count(minimum=EMPTY, source_word=source_word)
        check_count(minimum=0, target_word=target_word)
        return float(self._table.look_up(np.array([source_word]), np.array([target_word]))[0])

    def posteriors(self, source, target):
        """How likely each source word is the origin of each target word.

        Args:
            source, target: `[S]` and `[T]` word ids.

        Returns:
            `[T, S + 1]` float64, column 0 for the empty word (zero where the model has none); each
            row sums to one. A target word that never stood beside any of these source words is
            given to the empty word.
        """
        source, target = _row("source", source), _row("target", target)
        candidates = np.concatenate([[EMPTY], source])
        found = self._table.look_up(*np.broadcast_arrays(candidates, target[:, None]))  # [T, S + 1]
        known = found.any(axis=1, keepdims=True)
        found[:, 0] = np.where(known[:, 0], found[:, 0], 1.0)
        return found / found.sum(axis=1, keepdims=True)

    def links(self, source, target):
        """The most likely origin of each target word, as marks in a table.

        Args:
            source, target: `[S]` and `[T]` word ids.

        Returns:
            `[T, S]` boolean, at most one True in a row, none where the empty word is most likely.
            Of equally likely origins the first counts, the empty word before all.
        """
        posteriors = self.posteriors(source, target)
        return posteriors.argmax(axis=1)[:, None] == np.arange(1, posteriors.shape[1])


def train_word_translation(sources, targets, *, iterations=10, empty_word=True):
    r"""Learn which words translate which from sentence pairs, by expectation maximisation.

    From equal probabilities on, each iteration shares every target word out among the words of its
    source, and makes the shares the new probabilities (k runs over the pairs):

    $$a_{tj} = \frac{t(f_t \mid e_j)}{\sum_i t(f_t \mid e_i)}, \qquad
    t(f \mid e) \propto \sum_k \sum_{t:\, f_t = f} \; \sum_{j:\, e_j = e} a_{tj}$$

    Args:
        sources, targets: two lists of equally many sentences, each a sequence of word ids >= 0.
        iterations: how often; each raises the likelihood or leaves it as it is.
        empty_word: let each source begin with the empty word, from which target words without an
            origin come.

    Returns:
        a `WordTranslation`.

    Raises:
        TypeError, ValueError: no pairs, unequal numbers, something else than lists of integers, a
            negative id, an option out of range; without the empty word a source without words.

    Cost: O(N) an iteration for N = sum over the pairs of (S + 1) T; 19,000 short pairs and ten
        iterations take seconds.
    Source: Brown et al. (1993), section 4.1. The likelihood is concave, so that no start leads to a
        lower maximum; several tables may reach it (Toutanova and Galley, 2011).

    >>> model = train_word_translation([[1, 2], [1, 3]], [[5, 6], [5, 7]], iterations=5)
    >>> round(model.probability(1, 5), 2), round(model.probability(2, 6), 2)
    (0.76, 0.84)
    """
    check_count(iterations=iterations)
    check_flag(empty_word=empty_word)
    sources, targets = _sentences("sources", sources), _sentences("targets", targets)
    if len(sources) != len(targets) or not sources:
        raise ValueError(
            "sources and targets must be equally many and not none, "
            f"got {len(sources)} sources and {len(targets)} targets"
        )
    first = [EMPTY] if empty_word else []
    for index, source in enumerate(sources):
        if not len(source) and not empty_word:
            raise ValueError(f"sources[{index}] must hold a word where there is no empty word")
    together = [
        (np.tile([*first, *source], len(target)), np.repeat(target, len(first) + len(source)))
        for source, target in zip(sources, targets, strict=True)
    ]
    widths = np.concatenate(
        [np.full(len(f), len(first) + len(e)) for e, f in zip(sources, targets, strict=True)]
    )
    if not len(widths):
        raise ValueError("targets must hold a word, got none in all of them")
    e, f = (np.concatenate(part).astype(np.int64) for part in zip(*together, strict=True))
    return _maximise(e, f, widths, int(iterations), bool(empty_word))


def two_way_links(forward, backward, source, target):
    """The links that hold in both directions: each word is the other's most likely origin.

    Args:
        forward: the `WordTranslation` from the source language to the target language.
        backward: the one from the target language to the source language.
        source, target: `[S]` and `[T]` word ids.

    Returns:
        `[T, S]` boolean, at most one True in a row and in a column: the intersection of
        `forward.links(source, target)` and the transposed `backward.links(target, source)`. Their
        union, `|` instead of `&`, marks more words and is wrong more often.

    Raises:
        TypeError, ValueError: no `WordTranslation`, no word ids.

    Source: Och and Ney (2003), who call it symmetrisation.

    >>> sources, targets = [[1, 2], [1, 3], [2, 3]], [[5, 6], [5, 7], [7, 6]]
    >>> there = train_word_translation(sources, targets)
    >>> back = train_word_translation(targets, sources)
    >>> two_way_links(there, back, [2, 3], [7, 6]).astype(int)
    array([[0, 1],
           [1, 0]])
    """
    check_instance(WordTranslation, forward=forward, backward=backward)
    return forward.links(source, target) & backward.links(target, source).T


def link_agreement(weights, links):
    r"""How often the largest weight of a target word lies on a word that it is linked with.

    $$\frac{\#\{t : \text{the largest of } \alpha_{t1} \dots \alpha_{tS} \text{ is on a link}\}}
    {\#\{t : t \text{ has a link}\}}$$

    Args:
        weights: a list with `[..., T, S]` for each pair, real numbers; the axes in front are the
            same for all pairs, such as layers and heads. Of equal weights the first counts.
        links: a list of as many `[T, S]`, boolean.

    Returns:
        float64 `[...]`, over the words of all pairs together; those without a link do not count.

    Raises:
        TypeError, ValueError: unequal numbers, other shapes or dtypes, NaN, no link at all.

    >>> weights = [np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([[0.9, 0.1]])]
    >>> links = [np.array([[False, True], [False, True]]), np.array([[True, False]])]
    >>> float(link_agreement(weights, links)).as_integer_ratio() == (2 / 3).as_integer_ratio()
    True
    """
    weights, links = as_list("weights", weights, "arrays"), as_list("links", links, "arrays")
    if len(weights) != len(links):
        raise ValueError(
            f"weights and links must be equally many, got {len(weights)} and {len(links)}"
        )
    hits, linked = 0, 0
    for index, (some, marks) in enumerate(zip(weights, links, strict=True)):
        some, marks = _weights_and_links(index, some, marks, weights[0])
        rows = marks.any(axis=1)
        best = some[..., rows, :].argmax(axis=-1)  # [..., linked words]
        hits = hits + marks[rows][np.arange(rows.sum()), best].sum(axis=-1)
        linked += rows.sum()
    if not linked:
        raise ValueError("links must hold at least one link, got none")
    return np.asarray(hits / linked)


class _Table:
    """Probabilities by source word and target word; 0 where there is no entry."""

    def __init__(self, sources, targets, cells, probabilities):
        self.sources, self.targets = sources, targets  # sorted ids
        self.cells, self.probabilities = cells, probabilities  # sorted keys of pairs, and theirs

    def look_up(self, source, target):
        rows, row_known = _place(self.sources, source)
        columns, column_known = _place(self.targets, target)
        cells, cell_known = _place(self.cells, rows * len(self.targets) + columns)
        return np.where(row_known & column_known & cell_known, self.probabilities[cells], 0.0)


def _place(known, wanted):
    places = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    return places, known[places] == wanted


def _maximise(e, f, widths, iterations, has_empty):
    """EM over every meeting of a source word and a target word: `e`, `f` `[N]`.

    widths: for each target word, how many meetings in a row are its own.
    """
    sources, rows = np.unique(e, return_inverse=True)
    targets, columns = np.unique(f, return_inverse=True)
    cells, cell = np.unique(rows * len(targets) + columns, return_inverse=True)
    row_of_cell = cells // len(targets)
    place = np.repeat(np.arange(len(widths)), widths)  # the target word of each meeting
    probabilities = np.full(len(cells), 1 / len(targets))
    log_likelihoods = []
    for last in [False] * iterations + [True]:
        met = probabilities[cell]
        sums = np.bincount(place, met)  # over the words of a source
        log_likelihoods.append(float(np.log(sums / widths).sum()))
        if not last:
            counts = np.bincount(cell, met / sums[place], minlength=len(cells))
            probabilities = counts / np.bincount(row_of_cell, counts)[row_of_cell]
    return WordTranslation(
        _Table(sources, targets, cells, probabilities), log_likelihoods, has_empty
    )


def _sentences(name, sentences):
    sentences = as_list(name, sentences, "sequences of word ids")
    return [_row(f"{name}[{index}]", one) for index, one in enumerate(sentences)]


def _row(name, sentence):
    row = as_row(name, sentence).astype(np.int64)
    if len(row) and row.min() < 0:
        raise ValueError(f"{name} must hold word ids of at least 0, got {row.min()}")
    return row


def _weights_and_links(index, weights, links, first):
    for name, one in (("weights", weights), ("links", links)):
        if not isinstance(one, np.ndarray):
            kind = type(one).__name__
            raise TypeError(f"{name}[{index}] must be a NumPy array, got {kind}")
        check_plain(**{f"{name}[{index}]": one})
    if links.dtype != bool or links.ndim != 2:
        raise TypeError(
            f"links[{index}] must be boolean [T, S], got {links.dtype} of shape {links.shape}"
        )
    if weights.dtype.kind not in "fiu":
        raise TypeError(f"weights[{index}] must hold real numbers, got dtype {weights.dtype}")
    if weights.shape != (*first.shape[:-2], *links.shape):
        raise ValueError(
            f"weights[{index}] must have shape [..., T, S] = "
            f"{(*first.shape[:-2], *links.shape)}, got {weights.shape}"
        )
    if (weights != weights).any():
        raise ValueError(f"weights[{index}] must not hold NaN")
    return weights, links
