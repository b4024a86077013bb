"""Encoder and decoder, both LSTMs: with one fixed context vector, or with attention."""

from typing import NamedTuple

import torch
from torch import nn

from .. import functional
from ..checks import (
    check_choice,
    check_count,
    check_flag,
    check_kind,
    check_range,
    check_size,
    check_tensor,
)
from .additive import AdditiveAttention
from .concat import ConcatAttention
from .dot import DotAttention
from .dtypes import check_beside
from .general import GeneralAttention
from .scored import is_scored

_ATTENTIONS = {
    "additive": lambda width: AdditiveAttention(width, width, width),
    "concat": lambda width: ConcatAttention(width, width, width),
    "general": lambda width: GeneralAttention(width, width),
    "dot": lambda width: DotAttention(),
}


class Encoded(NamedTuple):
    """What the encoder hands over.

    Attributes:
        states: `[B, S, W]`, one state for each source position; zero at padding.
        hidden, cell: `[B, W]`, the last state, where the decoder starts.
        mask: `[B, 1, S]`, True at real source positions.
    """

    states: torch.Tensor
    hidden: torch.Tensor
    cell: torch.Tensor
    mask: torch.Tensor


class Seq2Seq(nn.Module):
    r"""Translate a sequence into another, token by token.

    The encoder is an LSTM, by default one in each direction with half the width. At each step the
    decoder gets the last token and a context vector c, moves its LSTM on, and scores the next token
    from its state and c:

    $$h_t, m_t = \mathrm{LSTM}([e(y_{t-1}); c_t], (h_{t-1}, m_{t-1})), \qquad
    \mathrm{logits}_t = W_o [h_t; c_t] + b_o$$

    Without attention $c_t$ is the last encoder state at every step: the whole source in one vector.
    With attention $c_t = \sum_j w_{tj} \, \mathrm{state}_j$, with weights from $h_{t-1}$ against
    all encoder states. Nothing else differs.

    Args:
        source_vocab, target_vocab: numbers of token ids.
        width: W, of embeddings, encoder states and decoder state.
        attention: None, "additive", "concat", "general" or "dot".
        bidirectional: encoder in both directions; width must be even.
        padding: id of the padding token; `generate` fills up with it.

    Called with source `[B, S]` and target_in `[B, T]` (token ids, int64), source_lengths `[B]`
    (int64, 1..S): teacher forcing, target_in is what the decoder is fed. Returns logits `[B, T,
    target_vocab]`, or with `return_weights=True` (logits, weights `[B, T, S]`).

    Raises:
        TypeError, ValueError: a size is not a positive integer, width odd and bidirectional,
            attention unknown, a token id outside its vocabulary, tensors that do not fit,
            return_weights without attention.

    Cost: O((S + T) W^2) and, with attention, O(T S W); S + T steps that wait for each other.
    Source: Sutskever, Vinyals and Le (2014) without, Bahdanau, Cho and Bengio (2015) with attention
        (theirs has GRUs and a maxout layer); scores of Luong, Pham and Manning (2015).
    Chapter: 01_seq2seq.

    >>> model = Seq2Seq(24, 24, 8, attention="additive")
    >>> source, lengths = torch.tensor([[5, 6, 7]]), torch.tensor([3])
    >>> model(source, lengths, torch.tensor([[1, 7]])).shape
    torch.Size([1, 2, 24])
    """

    def __init__(
        self, source_vocab, target_vocab, width, *, attention=None, bidirectional=True, padding=0
    ):
        super().__init__()
        check_size(source_vocab=source_vocab, target_vocab=target_vocab, width=width)
        width = int(width)  # an LSTM takes no integers of NumPy
        check_flag(bidirectional=bidirectional)
        check_choice("attention", attention, (None, *_ATTENTIONS))
        if bidirectional and width % 2:
            raise ValueError(f"width must be even for a bidirectional encoder, got {width}")
        directions = 2 if bidirectional else 1
        self.padding = padding
        self._source_vocab, self._target_vocab = source_vocab, target_vocab
        self._check_target_ids(padding=padding)
        self.source_embedding = nn.Embedding(source_vocab, width)
        self.target_embedding = nn.Embedding(target_vocab, width)
        self.encoder = nn.LSTM(
            width, width // directions, bidirectional=bidirectional, batch_first=True
        )
        self.attention = None if attention is None else _ATTENTIONS[attention](width)
        self.decoder = nn.LSTMCell(2 * width, width)
        self.readout = nn.Linear(2 * width, target_vocab)

    @property
    def target_vocabulary_size(self):
        """Number of target token ids."""
        return vocabulary_of(self.target_embedding, self._target_vocab)

    def encode(self, source, source_lengths):
        """Read the source; returns `Encoded`."""
        embedding = self.source_embedding
        check_tokens("source", source, vocabulary_of(embedding, self._source_vocab), embedding)
        check_source_lengths(source, source_lengths)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.source_embedding(source),
            source_lengths.cpu(),
            batch_first=True,
            enforce_sorted=False,
        )
        states, last = self.encoder(packed)
        states, _ = nn.utils.rnn.pad_packed_sequence(
            states, batch_first=True, total_length=source.shape[1]
        )
        hidden, cell = (
            one.transpose(0, 1).flatten(1) for one in last
        )  # [B, W]: both directions side by side
        return Encoded(
            states, hidden, cell, functional.padding_mask(source_lengths, source.shape[1])
        )

    def forward(self, source, source_lengths, target_in, *, return_weights=False):
        check_tokens("source", source)
        embedding = self.target_embedding
        check_tokens("target_in", target_in, self.target_vocabulary_size, embedding)
        if target_in.shape[0] != source.shape[0]:
            raise ValueError(
                f"target_in must have {source.shape[0]} rows like source, "
                f"got shape {tuple(target_in.shape)}"
            )
        self._check_weights_exist(return_weights)
        encoded = self.encode(source, source_lengths)
        projected = self._project(encoded)
        state, outputs, rows = (encoded.hidden, encoded.cell), [], []
        for embedded in self.target_embedding(target_in).unbind(dim=1):
            output, state, weights = self._step(embedded, state, encoded, projected)
            outputs.append(output)
            rows.append(weights)
        logits = self.readout(torch.stack(outputs, dim=1))  # [B, T, target_vocab]
        return (logits, torch.cat(rows, dim=1)) if return_weights else logits

    @torch.no_grad()
    def generate(self, source, source_lengths, max_steps, start, end, *, return_weights=False):
        """Write the most likely token at each step and feed it back, until `end` or for max_steps.

        Returns:
            tokens `[B, T]`, T <= max_steps, `end` included and padding after it; with
            `return_weights=True` also the weights `[B, T, S]`.
        """
        check_count(max_steps=max_steps)
        self._check_target_ids(start=start, end=end)
        self._check_weights_exist(return_weights)
        encoded = self.encode(source, source_lengths)
        projected = self._project(encoded)
        state, tokens, rows = (encoded.hidden, encoded.cell), [], []
        token = torch.full_like(source_lengths, start)
        finished = torch.zeros_like(source_lengths, dtype=torch.bool)
        while len(tokens) < max_steps and not finished.all():
            output, state, weights = self._step(
                self.target_embedding(token), state, encoded, projected
            )
            token = self.readout(output).argmax(dim=-1).masked_fill(finished, self.padding)
            finished = finished | (token == end)
            tokens.append(token)
            rows.append(weights)
        tokens = torch.stack(tokens, dim=1)
        return (tokens, torch.cat(rows, dim=1)) if return_weights else tokens

    def _project(self, encoded):
        """What the attention makes of the keys alone, once; None where it is called as a whole."""
        return self.attention.project(encoded.states) if is_scored(self.attention) else None

    def _step(self, embedded, state, encoded, projected):
        """One decoder step: output `[B, 2W]`, the new state, weights `[B, 1, S]` or None."""
        if self.attention is None:
            context, weights = encoded.hidden, None
        else:
            query, values, mask = state[0][:, None], encoded.states, encoded.mask  # [B, 1, W]
            if projected is None:
                context, weights = self.attention(
                    query, values, values, mask=mask, return_weights=True
                )
            else:
                context, weights = self.attention.attend(query, projected, values, mask=mask)
            context = context[:, 0]  # [B, W]
        state = self.decoder(torch.cat([embedded, context], dim=-1), state)
        return torch.cat([state[0], context], dim=-1), state, weights

    def _check_target_ids(self, **ids):
        check_count(minimum=0, **ids)
        for name, number in ids.items():
            if number >= self._target_vocab:
                raise ValueError(
                    f"{name} must be a target token id in 0..{self._target_vocab - 1}, got {number}"
                )

    def _check_weights_exist(self, return_weights):
        check_flag(return_weights=return_weights)
        if return_weights and self.attention is None:
            raise ValueError(
                "return_weights must be False for a model with attention=None, got True"
            )


