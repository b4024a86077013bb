"""Linformer as a module: multi-head attention to a fixed number of learned mixtures of the keys."""

import torch
from torch import nn

from ..checks import (
    check_choice,
    check_divides,
    check_flag,
    check_kind,
    check_leading,
    check_probability,
    check_size,
    is_symbolic,
    plain_int,
)
from ..functional.attention import attention_core
from ..functional.heads import merge_heads_core, split_heads_core
from ..functional.linformer import along_length, check_not_causal, linformer_attention_core
from .calling import is_plain_linear
from .mechanism import check_mask_of_keys, reset_projections
from .scored import check_layer_input
from .ties import TiedModule

SHARING = ("none", "heads", "key_value")


class LinformerAttention(TiedModule):
    r"""Multi-head attention whose keys and values are first projected along the length, S to R.

    $$\mathrm{head}_h = \mathrm{softmax}\Big(\frac{x_q W^Q_h (E_h\, x W^K_h)^\top}{\sqrt{D}}\Big)
    (F_h\, x W^V_h), \qquad O = \sum_h \mathrm{head}_h W^O_h + b_O$$

    An approximation, learned. Not causal. A sequence shorter than max_length uses the first columns
    of E and F, as if it were padded with zeros.

    Args:
        max_length: the longest S; E and F have so many columns.
        d_model: C, width of input and output.
        n_heads: H, divides C; D = C / H.
        n_projected: R.
        sharing: "heads": one E and one F for all heads; "key_value": one E = F for all;
            "none": an E and an F for each head.
        dropout: probability with which a weight is dropped in training.
        bias: whether the four projections of the width add a bias.

    Called with
        query: `[..., T, C]`, of the dtype of the parameters.
        key: `[..., S, C]`, S at most max_length; None means query (self-attention).
        mask: boolean tensor, broadcastable to `[..., H, T, S]` and the same for every head and
            query: a `padding_mask` is given as `mask[:, None]`. A masked position counts as a zero
            vector before E and F.
        causal: must be False.

    Returns:
        output `[..., T, C]`. Where all keys are masked, the bias of the output projection, or zero.

    Raises:
        TypeError, ValueError: sizes that do not fit, S greater than max_length, causal.

    Cost: 2 S R C (1 + [E is not F]) FLOPs for the length where heads share it: E x is taken before
    its product with W, which then has R rows instead of S. Per head: 4 S R C and S rows.
    Initialised with E and F normal of variance 1 / max_length, which keeps the scale of the keys.
    Source: Wang et al. (2020), section 4 (their "layerwise sharing" is one parameter in several
    modules: assign it).

    >>> attention = LinformerAttention(16, 12, 4, 5)
    >>> attention(torch.ones(2, 7, 12)).shape, attention.key_length.shape
    (torch.Size([2, 7, 12]), torch.Size([5, 16]))
    """

    def __init__(
        self,
        max_length,
        d_model,
        n_heads,
        n_projected,
        *,
        sharing="heads",
        dropout=0.0,
        bias=True,
    ):
        super().__init__()
        check_size(max_length=max_length, d_model=d_model, n_heads=n_heads)
        check_size(n_projected=n_projected)
        check_divides("n_heads", n_heads, "d_model", d_model)
        check_choice("sharing", sharing, SHARING)
        check_probability(dropout=dropout)
        check_flag(bias=bias)
        self.max_length, self.d_model, self.n_heads = max_length, d_model, plain_int(n_heads)
        self.n_projected, self.sharing, self.dropout = n_projected, sharing, dropout
        self.query_projection = nn.Linear(d_model, d_model, bias=bias)
        self.key_projection = nn.Linear(d_model, d_model, bias=bias)
        self.value_projection = nn.Linear(d_model, d_model, bias=bias)
        self.output_projection = nn.Linear(d_model, d_model, bias=bias)
        shape = (n_projected, max_length)
        shape = (n_heads, *shape) if sharing == "none" else shape
        self.key_length = nn.Parameter(torch.empty(shape))  # E
        if sharing == "key_value":
            self.value_length = self.key_length  # F
        else:
            self.value_length = nn.Parameter(torch.empty(shape))
        self.reset_parameters()

    def reset_parameters(self):
        """Draw the parameters anew."""
        layers = (self.query_projection, self.key_projection, self.value_projection)
        reset_projections(*layers, self.output_projection)
        nn.init.normal_(self.key_length, std=self.max_length**-0.5)
        if self.value_length is not self.key_length:
            nn.init.normal_(self.value_length, std=self.max_length**-0.5)

    def forward(self, query, key=None, *, mask=None, causal=False):
        key = query if key is None else key
        self._check_call(query, key, mask, causal)
        queries = split_heads_core(self.query_projection(query), self.n_heads)
        n_keys, dropout = key.shape[-2], self.dropout if self.training else 0.0
        other = self.key_length if self.sharing == "key_value" else self.value_length
        lengths = [_first(one, n_keys) for one in (self.key_length, other)]  # [R, S]
        if self.sharing == "none":
            layers = (self.key_projection, self.value_projection)
            keys, values = (split_heads_core(layer(key), self.n_heads) for layer in layers)
            heads = linformer_attention_core(
                queries,
                keys,
                values,
                key_projection=lengths[0].to(keys.dtype),  # under torch.autocast not the weight's
                value_projection=lengths[1].to(keys.dtype),
                mask=mask,
                dropout=dropout,
            )
        else:
            keys, values = self._shortened(key, mask, lengths)
            heads = attention_core(queries, keys, values, dropout=dropout)
        return self.output_projection(merge_heads_core(heads))

    def _shortened(self, x, mask, lengths):
        """Keys and values `[..., H, R, D]`, E (x W + 1 b) and F (x W + 1 b)."""
        real = None  # None, or which positions count, [..., S, 1]
        if mask is not None:
            real = torch.atleast_2d(mask).mT  # [..., 1, S, 1]
            real = real.squeeze(-3) if real.ndim > 2 else real
            real = real.expand(*real.shape[:-2], x.shape[-2], 1)
        layers = (self.key_projection, self.value_projection)
        if all(is_plain_linear(layer) for layer in layers):
            shortened = self._mixed_first(x, real, lengths, layers)
        else:
            shortened = [
                along_length(length, one if real is None else one.masked_fill(~real, 0))
                for length, one in zip(lengths, [layer(x) for layer in layers], strict=True)
            ]
        return [split_heads_core(one, self.n_heads) for one in shortened]

    def _mixed_first(self, x, real, lengths, layers):
        """The same as (E x) W + (E 1) b: W meets R rows instead of S."""
        if real is None:
            sums = [length.sum(-1, keepdim=True) for length in lengths]  # E 1, [R, 1]
        else:
            x = x.masked_fill(~real, 0)
            sums = [along_length(length, real.to(x.dtype)) for length in lengths]  # [..., R, 1]
        mixtures = [along_length(lengths[0], x)]  # [..., R, C]
        shared = self.sharing == "key_value"
        mixtures.append(mixtures[0] if shared else along_length(lengths[1], x))
        for layer, total, mixture in zip(layers, sums, mixtures, strict=True):
            projected = nn.functional.linear(mixture, layer.weight)
            if layer.bias is not None:
                projected = projected + total * layer.bias
            yield projected.to(mixture.dtype)

    def _check_call(self, query, key, mask, causal):
        for name, array in (("query", query), ("key", key)):
            check_layer_input(name, array, self.query_projection, self.d_model)
        if key.shape[-2] > self.max_length:
            raise ValueError(
                f"key must have at most max_length = {self.max_length} rows, "
                f"got shape {tuple(key.shape)}"
            )
        check_kind("torch", query=query, key=key)
        check_flag(causal=causal)
        check_not_causal(causal)
        check_leading(query=query, key=key)
        check_mask_of_keys(mask, query, key, self.n_heads)
        if mask is not None and mask.ndim > 2 and mask.shape[-3] != 1:
            raise ValueError(
                "mask must be the same for every head, of size 1 on its third last axis, "
                f"got shape {tuple(mask.shape)}"
            )


def _first(projection, n_keys):
    """The columns of the first keys; picked one by one where their number is left open."""
    if is_symbolic(n_keys):
        return projection.index_select(-1, torch.arange(n_keys, device=projection.device))
    return projection[..., :n_keys]
