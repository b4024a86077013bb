"""Decoding states of the library's models: what they remember between two steps."""

from contextlib import contextmanager

import torch

from ..checks import check_flag
from ..modules import LanguageModel, Seq2Seq, Transformer
from ..modules.seq2seq import check_tokens


def decoding_state(model, source=None, source_lengths=None, *, cached=True, max_length=None):
    """A new `DecodingState` of a model, for one call of a search.

    Args:
        model: a `LanguageModel`, `Transformer` or `Seq2Seq`. The state calls it in evaluation mode
            and without gradients, and leaves each of its modules in the mode in which it was.
        source, source_lengths: what an encoder-decoder model reads: `[B, S]` and `[B]`, int64, as
            for the model's own call. It is encoded here, once. The prompts are then what the
            decoder is fed, at least a start token, in as many rows.
        cached: keep keys and values, so that a step costs one position; False computes all
            positions again at each step, with the same result. A `Seq2Seq` is recurrent: its state
            holds all it needs.
        max_length: positions that the caches may come to hold, taken as memory at once; None: they
            grow.

    Returns:
        a `DecodingState`: `advance` reads tokens `[R, T]` and gives logits `[R, V]` of the next
        token of each row, `reorder` picks, repeats and drops rows.

    Raises:
        TypeError: another kind of model; source given to a language model or missing for another.
        ValueError: as the model.

    Cost: with caches a step reads all keys and values kept; without, step t costs what t positions
    cost.

    >>> model = LanguageModel(13, d_model=8, n_heads=2, n_layers=1, d_ff=16)
    >>> decoding_state(model).advance(torch.tensor([[5, 3], [1, 1]])).shape
    torch.Size([2, 13])
    """
    check_flag(cached=cached)
    kinds = (LanguageModel, Transformer, Seq2Seq)
    if not isinstance(model, kinds):
        names = ", ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"model must be one of {names}, got {type(model).__name__}")
    reads = not isinstance(model, LanguageModel)  # a source
    for name, one in {"source": source, "source_lengths": source_lengths}.items():
        if reads != (one is not None):
            raise TypeError(
                f"{name} must be {'given' if reads else 'None'} for a {type(model).__name__}, "
                f"got {type(one).__name__}"
            )
    if isinstance(model, Seq2Seq):
        return Seq2SeqState(model, source, source_lengths)
    caches = model.new_caches(max_length) if cached else None
    if reads:
        return TransformerState(model, source, source_lengths, caches)
    return LanguageModelState(model, caches)


class LanguageModelState:
    """Remembers keys and values in caches, or the tokens themselves where caches is None."""

    claimed = False  # by a search

    def __init__(self, model, caches):
        self.model = model
        self.caches = caches
        self.read = None  # [R, T], all tokens so far, where there are no caches

    @property
    def max_length(self):
        """The number of positions that the model knows, or None."""
        return getattr(self.model.positions, "max_length", None)

    def advance(self, tokens):
        check_tokens("prompts", tokens, self.model.embedding.num_embeddings)
        tokens = self._to_feed(tokens)
        with _at_rest(self.model):
            hidden = self.model.hidden_states(tokens, caches=self.caches)
            return self.model.readout(hidden[:, -1])

    def reorder(self, rows):
        for cache in self.caches or ():
            cache.reorder(rows)
        self.read = None if self.read is None else self.read[rows]

    def _to_feed(self, tokens):
        """With caches the new tokens, without them all there were."""
        if self.caches is not None:
            return tokens
        self.read = tokens if self.read is None else torch.cat([self.read, tokens], dim=1)
        return self.read


class TransformerState(LanguageModelState):
    """Remembers what a language model's state does, and the memory that the encoder made."""

    def __init__(self, model, source, source_lengths, caches):
        super().__init__(model, caches)
        with _at_rest(model):
            self.memory = model.encode(source, source_lengths)

    @property
    def max_length(self):
        return getattr(self.model.target_positions, "max_length", None)

    def advance(self, tokens):
        _check_fed(tokens, self.memory.states, self.model.target_embedding)
        tokens = self._to_feed(tokens)
        with _at_rest(self.model):
            return self.model.decode(tokens, self.memory, caches=self.caches)[:, -1]

    def reorder(self, rows):
        super().reorder(rows)
        self.memory = self.memory.reorder(rows)


class Seq2SeqState:
    """Remembers the decoder's LSTM state and what the encoder read."""

    claimed = False
    max_length = None

    def __init__(self, model, source, source_lengths):
        self.model = model
        with _at_rest(model):
            self.encoded = model.encode(source, source_lengths)
            self.projected = model._project(self.encoded)  # once, not at every step
        self.state = (self.encoded.hidden, self.encoded.cell)

    def advance(self, tokens):
        _check_fed(tokens, self.encoded.states, self.model.target_embedding)
        with _at_rest(self.model):
            # An LSTM reads one token after the other; the logits are those after the last.
            for embedded in self.model.target_embedding(tokens).unbind(dim=1):
                output, self.state, _ = self.model._step(
                    embedded, self.state, self.encoded, self.projected
                )
            return self.model.readout(output)

    def reorder(self, rows):
        self.encoded = type(self.encoded)(*(one[rows] for one in self.encoded))
        self.projected = None if self.projected is None else self.projected[rows]
        self.state = tuple(one[rows] for one in self.state)


def _check_fed(tokens, encoded, embedding):
    check_tokens("prompts", tokens, embedding.num_embeddings)
    if len(tokens) != len(encoded):
        raise ValueError(f"prompts must have {len(encoded)} rows like source, got {len(tokens)}")


@contextmanager
def _at_rest(model):
    """Evaluation mode and no gradients inside; afterwards every module is in its mode again."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training
