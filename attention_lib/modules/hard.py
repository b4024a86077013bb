"""Hard attention as a module: one key is drawn, and its log-probability is what learns."""

from typing import NamedTuple

import torch
from torch import nn

from .. import functional
from ..checks import (
    check_choice,
    check_floating,
    check_kind,
    check_query_key,
    check_size,
    check_value,
)
from .additive import AdditiveAttention
from .scored import check_input, is_scored, uniform_parameter
from .seq2seq import check_source_lengths, check_tokens, vocabulary_of


class Glance(NamedTuple):
    """What one look of hard attention gives.

    Attributes:
        output: `[..., T, E]`, the value at the drawn key; zero where there was nothing to look at.
        index: `[..., T]`, the key; -1 for none.
        log_probability: `[..., T]`, the logarithm of the probability of that draw, differentiable;
            zero for none.
    """

    output: torch.Tensor
    index: torch.Tensor
    log_probability: torch.Tensor


class HardAttention(nn.Module):
    r"""Look at a single key, drawn with the weights of additive attention as probabilities.

    A draw has no gradient. `log_probability` has one, and REINFORCE turns a reward into a loss with
    it: `attention_lib.training.reinforce_loss`.

    Args:
        query_width, key_width, hidden_width: D_q, D_k and A, as for `AdditiveAttention`.

    Called with query `[..., T, D_q]`, key `[..., S, D_k]`, value `[..., S, E]`, a torch.Generator
    `rng`, and optionally a boolean mask (True = may attend), it returns a `Glance`. In training
    mode the key is drawn from rng; after `.eval()` the likeliest key is taken and rng may be None.

    Raises:
        TypeError: rng is None or not a torch.Generator in training; tensors as for
            `AdditiveAttention`.
        ValueError: tensors that do not fit.

    Cost: the scores of `AdditiveAttention`; the values are read, not averaged.
    Source: Xu et al. (2015), section 4.1; Williams (1992).
    Chapter: 01_3_before_its_name.

    >>> look = HardAttention(2, 3, 5).eval()
    >>> look(torch.ones(1, 2), torch.ones(4, 3), torch.ones(4, 7), rng=None).output.shape
    torch.Size([1, 7])
    """

    def __init__(self, query_width, key_width, hidden_width):
        super().__init__()
        self.score = AdditiveAttention(query_width, key_width, hidden_width)

    def forward(self, query, key, value, *, rng, mask=None):
        for name, array in (("query", query), ("key", key)):
            check_input(name, array, getattr(self.score, f"{name}_weight", None))
        check_kind("torch", query=query, key=key, value=value)
        check_floating(value=value)
        check_value(value, check_query_key(query, key, same_width=False))
        weights = self._weights(query, key, mask)
        index = functional.draw(weights, rng=rng) if self.training else _likeliest(weights)
        if weights.shape[-1] == 0:
            return Glance(functional.take(value, index), index, weights.sum(dim=-1))
        chosen = weights.gather(-1, index.clamp(min=0)[..., None])[..., 0]
        log_probability = chosen.masked_fill(index < 0, 1).log()
        return Glance(functional.take(value, index), index, log_probability)

    def _weights(self, query, key, mask):
        """The probability `[..., T, S]` of each key."""
        if is_scored(self.score):
            scores = self.score.scores(query, self.score.project(key))
            return functional.softmax(scores, mask=mask)
        return self.score(query, key, key, mask=mask, return_weights=True)[1]


class GlimpseReader(nn.Module):
    """Answer a question about a sequence from a weighted average of it, or from a single look.

    The key of a position is made from its token and the one before it, the value from its token
    alone; one learned query asks. Made for `attention_lib.data.toy.marker_task`, where everything
    depends on looking at the right place.

    Args:
        vocabulary: number of token ids, in the source and as answers.
        width: of embeddings, keys and values.
        attention: "soft" or "hard".

    Called with source `[B, S]` (int64), source_lengths `[B]` (int64, 1..S) and, if hard and
    training, a torch.Generator `rng`, it returns (logits `[B, vocabulary]`, index `[B]`,
    log_probability `[B]`): index is the position looked at (soft: the one with the largest weight),
    log_probability that of the draw (soft: zeros).

    Raises:
        TypeError, ValueError: a size is not a positive integer, attention unknown, tensors that do
            not fit.

    Cost: O(B S W^2).
    Chapter: 01_3_before_its_name.

    >>> reader = GlimpseReader(13, 8, attention="soft")
    >>> reader(torch.tensor([[5, 3, 7]]), torch.tensor([3]))[0].shape
    torch.Size([1, 13])
    """

    def __init__(self, vocabulary, width, *, attention):
        super().__init__()
        check_size(vocabulary=vocabulary, width=width)
        width = int(width)  # NumPy's small integers would overflow
        check_choice("attention", attention, ("soft", "hard"))
        module = HardAttention if attention == "hard" else AdditiveAttention
        self.vocabulary = vocabulary
        self.embedding = nn.Embedding(vocabulary, width)
        self.query = uniform_parameter(1, width)
        self.attention = module(width, 2 * width, width)
        self.readout = nn.Linear(width, vocabulary)

    def forward(self, source, source_lengths, *, rng=None):
        embedding = self.embedding
        check_tokens("source", source, vocabulary_of(embedding, self.vocabulary), embedding)
        check_source_lengths(source, source_lengths)
        mask = functional.padding_mask(source_lengths, source.shape[1])  # [B, 1, S]
        value = self.embedding(source)  # [B, S, W]
        before = nn.functional.pad(value, (0, 0, 1, 0))[:, :-1]
        key = torch.cat([value, before], dim=-1)  # [B, S, 2W]
        query = self.query.expand(source.shape[0], -1, -1)  # [B, 1, W]
        if isinstance(self.attention, HardAttention):
            seen, index, log_probability = self.attention(query, key, value, rng=rng, mask=mask)
        else:
            seen, weights = self.attention(query, key, value, mask=mask, return_weights=True)
            index, log_probability = _likeliest(weights), weights.new_zeros(weights.shape[:-1])
        return self.readout(seen[:, 0]), index[:, 0], log_probability[:, 0]


def _likeliest(weights):
    if weights.shape[-1] == 0:
        return torch.full(weights.shape[:-1], -1, device=weights.device)
    return weights.argmax(dim=-1).masked_fill(~(weights > 0).any(dim=-1), -1)
