"""What encoder and decoder layers share: sublayers that add to a residual stream."""

from torch import nn
from torch.nn import functional as F

from ..checks import check_choice, check_flag, check_probability, check_width
from .norms import LayerNorm, RMSNorm
from .scored import check_input

NORMS = ("layer", "rms", None)


class ResidualLayer(nn.Module):
    r"""A layer whose sublayers f each read the stream x and add to it, with dropout D and norm N.

    Pre-LN: $x + D(f(N(x)))$. Post-LN: $N(x + D(f(x)))$. Without the residual, x is not added;
    without a norm, N does nothing.
    """

    def __init__(self, d_model, *, norm_first, residual, dropout):
        super().__init__()
        check_flag(norm_first=norm_first, residual=residual)
        check_probability(dropout=dropout)
        self.d_model = d_model
        self.norm_first = norm_first
        self.residual = residual
        self.dropout = dropout

    def attend(self, x, attention, norm, *memory, return_weights, **options):
        """The stream after a sublayer of attention, and the weights, or None if not asked for."""
        result = attention(self._enter(x, norm), *memory, return_weights=return_weights, **options)
        update, weights = result if return_weights else (result, None)
        return self._leave(x, norm, update), weights

    def transform(self, x, feed_forward, norm):
        """The stream after the feed-forward sublayer."""
        return self._leave(x, norm, feed_forward(self._enter(x, norm)))

    def _enter(self, x, norm):
        return norm(x) if self.norm_first else x

    def _leave(self, x, norm, update):
        update = F.dropout(update, p=self.dropout, training=self.training)
        x = x + update if self.residual else update
        return x if self.norm_first else norm(x)

    def extra_repr(self):
        return f"norm_first={self.norm_first}, residual={self.residual}, dropout={self.dropout}"


def make_norm(kind, d_model, *, bias):
    """A new norm of the kind "layer" or "rms"; None leaves everything as it is."""
    check_choice("norm", kind, NORMS)
    if kind is None:
        return nn.Identity()
    return LayerNorm(d_model, bias=bias) if kind == "layer" else RMSNorm(d_model)


def make_final_norm(wanted, norm_first, kind, d_model, *, bias):
    """The norm after the last layer of a stack, or None; wanted=None means: with pre-LN."""
    if wanted is None:
        wanted = norm_first and kind is not None
    check_flag(final_norm=wanted)
    if wanted and kind is None:
        raise ValueError("final_norm must be False or None where norm is None, got True")
    return make_norm(kind, d_model, bias=bias) if wanted else None


def check_stream(name, x, layer):
    """`x` is a tensor `[..., length, d_model]` of the dtype of the layer's weights."""
    check_input(name, x, layer.feed_forward.up_projection.weight)
    check_width(name, x, layer.d_model)


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
