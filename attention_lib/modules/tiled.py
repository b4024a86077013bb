"""Tiled attention as a module: exact, one block of scores at a time."""

from ..checks import check_count
from ..functional.tiled import tiled_attention_core
from .mechanism import Mechanism


class TiledAttention(Mechanism):
    """Exact attention block by block, forward and backward, in plain torch. No parameters.

    `MultiHeadAttention` without a mechanism uses a fused kernel that does the same, faster where it
    exists; this is for where memory has to be bounded and there is none.

    Args:
        block_size: queries and keys of a block, integer >= 1.

    Called as any mechanism: query `[..., T, D]`, key `[..., S, D]`, value `[..., S, E]`, mask
    broadcastable to `[..., 1, S]`, causal. Returns `[..., T, E]`.

    Raises:
        TypeError, ValueError: block_size not an integer >= 1; else as the function.

    Cost: `attention_lib.functional.tiled_attention`.

    >>> import torch
    >>> TiledAttention(block_size=2)(torch.zeros(3, 1), torch.zeros(3, 1), torch.ones(3, 1)).mT
    tensor([[1., 1., 1.]])
    """

    def __init__(self, *, block_size=128):
        super().__init__()
        check_count(block_size=block_size)
        self.block_size = block_size

    def forward_core(self, query, key, value, *, mask, causal):
        options = {"mask": mask, "causal": causal, "block_size": self.block_size}
        return tiled_attention_core(query, key, value, **options)[0]

    def extra_repr(self):
        return f"block_size={self.block_size}"
