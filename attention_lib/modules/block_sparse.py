"""Block-sparse attention as a module: neighbouring, global and random blocks of keys."""

import torch  # noqa: F401  (the doctest uses it)

from ..checks import check_block_lengths, check_count
from ..functional.block_sparse import block_sparse_attention_core, check_pattern
from .mechanism import Mechanism


class BlockSparseAttention(Mechanism):
    r"""Attend to some blocks of keys: those nearby, those that all see, and some drawn at random.

    With blocks of b positions, and B(i) the blocks that the block of position i sees:

    $$o_i = \sum_{j \in N(i)} \frac{\exp(q_i \cdot k_j / \sqrt{D})}{\sum_{l \in N(i)} \exp(q_i \cdot
    k_l / \sqrt{D})} v_j, \qquad N(i) = \{j : \lfloor j / b \rfloor \in B(i)\}$$

    No parameters. Exact: attention under the mask that `block_sparse_pattern` and
    `block_sparse_mask` write out, at a cost linear in the length. The pattern is the same in every
    layer and head, and in every call.

    Args:
        block_size: b, integer >= 1.
        window_blocks: how many neighbouring blocks a block sees, itself among them; odd.
        global_blocks: how many blocks at the start see all and are seen by all; integer >= 0.
        random_blocks: how many of the other blocks each block sees besides; integer >= 0.
        seed: of the choice of the random blocks, integer >= 0.

    Called with
        query: `[..., T, D]`; key: `[..., S, D]`; value: `[..., S, E]`, one floating dtype; T = S,
            or T <= S if causal.
        mask: boolean tensor, broadcastable to `[..., 1, S]`; True = may be attended to.
        causal: no query sees a key after its own position; the last query stands at the last key.

    Returns:
        output `[..., T, E]`, same dtype.

    Raises:
        TypeError, ValueError: a size out of its range; else as
            `attention_lib.functional.block_sparse_attention`.

    Cost and source: `attention_lib.functional.block_sparse_attention`.

    >>> attention = BlockSparseAttention(1, window_blocks=1, global_blocks=1, random_blocks=0)
    >>> value = torch.tensor([[1.0], [3.0], [8.0], [4.0]])
    >>> attention(value, torch.zeros(4, 1), value).mT
    tensor([[4.0000, 2.0000, 4.5000, 2.5000]])
    """

    def __init__(self, block_size, *, window_blocks=3, global_blocks=2, random_blocks=3, seed=0):
        super().__init__()
        check_count(block_size=block_size)
        check_pattern(window_blocks, global_blocks, random_blocks, seed)
        self.block_size, self.window_blocks, self.seed = block_size, window_blocks, seed
        self.global_blocks, self.random_blocks = global_blocks, random_blocks

    @property
    def options(self):
        """What it was made with, by name."""
        names = ("block_size", "window_blocks", "global_blocks", "random_blocks", "seed")
        return {name: int(getattr(self, name)) for name in names}

    def check_lengths(self, n_queries, n_keys, causal):
        check_block_lengths(n_queries, n_keys, causal)

    def forward_core(self, query, key, value, *, mask, causal):
        block_size, *kinds, seed = self.options.values()
        options = {"block_size": block_size, "kinds": kinds, "seed": seed, "causal": causal}
        return block_sparse_attention_core(query, key, value, mask=mask, **options)

    def extra_repr(self):
        return ", ".join(f"{name}={value}" for name, value in self.options.items())
