"""Stacks of layers, and the models made of them."""

from ..checks import check_count, check_flag
from .layers import decoder_layer, encoder_layer, stream_norm
from .ledger import Cost, combine


def encoder(n_tokens, *, n_layers, d_model, norm_first=True, final_norm=None, **layer):
    """`modules.TransformerEncoder`: n_layers times `encoder_layer`, then a norm if norm_first.

    `layer` are the other arguments of `encoder_layer`; final_norm as in the module.

    >>> encoder(10, n_layers=6, d_model=512, n_heads=8, d_ff=2048, norm_first=False).parameters
    18914304
    """
    one = encoder_layer(n_tokens, d_model=d_model, norm_first=norm_first, **layer)
    return _stack(one, n_layers, n_tokens, d_model, norm_first, final_norm, layer)


def decoder(n_tokens, n_memory, *, n_layers, d_model, norm_first=True, final_norm=None, **layer):
    """`modules.TransformerDecoder`: n_layers times `decoder_layer`, all of them with one memory.

    The memory stays alive until the end, unless its keys and values are in the caches.

    >>> decoder(10, 20, n_layers=6, d_model=512, n_heads=8, d_ff=2048, norm_first=False).parameters
    25224192
    """
    one = decoder_layer(
        n_tokens, n_memory, d_model=d_model, norm_first=norm_first, memory_held=True, **layer
    )
    stack = _stack(one, n_layers, n_tokens, d_model, norm_first, final_norm, layer)
    if layer.get("n_cached", 0):
        return stack
    memory = layer.get("batch", 1) * n_memory * d_model * layer.get("itemsize", 4)
    if layer.get("training", False):
        return combine({"memory": Cost(held_bytes=memory, peak_bytes=memory)}) + stack
    return stack.beside(memory)


def _stack(one, n_layers, n_tokens, d_model, norm_first, final_norm, layer):
    check_count(n_layers=n_layers)
    if n_layers > 1 and not layer.get("training", False):  # the input of the stack is still there
        one = one.beside(layer.get("batch", 1) * n_tokens * d_model * layer.get("itemsize", 4))
    norm = layer.get("norm", "layer")
    final_norm = (norm_first and norm is not None) if final_norm is None else final_norm
    check_flag(final_norm=final_norm)
    if final_norm and norm is None:
        raise ValueError("final_norm must be False or None where norm is None, got True")
    if not final_norm:
        return n_layers * one
    defaults = {"bias": True, "batch": 1, "itemsize": 4, "training": False}
    sizes = {name: layer.get(name, default) for name, default in defaults.items()}
    return n_layers * one + combine(
        {"final_norm": stream_norm(norm, n_tokens, d_model=d_model, **sizes)}
    )
