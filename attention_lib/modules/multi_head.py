"""Multi-head attention as a module: projections, heads, and a cache for generation."""

import torch  # noqa: F401  (the doctest uses it)
from torch import nn

from ..checks import check_divides, check_flag, check_probability, check_size
from ..functional.grouped import grouped_query_attention_core
from ..functional.heads import merge_heads_core, split_heads_core
from .cache import KVCache
from .cached import append
from .calling import linear
from .mechanism import check_mechanism
from .memory_cache import MemoryCache
from .multi_head_checks import check_multi_head_call, check_position_modules
from .multi_head_parts import bias_for, head_contributions, turn
from .multi_head_torch import from_torch, to_torch
from .rewind import Rewound


class MultiHeadAttention(nn.Module):
    r"""Attend H times side by side, each time through projections of its own, and mix the results.

    $$\mathrm{head}_h = \mathrm{attention}(x_q W^Q_h, x_k W^K_{g(h)}, x_v W^V_{g(h)}), \qquad
    O = \sum_h \mathrm{head}_h W^O_h + b_O$$

    x_q, x_k and x_v are the inputs query, key and value: T queries, S keys and values. g(h) is the
    key and value head that head h reads, h itself unless G is less than H.

    Args:
        d_model: C, width of the queries and of the output.
        n_heads: H.
        n_kv_heads: G, number of key and value heads, divides H. None means H; fewer is
            grouped-query attention, 1 is multi-query attention.
        d_key: D, width of a query and key head; None means C / H.
        d_value: E, width of a value head; None means C / H.
        key_width, value_width: width of the inputs key and value; None means C.
        dropout: probability with which a weight is dropped in training.
        bias: whether the four projections add a bias.
        rotary: None, or a module called `(x [..., H, T, D], offset=...)` that turns queries and
            keys by their positions; where a key is given the last query stands at the last key.
        position_bias: None, or a module called `(T, S)` that gives a bias `[H, T, S]` for the
            scores; the last query stands at the last key.
        mechanism: None for dense attention, or what takes its place on the heads:
            `SlidingWindowAttention`, `BlockSparseAttention`, `LinearAttention` or
            `PerformerAttention`. It has no parameters; one module may serve many layers. None of
            them forms the weights `[H, T, S]`: there are none to return, to drop or to bias.

    Called with
        query: `[..., T, C]`, of the dtype of the parameters.
        key: `[..., S, key_width]`; None means query (self-attention).
        value: `[..., S, value_width]`; None means key.
        mask: boolean tensor, broadcastable to `[..., H, T, S]`; True = may attend. It has all the
            axes or at most two: a `padding_mask` is given as `mask[:, None]`. With a cache S
            counts all positions seen, also those that its window has dropped. A mechanism takes
            masks that are the same for every query.
        causal: no query sees a key after its own position; the last query stands at the last key.
        cache: None, or for inference what fits the call; query is then `[B, T, C]`. Self-attention
            (no key, or the query itself) needs a `KVCache` or what `new_cache` makes: the new
            positions are appended, and the queries see all that it holds (with a window w: its
            sinks and those from w positions before them to themselves). A key of its own needs a
            `MemoryCache`: the first call projects key and value and fills it, later calls use what
            it holds; they check that key has the same number of rows, and trust that it is the
            same key. A call that fails leaves the cache as it was.
        head_gate: None, or `[H]`, a factor for the result of each head: 0 silences it, and the
            gradient at 1 says how much the loss depends on it.
        return_weights: also return the weights.

    Returns:
        output `[..., T, C]`, or (output, weights `[..., H, T, S]`, after dropout; their mean over
        axis -3 is what torch calls averaged). A query with nothing to attend to has zero weights
        in every head, so its output is the bias of the output projection, or zero.

    Raises:
        TypeError, ValueError: sizes that do not fit one another, tensors that do not fit the sizes,
            a cache of the wrong kind or for what it cannot serve, a mechanism together with
            return_weights, dropout or position_bias; else as the function or the mechanism.

    Cost: `attention_lib.reference.multi_head_attention`; of the scores and averages, the cost of
    the mechanism instead, to which shared key and value heads are given repeated. Initialised as
    torch's module: Xavier for the projections of the input (of one width: as one stacked matrix),
    zero biases.
    Source: Vaswani et al. (2017), section 3.2.2; Shazeer (2019) and Ainslie et al. (2023) for
    n_kv_heads; Michel et al. (2019) for head_gate.
    Chapter: 05_many_heads.

    >>> attention = MultiHeadAttention(12, 4, n_kv_heads=2)
    >>> output, weights = attention(torch.ones(1, 5, 12), causal=True, return_weights=True)
    >>> output.shape, weights.shape
    (torch.Size([1, 5, 12]), torch.Size([1, 4, 5, 5]))
    """

    def __init__(
        self,
        d_model,
        n_heads,
        *,
        n_kv_heads=None,
        d_key=None,
        d_value=None,
        key_width=None,
        value_width=None,
        dropout=0.0,
        bias=True,
        rotary=None,
        position_bias=None,
        mechanism=None,
    ):
        super().__init__()
        check_size(d_model=d_model, n_heads=n_heads)
        if d_key is None or d_value is None:
            check_divides("n_heads", n_heads, "d_model where d_key or d_value is None", d_model)
        n_kv_heads = n_heads if n_kv_heads is None else n_kv_heads
        d_key = d_model // n_heads if d_key is None else d_key
        d_value = d_model // n_heads if d_value is None else d_value
        key_width = d_model if key_width is None else key_width
        value_width = d_model if value_width is None else value_width
        check_size(n_kv_heads=n_kv_heads, d_key=d_key, d_value=d_value)
        check_size(key_width=key_width, value_width=value_width)
        check_divides("n_kv_heads", n_kv_heads, "n_heads", n_heads)
        sizes = (d_model, n_heads, n_kv_heads, d_key, d_value, key_width, value_width)
        # NumPy's small integers would overflow
        d_model, n_heads, n_kv_heads, d_key, d_value, key_width, value_width = map(int, sizes)
        check_probability(dropout=dropout)
        check_flag(bias=bias)
        check_position_modules(rotary, position_bias, d_key)
        check_mechanism(mechanism, dropout=dropout, position_bias=position_bias)
        self.d_model, self.n_heads, self.n_kv_heads = d_model, n_heads, n_kv_heads
        self.d_key, self.d_value, self.dropout = d_key, d_value, dropout
        self.key_width, self.value_width = key_width, value_width
        self.one_width = key_width == value_width == d_model
        self.query_projection = nn.Linear(d_model, n_heads * d_key, bias=bias)
        self.key_projection = nn.Linear(key_width, n_kv_heads * d_key, bias=bias)
        self.value_projection = nn.Linear(value_width, n_kv_heads * d_value, bias=bias)
        self.output_projection = nn.Linear(n_heads * d_value, d_model, bias=bias)
        self.rotary = rotary
        self.position_bias = position_bias
        self.mechanism = mechanism
        self.reset_parameters()

    def reset_parameters(self):
        """Draw the parameters anew, as torch.nn.MultiheadAttention draws them."""
        inputs = (self.query_projection, self.key_projection, self.value_projection)
        together = sum(one.out_features for one in inputs)
        stacked = len({one.in_features for one in inputs}) == 1
        self.output_projection.reset_parameters()
        for one in inputs:
            rows = together if stacked else one.out_features
            bound = (6 / (one.in_features + rows)) ** 0.5  # Xavier: 6 / (inputs + outputs)
            nn.init.uniform_(one.weight, -bound, bound)
        for one in (*inputs, self.output_projection):
            if one.bias is not None:
                nn.init.zeros_(one.bias)

    def new_cache(self, max_length=None):
        """An empty cache for self-attention, for up to max_length positions (None: any).

        A `KVCache`, or what the mechanism needs to remember if that is less.
        """
        maker = KVCache if self.mechanism is None else self.mechanism.new_cache
        return maker(max_length=max_length)

    def forward(
        self,
        query,
        key=None,
        value=None,
        *,
        mask=None,
        causal=False,
        cache=None,
        head_gate=None,
        return_weights=False,
    ):
        options = {
            "mask": mask,
            "causal": causal,
            "cache": cache,
            "head_gate": head_gate,
            "return_weights": return_weights,
        }
        self.check_call(query, key, value, **options)
        if cache is None:
            return self.forward_core(query, key, value, **options)
        with Rewound(cache):
            return self.forward_core(query, key, value, **options)

    check_call = check_multi_head_call

    def forward_core(
        self,
        query,
        key=None,
        value=None,
        *,
        mask=None,
        causal=False,
        cache=None,
        head_gate=None,
        return_weights=False,
    ):
        """A call for arguments that were checked."""
        heads, weights = self._heads(query, key, value, mask, causal, cache, return_weights)
        if head_gate is not None:
            heads = heads * head_gate[:, None, None].to(heads.dtype)
        output = linear(self._modules["output_projection"], merge_heads_core(heads))  # [..., T, C]
        return (output, weights) if return_weights else output

    def head_contributions(
        self, query, key=None, value=None, *, mask=None, causal=False, head_gate=None
    ):
        """What each head adds to the output: `[..., H, T, C]`.

        Its sum over the heads, plus the bias of the output projection, is the output of the module.
        Arguments as for a call.

        Cost: H times the memory of the output.
        Source: Elhage et al. (2021), "attention heads are independent and additive".
        """
        self.check_call(query, key, value, mask=mask, causal=causal, head_gate=head_gate)
        heads, _ = self._heads(query, key, value, mask, causal, None, False)
        if head_gate is not None:
            heads = heads * head_gate[:, None, None].to(heads.dtype)
        return head_contributions(self.output_projection, heads)

    @classmethod
    def from_torch(cls, module):
        """A copy of a torch.nn.MultiheadAttention: same numbers, dtype, device and mode.

        Ours is batch first, whatever batch_first of theirs.

        Raises:
            TypeError: module is not a torch.nn.MultiheadAttention.
            ValueError: it has add_bias_kv or add_zero_attn, which ours has not.
        """
        return from_torch(cls, module)

    def to_torch(self, *, batch_first=True):
        """The same attention as a torch.nn.MultiheadAttention, with copies of the parameters.

        Raises:
            ValueError: theirs has no counterpart to shared key and value heads, to heads that do
                not have width C / H, to rotary, to position_bias or to a mechanism.
        """
        return to_torch(self, batch_first=batch_first)

    def _heads(self, query, key, value, mask, causal, cache, return_weights):
        """Results of the heads `[..., H, T, E]`, and their weights if asked for, else None."""
        layers = self._modules  # an attribute that is a module takes as long as a small product
        queries = split_heads_core(linear(layers["query_projection"], query), self.n_heads)
        growing, memory = cache, None
        if key is not None and cache is not None:
            if isinstance(cache, MemoryCache):
                growing, memory = None, cache
            else:
                key = value = None  # the query itself: nothing else is accepted
        if memory is not None and memory.filled:
            keys, values = memory.held()
        else:
            source = query if key is None else key
            value = source if value is None else value
            # [..., G, S, D] and [..., G, S, E]
            keys = split_heads_core(linear(layers["key_projection"], source), self.n_kv_heads)
            values = split_heads_core(linear(layers["value_projection"], value), self.n_kv_heads)
            if memory is not None:
                memory.fill_core(keys, values)
        if self.rotary is not None:
            queries, keys = turn(self.rotary, queries, keys, key is None, growing)
        if self.mechanism is not None:
            options = {"mask": mask, "causal": causal, "cache": growing}
            return self.mechanism.attend(queries, keys, values, **options), None
        bias = self.position_bias
        if bias is not None:
            bias = bias_for(self, queries, keys, growing)
        if growing is not None:
            # The queries see the old positions too, and the mask is cut to what is held.
            (keys, values), mask = append(growing, (keys, values), mask, queries)
        result = grouped_query_attention_core(
            queries,
            keys,
            values,
            mask=mask,
            bias=bias,
            causal=causal,
            return_weights=return_weights,
            dropout=self.dropout if self.training else 0.0,
        )
        return result if return_weights else (result, None)
