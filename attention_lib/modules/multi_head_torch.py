"""Between our multi-head attention and torch's: which parameter is which, and what has no like."""

import torch
from torch import nn

from ..checks import check_flag
from .torch_parts import check_instance, settled


def from_torch(cls, module):
    """An instance of cls with the numbers of a torch.nn.MultiheadAttention."""
    if not isinstance(module, nn.MultiheadAttention):
        raise TypeError(
            f"module must be a torch.nn.MultiheadAttention, got {type(module).__name__}"
        )
    if module.bias_k is not None:
        raise ValueError("module must not have add_bias_kv=True: there is no such key here")
    if module.add_zero_attn:
        raise ValueError("module must not have add_zero_attn=True: there is no such key here")
    ours = cls(
        module.embed_dim,
        module.num_heads,
        key_width=module.kdim,
        value_width=module.vdim,
        dropout=module.dropout,
        bias=module.in_proj_bias is not None,
    )
    ours.to(module.out_proj.weight)
    settled(module, module.embed_dim, module.kdim, module.vdim)
    _copy(_torch_parameters(module), _our_parameters(ours))
    return ours.train(module.training)


def to_torch(module, *, batch_first):
    """A torch.nn.MultiheadAttention with the numbers of a module of ours."""
    check_flag(batch_first=batch_first)
    _our_parameters(module)  # refuses layers that are no longer linear
    wrong = [
        f"{name} = {has} instead of {needed}"
        for name, has, needed in (
            ("n_kv_heads", module.n_kv_heads, module.n_heads),
            ("n_heads * d_key", module.n_heads * module.d_key, module.d_model),
            ("n_heads * d_value", module.n_heads * module.d_value, module.d_model),
        )
        if has != needed
    ]
    others = ("rotary", "position_bias", "mechanism")
    wrong += [name for name in others if getattr(module, name) is not None]
    if wrong:
        raise ValueError(f"torch.nn.MultiheadAttention has no {' and no '.join(wrong)}")
    theirs = nn.MultiheadAttention(
        module.d_model,
        module.n_heads,
        dropout=module.dropout,
        bias=module.query_projection.bias is not None,
        kdim=module.key_projection.in_features,
        vdim=module.value_projection.in_features,
        batch_first=batch_first,
    )
    theirs.to(module.output_projection.weight)
    _copy(_our_parameters(module), _torch_parameters(theirs))
    return theirs.train(module.training)


def _our_parameters(module):
    layers = ("query", "key", "value", "output")
    layers = [getattr(module, f"{name}_projection") for name in layers]
    for layer in layers:
        check_instance(layer, nn.Linear)
        settled(layer, layer.in_features)
    return [layer.weight for layer in layers] + [layer.bias for layer in layers]


def _torch_parameters(module):
    """Views of the eight in our order: torch stacks the three of the input where it can."""
    if module.in_proj_weight is None:
        weights = [module.q_proj_weight, module.k_proj_weight, module.v_proj_weight]
    else:
        weights = list(module.in_proj_weight.chunk(3))
    biases = [None] * 3 if module.in_proj_bias is None else list(module.in_proj_bias.chunk(3))
    return [*weights, module.out_proj.weight, *biases, module.out_proj.bias]


def _copy(sources, targets):
    with torch.no_grad():
        for source, target in zip(sources, targets, strict=True):
            if source is not None:
                target.copy_(source)
