"""The Transformer decoder: causal self-attention, then cross-attention to a memory."""

from typing import NamedTuple

import torch
from torch import nn

from ..checks import check_kind
from .memory_cache import DecoderCache, MemoryCache
from .residual import ResidualLayer, check_causal_cache, judge_attention
from .rewind import Rewound
from .stack import Stack
from .torch_layers import layer_from_torch
from .torch_parts import check_instance


class DecoderWeights(NamedTuple):
    """The attention weights of one decoder layer.

    Attributes:
        self_attention: `[..., H, T, T]`, or `[..., H, T, S']` with a cache that holds S' positions.
        cross_attention: `[..., H, T, S]`.
    """

    self_attention: torch.Tensor
    cross_attention: torch.Tensor


class TransformerDecoderLayer(ResidualLayer):
    r"""Gather from the past, then from the memory, then transform each position by itself.

    x is the stream of the target, h and g the same after each attention. The cross-attention takes
    its queries from the stream, its keys and values from the memory. Pre-LN, with the norms N,
    dropout D and the memory M (the output of the encoder; no norm):

    $$h = x + D(\mathrm{attention}(N_1(x))), \quad
    g = h + D(\mathrm{attention}(N_2(h), M)), \quad y = g + D(\mathrm{ffn}(N_3(g)))$$

    Post-LN puts each norm after its sum, as in `TransformerEncoderLayer`.

    Args:
        d_model, n_heads, d_ff, norm_first, norm, activation, dropout, n_kv_heads, bias, residual:
            as for `TransformerEncoderLayer`; n_kv_heads serves both attentions.
        rotary, position_bias: position modules for the self-attention; between target and memory
            there is no distance.
        mechanism: for the self-attention, as for `TransformerEncoderLayer`; the cross-attention
            stays dense.

    Layers: self_attention, cross_attention and feed_forward, each with its norm: `*_norm`.

    Called with x `[..., T, C]` and memory `[..., S, C]`; mask, boolean, broadcastable to `[..., H,
    T, S']`, for the self-attention; memory_mask, to `[..., H, T, S]`, for the cross-attention (for
    padding, `padding_mask(lengths, S)[:, None]`); causal, for the self-attention, True unless
    given; a cache, as `new_cache` makes it, which needs causal=True: x then holds the T new
    positions only, and the memory, projected at the first call, is not read again. S' is T, and
    with a cache the number of target positions seen. Returns y `[..., T, C]`, or with
    `return_weights=True` (y, `DecoderWeights`).

    Raises:
        TypeError, ValueError: as `TransformerEncoderLayer`; memory that does not fit.

    Cost: that of the encoder layer, and for the cross-attention 4 (T + S) C^2 + 4 T S C FLOPs.
    Source: Vaswani et al. (2017), section 3.1; further as `TransformerEncoderLayer`.

    >>> layer = TransformerDecoderLayer(6, 2, 24)
    >>> layer(torch.ones(3, 5, 6), torch.ones(3, 7, 6)).shape
    torch.Size([3, 5, 6])
    """

    reads_memory = True

    def new_cache(self, max_length=None):
        """An empty `DecoderCache`, for up to max_length positions (None: any) and any memory."""
        return DecoderCache(super().new_cache(max_length), MemoryCache())

    def forward(
        self,
        x,
        memory,
        *,
        mask=None,
        memory_mask=None,
        causal=True,
        cache=None,
        return_weights=False,
    ):
        options = {"mask": mask, "memory_mask": memory_mask, "causal": causal, "cache": cache}
        options["return_weights"] = return_weights
        self.check_call(x, memory, **options)
        if cache is None:
            return self.forward_core(x, memory, **options)
        with Rewound(cache):
            return self.forward_core(x, memory, **options)

    def check_call(
        self,
        x,
        memory,
        *,
        mask=None,
        memory_mask=None,
        causal=True,
        cache=None,
        return_weights=False,
    ):
        """Refuse what a call would refuse."""
        check_kind("torch", x=x, memory=memory)  # None would be self-attention
        check_causal_cache(causal, cache)
        own_cache, cross_cache = _both(cache)
        own = {"mask": mask, "causal": causal, "cache": own_cache}
        judge_attention(self, self.self_attention, x, **own, return_weights=return_weights)
        cross = {"mask": memory_mask, "cache": cross_cache, "return_weights": return_weights}
        judge_attention(self, self.cross_attention, x, memory, **cross)

    def forward_core(
        self,
        x,
        memory,
        *,
        mask=None,
        memory_mask=None,
        causal=True,
        cache=None,
        return_weights=False,
    ):
        """A call for arguments that were checked."""
        own_cache, cross_cache = _both(cache)
        # `attend` and `transform` hold the order of norm, sublayer, dropout and sum.
        x, own_weights = self.attend(
            x,
            self.self_attention,
            self.self_attention_norm,
            mask=mask,
            causal=causal,
            cache=own_cache,
            return_weights=return_weights,
        )
        x, cross_weights = self.attend(
            x,
            self.cross_attention,
            self.cross_attention_norm,
            memory,
            mask=memory_mask,
            cache=cross_cache,
            return_weights=return_weights,
        )
        x = self.transform(x, self.feed_forward, self.feed_forward_norm)
        return (x, DecoderWeights(own_weights, cross_weights)) if return_weights else x

    @classmethod
    def from_torch(cls, module):
        """A copy of a torch.nn.TransformerDecoderLayer, in its mode, dtype and on its device.

        Note that PyTorch's layer is causal only on request (`tgt_is_causal` and `tgt_mask`), this
        one unless causal=False.

        Raises:
            TypeError, ValueError: as `TransformerEncoderLayer.from_torch`.
        """
        check_instance(module, nn.TransformerDecoderLayer)
        counterparts = {
            "self_attention": "self_attn",
            "self_attention_norm": "norm1",
            "cross_attention": "multihead_attn",
            "cross_attention_norm": "norm2",
            "feed_forward_norm": "norm3",
        }
        return layer_from_torch(cls, module, counterparts)


