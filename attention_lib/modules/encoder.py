"""The Transformer encoder: self-attention and a feed-forward network on a residual stream."""

import torch  # noqa: F401  (the doctests use it)
from torch import nn

from .residual import ResidualLayer, check_causal_cache, judge_attention
from .rewind import Rewound
from .stack import Stack
from .torch_layers import layer_from_torch
from .torch_parts import check_instance


class TransformerEncoderLayer(ResidualLayer):
    r"""Let each position gather from the others, then transform each by itself.

    x, h and y are the residual stream before, between and after the two sublayers, attention and
    ffn: each adds its result to it. Pre-LN, with the norms N and dropout D:

    $$h = x + D(\mathrm{attention}(N_1(x))), \qquad y = h + D(\mathrm{ffn}(N_2(h)))$$

    Post-LN, the order of the 2017 paper:

    $$h = N_1(x + D(\mathrm{attention}(x))), \qquad y = N_2(h + D(\mathrm{ffn}(h)))$$

    Args:
        d_model: C, the width of the stream.
        n_heads: H.
        d_ff: F, the inner width of the feed-forward network.
        norm_first: True for pre-LN, False for post-LN.
        norm: "layer", "rms", or None for no norm.
        activation: of `PositionwiseFeedForward`.
        dropout: probability for what is added to the stream, for the inner layer of the network and
            for the attention weights (a mechanism has none to drop); in training only.
        n_kv_heads: G, as for `MultiHeadAttention`.
        bias: whether linear layers and layer norms have biases.
        rotary, position_bias: position modules for `MultiHeadAttention`.
        mechanism: None for dense attention, or what takes its place in `MultiHeadAttention`, such
            as `SlidingWindowAttention`; it takes no position_bias and returns no weights.
        residual: False leaves out the addition, for an ablation.

    Layers: self_attention, self_attention_norm, feed_forward, feed_forward_norm.

    Called with x `[..., T, C]`; mask boolean, broadcastable to `[..., H, T, S]`, True = may attend
    (for padding, `padding_mask(lengths, T)[:, None]`); causal, False unless given; a cache, as
    `new_cache` makes it, which needs causal=True: x then holds the T new positions only, and S
    counts all positions seen. Without a cache S is T. Returns y `[..., T, C]`, or with
    `return_weights=True` (y, weights `[..., H, T, S]`).

    What stands at a position that the mask hides from all others changes nothing elsewhere, as long
    as it is not NaN or infinite: zero times NaN is NaN. Its own output is that of a query that
    reads the real positions: finite, to be ignored.

    Raises:
        TypeError, ValueError: a size is not a positive integer, an option unknown, tensors that do
            not fit, a cache with causal=False.

    Cost: 8 T C^2 + 4 T^2 C + 4 T C F FLOPs with G = H and no gate; the attention is fused unless
    weights are asked for.
    Source: Vaswani et al. (2017), section 3.1 (post-LN); Xiong et al. (2020), pre-LN. Dropout
        stands where torch.nn.TransformerEncoderLayer has it; the paper drops out only what is
        added to the stream.

    >>> TransformerEncoderLayer(6, 2, 24)(torch.ones(3, 5, 6)).shape
    torch.Size([3, 5, 6])
    """

    def forward(self, x, *, mask=None, causal=False, cache=None, return_weights=False):
        options = {"mask": mask, "causal": causal, "cache": cache}
        options["return_weights"] = return_weights
        self.check_call(x, **options)
        if cache is None:
            return self.forward_core(x, **options)
        with Rewound(cache):
            return self.forward_core(x, **options)

    def check_call(self, x, *, mask=None, causal=False, cache=None, return_weights=False):
        """Refuse what a call would refuse."""
        check_causal_cache(causal, cache)
        options = {"mask": mask, "causal": causal, "cache": cache}
        judge_attention(self, self.self_attention, x, return_weights=return_weights, **options)

    def forward_core(self, x, *, mask=None, causal=False, cache=None, return_weights=False):
        """A call for arguments that were checked."""
        # `attend` and `transform` hold the order of norm, sublayer, dropout and sum.
        x, weights = self.attend(
            x,
            self.self_attention,
            self.self_attention_norm,
            mask=mask,
            causal=causal,
            cache=cache,
            return_weights=return_weights,
        )
        x = self.transform(x, self.feed_forward, self.feed_forward_norm)
        return (x, weights) if return_weights else x

    @classmethod
    def from_torch(cls, module):
        """A copy of a torch.nn.TransformerEncoderLayer, in its mode, dtype and on its device.

        Both orders of the norm, batch_first or not (this layer is always called batch first), with
        or without biases.

        Raises:
            TypeError: another kind of module.
            ValueError: an activation other than ReLU and GELU, or two probabilities of dropout on
                the stream.
        """
        check_instance(module, nn.TransformerEncoderLayer)
        counterparts = {
            "self_attention": "self_attn",
            "self_attention_norm": "norm1",
            "feed_forward_norm": "norm2",
        }
        return layer_from_torch(cls, module, counterparts)


class TransformerEncoder(Stack):
    """A stack of encoder layers, with a final norm where the layers are pre-LN.

    Args:
        n_layers: number of layers, at least 1.
        d_model, n_heads, d_ff: of each `TransformerEncoderLayer`.
        norm_first, norm, bias: of each layer, and of the final norm.
        final_norm: whether a norm follows the last layer; None means: with pre-LN and a norm, for
            nothing else normalises what pre-LN layers have added up.
        layer_options: activation, dropout, n_kv_heads, rotary, position_bias, mechanism, residual
            of each layer. A rotary, position_bias or mechanism module is shared by all layers, as
            T5 shares its bias: learned once, it stands in the state_dict under each layer.

    Layers: layers, final_norm (or None).

    Called as a layer, with `caches`, one cache a layer as `new_caches` makes them. Returns the
    stream `[..., T, C]`, or with `return_weights=True` (stream, list of the weights `[..., H, T,
    S]` of each layer).

    Raises:
        TypeError, ValueError: as the layer; n_layers not a positive integer, final_norm=True with
            norm=None, caches not one for each layer.

    Cost: n_layers times the layer. Source: `TransformerEncoderLayer`.

    >>> encoder = TransformerEncoder(2, 6, 2, 24)
    >>> stream, weights = encoder(torch.ones(3, 5, 6), return_weights=True)
    >>> stream.shape, len(weights), weights[0].shape
    (torch.Size([3, 5, 6]), 2, torch.Size([3, 2, 5, 5]))
    """

    layer_kind, torch_kind = TransformerEncoderLayer, nn.TransformerEncoder

    def forward(self, x, *, mask=None, causal=False, caches=None, return_weights=False):
        options = {"mask": mask, "causal": causal, "caches": caches}
        options["return_weights"] = return_weights
        self.check_call(x, **options)
        if caches is None:
            return self.forward_core(x, **options)
        with Rewound(*caches):
            return self.forward_core(x, **options)

    def check_call(self, x, *, caches=None, **options):
        """Refuse what a call would refuse."""
        self.judge_layers(caches, x, **options)

    def forward_core(self, x, *, caches=None, **options):
        """A call for arguments that were checked."""
        return self.run_layers(caches, x, **options)
