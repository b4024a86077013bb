"""Text to token ids and back, by whole words or by parts of words.

The package tokenizers of Hugging Face does the splitting; nothing else in the library asks for it.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from ..checks import as_list, check_choice, check_count, check_path, check_text
from ..writing import replace_file
from .tokens import EOS, PAD, SOS, UNK
from .truecase import recase, truecase

SPECIAL = {"<pad>": PAD, "<sos>": SOS, "<eos>": EOS, "<unk>": UNK}
KINDS = ("words", "bpe")


class Tokeniser:
    """Token ids of a text, and the text of token ids. Made by `train_words` and `train_bpe`.

    The ids 0 to 3 are PAD, SOS, EOS and UNK; a text that spells "<eos>" is a text, not the id.

    - "words": a word, a number or a mark a token. Decoding puts the spaces where English and
      Spanish have them, which is a rule and not what the author typed: it gives back all but 11 of
      the 38,000 training sentences of `load_tatoeba`, but only 83% of the movie sentences, where
      spaces and single quotes stand in other ways.
    - "bpe": parts of words; a space belongs to the part after it and is shown as ▁. Decoding gives
      the text back exactly, as long as no character is unknown. A ▁ in the text becomes a space.

    With truecasing, words that start a sentence are encoded as inside one, and decoding writes the
    starts of sentences with a capital again: a sentence written without one comes back with it.
    """

    def __init__(self, kind, tokenizer, forms):
        self.kind = kind
        self.forms = forms  # None: no truecasing
        self._tokenizer = tokenizer
        self._tokenizer.encode_special_tokens = True

    def __getstate__(self):
        return {**vars(self), "_tokenizer": self._tokenizer.to_str()}

    def __setstate__(self, state):
        """Of a copy: the package forgets on the way that a text may spell "<eos>"."""
        tokenizer = tokenizers_package().Tokenizer.from_str(state["_tokenizer"])
        tokenizer.encode_special_tokens = True
        vars(self).update(state | {"_tokenizer": tokenizer})

    def __len__(self):
        """The number of ids, the four special ones counted."""
        return self._tokenizer.get_vocab_size()

    def encode(self, text):
        """The ids of a text, as a list; no SOS, no EOS."""
        check_text(text=text)
        return self._tokenizer.encode(prepared(text, self.kind, self.forms)).ids

    def tokens(self, text):
        """The tokens of a text, as strings, in the order of its ids."""
        return [self.token(token_id) for token_id in self.encode(text)]

    def token(self, token_id):
        """The token with this id, as a string."""
        return self._token("token_id", token_id)

    def _token(self, name, token_id):
        check_count(minimum=0, **{name: token_id})
        if token_id >= len(self):
            raise ValueError(f"{name} must be less than {len(self)}, the size, got {token_id}")
        return self._tokenizer.id_to_token(int(token_id))

    def decode(self, ids):
        """The text of ids, up to the first EOS; PAD and SOS are left out, UNK is "<unk>".

        ids: a list of integers, a NumPy array or a torch tensor, such as a row that `generate`
        wrote.
        """
        tokens = []
        ids = ids.tolist() if hasattr(ids, "tolist") else ids
        for index, token_id in enumerate(as_list("ids", ids, "integers")):
            token = self._token(f"ids[{index}]", token_id)
            if token_id == EOS:
                break
            if token_id not in (PAD, SOS):
                tokens.append(token)
        if self.kind == "bpe":
            text = "".join(tokens).replace("▁", " ").removeprefix(" ")
        else:
            text = _join(tokens)
        return text if self.forms is None else recase(text)

    def to_json(self):
        """All of it as text; `Tokeniser.from_json` reads it."""
        parts = {"kind": self.kind, "truecase": self.forms}
        tokenizer = json.loads(self._tokenizer.to_str())
        return json.dumps({**parts, "tokenizer": tokenizer}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text):
        """The tokeniser that `to_json` wrote; a ValueError if it is none."""
        check_text(text=text)
        tokenizers = tokenizers_package()
        try:
            parts = json.loads(text)
            tokenizer = tokenizers.Tokenizer.from_str(json.dumps(parts["tokenizer"]))
            kind, forms = parts["kind"], parts["truecase"]
        except Exception as error:  # the package raises plain Exception
            raise ValueError(f"text must be what Tokeniser.to_json wrote, got {error!r}") from None
        check_choice("kind", kind, KINDS)
        _check_parts(kind, tokenizer, forms)
        return cls(kind, tokenizer, forms)

    def save(self, path):
        """Write `to_json` to a file, whole or not at all: what was there stays if the disk is full.

        Raises:
            TypeError: path is no path. OSError: the place cannot be written.
        """
        check_path(path=path)
        replace_file(path, self.to_json())

    @classmethod
    def load(cls, path):
        """Read a file that `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is not what `save` wrote; the message names it.
        """
        check_path(path=path)
        try:
            return cls.from_json(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path} is not a tokeniser: {error}") from None

    def __repr__(self):
        cased = "" if self.forms is None else ", truecased"
        return f"Tokeniser({self.kind}, {len(self)} tokens{cased})"


def prepared(text, kind, forms):
    """The text as the package is to see it: in true case, with the space that starts a BPE word."""
    text = text if forms is None else truecase(text, forms)
    return " " + text if kind == "bpe" and text else text


def _check_parts(kind, tokenizer, forms):
    """What a file can hold that reads well and would encode or decode wrongly."""
    for token, token_id in SPECIAL.items():
        if tokenizer.token_to_id(token) != token_id:
            raise ValueError(
                f"text must have {token} as id {token_id}, got {tokenizer.token_to_id(token)}"
            )
    ids = set(tokenizer.get_vocab().values())
    if ids != set(range(len(ids))):
        raise ValueError(f"text must have the ids 0 to {len(ids) - 1}, each once")
    model = type(tokenizer.model).__name__
    if model != {"words": "WordLevel", "bpe": "BPE"}[kind]:
        raise ValueError(f"kind must fit the model of the tokenizer, got {kind!r} and {model}")
    texts = [*forms.keys(), *forms.values()] if isinstance(forms, Mapping) else []
    if forms is not None and not (
        isinstance(forms, Mapping) and all(isinstance(one, str) for one in texts)
    ):
        raise ValueError("truecase must map words to their forms, or be null")


_NO_SPACE_BEFORE = frozenset(".,?!:;%)…")
_NO_SPACE_AFTER = frozenset("¿¡$(")


def _join(tokens):
    """Words and marks with the spaces that English and Spanish put between them."""
    text, glue, quoted = "", True, False
    for token in tokens:
        closes = token == '"' and quoted
        if not (glue or closes or token in _NO_SPACE_BEFORE):
            text += " "
        text += token
        if token == '"':
            quoted = not quoted
        glue = token in _NO_SPACE_AFTER or (token == '"' and quoted)
    return text


def tokenizers_package():
    """The package tokenizers, or an error that says how to get it."""
    try:
        import tokenizers
    except ImportError:
        raise ImportError(
            'tokenisers need the package tokenizers: pip install "attention-lib[text]"'
        ) from None
    return tokenizers
