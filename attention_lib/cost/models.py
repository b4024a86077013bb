"""Whole models made of Transformer layers: from token ids or patches to logits."""

from ..checks import check_choice, check_count, check_even, check_flag, shown
from .attention import weigh
from .kernels import Run, embedding
from .layers import decoder, encoder
from .ledger import combine
from .positions import alibi, learned_positions, relative_bias, sinusoidal_positions

POSITIONS = ("sinusoidal", "learned", "rotary", "alibi", "relative", None)
POOLINGS = ("mean", "first", "attention")


def language_model(
    n_tokens,
    *,
    vocabulary,
    d_model,
    n_heads,
    positions="sinusoidal",
    max_length=None,
    tie_embeddings=True,
    n_cached=0,
    **layer,
):
    r"""`modules.LanguageModel`: embedding, positions, a causal stack, and logits for every token.

    With N parameters, the readout counted among them and the table that is only looked up left
    out, training takes about 6 N FLOPs a token, 2 N forward and 4 N backward, as long as the scores
    are few: $n_{layers} S \ll N / C$.

    Args:
        n_tokens: T, tokens of this call.
        vocabulary, d_model, n_heads, positions, max_length, tie_embeddings: as in the module; the
            "relative" bias has 32 buckets.
        n_cached: positions in the cache before this call: a prompt is n_cached=0, a step T = 1. For
            either say cache=True.
        layer: n_layers, d_ff, norm_first, norm, final_norm, activation, n_kv_heads, bias, pairs,
            masked, fused, cache, mechanism (with causal=True), batch, itemsize, training of
            `encoder` and `encoder_layer`.

    Parts: embedding, positions, stack, readout. The loss is left out.

    Source: Kaplan et al. (2020), section 2.1 and table 1, for 6 N; their N leaves the readout
        out, 31% of the N of the model below.

    >>> sizes = {"vocabulary": 50257, "d_model": 768, "n_heads": 12, "n_layers": 12, "d_ff": 3072}
    >>> language_model(1024, positions="learned", max_length=1024, **sizes).parameters
    124439808
    """
    check_count(vocabulary=vocabulary, d_model=d_model)
    check_flag(tie_embeddings=tie_embeddings)
    check_count(minimum=0, n_tokens=n_tokens, n_cached=n_cached)
    run, layer = Run.among(layer), {"d_model": d_model, "n_heads": n_heads, **layer}
    _check_positions(positions, max_length, n_cached + n_tokens, d_model, n_heads)
    parts = _embedded(run, "", n_tokens, vocabulary, d_model, positions, max_length)
    parts["stack"] = _stack(run, encoder, (n_tokens,), positions, n_cached=n_cached, **layer)
    logits = {"bias": False, "tied": tie_embeddings}
    parts["readout"] = run.linear(run.batch * n_tokens, d_model, vocabulary, **logits)
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
    n_decoder_layers=None,
    positions="sinusoidal",
    max_length=None,
    tie_embeddings=True,
    cache=False,
    n_cached=0,
    **layer,
):
    """`modules.Transformer`: encoder and decoder, with embeddings and logits for every target.

    Args:
        n_source, n_target: S and T.
        source_vocabulary, target_vocabulary, d_model, n_heads, n_layers, n_decoder_layers,
        positions, max_length, tie_embeddings: as in the module.
        cache: the decoder keeps its keys and values.
        n_cached: target positions in the cache before this call; if there are any, the source has
            been read, and neither its embedding nor the encoder runs (their parameters are left
            out too).
        layer: d_ff, norm_first, norm, final_norm, activation, n_kv_heads, bias, fused, batch,
            itemsize, training of all layers.

    Parts: source_embedding, source_positions, encoder, target_embedding, target_positions,
    decoder, readout. The loss is left out.

    Source: Vaswani et al. (2017).

    >>> base = {"d_model": 512, "n_heads": 8, "n_layers": 6, "d_ff": 2048, "norm_first": False}
    >>> transformer(25, 25, source_vocabulary=37000, target_vocabulary=37000, **base).parameters
    82026496
    """
    check_count(source_vocabulary=source_vocabulary, target_vocabulary=target_vocabulary)
    check_count(d_model=d_model)
    check_count(minimum=0, n_source=n_source, n_target=n_target, n_cached=n_cached)
    check_flag(tie_embeddings=tie_embeddings)
    longest = max(0 if n_cached else n_source, n_cached + n_target)
    _check_positions(positions, max_length, longest, d_model, n_heads)
    run, layer = Run.among(layer), {"d_model": d_model, "n_heads": n_heads, **layer}
    ends, parts = (d_model, positions, max_length), {}
    if not n_cached:
        parts |= _embedded(run, "source_", n_source, source_vocabulary, *ends)
        sizes = {"n_layers": n_layers, **layer}
        parts["encoder"] = _stack(run, encoder, (n_source,), positions, **sizes)
    parts |= _embedded(run, "target_", n_target, target_vocabulary, *ends)
    if n_decoder_layers is not None:
        check_count(n_decoder_layers=n_decoder_layers)
    n_layers = n_layers if n_decoder_layers is None else n_decoder_layers
    sizes = {"n_layers": n_layers, "cache": cache, "n_cached": n_cached, **layer}
    parts["decoder"] = _stack(run, decoder, (n_target, n_source), positions, **sizes)
    logits = {"bias": False, "tied": tie_embeddings}
    parts["readout"] = run.linear(run.batch * n_target, d_model, target_vocabulary, **logits)
    return combine(parts)


