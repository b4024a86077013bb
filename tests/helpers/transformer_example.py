"""Small Transformer layers with parameters nowhere 0 or 1, and their torch counterparts."""

import numpy as np
import torch
from torch import nn

from attention_lib.training import seeded

B, T, S, C, H, F = 3, 5, 7, 12, 2, 11


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def built(make, *sizes, seed=0, **options):
    """A module in float64 and evaluation mode."""
    with seeded(seed):
        return perturbed(make(*sizes, **options).double()).eval()


@torch.no_grad()
def perturbed(module):
    """Move every parameter off its starting value, the same way each time."""
    with seeded(1):
        for one in module.parameters():
            one.add_(torch.randn_like(one) * 0.3)
    return module


def arrays(module):
    """The state_dict in NumPy, without what belongs to positions."""
    found = module.state_dict().items()
    return {name: one.numpy() for name, one in found if "position_bias" not in name}


MASK = torch.from_numpy(np.random.default_rng(2).random((B, 1, T, T)) < 0.6)
MASK[..., 0] = True
MEMORY_MASK = torch.from_numpy(np.random.default_rng(3).random((B, H, T, S)) < 0.6)
MEMORY_MASK[..., 0] = True

NAMES = {
    "self_attention": "self_attn",
    "cross_attention": "multihead_attn",
    "output_projection": "out_proj",
    "up_projection": "linear1",
    "down_projection": "linear2",
    "final_norm": "norm",
    "gain": "weight",
    "shift": "bias",
}


def counterpart(name, kind):
    """The torch name of a parameter of ours, and which of three stacked parts it is (or None)."""
    norms = ["self_attention_norm", "feed_forward_norm"]
    norms[1:1] = ["cross_attention_norm"] * ("Decoder" in kind)
    names = NAMES | {norm: f"norm{place}" for place, norm in enumerate(norms, start=1)}
    stacked = None
    parts = []
    for part in name.split("."):
        if part in ("query_projection", "key_projection", "value_projection"):
            stacked = ("query_projection", "key_projection", "value_projection").index(part)
        elif part != "feed_forward":
            parts.append(names.get(part, part))
    if stacked is not None:
        parts[-2:] = [parts[-2], f"in_proj_{parts[-1]}"]
    return ".".join(parts), stacked


def gradients_of(theirs, name):
    """The gradient of torch's parameter that is our `name`."""
    theirs_name, stacked = counterpart(name, type(theirs).__name__)
    gradient = dict(theirs.named_parameters())[theirs_name].grad
    return gradient if stacked is None else gradient.chunk(3)[stacked]


def torch_layer(kind, *, dropout=0.0, **options):
    with seeded(0):
        layer = kind(C, H, F, dropout=dropout, dtype=torch.float64, **options)
    return perturbed(layer)


def turned(tensor, module):
    """A batch in the layout that a torch module with attention wants."""
    first = next(one for one in module.modules() if isinstance(one, nn.MultiheadAttention))
    return tensor if first.batch_first else tensor.transpose(0, 1)
