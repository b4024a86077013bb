"""Whole models made of Transformer layers: from token ids to logits."""

from ..checks import check_choice, check_count, check_even, check_flag
from .kernels import embedding, linear
from .ledger import combine
from .positions import alibi, learned_positions, relative_bias, sinusoidal_positions
from .stacks import decoder, encoder

POSITIONS = ("sinusoidal", "learned", "rotary", "alibi", "relative", None)


def language_model(
    n_tokens,
    *,
    vocabulary,
    d_model,
    n_heads,
    n_layers,
    d_ff,
    positions="sinusoidal",
    max_length=None,
    tie_embeddings=True,
    n_cached=0,
    batch=1,
    itemsize=4,
    training=False,
    **layer,
):
    r"""`modules.LanguageModel`: embedding, positions, a causal stack, and logits for every token.

    With N parameters, the readout counted among them and the table that is only looked up left
    out, training takes about 6 N FLOPs a token, 2 N forward and 4 N backward, as long as the scores
    are few: $n_{layers} S \ll N / C$.

    Args:
        n_tokens: T, tokens of this call.
        vocabulary, d_model, n_heads, n_layers, d_ff, positions, max_length, tie_embeddings: as in
            the module; the "relative" bias has 32 buckets.
        n_cached: positions in the cache before this call: a prompt is n_cached=0, a step T = 1. For
            either say cache=True.
        batch, itemsize, training: as for `attention`.
        layer: norm_first, norm, final_norm, activation, n_kv_heads, bias, pairs, masked, fused,
            cache, mechanism (with causal=True) of `encoder` and `encoder_layer`.

    Returns:
        `Cost` with the parts embedding, positions, stack, readout. The loss is left out.

    Raises:
        TypeError, ValueError: as `encoder_layer`; positions unknown, "learned" without max_length
            or with less than the tokens there are, d_model odd for "sinusoidal", heads of odd width
            for "rotary".

    Source: Kaplan et al. (2020), section 2.1 and table 1, for 6 N; their N leaves the readout
        out, 31% of the N of the model below.

    >>> sizes = {"vocabulary": 50257, "d_model": 768, "n_heads": 12, "n_layers": 12, "d_ff": 3072}
    >>> language_model(1024, positions="learned", max_length=1024, **sizes).parameters
    124439808
    """
    check_count(vocabulary=vocabulary, d_model=d_model)
    check_flag(tie_embeddings=tie_embeddings)
    check_count(minimum=0, n_tokens=n_tokens, n_cached=n_cached, batch=batch)
    shared = {"itemsize": itemsize, "training": training}
    check_positions(positions, max_length, n_cached + n_tokens, d_model, n_heads)
    stack = positioned_stack(
        encoder,
        (n_tokens,),
        positions,
        d_model=d_model,
        n_heads=n_heads,
        n_layers=n_layers,
        d_ff=d_ff,
        n_cached=n_cached,
        batch=batch,
        **shared,
        **layer,
    )
    rows = batch * n_tokens
    parts = embedded("", n_tokens, vocabulary, d_model, positions, max_length, batch, shared)
    parts["stack"] = stack
    parts["readout"] = linear(rows, d_model, vocabulary, bias=False, tied=tie_embeddings, **shared)
    return combine(parts)


