"""Adam, with weight decay where decay makes sense."""

import torch
from torch import nn

from ..checks import check_instance, check_not_negative, check_probability, shown
from ..modules import ClippedRelativeBias, LearnedPositionalEncoding, RelativePositionBias

_TABLES = (nn.Embedding, LearnedPositionalEncoding, RelativePositionBias, ClippedRelativeBias)


def decayed_parameters(model):
    """Names of the parameters that weight decay pulls towards zero: the matrices of products.

    Left out are vectors (biases, the gains and shifts of norms) and tables that are looked up
    (`nn.Embedding` and learned positions), also where an output layer shares the table. To shrink a
    gain turns a norm down, and to shrink a table pulls a rare row towards zero at every step that
    does not see it.

    >>> decayed_parameters(nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2), nn.LayerNorm(2)))
    ['1.weight']
    """
    check_instance(nn.Module, model=model)
    tables = [module.weight for module in model.modules() if isinstance(module, _TABLES)]
    return [
        name
        for name, parameter in model.named_parameters()
        if parameter.ndim > 1 and not any(parameter is table for table in tables)
    ]


def adam(model, *, learning_rate, betas, weight_decay):
    """Adam; with weight decay AdamW, whose decay reaches `decayed_parameters` alone.

    Raises:
        TypeError, ValueError: betas is not a pair of numbers in [0, 1), weight_decay is negative.

    Source: Kingma and Ba (2015); Loshchilov and Hutter (2019), decoupled decay.
    """
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise TypeError(f"betas must be a pair of numbers, got {shown(betas)}")
    check_probability(**{"betas[0]": betas[0], "betas[1]": betas[1]})
    check_not_negative(weight_decay=weight_decay)
    if not weight_decay:
        return torch.optim.Adam(model.parameters(), lr=learning_rate, betas=tuple(betas))
    decayed = set(decayed_parameters(model))
    groups = [
        {
            "params": [p for name, p in model.named_parameters() if (name in decayed) is decays],
            "weight_decay": weight_decay if decays else 0.0,
        }
        for decays in (True, False)
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=tuple(betas))
