"""How far an approximation is from exact attention, on given data."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch.nn import functional as F

from ..checks import (
    check_count,
    check_dimensions,
    check_flag,
    check_floating,
    check_kind,
    check_shape,
)
from ..functional import attention
from .mechanisms import MECHANISMS, check_options

LONGEST = 4096  # tokens of the default sample: longer ones take seconds
ROWS = 128  # queries at which exact attention is computed


def normal_sample(n, d_head):
    """One head of standard normal queries, keys and values `[n, D]`: data without any structure.

    What a query attends to is then spread over all positions, far and near alike. Real text or
    images are easier for a window and for hashing, and may be harder for random features.
    """
    check_count(minimum=0, n=n)
    check_count(d_head=d_head)
    rng = torch.Generator().manual_seed(0)
    return tuple(torch.randn(n, d_head, generator=rng) for _ in range(3))


def check_sample(sample, d_head=None):
    """sample is a tuple (query, key, value) of floating tensors `[..., N, D]` of one shape.

    d_head: D; None leaves it open.
    """
    if not isinstance(sample, (tuple, list)) or len(sample) != 3:
        count = f" of {len(sample)}" if isinstance(sample, (tuple, list)) else ""
        raise TypeError(
            f"sample must be a tuple (query, key, value), got {type(sample).__name__}{count}"
        )
    names = ("sample query", "sample key", "sample value")
    given = dict(zip(names, sample, strict=True))
    check_kind("torch", **given)
    check_floating(**given)
    check_dimensions(2, **given)
    query = sample[0]
    check_count(**{"the length of sample": query.shape[-2]})
    d_head = query.shape[-1] if d_head is None else d_head
    for name, one in given.items():
        check_shape(name, one, (*query.shape[:-1], d_head), "[..., N, D]")


@torch.no_grad()
def relative_error(name, options, sample, *, causal=False):
    r"""The error of a mechanism on a sample, relative to exact attention.

    $$\frac{\lVert O - O_\text{exact} \rVert}{\lVert O_\text{exact} \rVert}$$

    (Frobenius norm) over up to 128 queries that are spread evenly. Linear attention is another
    function than softmax attention, so this says how different they are. Linformer averages
    neighbouring keys, since nothing is learned yet. `lsh` is compared with exact attention in which
    the queries are the keys too, as in its own definition: the sample's keys are not used.

    Args:
        name, options: of a mechanism.
        sample: query, key and value `[..., N, D]`.
        causal: no query sees a later key.

    Returns:
        a number >= 0: 0 is exact, 1 as wrong as an output of zeros.

    Raises:
        TypeError, ValueError: no such mechanism, option or sample.

    >>> relative_error("dense", {}, normal_sample(7, 3))
    0.0
    """
    check_options(name, options)
    check_flag(causal=causal)
    check_sample(sample)
    query, key, value = (one.detach() for one in sample)
    if MECHANISMS[name].exact:
        return 0.0
    n = query.shape[-2]
    rows = torch.linspace(0, n - 1, min(n, ROWS)).long()
    ready = MECHANISMS[name].ready(options, key)
    found = MECHANISMS[name].run(query, key, value, causal, ready)[..., rows, :]
    exact = _exact(query, key, value, rows, causal, shared=name == "lsh")
    size = exact.double().norm().item()
    distance = (found.double() - exact.double()).norm().item()
    return distance / size if size else (0.0 if distance == 0 else float("inf"))


@lru_cache(maxsize=1024)
def normal_error(name, options, n, d_head, causal):
    """The error on `normal_sample`, measured once; options as a tuple of names and values."""
    return relative_error(name, dict(options), normal_sample(n, d_head), causal=causal)


def _exact(query, key, value, rows, causal, *, shared):
    """Attention of these rows `[..., R, D]`; shared: the keys are the queries, at length 1."""
    position = torch.arange(query.shape[-2])
    mask = position <= rows[:, None] if causal else None
    if shared:
        others = position != rows[:, None]  # a token sees itself only where it sees nothing else
        mask = others if mask is None else mask & others
        key = F.normalize(query, dim=-1)
    output = attention(query[..., rows, :], key, value, mask=mask)
    if shared:
        alone = ~mask.any(dim=-1, keepdim=True)
        output = torch.where(alone, value[..., rows, :], output)
    return output
