"""Sliding-window attention as a module: each query sees the keys near it, and a few sinks."""

import torch  # noqa: F401  (the doctest uses it)

from ..checks import check_count
from ..functional.sliding_window import sliding_window_attention_core
from .cache import KVCache
from .cached_checks import check_cache
from .mechanism import Mechanism


class SlidingWindowAttention(Mechanism):
    r"""Attend to the keys at most w positions away and to the first s keys. No parameters.

    $$o_i = \sum_{j \in N(i)} \frac{\exp(q_i \cdot k_j / \sqrt{D})}{\sum_{l \in N(i)} \exp(q_i \cdot
    k_l / \sqrt{D})} v_j, \qquad N(i) = \{j : |i - j| \le w \text{ or } j < s\}$$

    Exact: attention under the mask `sink_window_mask`, at a cost linear in the length. As
    `mechanism` of `MultiHeadAttention` it also generates in bounded memory: `new_cache` gives a
    `KVCache` that keeps the window and the sinks.

    Args:
        window: w, integer >= 0: how far a query sees to each side, itself included.
        n_sinks: s, integer >= 0: the first s keys are visible too, however far away.

    Called with
        query: `[..., T, D]`; key: `[..., S, D]`; value: `[..., S, E]`, one floating dtype.
        mask: boolean tensor, broadcastable to `[..., 1, S]`; True = may be attended to.
        causal: no query sees a key after its own position; the last query stands at the last key.

    Returns:
        output `[..., T, E]`, same dtype.

    Raises:
        TypeError, ValueError: window or n_sinks not an integer >= 0; else as
            `attention_lib.functional.sliding_window_attention`.

    Cost: `attention_lib.functional.sliding_window_attention`; linear in T, nothing of size T S.
    Source: Beltagy, Peters and Cohan (2020) for the window; Xiao et al. (2024) for the sinks.

    >>> value = torch.tensor([[1.0], [3.0], [8.0]])
    >>> SlidingWindowAttention(1)(torch.zeros(3, 2), torch.zeros(3, 2), value)
    tensor([[2.0000],
            [4.0000],
            [5.5000]])
    """

    def __init__(self, window, *, n_sinks=0):
        super().__init__()
        check_count(minimum=0, window=window, n_sinks=n_sinks)
        self.window, self.n_sinks = window, n_sinks

    def forward_core(self, query, key, value, *, mask, causal):
        options = {"window": self.window, "n_sinks": self.n_sinks, "causal": causal}
        return sliding_window_attention_core(query, key, value, mask=mask, **options)

    def new_cache(self, max_length=None):
        """An empty `KVCache` with this window and these sinks."""
        return KVCache(max_length=max_length, window=self.window, n_sinks=self.n_sinks)

    def check_cache(self, cache):
        """cache is a `KVCache` that keeps at least the window and the sinks."""
        check_cache(cache)
        if cache.window is None:
            return
        if cache.window < self.window or cache.n_sinks < self.n_sinks:
            raise ValueError(
                f"cache must keep the window {self.window} and the {self.n_sinks} sinks of the "
                f"mechanism, got window={cache.window} and n_sinks={cache.n_sinks}"
            )

    def extra_repr(self):
        return f"window={self.window}, n_sinks={self.n_sinks}"
