"""One layer of a Transformer: sublayers that read a residual stream and add to it."""

from ..checks import check_choice, check_count, check_flag
from .feed_forward import feed_forward, layer_norm, rms_norm
from .heads import multi_head_attention
from .kernels import elementwise
from .ledger import Cost, combine


def encoder_layer(
    n_tokens,
    *,
    d_model,
    n_heads,
    d_ff,
    norm_first=True,
    norm="layer",
    activation="relu",
    n_kv_heads=None,
    bias=True,
    batch=1,
    itemsize=4,
    training=False,
    **attention,
):
    """`modules.TransformerEncoderLayer`: attention and feed-forward, each with a norm and a sum.

    Args:
        n_tokens: T.
        d_model, n_heads, d_ff, norm_first, norm, activation, n_kv_heads, bias: as in the module.
        batch, itemsize, training: as for `attention`.
        attention: rotary, pairs, masked, biased, fused, cache, n_cached, mechanism of
            `multi_head_attention`.

    Returns:
        `Cost` with the parts self_attention_norm, self_attention, residuals, feed_forward_norm,
        feed_forward.

    Raises:
        TypeError, ValueError: as `multi_head_attention` and `feed_forward`; an unknown norm.

    Source: Vaswani et al. (2017), section 3.1; Xiong et al. (2020) for norm_first.

    >>> encoder_layer(10, d_model=512, n_heads=8, d_ff=2048).parameters
    3152384
    """
    sizes = {"d_model": d_model, "bias": bias, "batch": batch}
    sizes |= {"itemsize": itemsize, "training": training}
    attend = multi_head_attention(
        n_tokens, n_heads=n_heads, n_kv_heads=n_kv_heads, **sizes, **attention
    )
    think = feed_forward(n_tokens, d_ff=d_ff, activation=activation, **sizes)
    sublayers = {"self_attention": attend, "feed_forward": think}
    return _residual_layer(sublayers, n_tokens, norm, norm_first, sizes)


def decoder_layer(
    n_tokens,
    n_memory,
    *,
    d_model,
    n_heads,
    d_ff,
    norm_first=True,
    norm="layer",
    activation="relu",
    n_kv_heads=None,
    bias=True,
    fused=False,
    cache=False,
    n_cached=0,
    memory_held=False,
    batch=1,
    itemsize=4,
    training=False,
    **attention,
):
    """`modules.TransformerDecoderLayer`: self-attention, attention to a memory, feed-forward.

    Args:
        n_tokens, n_memory: T, and S of the memory.
        d_model, n_heads, d_ff, norm_first, norm, activation, n_kv_heads, bias: as in the module.
        fused: both attentions.
        cache, n_cached: of the self-attention; once n_cached is above 0, keys and values of the
            memory lie in a cache too and are not projected again.
        memory_held: the memory is counted elsewhere, because several layers share it.
        batch, itemsize, training: as for `attention`.
        attention: rotary, pairs, masked, biased of the self-attention.

    Returns:
        `Cost` with the parts of `encoder_layer`, and cross_attention_norm and cross_attention.

    Raises:
        TypeError, ValueError: as `encoder_layer`.

    Source: Vaswani et al. (2017), section 3.1.

    >>> decoder_layer(10, 20, d_model=512, n_heads=8, d_ff=2048).parameters
    4204032
    """
    sizes = {"d_model": d_model, "bias": bias, "batch": batch}
    sizes |= {"itemsize": itemsize, "training": training}
    heads = {"n_heads": n_heads, "n_kv_heads": n_kv_heads, "fused": fused, "cache": cache, **sizes}
    attend = multi_head_attention(n_tokens, n_cached=n_cached, **heads, **attention)
    cross = multi_head_attention(
        n_tokens,
        n_memory,
        n_cached=n_memory if n_cached else 0,
        memory_held=memory_held,
        **heads,
    )
    think = feed_forward(n_tokens, d_ff=d_ff, activation=activation, **sizes)
    sublayers = {"self_attention": attend, "cross_attention": cross, "feed_forward": think}
    return _residual_layer(sublayers, n_tokens, norm, norm_first, sizes)


def stream_norm(norm, n_tokens, *, d_model, bias, batch, itemsize, training):
    """The cost of the norm of this name: "layer", "rms", or None for no norm."""
    check_choice("norm", norm, ("layer", "rms", None))
    shared = {"batch": batch, "itemsize": itemsize, "training": training}
    if norm is None:
        return Cost()
    if norm == "rms":
        return rms_norm(n_tokens, d_model, **shared)
    return layer_norm(n_tokens, d_model, bias=bias, **shared)


def _residual_layer(sublayers, n_tokens, norm, norm_first, sizes):
    check_count(minimum=0, n_tokens=n_tokens)
    check_flag(norm_first=norm_first)
    shared = {name: sizes[name] for name in ("itemsize", "training")}
    x, itemsize, training = sizes["batch"] * n_tokens * sizes["d_model"], *shared.values()
    residual = elementwise(x, operands=2, **shared)
    normed = stream_norm(norm, n_tokens, **sizes)
    stream = 0 if training else x * itemsize
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
