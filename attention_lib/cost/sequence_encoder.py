"""An encoder of token ids or patches, with a class for the whole sequence or without."""

from ..checks import check_count
from .kernels import kernel, linear
from .ledger import combine
from .models import check_positions, embedded, positioned_stack
from .stacks import encoder


def sequence_encoder(
    n_tokens,
    *,
    vocabulary=None,
    patch_width=None,
    max_length,
    d_model,
    n_heads,
    n_layers,
    d_ff,
    positions="learned",
    n_classes=None,
    batch=1,
    itemsize=4,
    training=False,
    **layer,
):
    """`modules.SequenceEncoder`: embedding or projection of patches, positions, a stack, a class.

    Args:
        n_tokens: T, all of them real.
        vocabulary, patch_width, max_length, d_model, n_heads, n_layers, d_ff, positions, n_classes:
            as in the module.
        batch, itemsize, training: as for `attention`.
        layer: norm_first, norm, final_norm, activation, n_kv_heads, bias, fused, mechanism of
            `encoder` and `encoder_layer`.

    Returns:
        `Cost` with the parts embedding, positions, stack, pooling, readout. The loss is left out.
        In training the gradient of the patches is counted, though patches of data need none.

    Raises:
        TypeError, ValueError: as `language_model`; more tokens than max_length, both or neither of
            vocabulary and patch_width.

    Source: Devlin et al. (2019); Dosovitskiy et al. (2021).

    >>> sizes = {"d_model": 768, "n_heads": 12, "n_layers": 12, "d_ff": 3072, "norm_first": False}
    >>> cost = sequence_encoder(128, vocabulary=30522, max_length=512, **sizes)
    >>> cost.parameters, cost.parts["stack"].parameters
    (108888576, 85054464)
    """
    if (vocabulary is None) == (patch_width is None):
        raise ValueError(
            "exactly one of vocabulary and patch_width must be given, "
            f"got {vocabulary} and {patch_width}"
        )
    sizes = {"vocabulary": vocabulary, "patch_width": patch_width, "n_classes": n_classes}
    check_count(**{name: size for name, size in sizes.items() if size is not None})
    check_count(d_model=d_model, max_length=max_length)
    check_count(minimum=0, n_tokens=n_tokens, batch=batch)
    check_positions(positions, max_length, n_tokens, d_model, n_heads)
    if n_tokens > max_length:
        raise ValueError(f"max_length must be at least {n_tokens}, the tokens, got {max_length}")
    shared = {"itemsize": itemsize, "training": training}
    rows = batch * n_tokens
    parts = embedded("", n_tokens, vocabulary or 1, d_model, positions, max_length, batch, shared)
    if patch_width is not None:
        parts["embedding"] = linear(rows, patch_width, d_model, **shared)
    parts["stack"] = positioned_stack(
        encoder,
        (n_tokens,),
        positions,
        d_model=d_model,
        n_heads=n_heads,
        n_layers=n_layers,
        d_ff=d_ff,
        batch=batch,
        **shared,
        **layer,
    )
    if n_classes is not None:
        numbers = {"elementwise": rows * d_model, **shared}
        parts["pooling"] = kernel(reads=rows * d_model, writes=batch * d_model, **numbers)
        parts["readout"] = linear(batch, d_model, n_classes, **shared)
    return combine(parts)
