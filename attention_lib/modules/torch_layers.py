"""Encoder and decoder layers that take over the parameters of PyTorch's."""

import torch
from torch import nn
from torch.nn import functional as F

from .multi_head import MultiHeadAttention
from .norms import LayerNorm, RMSNorm
from .torch_parts import linear_from_torch


def layer_from_torch(kind, module, counterparts):
    """A layer of our `kind` with copies of the parts of PyTorch's layer.

    `counterparts` maps our names of attentions and norms to PyTorch's.
    """
    d_model, n_heads = module.self_attn.embed_dim, module.self_attn.num_heads
    with torch.device("meta"):  # nothing is drawn, nothing allocated: all parts are replaced
        made = kind(
            d_model,
            n_heads,
            module.linear1.out_features,
            norm_first=bool(module.norm_first),
            activation=_activation(module.activation),
            dropout=_stream_dropout(module),
        )
    for ours, theirs in counterparts.items():
        setattr(made, ours, _part_from_torch(getattr(module, theirs)))
    made.feed_forward.up_projection = linear_from_torch(module.linear1)
    made.feed_forward.down_projection = linear_from_torch(module.linear2)
    made.feed_forward.dropout = module.dropout.p
    return made.train(module.training)


def stack_from_torch(kind, layer_kind, module):
    """A stack of our `kind` with copies of the layers and the final norm of PyTorch's stack."""
    if len(module.layers) == 0:
        raise ValueError("module must have at least one layer, got none")
    layers = [layer_kind.from_torch(layer) for layer in module.layers]
    first = layers[0]
    d_ff = first.feed_forward.up_projection.out_features
    with torch.device("meta"):
        made = kind(1, first.d_model, first.self_attention.n_heads, d_ff, final_norm=False)
    made.layers = nn.ModuleList(layers)
    made.final_norm = None if module.norm is None else _part_from_torch(module.norm)
    return made.train(module.training)


def _part_from_torch(part):
    pairs = (
        (nn.MultiheadAttention, MultiHeadAttention),
        (nn.LayerNorm, LayerNorm),
        (nn.RMSNorm, RMSNorm),
    )
    for theirs, ours in pairs:
        if isinstance(part, theirs):
            return ours.from_torch(part)
    raise TypeError(
        f"a norm must be a torch.nn.LayerNorm or torch.nn.RMSNorm, got {type(part).__name__}"
    )


def _activation(activation):
    if isinstance(activation, nn.GELU) and activation.approximate == "tanh":
        return "gelu_tanh"
    if isinstance(activation, nn.GELU) or activation is F.gelu:
        return "gelu"
    if isinstance(activation, nn.ReLU) or activation in (F.relu, torch.relu):
        return "relu"
    name = getattr(activation, "__name__", type(activation).__name__)
    raise ValueError(f"the activation of module must be ReLU or GELU, got {name}")


def _stream_dropout(module):
    names = ("dropout1", "dropout2", "dropout3")
    found = {name: getattr(module, name).p for name in names if hasattr(module, name)}
    if len(set(found.values())) > 1:
        listing = ", ".join(f"{name} {p}" for name, p in found.items())
        raise ValueError(f"the dropouts of module on the stream must be equal, got {listing}")
    return found["dropout1"]
