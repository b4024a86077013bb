"""Ours against theirs: the same numbers first, then the clock, or the memory."""

from __future__ import annotations

from functools import partial

import torch
from memory import peak_bytes
from paired import compare, interleave
from rows import row


def inputs(n, settings, *, dtype=torch.float32, count=3, seed=0):
    """Query, key and value `[1, H, n, D]`."""
    shape = (count, 1, settings["heads"], n, settings["head_width"])
    draw = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return [one.contiguous() for one in draw.to(dtype)]


def agree(ours, theirs, *, tolerance=1e-4):
    """Stop the study unless both functions give the same numbers."""
    torch.testing.assert_close(ours(), theirs(), rtol=tolerance, atol=tolerance)


def moved(*tensors):
    """Bytes of these tensors."""
    return sum(one.numel() * one.element_size() for one in tensors)


def forward(way, *tensors):
    """A call without gradients."""
    call = torch.no_grad()(way)
    return partial(call, *tensors)


def training(way, *tensors):
    """A call and the gradients with respect to all its tensors."""
    leaves = [one.detach().requires_grad_() for one in tensors]
    with torch.no_grad():
        grad = torch.ones_like(way(*tensors))

    def both():
        output = way(*leaves)
        return (output.detach(), *torch.autograd.grad(output, leaves, grad))

    return both


def time_rows(group, setting, ways, *, settings, targets=None, work=None, share=None):
    """Rows of the first of `ways` (name -> function) against each of the others.

    share: of what the machine could do for this work; then there is a row of that too.
    """
    clock = {name: settings[name] for name in ("rounds", "attempts", "shortest")}
    timing = interleave(ways, **clock)
    ours, *others = ways
    limit = work and settings["limits"].reached(work, timing.median(ours))
    for name in others:
        found = compare(timing, ours, name, target=(targets or {}).get(name), limit=limit)
        yield {"group": group, "setting": setting, **found}
    if share is not None:
        found = row(
            "share",
            ours=ours,
            theirs=f"the machine's {limit['of']}",
            value=limit["fraction"],
            target=share,
            rounds=settings["rounds"],
            judge_spread=timing.judge_spread,
            attempts=timing.attempts,
            steady=timing.steady,
        )
        yield {"group": group, "setting": setting, **found}


def memory_rows(group, setting, ways, *, output, targets=None, of_output=None):
    """Rows of the peaks: of the first way beside the bytes of its output, and of it against others.

    targets: name -> how many times less memory at least; of_output: the target of the first row.
    """
    peaks = {name: peak_bytes(way) for name, way in ways.items()}
    ours, *others = peaks
    found = row(
        "memory",
        ours=ours,
        theirs="its output",
        measured_ours=peaks[ours],
        measured_theirs=output,
        value=peaks[ours] / output,
        target=of_output,
        bound="at most",
    )
    yield {"group": group, "setting": setting, **found}
    for name in others:
        found = row(
            "memory",
            ours=ours,
            theirs=name,
            measured_ours=peaks[ours],
            measured_theirs=peaks[name],
            ratio=peaks[name] / peaks[ours],
            target=(targets or {}).get(name),
        )
        yield {"group": group, "setting": setting, **found}


def crossover_rows(group, setting, ours, theirs, *, lengths, settings, target):
    """Rows of the ratio at each length, and of the length from which on ours always wins.

    ours, theirs: (name, function of query, key and value).
    """
    wins, found_at = None, []
    for n in lengths:
        tensors = inputs(n, settings)
        ways = {name: forward(way, *tensors) for name, way in (ours, theirs)}
        for found in time_rows(group, {"length": n, **setting}, ways, settings=settings):
            yield found
            wins = None if found["ratio"] < 1 else wins or n
            found_at.append(found)
    found = row(
        "crossover",
        ours=ours[0],
        theirs=theirs[0],
        value=wins,
        target=target,
        bound="at most",
        rounds=settings["rounds"],
        judge_spread=max(one["judge_spread"] for one in found_at),
        steady=all(one["steady"] for one in found_at),
    )
    yield {
        "group": f"{group}, crossover",
        "setting": {"lengths": list(lengths), **setting},
        **found,
    }
