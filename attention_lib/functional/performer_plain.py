"""Causal sums of the Performer without a choice that depends on a number.

The fast form takes one shift for many positions and divides them again where it was too large,
which it sees from the result. A program that is recorded, or that runs for many inputs at once,
cannot look. Here every product has the shift of its own query, at the price of the products of all
features within a chunk, one by one.
"""

import torch

from .chunked import in_chunks, out_of_chunks

CHUNK = 16  # positions whose features are multiplied pair by pair


def causal_part_plain(query, key, value, sums):
    """Numerator, denominator and the sums afterwards, of N positions given by their exponents.

    query, key `[..., N, M]`, key minus infinity where it is closed; value `[..., N, E]`; sums:
    those of the keys before, all divided by exp(top), and top `[..., 1, M]`.
    """
    length, state, total, before = query.shape[-2], *sums
    shape = (length // CHUNK + 2, CHUNK)  # one is empty, so that an open length decides nothing
    query, value = in_chunks(query, *shape), in_chunks(value, *shape)
    key = in_chunks(key, *shape, filling=-torch.inf)  # [..., K, C, M]
    top = _finite(key.detach().amax(-2))  # [..., K, M], of each chunk
    features = (key - top.unsqueeze(-2)).exp()
    # The sums of each chunk behind those of all before, each divided by the exp of its top.
    states = torch.cat([state.unsqueeze(-3), features.mT @ value], dim=-3)  # [..., K + 1, M, E]
    totals = torch.cat([total.unsqueeze(-2), features.sum(-2)], dim=-2)
    opened = (key > -torch.inf).any(-2)
    tops = torch.cat([before, top.masked_fill(~opened, -torch.inf)], dim=-2)  # [..., K + 1, M]
    shrink, largest = _carried(tops)  # [..., K + 1, K + 1, M]
    states = torch.einsum("...klm,...lme->...kme", shrink, states)
    totals = torch.einsum("...klm,...lm->...km", shrink, totals)

    earlier = largest[..., :-1, :].unsqueeze(-2)  # [..., K, 1, M], before each chunk
    reached = torch.maximum(key.detach().cummax(-2).values, earlier)
    shift = (query.detach() + reached).amax(-1, keepdim=True)  # [..., K, C, 1]
    shift = _finite(shift)
    old = (query - shift + _finite(earlier)).masked_fill(earlier == -torch.inf, -torch.inf).exp()
    new = (query - shift).unsqueeze(-2) + key.unsqueeze(-3)  # [..., K, C, C, M]
    future = torch.ones(CHUNK, CHUNK, dtype=torch.bool, device=key.device).triu(1)
    inside = new.masked_fill(future.unsqueeze(-1), -torch.inf).exp().sum(-1)
    numerator = old @ states[..., :-1, :, :] + inside @ value
    denominator = (old * totals[..., :-1, :].unsqueeze(-2)).sum(-1, keepdim=True)
    denominator = denominator + inside.sum(-1, keepdim=True)
    numerator, denominator = (out_of_chunks(one, length) for one in (numerator, denominator))
    return numerator, denominator, (states[..., -1, :, :], totals[..., -1, :], largest[..., -1:, :])


def _carried(tops):
    """How much of the sums of each chunk is left in those up to another, and the tops of these."""
    largest = tops.cummax(-2).values
    shrink = (tops.unsqueeze(-3) - _finite(largest).unsqueeze(-2)).exp()
    count = tops.shape[-2]
    past = torch.ones(count, count, dtype=torch.bool, device=tops.device).tril()
    return shrink.masked_fill(~past.unsqueeze(-1), 0), largest


def _finite(x):
    return x.masked_fill(x == -torch.inf, 0)
