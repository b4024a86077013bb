"""What encoder and decoder layers share: sublayers that add to a residual stream."""

from torch import nn
from torch.nn import functional as F

from ..checks import check_choice, check_flag, check_probability
from .cache import KVCache
from .calling import judge, run
from .feed_forward import PositionwiseFeedForward
from .multi_head import MultiHeadAttention
from .multi_head_checks import Names
from .norms import LayerNorm, RMSNorm
from .scored import check_layer_input

NORMS = ("layer", "rms", None)
SELF, CROSS = Names("x", "x"), Names("x", "memory", "memory_mask", memory=True)


class ResidualLayer(nn.Module):
    r"""A layer whose sublayers f each read the stream x and add to it, with dropout D and norm N.

    Pre-LN: $x + D(f(N(x)))$. Post-LN: $N(x + D(f(x)))$. Without the residual, x is not added;
    without a norm, N does nothing. Arguments as for `TransformerEncoderLayer`.
    """

    reads_memory = False  # by a cross-attention between the other two sublayers

    def __init__(
        self,
        d_model,
        n_heads,
        d_ff,
        *,
        norm_first=True,
        norm="layer",
        activation="relu",
        dropout=0.0,
        n_kv_heads=None,
        bias=True,
        rotary=None,
        position_bias=None,
        mechanism=None,
        residual=True,
    ):
        super().__init__()
        check_flag(norm_first=norm_first, residual=residual)
        check_probability(dropout=dropout)
        self.d_model = d_model
        self.norm_first = norm_first
        self.residual = residual
        self.dropout = dropout
        heads = {"n_kv_heads": n_kv_heads, "bias": bias}
        self.self_attention = MultiHeadAttention(
            d_model,
            n_heads,
            dropout=dropout if mechanism is None else 0.0,
            rotary=rotary,
            position_bias=position_bias,
            mechanism=mechanism,
            **heads,
        )
        self.self_attention_norm = make_norm(norm, d_model, bias=bias)
        if self.reads_memory:
            self.cross_attention = MultiHeadAttention(d_model, n_heads, dropout=dropout, **heads)
            self.cross_attention_norm = make_norm(norm, d_model, bias=bias)
        self.feed_forward = PositionwiseFeedForward(
            d_model, d_ff, activation=activation, dropout=dropout, bias=bias
        )
        self.feed_forward_norm = make_norm(norm, d_model, bias=bias)

    def new_cache(self, max_length=None):
        """An empty cache for the self-attention, for up to max_length positions (None: any)."""
        make = getattr(self.self_attention, "new_cache", KVCache)  # it may have been replaced
        return make(max_length=max_length)

    def attend(self, x, attention, norm, *memory, return_weights, **options):
        """The stream after a sublayer of attention, and the weights, or None if not asked for."""
        inputs = self._enter(x, norm)
        result = run(attention, inputs, *memory, return_weights=return_weights, **options)
        update, weights = result if return_weights else (result, None)
        return self._leave(x, norm, update), weights

    def transform(self, x, feed_forward, norm):
        """The stream after the feed-forward sublayer."""
        return self._leave(x, norm, run(feed_forward, self._enter(x, norm)))

    def _enter(self, x, norm):
        return run(norm, x) if self.norm_first else x

    def _leave(self, x, norm, update):
        if self.training and self.dropout > 0:
            update = F.dropout(update, p=self.dropout)
        x = x + update if self.residual else update
        return x if self.norm_first else run(norm, x)

    def extra_repr(self):
        return f"norm_first={self.norm_first}, residual={self.residual}, dropout={self.dropout}"


def make_norm(kind, d_model, *, bias):
    """A new norm of the kind "layer" or "rms"; None leaves everything as it is."""
    check_choice("norm", kind, NORMS)
    if kind is None:
        return nn.Identity()
    return LayerNorm(d_model, bias=bias) if kind == "layer" else RMSNorm(d_model)


def judge_attention(layer, attention, x, *memory, mask, causal=False, cache, return_weights):
    """Refuse what a sublayer of attention would refuse, by the names that the layer has for it."""
    options = {"mask": mask, "causal": causal, "cache": cache, "return_weights": return_weights}
    if isinstance(attention, MultiHeadAttention):
        options["names"] = CROSS if memory else SELF
    if not judge(attention, x, *memory, **options):
        for name, array in zip(("x", "memory"), (x, *memory), strict=False):
            check_layer_input(name, array, layer.feed_forward, layer.d_model)


def check_causal_cache(causal, cache):
    """A cache serves the causal form alone."""
    check_flag(causal=causal)
    if cache is not None and not causal:
        raise ValueError("causal must be True with a cache: the past cannot see what comes")