def sequence_encoder(
    n_tokens,
    *,
    vocabulary=None,
    patch_width=None,
    max_length,
    d_model,
    n_heads,
    positions="learned",
    n_classes=None,
    pooling="mean",
    **layer,
):
    """`modules.SequenceEncoder`: embedding or projection of patches, positions, a stack, a class.

    Args:
        n_tokens: T, all of them real.
        vocabulary, patch_width, max_length, d_model, n_heads, positions, n_classes, pooling: as in
            the module.
        layer: n_layers, d_ff, norm_first, norm, final_norm, activation, n_kv_heads, bias, fused,
            mechanism, batch, itemsize, training of `encoder` and `encoder_layer`.

    Parts: embedding, positions, stack, pooling, readout. The loss is left out. In training the
    gradient of the patches is counted, though patches of data need none.

    Source: Devlin et al. (2019); Dosovitskiy et al. (2021).

    >>> sizes = {"d_model": 768, "n_heads": 12, "n_layers": 12, "d_ff": 3072, "norm_first": False}
    >>> cost = sequence_encoder(128, vocabulary=30522, max_length=512, **sizes)
    >>> cost.parameters, cost.parts["stack"].parameters
    (108888576, 85054464)
    """
    if (vocabulary is None) == (patch_width is None):
        raise ValueError(
            "exactly one of vocabulary and patch_width must be given, "
            f"got {shown(vocabulary)} and {shown(patch_width)}"
        )
    sizes = {"vocabulary": vocabulary, "patch_width": patch_width, "n_classes": n_classes}
    check_count(**{name: size for name, size in sizes.items() if size is not None})
    check_count(d_model=d_model, max_length=max_length)
    check_count(minimum=0, n_tokens=n_tokens)
    check_choice("pooling", pooling, POOLINGS)
    if n_classes is None and pooling != "mean":
        raise ValueError(f'pooling must be "mean" without n_classes, got {shown(pooling)}')
    _check_positions(positions, max_length, n_tokens, d_model, n_heads)
    if n_tokens > max_length:
        raise ValueError(f"max_length must be at least {n_tokens}, the tokens, got {max_length}")
    run, layer = Run.among(layer), {"d_model": d_model, "n_heads": n_heads, **layer}
    rows = run.batch * n_tokens
    parts = _embedded(run, "", n_tokens, vocabulary or 1, d_model, positions, max_length)
    if patch_width is not None:
        parts["embedding"] = run.linear(rows, patch_width, d_model)
    parts["stack"] = _stack(run, encoder, (n_tokens,), positions, **layer)
    if n_classes is not None:
        parts["pooling"] = _pooled(run, n_tokens, d_model, pooling)
        parts["readout"] = run.linear(run.batch, d_model, n_classes)
    return combine(parts)


def _pooled(run, n_tokens, d_model, pooling):
    """From `[B, T, C]` to `[B, C]`."""
    rows, pooled = run.batch * n_tokens, run.batch * d_model
    x = rows * d_model
    if pooling == "mean":
        return run.kernel(reads=x, writes=pooled, elementwise=x)
    if pooling == "first":
        first = min(x, pooled)
        return run.kernel(reads=first, writes=pooled, live=x - first)
    scores = run.linear(rows, d_model, 1, bias=False, held=x)
    return run.with_inputs({"scores": scores, **weigh(run, rows, x, pooled, d_model)}, x)


def _check_positions(positions, max_length, longest, d_model, n_heads):
    """What the modules refuse is not counted, but for a max_length that is not needed."""
    check_choice("positions", positions, POSITIONS)
    check_count(n_heads=n_heads)
    if max_length is not None:
        check_count(max_length=max_length)
    if positions == "sinusoidal":
        check_even(d_model=d_model)
    if positions == "rotary":
        check_even(**{"d_model / n_heads": d_model // n_heads})
    if positions == "learned":
        if max_length is None:
            raise ValueError('max_length must be given for positions="learned", got None')
        if longest > max_length:
            raise ValueError(f"max_length must be at least {longest}, the tokens, got {max_length}")


def _embedded(run, prefix, n_tokens, vocabulary, d_model, positions, max_length):
    table = embedding(run.batch * n_tokens, vocabulary, d_model, scaled=True, **run.each)
    parts = {f"{prefix}embedding": table}
    if positions == "sinusoidal":
        parts[f"{prefix}positions"] = sinusoidal_positions(n_tokens, d_model, **run.options)
    elif positions == "learned":
        sizes = {"max_length": max_length, **run.options}
        parts[f"{prefix}positions"] = learned_positions(n_tokens, d_model, **sizes)
    return parts


def _stack(run, stack, lengths, positions, *, n_cached=0, **layer):
    """Encoder or decoder with the positions that enter attention; a bias is made in every layer."""
    biased = positions in ("alibi", "relative")
    inside = {"rotary": positions == "rotary", "biased": biased, "n_cached": n_cached}
    whole = stack(*lengths, **inside, **layer)
    if not biased:
        return whole
    scores = (lengths[0], n_cached + lengths[0])
    sizes = {"n_heads": layer["n_heads"], **run.each}
    if positions == "alibi":
        bias = alibi(*scores, **sizes)
    else:
        bias = relative_bias(*scores, n_buckets=32, **sizes)
    return combine({"position_bias": bias.repeat(layer["n_layers"])}) + whole
