"""A pointer network: the attention weights are the answer."""

import torch
from torch import nn

from .. import functional
from ..checks import check_count, check_kind, check_range, check_size
from .additive import AdditiveAttention
from .scored import is_scored
from .seq2seq import check_source_lengths, check_tokens, vocabulary_of


class PointerNetwork(nn.Module):
    r"""Point at positions of the source, one after the other.

    The encoder is an LSTM in both directions. The decoder is an LSTM that is fed the encoder state
    of the position it pointed at last; its additive scores against all encoder states are the
    logits over positions:

    $$p(y_t = j) = \mathrm{softmax}_j(v^\top \tanh(W_q h_t + W_k e_j + b))$$

    There is no output vocabulary, so any source length will do.

    Args:
        source_vocab: number of token ids.
        width: W, even; of embeddings, encoder states and decoder state.

    Called with source `[B, S]` (token ids, int64), source_lengths `[B]` (int64, 1..S) and the true
    positions `[B, T]` (int64; -1 where there is none): teacher forcing, the true position of the
    step before is fed. Returns logits `[B, T, S]`, `-inf` at padding. Positions may repeat: nothing
    but training forbids it.

    Raises:
        TypeError, ValueError: a size is not a positive integer, width odd, tensors that do not fit.

    Cost: O((S + T) W^2 + T S W); S + T steps that wait for each other.
    Source: Vinyals, Fortunato and Jaitly (2015), section 2.3; they feed the input that was pointed
    at.
    Chapter: 01_3_before_its_name.

    >>> model = PointerNetwork(13, 8)
    >>> source, lengths = torch.tensor([[6, 4, 5]]), torch.tensor([3])
    >>> model(source, lengths, torch.tensor([[1, 2, 0]])).shape
    torch.Size([1, 3, 3])
    """

    def __init__(self, source_vocab, width):
        super().__init__()
        check_size(source_vocab=source_vocab, width=width)
        width = int(width)  # an LSTM takes no integers of NumPy
        if width % 2:
            raise ValueError(f"width must be even, got {width}")
        self.source_vocab = source_vocab
        self.embedding = nn.Embedding(source_vocab, width)
        self.encoder = nn.LSTM(width, width // 2, bidirectional=True, batch_first=True)
        self.first_input = nn.Parameter(torch.zeros(width))
        self.decoder = nn.LSTMCell(width, width)
        self.attention = AdditiveAttention(width, width, width)

    def forward(self, source, source_lengths, positions):
        states, state, mask = self._encode(source, source_lengths)
        check_tokens("positions", positions)
        check_kind("torch", source=source, positions=positions)
        if len(positions) != len(source):
            raise ValueError(
                f"positions must have {len(source)} rows like source, "
                f"got shape {tuple(positions.shape)}"
            )
        check_range("positions", positions, -1, source.shape[1] - 1, note=" (-1 for none)")
        projected = self._project(states)
        inputs, logits = self.first_input.expand(len(source), -1), []
        for position in positions.unbind(dim=1):
            step, state = self._step(inputs, state, states, projected, mask)
            logits.append(step)
            inputs = _rows(states, position.clamp(min=0))
        return torch.stack(logits, dim=1)  # [B, T, S]

    @torch.no_grad()
    def generate(self, source, source_lengths, steps):
        """Point at the most likely position for `steps` steps; returns positions `[B, steps]`."""
        check_count(steps=steps)
        states, state, mask = self._encode(source, source_lengths)
        projected = self._project(states)
        inputs, positions = self.first_input.expand(len(source), -1), []
        for _ in range(steps):
            logits, state = self._step(inputs, state, states, projected, mask)
            positions.append(logits.argmax(dim=-1))
            inputs = _rows(states, positions[-1])
        return torch.stack(positions, dim=1)

    def _encode(self, source, source_lengths):
        embedding = self.embedding
        check_tokens("source", source, vocabulary_of(embedding, self.source_vocab), embedding)
        check_source_lengths(source, source_lengths)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(source), source_lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, last = self.encoder(packed)
        length = source.shape[1]
        states, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True, total_length=length)
        state = tuple(one.transpose(0, 1).flatten(1) for one in last)  # [B, W] each
        return states, state, functional.padding_mask(source_lengths, length)[:, 0]

    def _project(self, states):
        """What the attention makes of the states alone, once; None where it is called as whole."""
        return self.attention.project(states) if is_scored(self.attention) else None

    def _step(self, inputs, state, states, projected, mask):
        state = self.decoder(inputs, state)
        query = state[0][:, None]  # [B, 1, W]
        if projected is None:
            scores = self.attention(query, states, states, return_scores=True)
        else:
            scores = self.attention.scores(query, projected)
        return scores[:, 0].masked_fill(~mask, -torch.inf), state


def _rows(states, position):
    return states[torch.arange(len(states), device=states.device), position]  # [B, W]
