"""Decoding states of the library's models: what they remember between two steps."""

from copy import deepcopy

import torch
from torch import nn

from ..checks import check_count, check_flag
from ..modules import KVCache, LanguageModel, Seq2Seq, Transformer
from ..modules.cache_checks import check_rows
from ..modules.rewind import Rewound
from ..modules.seq2seq import check_tokens
from .resting import Resting
from .single_step import SingleStep


def decoding_state(model, source=None, source_lengths=None, *, cached=True, max_length=None):
    """A new `DecodingState` of a model, for one call of a search.

    Args:
        model: a `LanguageModel`, `Transformer` or `Seq2Seq`, or one that torch.compile,
            nn.DataParallel or DistributedDataParallel has wrapped: then what it wraps is called,
            one step after the other and not compiled, for caches grow with every step (parts that
            were compiled by themselves stay so). The state computes as in evaluation mode and
            without gradients, and leaves the modes of its modules alone: other threads may train
            or generate with the same model meanwhile.
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
    return state_of("model", model, source, source_lengths, cached, max_length)


def reads_source(name, model):
    """Whether a model, which the caller calls by a name of his own, has to be given a source."""
    model = unwrapped(model)
    kinds = (LanguageModel, Transformer, Seq2Seq)
    if not isinstance(model, kinds):
        names = ", ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"{name} must be one of {names}, got {type(model).__name__}")
    return not isinstance(model, LanguageModel)


def state_of(name, model, source, source_lengths, cached, max_length):
    """`decoding_state` of a model that the caller calls by a name of his own."""
    check_flag(cached=cached)
    reads = reads_source(name, model)
    model = unwrapped(model)
    for name, one in {"source": source, "source_lengths": source_lengths}.items():
        if reads != (one is not None):
            raise TypeError(
                f"{name} must be {'given' if reads else 'None'} for a {type(model).__name__}, "
                f"got {type(one).__name__}"
            )
    if max_length is not None:
        check_count(max_length=max_length)
    if isinstance(model, Seq2Seq):
        return Seq2SeqState(model, source, source_lengths)
    caches = model.new_caches(max_length) if cached else None
    if reads:
        return TransformerState(model, source, source_lengths, caches)
    return LanguageModelState(model, caches)


def unwrapped(model):
    """The model that torch.compile or a container for data parallelism was given."""
    while True:
        if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            model = model.module
        elif isinstance(getattr(model, "_orig_mod", None), nn.Module):  # of torch.compile
            model = model._orig_mod
        else:
            return model


class LanguageModelState:
    """Remembers keys and values in caches, or the tokens themselves where caches is None."""

    claimed = False  # by a search

    def __init__(self, model, caches):
        self.model = model
        self.caches = caches
        self.read = None  # [R, T], all tokens so far, where there are no caches
        self.resting = Resting(model)
        self.single_step = SingleStep()

    @property
    def max_length(self):
        """The number of positions that the model knows, or None."""
        return getattr(self.model.positions, "max_length", None)

    @property
    def vocabulary_size(self):
        """V, how many logits it gives."""
        return self.model.vocabulary_size

    def check_fed(self, name, tokens):
        """The model can read these tokens, which the caller calls by a name of his own."""
        model = self.model
        check_tokens(name, tokens, model.vocabulary_size, model.embedding)

    def check_cut(self, name):
        """What was read can be taken back; name: what the caller calls the state."""
        for cache in self.caches or ():
            cache = getattr(cache, "self_attention", cache)
            if not isinstance(cache, KVCache):
                raise ValueError(
                    f"{name} must keep every position, to be cut back, got a "
                    f"{type(cache).__name__}: make the state with cached=False"
                )
            cache.check_cut(name)

    def advance(self, tokens):
        self.check_fed("tokens", tokens)
        return self._read(tokens, -1)

    def score(self, tokens, count):
        """Read tokens `[R, T]`; logits `[R, count, V]` after each of the last `count` of them."""
        self.check_fed("tokens", tokens)
        check_count(count=count)
        if count > tokens.shape[1]:
            raise ValueError(f"count must be at most the {tokens.shape[1]} tokens, got {count}")
        return self._read(tokens, slice(-int(count), None))

    def cut(self, count):
        """Forget the last `count` tokens that were read, of each row."""
        self.check_cut("state")
        if self.caches is None:
            check_count(minimum=0, count=count)
            read = 0 if self.read is None else self.read.shape[1]
            if count > read:
                raise ValueError(f"count must be at most the {read} tokens read, got {count}")
            self.read = None if count == read else self.read[:, : read - count]
            return
        for cache in self.caches:
            cache.cut(count)

    def _logits(self, model, tokens, which):
        """After the last token, where `which` is -1, or after each of a slice of them."""
        logits = self.single_step.logits(model, self.caches, tokens) if which == -1 else None
        if logits is not None:
            return logits
        hidden = model.hidden_states(tokens, caches=self.caches)
        return model.readout(hidden[:, which])

    def _read(self, tokens, which):
        """The logits after the tokens; if that fails nothing was read."""
        if self.caches is None:  # all there were, again
            tokens = tokens if self.read is None else torch.cat([self.read, tokens], dim=1)
        model = self.resting()
        with torch.no_grad(), Rewound(*self.caches or ()):
            logits = self._logits(model, tokens, which)
        self.read = tokens if self.caches is None else None
        return logits

    def reorder(self, rows):
        if self.caches is None:
            check_rows(rows, self.read)
        with Rewound(*self.caches or ()):
            for cache in self.caches or ():
                cache.reorder(rows)
            self.read = None if self.read is None else self.read[rows]

    def mark(self):
        """What `rewind` needs to come back, however far the state has gone on."""
        return self.read, [cache.mark(lasting=True) for cache in self.caches or ()]

    def rewind(self, mark):
        """Be as at the mark."""
        self.read, marks = mark
        for cache, one in zip(self.caches or (), marks, strict=True):
            cache.rewind(one)

    def __copy__(self):
        """One that goes on by itself, with the same model."""
        return deepcopy(self, {id(one): one for one in (self.model, self.resting)})


class TransformerState(LanguageModelState):
    """Remembers what a language model's state does, and the memory that the encoder made."""

    def __init__(self, model, source, source_lengths, caches):
        super().__init__(model, caches)
        with torch.no_grad():
            self.memory = self.resting().encode(source, source_lengths)

    @property
    def max_length(self):
        return getattr(self.model.target_positions, "max_length", None)

    @property
    def vocabulary_size(self):
        return self.model.target_vocabulary_size

    def check_fed(self, name, tokens):
        _check_fed(name, tokens, self.memory.states, self.model)

    def _logits(self, model, tokens, which):
        return model.decode(tokens, self.memory, caches=self.caches)[:, which]

    def reorder(self, rows):
        memory = self.memory.reorder(rows)
        super().reorder(rows)
        self.memory = memory

    def mark(self):
        return self.memory, super().mark()

    def rewind(self, mark):
        self.memory, mark = mark
        super().rewind(mark)


