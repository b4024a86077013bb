"""The Transformer of 2017: an encoder reads the source, a decoder writes the target."""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from .. import functional
from ..checks import check_count, check_flag, check_kind, check_probability, check_size
from .cache_checks import check_rows
from .decoder import TransformerDecoder
from .encoder import TransformerEncoder
from .position_schemes import attention_positions, check_places, embedding_positions
from .rewind import Rewound
from .seq2seq import check_source_lengths, check_tokens, vocabulary_of
from .stack import check_caches
from .ties import TiedModule
from .torch_transformer import transformer_from_torch


class Memory(NamedTuple):
    """What the encoder of a `Transformer` hands over.

    Attributes:
        states: `[B, S, C]`, zero at padding.
        mask: `[B, 1, 1, S]`, True at real source positions.
    """

    states: torch.Tensor
    mask: torch.Tensor

    def reorder(self, rows):
        """The memory whose row b is row rows[b] of this one."""
        check_rows(rows, self.states)
        return Memory(self.states[rows], self.mask[rows])


class TransformerWeights(NamedTuple):
    """All attention weights of a `Transformer`.

    Attributes:
        encoder: a list with `[B, H, S, S]` for each layer.
        decoder: a list with `DecoderWeights` for each layer.
    """

    encoder: list
    decoder: list


