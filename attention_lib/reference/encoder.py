"""The Transformer encoder: self-attention and a feed-forward network on a residual stream."""

import numpy as np  # noqa: F401  (the doctests use it)

from ..checks import check_flag
from .residual import (
    attend,
    check_streams,
    enter,
    finish,
    layers,
    leave,
    part,
    transform,
    widen_all,
)


def encoder_layer(
    x,
    parameters,
    *,
    n_heads,
    n_kv_heads=None,
    norm_first=True,
    norm="layer",
    activation="relu",
    mask=None,
    bias=None,
    causal=False,
    return_weights=False,
):
    r"""Let each position gather from the others, then transform each by itself.

    x, h and y are the residual stream before, between and after the two sublayers, attention and
    ffn: each adds its result to it. Pre-LN, with the norms N, normalises what a sublayer reads:

    $$h = x + \mathrm{attention}(N_1(x)), \qquad y = h + \mathrm{ffn}(N_2(h))$$

    Post-LN, the order of the 2017 paper, normalises the sum:

    $$h = N_1(x + \mathrm{attention}(x)), \qquad y = N_2(h + \mathrm{ffn}(h))$$

    Args:
        x: T positions of width C: `[..., T, C]`, float16, float32 or float64.
        parameters: arrays of the same dtype under the names of the state_dict of
            `attention_lib.modules.TransformerEncoderLayer`: self_attention.*,
            self_attention_norm.*, feed_forward.*, feed_forward_norm.*.
        n_heads, n_kv_heads: H and G, as for `multi_head_attention`.
        norm_first: True for pre-LN, False for post-LN.
        norm: "layer", "rms", or None for no norm; with their own eps.
        activation: as for `feed_forward`.
        mask: boolean, broadcastable to `[..., H, T, T]`; True = may attend.
        bias: same dtype, broadcastable to `[..., H, T, T]`, added to the scores: where a scheme
            such as `alibi_bias` says how far two positions are apart.
        causal: no position sees a later one.
        return_weights: also return the weights `[..., H, T, T]`.

    Returns:
        y `[..., T, C]` in the dtype of x, or (y, weights). No dropout: this is the layer at rest.

    Raises:
        TypeError: not floating NumPy arrays of one dtype; else as `multi_head_attention`.
        ValueError: a parameter is missing or does not fit, an option unknown; else as
            `multi_head_attention`.

    Cost: 8 T C^2 + 4 T^2 C + 4 T C F FLOPs with G = H and no gate: the four projections, scores and
        averages, and the feed-forward network of inner width F.
    Source: Vaswani et al. (2017), section 3.1; Xiong et al. (2020), figure 1, for both orders.

    >>> projections = ("query", "key", "value", "output")
    >>> names = [f"self_attention.{name}_projection.weight" for name in projections]
    >>> names += ["feed_forward.up_projection.weight", "feed_forward.down_projection.weight"]
    >>> zeros = {name: np.zeros((2, 2)) for name in names}  # then only the stream is left
    >>> encoder_layer(np.array([[3.0, 5.0]]), zeros, n_heads=1, norm=None)
    array([[3., 5.]])
    """
    check_flag(return_weights=return_weights)
    order = {"norm_first": norm_first, "norm": norm}
    dtype, parameters, bias, x = widen_all(parameters, bias, x=x)
    check_streams(parameters, x=x)
    # `enter` gives what a sublayer reads: N(x) with pre-LN, x with post-LN. `leave` adds its result
    # to the stream x, and with post-LN normalises the sum.
    read = enter(x, parameters, "self_attention", **order)
    own = part(parameters, "self_attention")  # self_attention.*, without that prefix
    heads = {"n_heads": n_heads, "n_kv_heads": n_kv_heads}
    update, weights = attend(
        "self_attention", read, read, own, mask=mask, bias=bias, causal=causal, **heads
    )
    x = leave(x, update, parameters, "self_attention", **order)
    read = enter(x, parameters, "feed_forward", **order)
    update = transform(read, part(parameters, "feed_forward"), activation=activation)
    x = leave(x, update, parameters, "feed_forward", **order).astype(dtype)
    return (x, weights.astype(dtype)) if return_weights else x


def encoder(x, parameters, *, norm="layer", bias=None, return_weights=False, **layer_options):
    """Apply one encoder layer after the other, then the final norm if there is one.

    Args:
        x: `[..., T, C]`, float16, float32 or float64.
        parameters: arrays of the same dtype under the names of the state_dict of
            `attention_lib.modules.TransformerEncoder`: layers.0.*, layers.1.*, ..., final_norm.*.
        norm: of the layers and of the final norm.
        bias: for the scores of every layer.
        return_weights: also return the weights.
        layer_options: the other options of `encoder_layer`, n_heads among them.

    Returns:
        the stream `[..., T, C]` in the dtype of x, or (stream, list of the weights `[..., H, T, T]`
        of each layer). float16 is rounded once, after the last layer.

    Raises:
        TypeError, ValueError: as `encoder_layer`; parameters of no layer.

    Cost: that of each layer. Source: Vaswani et al. (2017), section 3.1; the final norm, which
        pre-LN needs, is that of Xiong et al. (2020).

    >>> parts = [f"self_attention.{name}" for name in ("query", "key", "value", "output")]
    >>> parts += ["feed_forward.up", "feed_forward.down"]
    >>> zeros = {f"layers.0.{name}_projection.weight": np.zeros((2, 2)) for name in parts}
    >>> encoder(np.array([[3.0, 5.0]]), zeros, n_heads=1, norm=None)
    array([[3., 5.]])
    """
    check_flag(return_weights=return_weights)
    dtype, parameters, bias, x = widen_all(parameters, bias, x=x)
    all_weights = []
    for layer in layers(parameters):
        x, weights = encoder_layer(
            x, layer, norm=norm, bias=bias, return_weights=True, **layer_options
        )
        all_weights.append(weights.astype(dtype))
    x = finish(x, parameters, norm=norm).astype(dtype)
    return (x, all_weights) if return_weights else x