class Seq2SeqState:
    """Remembers the decoder's LSTM state and what the encoder read."""

    claimed = False
    max_length = None

    def __init__(self, model, source, source_lengths):
        self.model = model
        self.resting = Resting(model)
        with torch.no_grad():
            resting = self.resting()
            self.encoded = resting.encode(source, source_lengths)
            self.projected = resting._project(self.encoded)  # once, not at every step
        self.state = (self.encoded.hidden, self.encoded.cell)

    def check_fed(self, name, tokens):
        """The model can read these tokens, which the caller calls by a name of his own."""
        _check_fed(name, tokens, self.encoded.states, self.model)

    def advance(self, tokens):
        self.check_fed("tokens", tokens)
        model, state = self.resting(), self.state
        with torch.no_grad():
            # An LSTM reads one token after the other; the logits are those after the last.
            for embedded in model.target_embedding(tokens).unbind(dim=1):
                output, state, _ = model._step(embedded, state, self.encoded, self.projected)
            logits = model.readout(output)
        self.state = state
        return logits

    def reorder(self, rows):
        check_rows(rows, self.encoded.states)
        encoded = type(self.encoded)(*(one[rows] for one in self.encoded))
        projected = None if self.projected is None else self.projected[rows]
        state = tuple(one[rows] for one in self.state)
        self.encoded, self.projected, self.state = encoded, projected, state

    def mark(self):
        """What `rewind` needs to come back: nothing is written over."""
        return self.encoded, self.projected, self.state

    def rewind(self, mark):
        """Be as at the mark."""
        self.encoded, self.projected, self.state = mark


def _check_fed(name, tokens, encoded, model):
    check_tokens(name, tokens, model.target_vocabulary_size, model.target_embedding)
    if len(tokens) != len(encoded):
        raise ValueError(f"{name} must have {len(encoded)} rows like source, got {len(tokens)}")