class Transformer(TiedModule):
    r"""Translate a sequence into another without recurrence: all positions at once in training.

    $$M = \mathrm{encoder}(\sqrt{C} \, e(x) + p), \qquad
    \mathrm{logits} = \mathrm{decoder}(\sqrt{C} \, e'(y) + p, M) \, W^\top$$

    x is the source and y the target as far as it is written, both token ids; e and e' look up their
    embeddings, p are the positions, M is the memory and W the readout.

    Args:
        source_vocabulary, target_vocabulary: numbers of token ids.
        d_model: C.
        n_heads: H.
        n_layers: of the encoder, and of the decoder unless n_decoder_layers is given.
        d_ff: inner width of the feed-forward networks.
        n_decoder_layers: None, or the decoder's own number of layers.
        positions: "sinusoidal" or "learned" (added to the embeddings), "rotary" (turns queries and
            keys), "alibi" or "relative" (added to the scores; the relative bias is learned once for
            the encoder and once for the decoder, and shared by its layers), or None. Where they
            enter attention they enter self-attention only.
        max_length: number of "learned" positions; for no other scheme.
        tie_embeddings: W is the target embedding itself, not a matrix of its own.
        padding: id of the padding token of the target, for `seq2seq_loss` and `generate`; the
            Transformer itself makes no use of it.
        dropout: as for the layers, and on the sum of embeddings and positions.
        layer_options: norm_first, norm, activation, n_kv_heads, bias, mechanism (of the
            self-attention), residual, final_norm of encoder and decoder.

    Called with source `[B, S]`, source_lengths `[B]` (int64, 1..S) and target_in `[B, T]` (source
    and target_in: token ids, int64). This is teacher forcing: target_in is the true target from the
    start token on, and the logits at position t score the token at t + 1. Returns logits `[B, T,
    V]` with V = target_vocabulary, or with `return_weights=True` (logits, `TransformerWeights`).

    What stands at padding in the source changes nothing. Padding at the end of target_in is seen
    only by the positions after it, whose logits are to be ignored.

    Raises:
        TypeError, ValueError: a size is not a positive integer, an option unknown, max_length
            missing or superfluous, a token id outside its vocabulary, tensors that do not fit.

    Cost: that of the layers, and 2 T C V FLOPs for the logits.
    Source: Vaswani et al. (2017), sections 3.1 to 3.5, with pre-LN (Xiong et al., 2020) unless
        norm_first=False; tied readout after Press and Wolf (2017). Embeddings are drawn with
        variance 1 / C, so that the scaled ones and the first logits have variance about 1.

    >>> model = Transformer(24, 31, d_model=8, n_heads=2, n_layers=2, d_ff=16)
    >>> source, lengths = torch.tensor([[5, 6, 7]]), torch.tensor([3])
    >>> model(source, lengths, torch.tensor([[1, 7]])).shape
    torch.Size([1, 2, 31])
    """

    def __init__(
        self,
        source_vocabulary,
        target_vocabulary,
        *,
        d_model,
        n_heads,
        n_layers,
        d_ff,
        n_decoder_layers=None,
        positions="sinusoidal",
        max_length=None,
        tie_embeddings=True,
        padding=0,
        dropout=0.0,
        **layer_options,
    ):
        super().__init__()
        n_decoder_layers = n_layers if n_decoder_layers is None else n_decoder_layers
        check_size(source_vocabulary=source_vocabulary, target_vocabulary=target_vocabulary)
        check_size(d_model=d_model, n_heads=n_heads, n_layers=n_layers)
        check_size(n_decoder_layers=n_decoder_layers)
        check_count(minimum=0, padding=padding)
        check_flag(tie_embeddings=tie_embeddings)
        check_probability(dropout=dropout)
        if padding >= target_vocabulary:
            raise ValueError(
                f"padding must be a target token id in 0..{target_vocabulary - 1}, got {padding}"
            )
        self.d_model, self.padding, self.dropout = d_model, padding, dropout
        self.source_vocabulary, self.target_vocabulary = source_vocabulary, target_vocabulary
        self.source_embedding = _embedding(source_vocabulary, d_model)
        self.target_embedding = _embedding(target_vocabulary, d_model)
        self.source_positions = embedding_positions(positions, d_model, max_length=max_length)
        self.target_positions = embedding_positions(positions, d_model, max_length=max_length)
        # What the scheme adds inside attention: the encoder looks both ways, the decoder back only.
        reading, writing = (
            attention_positions(positions, d_model, n_heads, bidirectional=both)
            for both in (True, False)
        )
        sizes, options = (d_model, n_heads, d_ff), {"dropout": dropout, **layer_options}
        self.encoder = TransformerEncoder(n_layers, *sizes, **reading, **options)
        self.decoder = TransformerDecoder(n_decoder_layers, *sizes, **writing, **options)
        self.readout = nn.Linear(d_model, target_vocabulary, bias=False)
        if tie_embeddings:
            self.readout.weight = self.target_embedding.weight

    @property
    def target_vocabulary_size(self):
        """Number of target token ids."""
        return vocabulary_of(self.target_embedding, self.target_vocabulary)

    def encode(self, source, source_lengths, *, return_weights=False):
        """Read the source; returns `Memory`, or with return_weights (memory, list of weights)."""
        embedding = self.source_embedding
        check_tokens("source", source, vocabulary_of(embedding, self.source_vocabulary), embedding)
        check_source_lengths(source, source_lengths)
        mask = functional.padding_mask(source_lengths, source.shape[1])  # [B, 1, S]
        check_places(self.source_positions, "source", source.shape[1], 0)
        x = self._embed(source, self.source_embedding, self.source_positions, 0)
        result = self.encoder(x, mask=mask[:, None], return_weights=return_weights)
        states, weights = result if return_weights else (result, None)
        memory = Memory(states.masked_fill(~mask.mT, 0), mask[:, None])
        return (memory, weights) if return_weights else memory

    def decode(self, target_in, memory, *, caches=None, return_weights=False):
        """Logits `[B, T, target_vocabulary]` of the tokens that follow those of target_in `[B, T]`.

        With caches, as `new_caches` makes them, target_in holds the tokens that were not fed yet,
        and T steps cost what T positions cost, not all of them. With return_weights: (logits, list
        of `DecoderWeights`).

        Raises:
            TypeError, ValueError: memory is not a `Memory` with as many rows as target_in; as the
                call.
        """
        embedding = self.target_embedding
        check_tokens("target_in", target_in, self.target_vocabulary_size, embedding)
        if not isinstance(memory, Memory):
            raise TypeError(f"memory must be a Memory, got {type(memory).__name__}")
        _check_memory(memory)
        if memory.states.shape[0] != target_in.shape[0]:
            raise ValueError(
                f"target_in must have {memory.states.shape[0]} rows like the source, "
                f"got shape {tuple(target_in.shape)}"
            )
        layers = self.decoder.layers
        offset = 0 if caches is None else check_caches(caches, len(layers))[0].length
        check_places(self.target_positions, "target_in", target_in.shape[1], offset)
        options = {"memory_mask": memory.mask, "caches": caches, "return_weights": return_weights}
        with Rewound(*caches or ()):
            x = self._embed(target_in, self.target_embedding, self.target_positions, offset)
            result = self.decoder(x, memory.states, **options)
            x, weights = result if return_weights else (result, None)
            logits = self.readout(x)
        return (logits, weights) if return_weights else logits

    def new_caches(self, max_length=None):
        """One empty `DecoderCache` for each decoder layer, for `decode`."""
        return self.decoder.new_caches(max_length)

    def forward(self, source, source_lengths, target_in, *, return_weights=False):
        check_flag(return_weights=return_weights)
        if not return_weights:
            return self.decode(target_in, self.encode(source, source_lengths))
        memory, reading = self.encode(source, source_lengths, return_weights=True)
        logits, writing = self.decode(target_in, memory, return_weights=True)
        return logits, TransformerWeights(reading, writing)

    @classmethod
    def from_torch(cls, module, source_vocabulary, target_vocabulary, **options):
        """The encoder and the decoder of a torch.nn.Transformer, copied, in its mode and dtype.

        PyTorch's module begins behind the embeddings and ends before the readout: these are drawn
        anew, for vocabularies of the given sizes. For the rest see `from_torch` of the stacks.

        Args:
            module: a torch.nn.Transformer.
            source_vocabulary, target_vocabulary: numbers of token ids.
            options: positions ("sinusoidal", "learned" or None), max_length, tie_embeddings,
                padding, and dropout, here of the embeddings alone.

        Raises:
            TypeError, ValueError: another kind of module, an encoder or decoder that is not
                PyTorch's own, stacks of two widths, positions that act inside attention; as
                `TransformerEncoderLayer.from_torch`.
        """
        return transformer_from_torch(cls, module, source_vocabulary, target_vocabulary, options)

    def _embed(self, tokens, embedding, positions, offset):
        x = embedding(tokens) * self.d_model**0.5  # [B, T, C]
        x = x if positions is None else positions(x, offset=offset)
        return F.dropout(x, p=self.dropout, training=self.training)


def _check_memory(memory):
    parts = {"memory.states": memory.states, "memory.mask": memory.mask}
    check_kind("torch", **parts)
    for name, axes, letters in (("states", 3, "[B, S, C]"), ("mask", 4, "[B, 1, 1, S]")):
        part = getattr(memory, name)
        if part.ndim != axes:
            raise ValueError(f"memory.{name} must have shape {letters}, got {tuple(part.shape)}")


def _embedding(vocabulary, d_model):
    made = nn.Embedding(vocabulary, d_model)
    nn.init.normal_(made.weight, std=d_model**-0.5)
    return made
