"""LSH attention (Reformer) as a module: queries that are keys, hashed so that like meets like."""

import torch  # noqa: F401  (the doctest uses it)
from torch import nn

from ..checks import (
    check_count,
    check_divides,
    check_flag,
    check_heads_mask,
    check_size,
    plain_int,
)
from ..functional.heads import merge_heads_core, split_heads_core
from ..functional.lsh import lsh_attention_core
from .mechanism import check_mask_of_keys, reset_projections
from .scored import check_layer_input


class LSHAttention(nn.Module):
    r"""Self-attention of H heads whose tokens meet only where a hash puts them together.

    $$q_h = x W^{QK}_h, \qquad k_{hj} = \frac{q_{hj}}{|q_{hj}|}, \qquad o_{hi} = \sum_{j \in N(i)}
    \frac{\exp(q_{hi} \cdot k_{hj} / \sqrt{D})}{\sum_{l \in N(i)} \exp(q_{hi} \cdot k_{hl} /
    \sqrt{D})} \, x_j W^V_h, \qquad O = \sum_h o_h W^O_h + b_O$$

    N(i) are the tokens other than i that one of the rounds puts into the bucket of i, and within
    reach: in the same chunk of the sorted tokens or in the one before. One projection serves
    queries and keys, for only vectors of like direction meet. Approximate: what is missed is left
    out; more rounds miss less.

    Args:
        d_model: C, width of input and output.
        n_heads: H, divides C; D = C / H.
        bucket_size: m, tokens of a bucket on average, and of a chunk; integer >= 1. Where N is at
            most m there is one bucket, and all meet.
        n_hashes: number of rounds, integer >= 1.
        seed: of the rotations that hash, integer >= 0; they are the same in every call.
        bias: whether the three projections add a bias.

    Called with
        x: `[..., N, C]`, of the dtype of the parameters.
        mask: boolean tensor, broadcastable to `[..., H, N, N]` and the same for every query: a
            `padding_mask` is given as `mask[:, None]`. True = may be attended to; what is not, is
            padding, and attends to nothing itself.
        causal: no token sees a later one; but later tokens move the borders of buckets and chunks,
            so there is no cache for generation.

    Returns:
        output `[..., N, C]`. A token that meets no other gets its own value; the output for padding
        is the bias of the output projection, or zero.

    Raises:
        TypeError, ValueError: sizes that do not fit; else as
            `attention_lib.functional.lsh_attention`.

    Cost: 6 N C^2 FLOPs for the projections and H times the cost of
    `attention_lib.functional.lsh_attention`. Initialised with Xavier's uniform weights and zero
    biases.
    Source: Kitaev, Kaiser and Levskaya (2020), section 2.

    >>> attention = LSHAttention(12, 4, bucket_size=5, n_hashes=2)
    >>> attention(torch.ones(2, 7, 12)).shape
    torch.Size([2, 7, 12])
    """

    def __init__(self, d_model, n_heads, *, bucket_size, n_hashes, seed=0, bias=True):
        super().__init__()
        check_size(d_model=d_model, n_heads=n_heads, n_hashes=n_hashes)
        check_count(bucket_size=bucket_size)
        check_divides("n_heads", n_heads, "d_model", d_model)
        check_count(minimum=0, seed=seed)
        check_flag(bias=bias)
        self.d_model, self.n_heads = d_model, plain_int(n_heads)
        self.bucket_size, self.n_hashes, self.seed = bucket_size, n_hashes, seed
        self.query_key_projection = nn.Linear(d_model, d_model, bias=bias)
        self.value_projection = nn.Linear(d_model, d_model, bias=bias)
        self.output_projection = nn.Linear(d_model, d_model, bias=bias)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw the parameters anew."""
        reset_projections(self.query_key_projection, self.value_projection, self.output_projection)

    def forward(self, x, *, mask=None, causal=False):
        check_layer_input("x", x, self.query_key_projection, self.d_model)
        check_heads_mask(mask, x)
        check_mask_of_keys(mask, x, x, self.n_heads, name="x")
        check_flag(causal=causal)
        heads = lsh_attention_core(
            split_heads_core(self.query_key_projection(x), self.n_heads),  # [..., H, N, D]
            split_heads_core(self.value_projection(x), self.n_heads),
            bucket_size=self.bucket_size,
            n_hashes=self.n_hashes,
            causal=causal,
            seed=self.seed,
            mask=mask,
        )
        return self.output_projection(merge_heads_core(heads))

    def extra_repr(self):
        return f"bucket_size={self.bucket_size}, n_hashes={self.n_hashes}, seed={self.seed}"