class TransformerDecoder(Stack):
    """A stack of decoder layers, with a final norm where the layers are pre-LN.

    Args:
        n_layers: number of layers, at least 1.
        d_model, n_heads, d_ff: of each `TransformerDecoderLayer`.
        norm_first, norm, bias, final_norm, layer_options: as for `TransformerEncoder`.

    Layers: layers, final_norm (or None).

    Called as a layer, with `caches`, one `DecoderCache` a layer as `new_caches` makes them. Returns
    the stream `[..., T, C]`, or with `return_weights=True` (stream, list of the `DecoderWeights` of
    each layer).

    Raises:
        TypeError, ValueError: as the layer and as `TransformerEncoder`.

    Cost: n_layers times the layer. Source: `TransformerDecoderLayer`.

    >>> decoder = TransformerDecoder(2, 6, 2, 24).eval()
    >>> x, memory, caches = torch.ones(3, 1, 6), torch.ones(3, 7, 6), decoder.new_caches()
    >>> with torch.no_grad():
    ...     steps = [decoder(x, memory, caches=caches).shape for _ in range(2)]
    >>> steps[1], caches[0].length
    (torch.Size([3, 1, 6]), 2)
    """

    layer_kind, torch_kind = TransformerDecoderLayer, nn.TransformerDecoder

    def forward(
        self,
        x,
        memory,
        *,
        mask=None,
        memory_mask=None,
        causal=True,
        caches=None,
        return_weights=False,
    ):
        options = {"mask": mask, "memory_mask": memory_mask, "causal": causal, "caches": caches}
        options["return_weights"] = return_weights
        self.check_call(x, memory, **options)
        if caches is None:
            return self.forward_core(x, memory, **options)
        with Rewound(*caches):
            return self.forward_core(x, memory, **options)

    def check_call(self, x, memory, *, caches=None, **options):
        """Refuse what a call would refuse."""
        self.judge_layers(caches, x, memory, **options)

    def forward_core(self, x, memory, *, caches=None, **options):
        """A call for arguments that were checked."""
        return self.run_layers(caches, x, memory, **options)


def _both(cache):
    """The two caches of a `DecoderCache`, or a None for each."""
    if cache is None:
        return None, None
    if not isinstance(cache, DecoderCache):
        raise TypeError(f"cache must be a DecoderCache, got {type(cache).__name__}")
    if not isinstance(cache.cross_attention, MemoryCache):
        kind = type(cache.cross_attention).__name__
        raise TypeError(f"the cross_attention of cache must be a MemoryCache, got {kind}")
    return cache
