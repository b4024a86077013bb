"""A decoder-only Transformer: what comes next, given what came before."""

import torch  # noqa: F401  (the doctest uses it)
from torch import nn

from ..checks import check_flag, check_size
from .encoder import TransformerEncoder
from .position_schemes import attention_positions, check_places, embedding_positions
from .rewind import Rewound
from .seq2seq import check_tokens, vocabulary_of
from .stack import check_caches
from .ties import TiedModule


class LanguageModel(TiedModule):
    r"""Predict each token from those before it: embeddings, a causal stack, a readout.

    With the tokens y, the embedding matrix E (a row for each token id), the positions p, the causal
    stack f and the readout W:

    $$x_t = \sqrt{C} \, E_{y_t} + p_t, \qquad \mathrm{logits}_t = W f(x)_t, \qquad W = E
    \text{ if tied}$$

    logits_t scores the token at t + 1. The stack is a `TransformerEncoder`, called with
    causal=True: without a memory to attend to, that is all a decoder is.

    Args:
        vocabulary: V, number of token ids.
        d_model, n_heads, n_layers, d_ff: of the `TransformerEncoder`.
        positions: "sinusoidal" or "learned", added to the embeddings; "rotary", turning queries and
            keys; "alibi" or "relative" (the buckets of T5, shared by all layers), added to the
            scores; or None: the order is then known from causality alone.
        max_length: number of "learned" positions; for no other scheme.
        tie_embeddings: one matrix for reading tokens and for scoring them.
        dropout: as for `TransformerEncoder`, and for the sum of embedding and position.
        layer_options: norm_first, norm, bias, final_norm, activation, n_kv_heads, mechanism,
            residual of the `TransformerEncoder`. With a mechanism, such as
            `SlidingWindowAttention`, positions are not added to the scores, and no weights are
            returned.

    Layers: embedding, positions (or None), stack, readout (without a bias). The embedding is drawn
    with standard deviation 1 / sqrt(C), so that the scaled vectors and the logits of a new model
    are of size one.

    Called with tokens `[B, T]` (int64); caches, one a layer as `new_caches` makes them:
    tokens then holds the new ones only, and positions continue where the caches stand. Returns
    logits `[B, T, V]`, or with `return_weights=True` (logits, list of the weights `[B, H, T, S]` of
    each layer). Padding after the end of a row changes nothing before it.

    Raises:
        TypeError, ValueError: a size is not a positive integer, an option unknown, max_length
            missing or superfluous; tokens not int64 `[B, T]`, an id outside 0..V-1, more tokens
            than max_length; else as `TransformerEncoder`.

    Cost: that of the stack and 2 T C V FLOPs for the readout.
    Source: Radford et al. (2018) for the decoder-only stack; Vaswani et al. (2017), section 3.4,
        for the tied matrix and the factor sqrt(C); Press and Wolf (2017) for the tying.

    >>> model = LanguageModel(13, d_model=8, n_heads=2, n_layers=1, d_ff=32)
    >>> model(torch.tensor([[5, 3, 7]])).shape
    torch.Size([1, 3, 13])
    """

    def __init__(
        self,
        vocabulary,
        *,
        d_model,
        n_heads,
        n_layers,
        d_ff,
        positions="sinusoidal",
        max_length=None,
        tie_embeddings=True,
        dropout=0.0,
        **layer_options,
    ):
        super().__init__()
        check_size(vocabulary=vocabulary, d_model=d_model, n_heads=n_heads)
        check_flag(tie_embeddings=tie_embeddings)
        self.vocabulary, self.d_model = vocabulary, d_model
        self.embedding = nn.Embedding(vocabulary, d_model)
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        self.positions = embedding_positions(positions, d_model, max_length=max_length)
        # What the scheme adds inside attention, if that is where it acts.
        inside = attention_positions(positions, d_model, n_heads, bidirectional=False)
        self.stack = TransformerEncoder(
            n_layers, d_model, n_heads, d_ff, dropout=dropout, **inside, **layer_options
        )
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(d_model, vocabulary, bias=False)
        if tie_embeddings:
            self.readout.weight = self.embedding.weight

    @property
    def vocabulary_size(self):
        """V, number of token ids."""
        return vocabulary_of(self.embedding, self.vocabulary)

    def new_caches(self, max_length=None):
        """One empty cache for each layer, for up to max_length positions (None: any)."""
        return self.stack.new_caches(max_length)

    def hidden_states(self, tokens, *, caches=None, return_weights=False):
        """What the readout reads: `[B, T, C]`, or (that, weights); arguments as for the call."""
        check_tokens("tokens", tokens, self.vocabulary_size, self.embedding)
        offset = 0 if caches is None else check_caches(caches, len(self.stack.layers))[0].length
        check_places(self.positions, "tokens", tokens.shape[1], offset)
        x = self.embedding(tokens) * self.d_model**0.5  # [B, T, C]
        if self.positions is not None:
            x = self.positions(x, offset=offset)
        x = self.dropout(x)
        return self.stack(x, causal=True, caches=caches, return_weights=return_weights)

    def forward(self, tokens, *, caches=None, return_weights=False):
        check_flag(return_weights=return_weights)
        check_caches(caches, len(self.stack.layers))
        with Rewound(*caches or ()):
            result = self.hidden_states(tokens, caches=caches, return_weights=return_weights)
            hidden, weights = result if return_weights else (result, None)
            logits = self.readout(hidden)  # [B, T, V]
        return (logits, weights) if return_weights else logits
