"""Performer attention as a module: it holds the seed of its random features, and may draw anew."""

import numpy as np
import torch

from ..checks import check_count, check_size
from ..functional.performer import features_for, performer_attention_core
from .mechanism import Mechanism


class PerformerAttention(Mechanism):
    r"""Estimate softmax attention by linear attention with M random features (FAVOR+).

    $$o_i = \frac{\phi(q_i)^\top \sum_j \phi(k_j) v_j^\top}{\phi(q_i)^\top \sum_j \phi(k_j)}, \qquad
    \phi(x)_m = \exp\Big(\omega_m \cdot \frac{x}{D^{1/4}} - \frac{|x|^2}{2 \sqrt{D}}\Big)$$

    Approximate: numerator and denominator are unbiased estimates of those of softmax attention. The
    error falls as 1 / sqrt(M), and grows fast with the lengths of the queries and keys. The
    directions omega, `[M, D]`, each D of them at right angles, are drawn from the seed in every
    call, so there are no parameters; all heads and layers that share the module share them.

    Args:
        n_features: M, integer >= 1.
        seed: of the features, integer >= 0. Kept in the buffer `seed`, so a state_dict holds it.

    Called with
        query: `[..., T, D]`; key: `[..., S, D]`; value: `[..., S, E]`, one floating dtype.
        mask: boolean tensor, broadcastable to `[..., 1, S]`; True = may be attended to.
        causal: no query sees a key after its own position; the last query stands at the last key.

    Returns:
        output `[..., T, E]`, same dtype. Sums are taken in float32 at least, under torch.autocast
        too.

    Raises:
        TypeError, ValueError: n_features not an integer >= 1, seed not one >= 0; else as
            `attention_lib.functional.performer_attention`.

    Cost: `attention_lib.functional.performer_attention`. The features of the last 64 kinds (number,
    width, seed) are kept: only a first call draws them, one QR factorisation of a D x D matrix for
    every D of them.
    Source: Choromanski et al. (2021), who draw the features anew now and then in training.

    >>> one = torch.ones(1, 2)
    >>> PerformerAttention(4)(one, one, one)  # a single key always has weight 1
    tensor([[1., 1.]])
    """

    def __init__(self, n_features, *, seed=0):
        super().__init__()
        check_size(n_features=n_features)
        check_count(minimum=0, seed=seed)
        self.n_features = n_features
        self.register_buffer("seed", torch.tensor(int(seed)))

    def redraw(self):
        """Go on to the next features: the seed becomes a number drawn from the seed before it.

        The sequence of seeds, and so of features, follows from the first one.
        """
        self.seed.fill_(int(np.random.default_rng(int(self.seed)).integers(2**63 - 1)))

    def forward_core(self, query, key, value, *, mask, causal):
        features = features_for(query, self.n_features, self.seed)
        with torch.autocast(query.device.type, enabled=False):  # it would sum in bfloat16
            return performer_attention_core(query, key, value, features, mask=mask, causal=causal)

    def extra_repr(self):
        seed = "meta" if self.seed.is_meta else int(self.seed)  # there it has no value
        return f"n_features={self.n_features}, seed={seed}"
