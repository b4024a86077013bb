"""Where queries and keys stand: counted from an offset, or from each other."""

import torch

from ..checks import check_size, plain_int


def steps(n, offset, device):
    """offset, offset + 1, ...: int64 `[n]`, or `[B, n]` for offsets `[B]`."""
    if torch.is_tensor(offset):
        return offset.long()[:, None] + torch.arange(n, device=offset.device)
    return plain_int(offset) + torch.arange(n, device=device)


def geometric_frequencies(width, base, device):
    """`base^(-2i / width)`: float64 `[width / 2]`, the speeds at which the pairs turn."""
    device = with_float64(device)
    return float(base) ** (-torch.arange(0, width, 2, device=device).double() / width)


def angles(n, offset, frequencies, device):
    """Position times frequency, for F frequencies: `[n, F]` or `[B, n, F]`.

    In float64, as in the reference: in float32 the angle at position 100,000 would be wrong by up
    to 0.007, in bfloat16 it would mean nothing. The tables are made anew at each call, so that no
    stored copy can lose digits with `.to(torch.bfloat16)`.
    """
    device = with_float64(device)
    frequencies = frequencies.to(device).double()
    return steps(n, offset, device).to(device)[..., None] * frequencies


def with_float64(device):
    """The device, or the CPU in place of one that has no float64 (Apple's MPS)."""
    return torch.device("cpu") if device.type == "mps" else device


def across(table, x):
    """`[n, ...]` as it is; `[B, n, D]` with axes of size 1 after B, to broadcast to x."""
    if table.ndim == 2:
        return table
    return table.reshape(table.shape[0], *(1,) * (x.ndim - 3), *table.shape[1:])


def distances(n_queries, n_keys, device):
    """Position of the key minus position of the query, `[T, S]`; the last ones stand together."""
    check_size(minimum=0, n_queries=n_queries, n_keys=n_keys)
    last = plain_int(n_keys) - plain_int(
        n_queries
    )  # NumPy's unsigned integers know nothing below zero
    query = torch.arange(n_queries, device=device)[:, None] + last
    return torch.arange(n_keys, device=device) - query
