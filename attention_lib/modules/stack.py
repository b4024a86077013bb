"""What the stacks of encoder and decoder layers share."""

from torch import nn

from ..checks import check_flag, check_size
from .calling import judge, run
from .residual import make_norm
from .torch_layers import stack_from_torch
from .torch_parts import check_instance


class Stack(nn.Module):
    """Layers one after the other, with a final norm where they are pre-LN.

    Arguments as for `TransformerEncoder`. A subclass says of which layers it is, and for which
    stack of PyTorch's it stands.
    """

    layer_kind = torch_kind = None

    def __init__(
        self,
        n_layers,
        d_model,
        n_heads,
        d_ff,
        *,
        norm_first=True,
        norm="layer",
        bias=True,
        final_norm=None,
        **layer_options,
    ):
        super().__init__()
        check_size(n_layers=n_layers)
        options = {"norm_first": norm_first, "norm": norm, "bias": bias, **layer_options}
        self.layers = nn.ModuleList(
            self.layer_kind(d_model, n_heads, d_ff, **options) for _ in range(n_layers)
        )
        if final_norm is None:
            final_norm = norm_first and norm is not None
        check_flag(final_norm=final_norm)
        if final_norm and norm is None:
            raise ValueError("final_norm must be False or None where norm is None, got True")
        self.final_norm = make_norm(norm, d_model, bias=bias) if final_norm else None

    def new_caches(self, max_length=None):
        """One empty cache for each layer, as its `new_cache` makes it."""
        return [layer.new_cache(max_length) for layer in self.layers]

    def judge_layers(self, caches, *inputs, **options):
        """Refuse what the layers would refuse. They are alike, but each has its own cache."""
        caches = check_caches(caches, len(self.layers))
        for layer, cache in zip(self.layers, caches, strict=True):
            judge(layer, *inputs, cache=cache, **options)
            if cache is None:
                return

    def run_layers(self, caches, x, *memory, return_weights, **options):
        """The stream at the end, or with return_weights (stream, list of those of each layer)."""
        caches = [None] * len(self.layers) if caches is None else caches
        options["return_weights"] = return_weights
        all_weights = []
        for layer, cache in zip(self.layers, caches, strict=True):
            result = run(layer, x, *memory, cache=cache, **options)
            x, weights = result if return_weights else (result, None)
            all_weights.append(weights)
        x = x if self.final_norm is None else run(self.final_norm, x)
        return (x, all_weights) if return_weights else x

    @classmethod
    def from_torch(cls, module):
        """A copy of PyTorch's stack, a torch.nn module of the same name, and of its final norm.

        Raises:
            TypeError, ValueError: as `from_torch` of the layer, for each layer; no layers.
        """
        check_instance(module, cls.torch_kind)
        return stack_from_torch(cls, cls.layer_kind, module)


def check_caches(caches, n_layers):
    """`caches` is None or a list with a cache of its own for each layer, all equally full.

    Returns it, or a None for each.
    """
    if caches is None:
        return [None] * n_layers
    if not isinstance(caches, list):
        raise TypeError(f"caches must be a list, one for each layer, got {type(caches).__name__}")
    if len(caches) != n_layers:
        raise ValueError(
            f"caches must hold one cache for each of the {n_layers} layers, got {len(caches)}"
        )
    for cache in caches:
        if not hasattr(cache, "length"):
            raise TypeError(f"caches must hold caches, got {type(cache).__name__}")
    if len({id(cache) for cache in caches}) < n_layers:
        raise ValueError("caches must hold a cache of its own for each layer, got one twice")
    lengths = [cache.length for cache in caches]
    if len(set(lengths)) > 1:
        raise ValueError(f"caches must have seen equally many positions, got {lengths}")
    return caches