def check_tokens(name, tokens, vocabulary=None, embedding=None):
    """tokens are ids of a vocabulary, where an embedding of it is."""
    check_tensor(name, tokens)
    if tokens.dtype != torch.int64:
        raise TypeError(f"{name} must hold token ids of dtype int64, got {tokens.dtype}")
    if tokens.ndim != 2 or 0 in tokens.shape:
        raise ValueError(
            f"{name} must have shape [B, length] with both at least 1, got {tuple(tokens.shape)}"
        )
    if embedding is not None:
        check_beside(embedding, **{name: tokens})
    if vocabulary is not None:
        check_range(name, tokens, 0, vocabulary - 1, verb="hold token ids")


def vocabulary_of(embedding, made_for):
    """How many token ids an embedding knows; what stands in for one may not say."""
    return getattr(embedding, "num_embeddings", made_for)


def check_source_lengths(source, lengths):
    if not isinstance(lengths, torch.Tensor) or lengths.dtype != torch.int64:
        raise TypeError(
            "source_lengths must be an int64 tensor, "
            f"got {getattr(lengths, 'dtype', type(lengths).__name__)}"
        )
    check_kind("torch", source=source, source_lengths=lengths)
    if lengths.shape != source.shape[:1]:
        raise ValueError(
            f"source_lengths must have shape [B] = {tuple(source.shape[:1])}, "
            f"got {tuple(lengths.shape)}"
        )
    check_range("source_lengths", lengths, 1, source.shape[1])