def transformer(
    n_source,
    n_target,
    *,
    source_vocabulary,
    target_vocabulary,
    d_model,
    n_heads,
    n_layers,
    d_ff,
    n_decoder_layers=None,
    positions="sinusoidal",
    max_length=None,
    tie_embeddings=True,
    cache=False,
    n_cached=0,
    batch=1,
    itemsize=4,
    training=False,
    **layer,
):
    """`modules.Transformer`: encoder and decoder, with embeddings and logits for every target.

    Args:
        n_source, n_target: S and T.
        source_vocabulary, target_vocabulary, d_model, n_heads, n_layers, d_ff, n_decoder_layers,
        positions, max_length, tie_embeddings: as in the module.
        cache: the decoder keeps its keys and values.
        n_cached: target positions in the cache before this call; if there are any, the source has
            been read, and neither its embedding nor the encoder runs (their parameters are left
            out too).
        batch, itemsize, training: as for `attention`.
        layer: norm_first, norm, final_norm, activation, n_kv_heads, bias, fused of all layers.

    Returns:
        `Cost` with the parts source_embedding, source_positions, encoder, target_embedding,
        target_positions, decoder, readout. The loss is left out.

    Raises:
        TypeError, ValueError: as `language_model`.

    Source: Vaswani et al. (2017).

    >>> base = {"d_model": 512, "n_heads": 8, "n_layers": 6, "d_ff": 2048, "norm_first": False}
    >>> transformer(25, 25, source_vocabulary=37000, target_vocabulary=37000, **base).parameters
    82026496
    """
    check_count(source_vocabulary=source_vocabulary, target_vocabulary=target_vocabulary)
    check_count(d_model=d_model)
    check_count(minimum=0, n_source=n_source, n_target=n_target, n_cached=n_cached, batch=batch)
    check_flag(tie_embeddings=tie_embeddings)
    n_decoder_layers = n_layers if n_decoder_layers is None else n_decoder_layers
    longest = max(0 if n_cached else n_source, n_cached + n_target)
    check_positions(positions, max_length, longest, d_model, n_heads)
    shared = {"itemsize": itemsize, "training": training}
    sizes = {"d_model": d_model, "n_heads": n_heads, "d_ff": d_ff, "batch": batch, **shared}
    sizes |= layer
    ends = (d_model, positions, max_length, batch, shared)
    parts = {}
    if not n_cached:
        parts |= embedded("source_", n_source, source_vocabulary, *ends)
        parts["encoder"] = positioned_stack(
            encoder, (n_source,), positions, n_layers=n_layers, **sizes
        )
    parts |= embedded("target_", n_target, target_vocabulary, *ends)
    parts["decoder"] = positioned_stack(
        decoder,
        (n_target, n_source),
        positions,
        n_layers=n_decoder_layers,
        cache=cache,
        n_cached=n_cached,
        **sizes,
    )
    parts["readout"] = linear(
        batch * n_target, d_model, target_vocabulary, bias=False, tied=tie_embeddings, **shared
    )
    return combine(parts)


def check_positions(positions, max_length, longest, d_model, n_heads):
    """What the modules refuse is not counted, but for a max_length that is not needed."""
    check_choice("positions", positions, POSITIONS)
    check_count(n_heads=n_heads)
    if positions == "sinusoidal":
        check_even(d_model=d_model)
    if positions == "rotary":
        check_even(**{"d_model / n_heads": d_model // n_heads})
    if positions == "learned":
        if max_length is None:
            raise ValueError('max_length must be given for positions="learned", got None')
        check_count(max_length=max_length)
        if longest > max_length:
            raise ValueError(f"max_length must be at least {longest}, the tokens, got {max_length}")


def embedded(prefix, n_tokens, vocabulary, d_model, positions, max_length, batch, shared):
    parts = {
        f"{prefix}embedding": embedding(
            batch * n_tokens, vocabulary, d_model, scaled=True, **shared
        )
    }
    if positions == "sinusoidal":
        parts[f"{prefix}positions"] = sinusoidal_positions(n_tokens, d_model, batch=batch, **shared)
    elif positions == "learned":
        parts[f"{prefix}positions"] = learned_positions(
            n_tokens, d_model, max_length=max_length, batch=batch, **shared
        )
    return parts


def positioned_stack(stack, lengths, positions, *, n_heads, n_layers, n_cached=0, **options):
    """Encoder or decoder with the positions that enter attention; a bias is made in every layer."""
    biased, shared = positions in ("alibi", "relative"), {"itemsize", "training"}
    whole = stack(
        *lengths,
        n_heads=n_heads,
        n_layers=n_layers,
        n_cached=n_cached,
        rotary=positions == "rotary",
        biased=biased,
        **options,
    )
    if not biased:
        return whole
    shared = {name: options[name] for name in shared}
    scores = (lengths[0], n_cached + lengths[0])
    if positions == "alibi":
        bias = alibi(*scores, n_heads=n_heads, **shared)
    else:
        bias = relative_bias(*scores, n_heads=n_heads, n_buckets=32, **shared)
    return combine({"position_bias": bias.repeat(n_layers)}) + whole
