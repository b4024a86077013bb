"""A step of a language model that reads one token a row: its operations, and nothing else.

Where a model holds nothing but the library's own layers, as they came, all that their calls judge
and look up is the same at every step, and as dear as the products of a small model. Here it is
done once.
"""

import torch
from torch import is_autocast_enabled, nn
from torch.nn import functional as F

from ..functional.feed_forward import bend_core
from ..modules import (
    KVCache,
    LanguageModel,
    LayerNorm,
    LearnedPositionalEncoding,
    MultiHeadAttention,
    PositionwiseFeedForward,
    RMSNorm,
    SinusoidalPositionalEncoding,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from ..modules.calling import forward_hooks, is_bare

_LAYERS = {
    *(LanguageModel, TransformerEncoder, TransformerEncoderLayer, PositionwiseFeedForward),
    *(MultiHeadAttention, LayerNorm, RMSNorm, SinusoidalPositionalEncoding),
    *(LearnedPositionalEncoding, nn.ModuleList, nn.Identity, nn.Dropout, nn.Linear, nn.Embedding),
}
_AHEAD = 256  # positions whose vectors are made at once


class SingleStep:
    """The steps of one model with one list of caches."""

    def __init__(self):
        self._caches = self._logits = None
        self._hooks = ()

    def __deepcopy__(self, memo):
        return SingleStep()  # a copy has caches of its own

    def logits(self, model, caches, tokens):
        """The logits `[R, V]` after tokens `[R, 1]`; None where the modules have to be called.

        That is where the model, in evaluation mode, or a cache is not plain, where autocast rounds,
        and where the call has to be refused.
        """
        if caches is None or tokens.shape[1] != 1 or caches[0].batch != len(tokens):
            return None
        if self._caches is not caches:
            self._logits, self._caches = _step(model, caches), caches
            self._hooks = forward_hooks(model)
        if self._logits is None or any(self._hooks) or is_autocast_enabled(tokens.device.type):
            return None
        longest = caches[0].max_length, getattr(model.positions, "max_length", None)
        if any(one is not None and caches[0].length >= one for one in longest):
            return None
        return self._logits(tokens)


def _step(model, caches):
    """A function of tokens `[R, 1]` that gives the logits `[R, V]` after them; or None."""
    if not (_is_plain(model) and all(type(one) is KVCache for one in caches)):
        return None
    if any(one.window is not None for one in caches):
        return None
    embedding, scale = model.embedding.weight, model.d_model**0.5
    parts = [_layer(*pair) for pair in zip(model.stack.layers, caches, strict=True)]
    if model.stack.final_norm is not None:
        parts.append(_norm(model.stack.final_norm))
    parts.append(_linear(model.readout))
    positions = _positions(model)

    def step(tokens):
        # A single row is a vector: its products are a little faster than those of a matrix.
        x = F.embedding(tokens.view(-1 if len(tokens) > 1 else ()), embedding) * scale
        if positions is not None:
            x = x + positions(caches[0].length)
        for part in parts:
            x = part(x)
        return x.view(len(tokens), -1)

    return step


def _is_plain(model):
    """Layers of the library as they came, in one dtype that needs no rounding in between."""
    if not all(type(one) in _LAYERS and is_bare(one) for one in model.modules()):
        return False
    layers = model.stack.layers
    attentions = [one.self_attention for one in layers]
    return (
        {one.dtype for one in model.parameters()} in ({torch.float32}, {torch.float64})
        and model.embedding.max_norm is None
        and all(one.residual for one in layers)
        and all(one.rotary is None and one.position_bias is None for one in attentions)
    )


def _positions(model):
    """A function of a position that gives what is added there, `[C]`; or None."""
    if model.positions is None:
        return None
    first, table = 0, ()

    def at(position):
        nonlocal first, table
        if not first <= position < first + len(table):
            last = getattr(model.positions, "max_length", position + _AHEAD)
            count = max(1, min(_AHEAD, last - position))
            zeros = model.embedding.weight.new_zeros(count, model.d_model)
            first, table = position, model.positions(zeros, offset=position).unbind()
        return table[position - first]

    return at


def _layer(layer, cache):
    attend, transform = _attention(layer.self_attention, cache), _feed_forward(layer.feed_forward)
    norm = _norm(layer.self_attention_norm)
    second_norm = _norm(layer.feed_forward_norm)

    def pre_norm(x):
        x = x + attend(norm(x))
        return x + transform(second_norm(x))

    def post_norm(x):
        x = norm(x + attend(x))
        return second_norm(x + transform(x))

    return pre_norm if layer.norm_first else post_norm


def _norm(norm):
    if not isinstance(norm, LayerNorm):
        return getattr(norm, "forward_core", norm.forward)  # nn.Identity has no core
    shape, gain, shift, eps = norm.gain.shape, norm.gain, norm.shift, norm.eps
    return lambda x: torch.layer_norm(x, shape, gain, shift, eps)


def _attention(module, cache):
    query, key, value, output = (
        _linear(getattr(module, f"{name}_projection"))
        for name in ("query", "key", "value", "output")
    )
    groups, share = module.n_kv_heads, module.n_heads // module.n_kv_heads
    d_key, d_value, width = module.d_key, module.d_value, module.n_heads * module.d_value

    def attend(x):
        rows = len(x) if x.ndim > 1 else 1
        new = key(x).view(rows, groups, 1, d_key), value(x).view(rows, groups, 1, d_value)
        keys, values = cache.append_core(*new)
        queries = query(x).view(rows, groups, share, d_key)  # those that share a group together
        heads = F.scaled_dot_product_attention(queries, keys, values)
        return output(heads.reshape(rows, width) if x.ndim > 1 else heads.reshape(width))

    return attend


def _feed_forward(module):
    up, down, activation = (
        _linear(module.up_projection),
        _linear(module.down_projection),
        module.activation,
    )
    gate = None if module.gate_projection is None else _linear(module.gate_projection)

    def transform(x):
        gated = None if gate is None else F.silu(gate(x))
        return down(bend_core(up(x), gated, activation, own=True))

    return transform


def _linear(layer):
    weight, bias = layer.weight, layer.bias

    def product(x):
        if x.ndim > 1:
            return F.linear(x, weight, bias)
        return torch.mv(weight, x) if bias is None else torch.addmv(bias, weight, x)

    return product
