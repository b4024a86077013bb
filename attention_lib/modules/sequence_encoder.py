"""An encoder of whole sequences: of token ids or patches, to vectors or to one class."""

import torch  # noqa: F401  (the doctest uses it)
from torch import nn

from .. import functional
from ..checks import check_choice, check_kind, check_size, shown
from .encoder import TransformerEncoder
from .pooling import POOLINGS, pooled, shares
from .position_schemes import POSITIONS, attention_positions, embedding_positions
from .scored import check_layer_input
from .seq2seq import check_tokens, vocabulary_of


class SequenceEncoder(nn.Module):
    r"""Read a sequence in both directions: embedding, positions, a stack; a class if asked for.

    With the embedded inputs e, the positions p, the stack f of encoder layers, its output h and n
    real tokens or patches:

    $$h = f(e + p), \qquad \mathrm{logits} = W \, \frac{1}{n} \sum_{t \le n} h_t + b$$

    The logits, with the readout W and b, are for one class of the whole sequence. In the place of
    the mean there can be the first vector, or a mean whose weights a learned query q draws, one
    vector of width C:

    $$\mathrm{logits} = W h_1 + b, \qquad \mathrm{logits} = W \sum_{t \le n} a_t h_t + b, \quad
    a = \mathrm{softmax}_{t \le n}(q \cdot h_t)$$

    Token ids y are looked up in the embedding matrix E, of width C = d_model: e = sqrt(C) E_y, as
    in `LanguageModel`. Patches x of an image (or frames of a sound), vectors of one width, are
    mapped: e = x A + a.

    Args:
        vocabulary: number of token ids; None for patches.
        patch_width: numbers in one patch; None for token ids.
        max_length: the longest sequence.
        d_model, n_heads, n_layers, d_ff: of the `TransformerEncoder`.
        positions: "learned" (max_length of them) or "sinusoidal", added to the embeddings;
            "rotary", turning queries and keys; "alibi" or "relative", added to the scores; or None.
        n_classes: None for the vectors themselves; else there are logits of so many classes.
        pooling: what the class is read from: the "mean" of the real vectors, the "first" of them,
            or "attention", their mean weighted by the query. Only "mean" goes without n_classes.
        dropout: as for `TransformerEncoder`, and for the sum of embedding and position.
        layer_options: norm_first, norm, bias, final_norm, activation, n_kv_heads, mechanism,
            residual of the `TransformerEncoder`.

    Layers: embedding (nn.Embedding or nn.Linear), positions (or None), stack, readout (or None),
    pooling_query (nn.Linear from C to the score, without bias; None but for "attention").

    Called with token ids `[B, T]` (int64) or patches `[B, T, patch_width]` (of the dtype of the
    parameters), T at most max_length, and lengths `[B]` (integers), how many of them are real;
    None means all. Returns `[B, T, d_model]`, or logits `[B, n_classes]`. What stands at a padded
    position changes nothing at a real one, and its own vector is to be ignored. Where a length is
    0, the pooled vector is zero. `pooling_weights` says how much of it is due to each position.

    Raises:
        TypeError, ValueError: both or neither of vocabulary and patch_width, a size that is not a
            positive integer, an option unknown, a pooling without n_classes; inputs that do not
            fit, longer than max_length.

    Cost: `attention_lib.cost.sequence_encoder`.
    Source: Devlin et al. (2019) for tokens; Dosovitskiy et al. (2021) for patches, and Beyer, Zhai
        and Kolesnikov (2022) for the mean in the place of a token for the class; Lin et al. (2017)
        for a learned query over the outputs, before which they put a hidden layer.

    >>> sizes = {"max_length": 16, "d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 32}
    >>> SequenceEncoder(13, **sizes)(torch.tensor([[5, 3, 7]])).shape
    torch.Size([1, 3, 8])
    >>> SequenceEncoder(patch_width=6, n_classes=10, **sizes)(torch.ones(2, 9, 6)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        vocabulary=None,
        *,
        patch_width=None,
        max_length,
        d_model,
        n_heads,
        n_layers,
        d_ff,
        positions="learned",
        n_classes=None,
        pooling="mean",
        dropout=0.0,
        **layer_options,
    ):
        super().__init__()
        if (vocabulary is None) == (patch_width is None):
            raise ValueError(
                "exactly one of vocabulary and patch_width must be given, "
                f"got {shown(vocabulary)} and {shown(patch_width)}"
            )
        check_size(max_length=max_length, d_model=d_model)
        self.max_length, self.vocabulary, self.patch_width = max_length, vocabulary, patch_width
        if vocabulary is not None:
            check_size(vocabulary=vocabulary)
            self.embedding = nn.Embedding(vocabulary, d_model)
            nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        else:
            check_size(patch_width=patch_width)
            self.embedding = nn.Linear(patch_width, d_model)
        check_choice("positions", positions, POSITIONS)
        table = max_length if positions == "learned" else None
        self.positions = embedding_positions(positions, d_model, max_length=table)
        inside = attention_positions(positions, d_model, n_heads, bidirectional=True)
        self.stack = TransformerEncoder(
            n_layers, d_model, n_heads, d_ff, dropout=dropout, **inside, **layer_options
        )
        self.dropout = nn.Dropout(dropout)
        check_choice("pooling", pooling, POOLINGS)
        self.pooling, self.readout, self.pooling_query = pooling, None, None
        if n_classes is not None:
            check_size(n_classes=n_classes)
            self.readout = nn.Linear(d_model, n_classes)
            if pooling == "attention":
                self.pooling_query = nn.Linear(d_model, 1, bias=False)
        elif pooling != "mean":
            raise ValueError(f'pooling must be "mean" without n_classes, got {shown(pooling)}')

    def forward(self, inputs, lengths=None):
        hidden, mask = self._hidden(inputs, lengths)
        if self.readout is None:
            return hidden
        return self.readout(pooled(hidden, mask, self.pooling, self.pooling_query))

    def pooling_weights(self, inputs, lengths=None):
        """How much of each position goes into what the class is read from.

        Args:
            inputs, lengths: as the model is called.

        Returns:
            weights `[B, T]`: 1 / n each for "mean", 1 at the first position for "first", the
                softmax for "attention". A row sums to 1; padding has 0, and so has a row of
                length 0. They are computed in float32, or float64 for a model of that dtype.

        Raises:
            TypeError, ValueError: as the model; a model without n_classes, which pools nothing.

        Cost: one forward pass.

        >>> sizes = {"max_length": 16, "d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 32}
        >>> model = SequenceEncoder(13, n_classes=2, pooling="first", **sizes)
        >>> model.pooling_weights(torch.tensor([[5, 3, 7]]))
        tensor([[1., 0., 0.]])
        """
        if self.readout is None:
            raise ValueError("pooling_weights needs a model with n_classes, got n_classes=None")
        hidden, mask = self._hidden(inputs, lengths)
        return shares(hidden, mask, self.pooling, self.pooling_query)

    def _hidden(self, inputs, lengths):
        """The outputs `[B, T, C]` of the stack; the mask `[B, 1, T]` of what is real, or None."""
        x = self._embed(inputs)
        mask = None
        if lengths is not None:
            check_kind("torch", inputs=inputs, lengths=lengths)
            mask = functional.padding_mask(lengths, x.shape[1])
            if mask.shape[0] != x.shape[0]:
                raise ValueError(
                    f"lengths must have shape [{x.shape[0]}] like the rows of inputs, "
                    f"got {tuple(lengths.shape)}"
                )
        return self.stack(x, mask=None if mask is None else mask[:, None]), mask

    def _embed(self, inputs):
        if self.patch_width is None:
            embedding = self.embedding
            check_tokens("inputs", inputs, vocabulary_of(embedding, self.vocabulary), embedding)
        else:
            check_layer_input("inputs", inputs, self.embedding, self.patch_width, n_axes=3)
        if inputs.shape[1] > self.max_length:
            raise ValueError(
                f"inputs must have at most max_length = {self.max_length} positions, "
                f"got shape {tuple(inputs.shape)}"
            )
        x = self.embedding(inputs)
        if self.patch_width is None:
            x = x * x.shape[-1] ** 0.5
        return self.dropout(x if self.positions is None else self.positions(x))
