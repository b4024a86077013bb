"""The Transformer decoder: causal self-attention, then cross-attention to a memory."""

import numpy as np  # noqa: F401  (the doctests use it)

from ..checks import check_count, check_flag, check_heads_mask, check_kind, check_mask
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


def decoder_layer(
    x,
    memory,
    parameters,
    *,
    n_heads,
    n_kv_heads=None,
    norm_first=True,
    norm="layer",
    activation="relu",
    mask=None,
    memory_mask=None,
    bias=None,
    causal=True,
    return_weights=False,
):
    r"""Gather from the past, then from the memory, then transform each position by itself.

    x is the stream of the target, h and g the same after each attention. The cross-attention takes
    its queries from the stream, its keys and values from the memory. Pre-LN, with the norms N and
    the memory M, which has no norm here:

    $$h = x + \mathrm{attention}(N_1(x)), \quad
    g = h + \mathrm{attention}(N_2(h), M), \quad y = g + \mathrm{ffn}(N_3(g))$$

    Post-LN puts each norm after its sum, as in `encoder_layer`.

    Args:
        x: T positions of width C: `[..., T, C]`, float16, float32 or float64.
        memory: `[..., S, C]`, same dtype, the output of the encoder at S source positions.
        parameters: arrays of the same dtype under the names of the state_dict of
            `attention_lib.modules.TransformerDecoderLayer`: self_attention.*, cross_attention.*,
            feed_forward.* and the norm of each.
        n_heads, n_kv_heads, norm_first, norm, activation: as for `encoder_layer`.
        mask: boolean, broadcastable to `[..., H, T, T]`, for the self-attention.
        memory_mask: boolean, broadcastable to `[..., H, T, S]`, for the cross-attention.
        bias: same dtype, broadcastable to `[..., H, T, T]`, for the scores of the self-attention.
        causal: no position sees a later one; the memory is seen by all.
        return_weights: also return the weights.

    Returns:
        y `[..., T, C]` in the dtype of x, or (y, (weights `[..., H, T, T]` of the self-attention,
        weights `[..., H, T, S]` of the cross-attention)). No dropout.

    Raises:
        TypeError, ValueError: as `encoder_layer`; memory that does not fit.

    Cost: that of `encoder_layer`, and 4 (T + S) C^2 + 4 T S C FLOPs for the cross-attention.
    Source: Vaswani et al. (2017), section 3.1; further as `encoder_layer`.

    >>> parts = [f"{kind}_attention.{name}" for kind in ("self", "cross")
    ...          for name in ("query", "key", "value", "output")]
    >>> parts += ["feed_forward.up", "feed_forward.down"]
    >>> zeros = {f"{name}_projection.weight": np.zeros((2, 2)) for name in parts}
    >>> decoder_layer(np.array([[3.0, 5.0]]), np.ones((7, 2)), zeros, n_heads=1, norm=None)
    array([[3., 5.]])
    """
    check_flag(return_weights=return_weights)
    order = {"norm_first": norm_first, "norm": norm}
    dtype, parameters, bias, x, memory = widen_all(parameters, bias, x=x, memory=memory)
    leading = check_streams(parameters, x=x, memory=memory)
    if memory_mask is not None:
        check_kind("numpy", memory_mask=memory_mask)
        check_count(n_heads=n_heads)
        check_heads_mask(memory_mask, x, memory, name="memory_mask")
        shape = (*leading, n_heads, x.shape[-2], memory.shape[-2])
        check_mask(memory_mask, shape, name="memory_mask")
    heads = {"n_heads": n_heads, "n_kv_heads": n_kv_heads}
    # `enter` gives what a sublayer reads: N(x) with pre-LN, x with post-LN. `leave` adds its result
    # to the stream x, and with post-LN normalises the sum.
    read = enter(x, parameters, "self_attention", **order)
    own = part(parameters, "self_attention")  # self_attention.*, without that prefix
    update, own_weights = attend(
        "self_attention", read, read, own, mask=mask, bias=bias, causal=causal, **heads
    )
    x = leave(x, update, parameters, "self_attention", **order)
    read = enter(x, parameters, "cross_attention", **order)
    cross = part(parameters, "cross_attention")
    update, cross_weights = attend(
        "cross_attention", read, memory, cross, mask=memory_mask, **heads
    )
    x = leave(x, update, parameters, "cross_attention", **order)
    read = enter(x, parameters, "feed_forward", **order)
    update = transform(read, part(parameters, "feed_forward"), activation=activation)
    x = leave(x, update, parameters, "feed_forward", **order).astype(dtype)
    weights = (own_weights.astype(dtype), cross_weights.astype(dtype))
    return (x, weights) if return_weights else x


def decoder(
    x, memory, parameters, *, norm="layer", bias=None, return_weights=False, **layer_options
):
    """Apply one decoder layer after the other, then the final norm if there is one.

    Args:
        x: `[..., T, C]`, float16, float32 or float64.
        memory: `[..., S, C]`, same dtype; every layer reads the same.
        parameters: arrays of the same dtype under the names of the state_dict of
            `attention_lib.modules.TransformerDecoder`: layers.0.*, layers.1.*, ..., final_norm.*.
        norm: of the layers and of the final norm.
        bias: for the scores of the self-attention of every layer.
        return_weights: also return the weights.
        layer_options: the other options of `decoder_layer`, n_heads among them.

    Returns:
        the stream `[..., T, C]` in the dtype of x, or (stream, list of the pair of weights of each
        layer). float16 is rounded once, after the last layer.

    Raises:
        TypeError, ValueError: as `decoder_layer`; parameters of no layer.

    Cost: that of each layer. Source: `attention_lib.reference.encoder`.

    >>> parts = [f"{kind}_attention.{name}" for kind in ("self", "cross")
    ...          for name in ("query", "key", "value", "output")]
    >>> parts += ["feed_forward.up", "feed_forward.down"]
    >>> zeros = {f"layers.0.{name}_projection.weight": np.zeros((2, 2)) for name in parts}
    >>> decoder(np.array([[3.0, 5.0]]), np.ones((7, 2)), zeros, n_heads=1, norm=None)
    array([[3., 5.]])
    """
    check_flag(return_weights=return_weights)
    dtype, parameters, bias, x, memory = widen_all(parameters, bias, x=x, memory=memory)
    all_weights = []
    for layer in layers(parameters):
        x, pair = decoder_layer(
            x, memory, layer, norm=norm, bias=bias, return_weights=True, **layer_options
        )
        all_weights.append(tuple(weights.astype(dtype) for weights in pair))
    x = finish(x, parameters, norm=norm).astype(dtype)
    return (x, all_weights) if return_weights else x
