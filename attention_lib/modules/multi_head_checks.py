"""What `MultiHeadAttention` refuses, before anything is computed or stored."""

from typing import NamedTuple

from ..checks import (
    check_flag,
    check_heads_mask,
    check_key_mask,
    check_kind,
    check_leading,
    check_mask,
    check_shape,
    check_value_rows,
    check_width,
)
from .cache import KVCache
from .cached_checks import check_cache, check_growing, check_memory, check_role
from .calling import is_bare
from .dtypes import check_like
from .positions_rotary import RotaryPositionalEncoding
from .scored import check_layer_input


class Names(NamedTuple):
    """What the caller calls the arguments."""

    query: str = "query"
    key: str = "key"
    mask: str = "mask"
    memory: bool = False  # the key is one, whatever it is


NAMES = Names()


def check_multi_head_call(
    module,
    query,
    key=None,
    value=None,
    *,
    mask=None,
    causal=False,
    cache=None,
    head_gate=None,
    return_weights=False,
    names=NAMES,
):
    """Refuse what a call of a `MultiHeadAttention` would refuse, before anything is done.

    names: what the caller calls the arguments.
    """
    if causal.__class__ is not bool or return_weights.__class__ is not bool:
        check_flag(causal=causal, return_weights=return_weights)
    check_layer_input(names.query, query, module.query_projection, module.d_model)
    stored = memory = False
    if key is not None and cache is not None:
        if check_role(query, key, value, cache, names):
            key = value = None
        else:
            memory, stored = True, cache.filled
    if key is not None or value is not None or not module.one_width:
        _check_keys(module, query, key, value, stored, names)
    if module.rotary is not None:
        check_rotary(module.rotary, module.d_key)
    if module.mechanism is not None:
        module.mechanism.check_call(query, None if memory else cache, return_weights)
    if memory:
        check_memory(module, query, key, cache, names)
    elif cache is not None and module.mechanism is None:
        if cache.__class__ is not KVCache or query.ndim != 3:
            check_cache(cache, **{names.query: query})
        groups = module.n_kv_heads
        kinds = ((groups, module.d_key), (groups, module.d_value))
        check_growing(cache, names.query, query, kinds, module)
    if mask is not None:
        if stored:
            n_keys = cache.length
        else:
            seen = 0 if memory or cache is None else cache.length
            n_keys = (query if key is None else key).shape[-2] + seen
        _check_heads_mask(module, query, None if stored else key, mask, n_keys, names)
    if head_gate is not None:
        _check_gate(module, head_gate)


def check_position_modules(rotary, position_bias, d_key):
    """Each is None or can be called, and rotary turns heads of this width."""
    for name, module in (("rotary", rotary), ("position_bias", position_bias)):
        if module is not None and not callable(module):
            raise TypeError(
                f"{name} must be None or a position module, got {type(module).__name__}"
            )
    check_rotary(rotary, d_key)


def check_rotary(rotary, d_key):
    """rotary is None, or turns heads of this width."""
    if isinstance(rotary, RotaryPositionalEncoding) and rotary.d != d_key:
        raise ValueError(f"rotary must turn heads of width d_key = {d_key}, got d={rotary.d}")


def _check_keys(module, query, key, value, stored, names):
    if key is None:
        if value is not None:
            raise ValueError("value needs a key: give both, or neither for self-attention")
        check_width("key", query, module.key_width)
        check_width("value", query, module.value_width)
        return
    check_layer_input(names.key, key, module.key_projection, module.key_width)
    if stored:
        return  # key and value are not read, and the rows of the batch may have been reordered
    given = {names.query: query, names.key: key}
    if value is None:
        check_width("value", key, module.value_width)
    elif value is not key or module.key_width != module.value_width:
        check_layer_input("value", value, module.value_projection, module.value_width)
        check_value_rows(value, key.shape[-2])
        given["value"] = value
    check_leading(**given)


def _check_heads_mask(module, query, key, mask, n_keys, names):
    """key: None where it is the query or lies in the cache."""
    check_kind("torch", **{names.query: query, names.mask: mask})
    check_heads_mask(mask, query, key, name=names.mask)
    leading = query.shape[:-2] if key is None else check_leading(query=query, key=key)
    shape = (*leading, module.n_heads, query.shape[-2], n_keys)
    check = check_mask if module.mechanism is None else check_key_mask
    check(mask, shape, name=names.mask)


def _check_gate(module, head_gate):
    check_kind("torch", head_gate=head_gate)
    layer = module.output_projection
    check_like(getattr(layer, "weight", None), place=is_bare(layer), head_gate=head_gate)
    check_shape("head_gate", head_gate, (module.n_heads,), "[H]")
