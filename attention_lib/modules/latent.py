"""Multi-head latent attention: all heads read their keys and values out of one small vector."""

import torch
from torch import nn

from ..checks import (
    check_divides,
    check_even,
    check_flag,
    check_heads_mask,
    check_probability,
    check_size,
)
from ..functional.attention import attention_core
from ..functional.grouped import grouped_query_attention_core
from ..functional.heads import merge_heads_core, split_heads_core
from ..functional.precision import check_torch_mask
from .cache import KVCache
from .cached import append
from .cached_checks import check_cache, check_growing
from .calling import is_plain_linear, run
from .norms import RMSNorm
from .positions_rotary import RotaryPositionalEncoding
from .rewind import Rewound
from .scored import check_layer_input


class MultiHeadLatentAttention(nn.Module):
    r"""Self-attention whose cache holds one latent vector a position, however many heads there are.

    With the latent $c_j$ and one rotary key $r_j$ for each position, and for each head h

    $$c_j = \mathrm{RMSNorm}(W^{DKV} x_j), \quad r_j = \mathrm{RoPE}_j(W^{KR} x_j), \quad
    k_{hj} = [W^{UK}_h c_j ; r_j], \quad v_{hj} = W^{UV}_h c_j$$

    $$q_{hi} = [W^{UQ}_h z_i ; \mathrm{RoPE}_i(W^{QR}_h z_i)], \qquad
    z_i = x_i \ \text{ or } \ \mathrm{RMSNorm}(W^{DQ} x_i)$$

    the heads attend with scale $1/\sqrt{D + R}$ and are mixed by W^O. [a ; b] is a followed by b.
    In the names of the matrices D means down, U up, R rotary, and Q, K, V what comes out.

    The result can be computed in two ways:

    - naive: make keys and values of all heads. For training and for a prompt.
    - absorbed: $q^\top W^{UK} c = (W^{UK\top} q)^\top c$, so W^{UK} goes into the query and W^{UV}
      behind the average. All heads then share one key [c ; r] and one value c, as in multi-query
      attention, and nothing is made from the cache. For decoding.

    That is why position travels in r alone. Were $W^{UK}_h c_j$ rotated too, a rotation, another
    one at each position, would stand between q and W^{UK}, and W^{UK} could not go into q.

    Args:
        d_model: C.
        n_heads: H.
        d_latent: L, width of the latent.
        d_rotary: R, width of the rotary part, even.
        d_key: D, width of a head without the rotary part; None means C / H.
        d_value: E, width of a value head; None means C / H.
        d_query_latent: width of a latent for the queries too; None means they are projected
            directly. It saves memory in training, nothing in the cache.
        dropout: probability with which a weight is dropped in training.
        base: of the rotary part, as for `RotaryPositionalEncoding`.

    Called with
        x: `[..., T, C]`, of the dtype of the parameters.
        mask, causal, return_weights: as for `MultiHeadAttention`.
        cache: None or a `KVCache`; x is then `[B, T, C]`, the new positions alone. The cache gets
            one tensor `[B, 1, T, L + R]`.
        absorbed: True or False; None means absorbed where the cache held something before. Always
            naive where W^{UK} or W^{UV} is more than a matrix: hooked, adapted, quantised.

    Returns:
        output `[..., T, C]`, or (output, weights `[..., H, T, S]`); S is T, and with a cache the
        number of positions that it returns. A query with nothing to attend to has a zero output: no
        projection has a bias.

    Raises:
        TypeError, ValueError: as `MultiHeadAttention`, and d_rotary odd.

    Cost: L + R numbers a position in the cache, where `MultiHeadAttention` keeps 2 H D. FLOPs for
    the scores and averages: naive 2 T S H (D + R + E) after 2 S L H (D + E) for keys and values;
    absorbed 2 T S H (2 L + R) and 2 T L H (D + E).
    Source: DeepSeek-AI (2024), section 2.1: d is C, n_h is H, d_h is D and E, d_c is L, d_c' is
    d_query_latent, d_h^R is R. The RMS norms are those of section 3.1.2; the scaling factors named
    there beside them are left out. Drawn as torch.nn.Linear draws its weight.

    >>> attention = MultiHeadLatentAttention(12, 3, d_latent=5, d_rotary=2)
    >>> attention(torch.ones(1, 7, 12), causal=True).shape
    torch.Size([1, 7, 12])
    """

    def __init__(
        self,
        d_model,
        n_heads,
        *,
        d_latent,
        d_rotary,
        d_key=None,
        d_value=None,
        d_query_latent=None,
        dropout=0.0,
        base=10000.0,
    ):
        super().__init__()
        check_size(d_model=d_model, n_heads=n_heads, d_latent=d_latent)
        if d_key is None or d_value is None:
            check_divides("n_heads", n_heads, "d_model where d_key or d_value is None", d_model)
        d_key = d_model // n_heads if d_key is None else d_key
        d_value = d_model // n_heads if d_value is None else d_value
        check_size(d_key=d_key, d_value=d_value)
        check_probability(dropout=dropout)
        check_even(d_rotary=d_rotary)
        sizes = (d_model, n_heads, d_key, d_value, d_latent, d_rotary)
        # NumPy's small integers would overflow
        d_model, n_heads, d_key, d_value, d_latent, d_rotary = map(int, sizes)
        self.d_model, self.n_heads, self.d_key, self.d_value = d_model, n_heads, d_key, d_value
        self.d_latent, self.d_rotary, self.dropout = d_latent, d_rotary, dropout
        self.rotary = RotaryPositionalEncoding(d_rotary, base=base)
        self.query_down = self.query_norm = None
        if d_query_latent is not None:
            check_size(d_query_latent=d_query_latent)
            self.query_down = nn.Linear(d_model, d_query_latent, bias=False)  # W^DQ
            self.query_norm = RMSNorm(d_query_latent)
        width = d_model if d_query_latent is None else d_query_latent
        self.query_projection = nn.Linear(width, n_heads * (d_key + d_rotary), bias=False)
        self.latent_projection = nn.Linear(d_model, d_latent, bias=False)  # W^DKV
        self.latent_norm = RMSNorm(d_latent)
        self.rotary_key_projection = nn.Linear(d_model, d_rotary, bias=False)  # W^KR
        self.key_projection = nn.Linear(d_latent, n_heads * d_key, bias=False)  # W^UK
        self.value_projection = nn.Linear(d_latent, n_heads * d_value, bias=False)  # W^UV
        self.output_projection = nn.Linear(n_heads * d_value, d_model, bias=False)

    def new_cache(self, max_length=None):
        """An empty `KVCache`, for up to max_length positions (None: any)."""
        return KVCache(max_length=max_length)

    def forward(
        self, x, *, mask=None, causal=False, cache=None, absorbed=None, return_weights=False
    ):
        options = {"mask": mask, "causal": causal, "cache": cache, "absorbed": absorbed}
        options["return_weights"] = return_weights
        self.check_call(x, **options)
        if cache is None:
            return self.forward_core(x, **options)
        with Rewound(cache):
            return self.forward_core(x, **options)

    def check_call(
        self, x, *, mask=None, causal=False, cache=None, absorbed=None, return_weights=False
    ):
        """Refuse what a call would refuse."""
        check_layer_input("x", x, self.latent_projection, self.d_model)
        check_flag(causal=causal, return_weights=return_weights)
        if absorbed is not None:
            check_flag(absorbed=absorbed)
        check_cache(cache, x=x)
        seen = 0 if cache is None else cache.length
        if cache is not None:
            kinds = ((1, self.d_latent + self.d_rotary),)
            layers = (self.latent_projection, self.latent_norm, self.rotary_key_projection)
            check_growing(cache, "x", x, kinds, *layers)
        check_heads_mask(mask, x)
        shape = (*x.shape[:-2], self.n_heads, x.shape[-2], seen + x.shape[-2])
        check_torch_mask(mask, shape, x=x)

    def forward_core(
        self, x, *, mask=None, causal=False, cache=None, absorbed=None, return_weights=False
    ):
        """A call for arguments that were checked."""
        offset = 0 if cache is None else cache.length
        absorbed = (offset > 0 if absorbed is None else absorbed) and self._absorbable()
        queries = self._queries(x, offset)  # [..., H, T, D + R]
        shared = self._shared(x, offset)  # [..., 1, T, L + R]
        if cache is not None:
            (shared,), mask = append(cache, (shared,), mask, queries)
        result = (self._absorbed if absorbed else self._naive)(
            queries,
            shared,
            mask=mask,
            causal=causal,
            scale=(self.d_key + self.d_rotary) ** -0.5,
            return_weights=return_weights,
            dropout=self.dropout if self.training else 0.0,
        )
        heads, weights = result if return_weights else (result, None)
        if absorbed:  # the heads are averages of latents, [..., H, T, L]: W^UV makes values of them
            heads = heads @ self._stripes(self.value_projection).mT  # [..., H, T, E]
        output = self.output_projection(merge_heads_core(heads))  # [..., T, C]
        return (output, weights) if return_weights else output

    def _queries(self, x, offset):
        """`[..., H, T, D + R]`, the rotary part turned."""
        if self.query_down is not None:
            x = _normed(self.query_norm, self.query_down(x))
        queries = split_heads_core(self.query_projection(x), self.n_heads)
        plain, turned = queries.split((self.d_key, self.d_rotary), dim=-1)
        return torch.cat([plain, run(self.rotary, turned, offset=offset)], dim=-1)

    def _shared(self, x, offset):
        """What every head reads of a position and the cache keeps: latent and rotary key."""
        latent = _normed(self.latent_norm, self.latent_projection(x))
        turned = run(self.rotary, self.rotary_key_projection(x), offset=offset)
        return torch.cat([latent, turned], dim=-1).unsqueeze(-3)

    def _naive(self, queries, shared, **options):
        """Attention with the keys and values of every head, made from `[..., 1, S, L + R]`."""
        latent, turned = shared.squeeze(-3).split((self.d_latent, self.d_rotary), dim=-1)
        keys = split_heads_core(self.key_projection(latent), self.n_heads)  # [..., H, S, D]
        turned = turned.unsqueeze(-3).expand(*keys.shape[:-1], self.d_rotary)
        values = split_heads_core(self.value_projection(latent), self.n_heads)
        return attention_core(queries, torch.cat([keys, turned], dim=-1), values, **options)

    def _absorbed(self, queries, shared, **options):
        """Attention to the latents themselves, as one key and value head for all queries."""
        plain, turned = queries.split((self.d_key, self.d_rotary), dim=-1)
        plain = plain @ self._stripes(self.key_projection)  # [..., H, T, L]
        queries = torch.cat([plain, turned], dim=-1)
        values = shared[..., : self.d_latent]
        return grouped_query_attention_core(queries, shared, values, **options)

    def _absorbable(self):
        """Whether the two projections are nothing but their weights."""
        layers = (self.key_projection, self.value_projection)
        return all(is_plain_linear(layer) and layer.bias is None for layer in layers)

    def _stripes(self, projection):
        """The weight of each head, `[H, D or E, L]`."""
        return projection.weight.unflatten(0, (self.n_heads, -1))


def _normed(norm, x):
    """The norm of a projection, which under torch.autocast has not the dtype of the gain."""
    gain = getattr(norm, "gain", x)  # what stands in for the norm may have none
    return run(norm, x.to(gain.dtype)).to(x.dtype)
