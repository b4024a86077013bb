"""Words as they are written inside a sentence, so that "The" and "the" are one word."""

import re
from collections import Counter

from ..checks import as_list, check_mapping, check_text

# A number with its points, or letters with apostrophes and hyphens inside.
WORD = re.compile(r"\d+(?:[.,:]\d+)+|\w+(?:['’-]\w+)*")
_ENDS = re.compile(r"[.?!]")


def learn_truecase(sentences):
    """How each word is written where no sentence starts.

    Args:
        sentences: an iterable of strings.

    Returns:
        a dictionary from the word in lower case to its most frequent form, for words whose most
        frequent form has a capital ("tom" to "Tom"). Of equally frequent forms the one in lower
        case counts, then the first in the alphabet.

    Source: Lita, Ittycheriah, Roukos and Kambhatla (2003), their simplest baseline.

    >>> learn_truecase(["You know Tom.", "He knows you and Tom.", "Yes. No."])
    {'tom': 'Tom'}
    """
    counts = {}
    for index, sentence in enumerate(as_list("sentences", sentences, "strings")):
        check_text(**{f"sentences[{index}]": sentence})
        for word, starts in _words(sentence):
            if not starts:
                counts.setdefault(word.lower(), Counter())[word] += 1
    best = {
        low: min(forms, key=lambda form: (-forms[form], form != low, form))
        for low, forms in counts.items()
    }
    return {low: best[low] for low in sorted(best) if best[low] != low}


def truecase(sentence, forms):
    """Write each word that starts a sentence as inside one: the learned form, else lower case.

    A word with an apostrophe that was never seen takes the form of what stands before it.

    >>> truecase("I'd ask Tom. The end.", {"i": "I", "tom": "Tom"})
    "I'd ask Tom. the end."
    """
    check_text(sentence=sentence)
    check_mapping("words to their forms", forms=forms)
    return _rewrite(sentence, lambda match: _inside(match[0], forms))


def recase(sentence):
    """Write each word that starts a sentence with a capital: what a reader expects.

    "<unk>" stands for a word that is not known, and stays as it is.

    >>> recase("¿no es así? sí. <unk> lo sabe.")
    '¿No es así? Sí. <unk> lo sabe.'
    """
    check_text(sentence=sentence)
    return _rewrite(sentence, _with_capital)


def _with_capital(match):
    around = match.string[max(0, match.start() - 1) : match.end() + 1]
    return match[0] if around == "<unk>" else match[0][:1].upper() + match[0][1:]


def _inside(word, forms):
    low = word.lower()
    if low in forms:
        return forms[low]
    head, apostrophe, rest = low.partition("'")
    return forms.get(head, head) + apostrophe + rest


def _words(sentence):
    """Each word, and whether it starts a sentence: the first one, and each after . ? or !"""
    end = None
    for match in WORD.finditer(sentence):
        yield match[0], end is None or _ENDS.search(sentence, end, match.start()) is not None
        end = match.end()


def _rewrite(sentence, change):
    starts = iter([starts for _, starts in _words(sentence)])
    return WORD.sub(lambda match: change(match) if next(starts) else match[0], sentence)
