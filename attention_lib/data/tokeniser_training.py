"""Tokenisers learned from texts: by whole words, or by byte-pair encoding."""

from ..checks import as_list, check_choice, check_count, check_flag
from .sentiment import load_movie_sentences
from .tokeniser import KINDS, SPECIAL, Tokeniser, prepared, tokenizers_package
from .translation import load_tatoeba
from .truecase import WORD, learn_truecase


def train_words(texts, *, vocabulary=None, min_count=1, truecased=True):
    """A tokeniser whose tokens are the words, numbers and marks of these texts.

    Args:
        texts: an iterable of strings: the training split alone, or a test proves nothing.
        vocabulary: the largest number of ids, the four special ones counted; the most frequent
            words stay. None keeps all.
        min_count: words seen less often are left out.
        truecased: write words that start a sentence as inside one (`learn_truecase`).

    Returns:
        a `Tokeniser`; the more frequent word has the smaller id.

    Raises:
        ImportError: the package tokenizers is missing. TypeError, ValueError: no texts, something
            else than strings, an option out of range.

    >>> words = train_words(["The dog sees Tom.", "Tom sees the cat."])
    >>> ids = words.encode("The cat sees a dog.")
    >>> ids, words.tokens("The cat sees a dog."), words.decode(ids)
    ([7, 8, 6, 3, 9, 4], ['the', 'cat', 'sees', '<unk>', 'dog', '.'], 'The cat sees <unk> dog.')
    """
    check_count(min_count=min_count)
    tokenizers = tokenizers_package()
    pattern = tokenizers.Regex(rf"{WORD.pattern}|[^\w\s]")
    splitter = tokenizers.pre_tokenizers.Split(pattern, "removed", invert=True)
    model = tokenizers.models.WordLevel({}, unk_token="<unk>")
    options = {"min_frequency": min_count}
    largest = 2**31 if vocabulary is None else vocabulary
    trainer = tokenizers.trainers.WordLevelTrainer
    return _train("words", texts, largest, truecased, model, splitter, trainer, options)


def train_bpe(texts, *, vocabulary, truecased=False):
    """A tokeniser whose tokens are parts of words: byte-pair encoding, here of characters.

    It starts from single characters and joins the most frequent neighbours, again and again, until
    it has the number of tokens asked for. Frequent words become one token, rare ones several.

    Args:
        texts: an iterable of strings: the training split alone.
        vocabulary: number of ids, the four special ones counted; at least one for each character of
            the texts. It gets fewer where there is nothing more to join.
        truecased: write words that start a sentence as inside one (`learn_truecase`).

    Returns:
        a `Tokeniser`.

    Raises:
        ImportError: the package tokenizers is missing. TypeError, ValueError: as `train_words`.

    Source: Sennrich, Haddow and Birch (2016), section 3.2.

    >>> parts = train_bpe(["low lower lowest"], vocabulary=20)
    >>> parts.tokens("slower"), parts.decode(parts.encode("slower"))
    (['▁', 's', 'lo', 'w', 'e', 'r'], 'slower')
    """
    tokenizers = tokenizers_package()
    splitter = tokenizers.pre_tokenizers.Metaspace(prepend_scheme="never")
    model = tokenizers.models.BPE(unk_token="<unk>")
    trainer = tokenizers.trainers.BpeTrainer
    return _train("bpe", texts, vocabulary, truecased, model, splitter, trainer, {})


def translation_tokenisers(kind="words", *, vocabulary=None, truecased=True):
    """The tokenisers of English and of Spanish, from the training split of `load_tatoeba`.

    Args:
        kind: "words", or "bpe", which needs a vocabulary.
        vocabulary, truecased: as for `train_words` and `train_bpe`.

    Returns:
        two `Tokeniser`.

    Raises:
        ImportError, TypeError, ValueError: as `train_words`.
    """
    pairs = load_tatoeba("train")
    return tuple(
        _train_kind(kind, [pair[side] for pair in pairs], vocabulary, truecased) for side in (0, 1)
    )


def movie_tokeniser(kind="words", *, vocabulary=None, truecased=True):
    """The tokeniser of the training split of `load_movie_sentences`.

    Arguments and errors as for `translation_tokenisers`.
    """
    texts = [sentence.text for sentence in load_movie_sentences("train")]
    return _train_kind(kind, texts, vocabulary, truecased)


def _train_kind(kind, texts, vocabulary, truecased):
    check_choice("kind", kind, KINDS)
    train = train_words if kind == "words" else train_bpe
    return train(texts, vocabulary=vocabulary, truecased=truecased)


def _train(kind, texts, vocabulary, truecased, model, splitter, trainer, options):
    check_flag(truecased=truecased)
    check_count(minimum=len(SPECIAL) + 1, vocabulary=vocabulary)
    texts = _checked_texts(texts)
    forms = learn_truecase(texts) if truecased else None
    texts = [prepared(text, kind, forms) for text in texts]
    if kind == "bpe":
        needed = len(SPECIAL) + len(set("".join(texts)))
        if vocabulary < needed:
            raise ValueError(
                f"vocabulary must be at least {needed} to hold each character of the texts, "
                f"got {vocabulary}"
            )
    tokenizer = tokenizers_package().Tokenizer(model)
    tokenizer.pre_tokenizer = splitter
    special = sorted(SPECIAL, key=SPECIAL.get)
    tokenizer.train_from_iterator(
        texts,
        trainer(vocab_size=vocabulary, special_tokens=special, show_progress=False, **options),
    )
    return Tokeniser(kind, tokenizer, forms)


def _checked_texts(texts):
    texts = as_list("texts", texts, "strings")
    if not texts:
        raise ValueError("texts must hold a text to learn from, got none")
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"texts[{index}] must be a string, got {type(text).__name__}")
    return texts
