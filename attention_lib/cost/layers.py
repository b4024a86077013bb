"""Layers of a Transformer, which read a residual stream and add to it, and stacks of them."""

from ..checks import check_choice, check_count, check_flag
from .feed_forward import feed_forward, layer_norm, rms_norm
from .heads import multi_head_attention
from .kernels import Run
from .ledger import Cost, combine

_OF_BOTH = ("n_heads", "n_kv_heads", "fused", "cache", "batch", "itemsize", "training")


def encoder_layer(
    n_tokens,
    *,
    d_model,
    d_ff,
    norm_first=True,
    norm="layer",
    activation="relu",
    bias=True,
    **attention,
):
    """`modules.TransformerEncoderLayer`: attention and feed-forward, each with a norm and a sum.

    Args:
        n_tokens: T.
        d_model, d_ff, norm_first, norm, activation, bias: as in the module.
        attention: n_heads, n_kv_heads, rotary, pairs, masked, biased, fused, cache, n_cached,
            mechanism, batch, itemsize, training of `multi_head_attention`.

    Parts: self_attention_norm, self_attention, residuals, feed_forward_norm, feed_forward.

    Source: Vaswani et al. (2017), section 3.1; Xiong et al. (2020) for norm_first.

    >>> encoder_layer(10, d_model=512, n_heads=8, d_ff=2048).parameters
    3152384
    """
    check_count(minimum=0, n_tokens=n_tokens)
    sizes = {"d_model": d_model, "bias": bias}
    attend = {"self_attention": multi_head_attention(n_tokens, **sizes, **attention)}
    inner = {"d_ff": d_ff, "activation": activation}
    run = Run.among(attention)
    return _residual_layer(attend, n_tokens, norm, norm_first, sizes, inner, run)


def decoder_layer(
    n_tokens,
    n_memory,
    *,
    d_model,
    d_ff,
    norm_first=True,
    norm="layer",
    activation="relu",
    bias=True,
    n_cached=0,
    memory_held=False,
    **attention,
):
    """`modules.TransformerDecoderLayer`: self-attention, attention to a memory, feed-forward.

    Args:
        n_tokens, n_memory: T, and S of the memory.
        d_model, d_ff, norm_first, norm, activation, bias: as in the module.
        n_cached: of the self-attention; above 0, keys and values of the memory lie in a cache too
            and are not projected again.
        memory_held: the memory is counted elsewhere, because several layers share it.
        attention: n_heads, n_kv_heads, fused, cache, batch, itemsize, training of both; rotary,
            pairs, masked, biased of the self-attention.

    Parts: of `encoder_layer`, and cross_attention_norm and cross_attention.

    Source: Vaswani et al. (2017), section 3.1.

    >>> decoder_layer(10, 20, d_model=512, n_heads=8, d_ff=2048).parameters
    4204032
    """
    check_count(minimum=0, n_tokens=n_tokens, n_memory=n_memory, n_cached=n_cached)
    sizes = {"d_model": d_model, "bias": bias}
    both = {name: attention[name] for name in _OF_BOTH if name in attention}
    cross = {"n_cached": n_memory if n_cached else 0, "memory_held": memory_held, **sizes, **both}
    attend = {
        "self_attention": multi_head_attention(n_tokens, n_cached=n_cached, **sizes, **attention),
        "cross_attention": multi_head_attention(n_tokens, n_memory, **cross),
    }
    inner = {"d_ff": d_ff, "activation": activation}
    run = Run.among(attention)
    return _residual_layer(attend, n_tokens, norm, norm_first, sizes, inner, run)


def encoder(n_tokens, *, n_layers, final_norm=None, **layer):
    """`modules.TransformerEncoder`: n_layers times `encoder_layer`, then a norm if norm_first.

    `layer` are the other arguments of `encoder_layer`; final_norm as in the module.

    >>> encoder(10, n_layers=6, d_model=512, n_heads=8, d_ff=2048, norm_first=False).parameters
    18914304
    """
    one = encoder_layer(n_tokens, **layer)
    return _stack(one, n_layers, n_tokens, final_norm, layer)


def decoder(n_tokens, n_memory, *, n_layers, final_norm=None, **layer):
    """`modules.TransformerDecoder`: n_layers times `decoder_layer`, all of them with one memory.

    The memory stays alive until the end, unless its keys and values are in the caches.

    >>> decoder(10, 20, n_layers=6, d_model=512, n_heads=8, d_ff=2048, norm_first=False).parameters
    25224192
    """
    one = decoder_layer(n_tokens, n_memory, memory_held=True, **layer)
    stack = _stack(one, n_layers, n_tokens, final_norm, layer)
    if layer.get("n_cached", 0):
        return stack
    run = Run.among(layer)
    memory = run.batch * n_memory * layer["d_model"]
    if run.training:
        return combine({"memory": run.kept(memory)}) + stack
    return stack.beside(run.bytes(memory))


def _norm(norm, n_tokens, d_model, bias, run):
    """The cost of the norm of this name: "layer", "rms", or None for no norm."""
    check_choice("norm", norm, ("layer", "rms", None))
    if norm is None:
        return Cost()
    if norm == "rms":
        return rms_norm(n_tokens, d_model, **run.options)
    return layer_norm(n_tokens, d_model, bias=bias, **run.options)


def _residual_layer(sublayers, n_tokens, norm, norm_first, sizes, inner, run):
    """Each sublayer with its norm and its sum; inner: of the feed-forward network, the last one."""
    check_count(minimum=0, n_tokens=n_tokens)
    check_flag(norm_first=norm_first)
    sublayers["feed_forward"] = feed_forward(n_tokens, **inner, **sizes, **run.options)
    x = run.batch * n_tokens * sizes["d_model"]
    residual, normed = run.elementwise(x, operands=2), _norm(norm, n_tokens, **sizes, run=run)
    stream = 0 if run.training else run.bytes(x)
    entered = stream if norm_first and norm is not None else 0  # the sublayer reads another array
    total, before = Cost(), 0  # before: the input of the layer, once the stream has left it
    for name, sublayer in sublayers.items():
        steps = {
            f"{name}_norm": normed.beside(before),
            name: sublayer.beside(before + entered),
            "residuals": residual.beside(before),
        }
        if not norm_first:  # to the end
            steps[f"{name}_norm"] = steps.pop(f"{name}_norm").beside(stream - before)
        total, before = total + combine(steps), stream
    return total


def _stack(one, n_layers, n_tokens, final_norm, layer):
    check_count(n_layers=n_layers)
    run = Run.among(layer)
    if n_layers > 1 and not run.training:  # the input of the stack is still there
        one = one.beside(run.bytes(run.batch * n_tokens * layer["d_model"]))
    norm = layer.get("norm", "layer")
    if final_norm is None:
        final_norm = layer.get("norm_first", True) and norm is not None
    check_flag(final_norm=final_norm)
    if final_norm and norm is None:
        raise ValueError("final_norm must be False or None where norm is None, got True")
    if not final_norm:
        return n_layers * one
    last = _norm(norm, n_tokens, layer["d_model"], layer.get("bias", True), run)
    return n_layers * one + combine({"final_norm": last})
