"""The page on complexity: its tables are counted by the library while the book is built.

A page says `<!-- complexity: growth -->` where a table is to stand; TABLES names them all. No
number of them is typed: an exponent is the logarithm to base 2 of what doubling a size does to a
count, at the sizes that the page names.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

from attention_lib.cost import readable

from ..pipeline.project import PipelineError
from .complexity_rows import (
    BYTES,
    DESIGNS,
    ROWS,
    SCORES,
    SEQUENTIAL,
    WIDTH,
    cache,
    layer,
    positions,
)
from .places import number, places_of

MARK = re.compile(r"^<!-- complexity: ([\w ]+) -->$", re.MULTILINE)
LENGTHS = (1024, 8192, 65536)
FAR = 65536  # where exponents are taken
LONG, STEP = 4096, 8192  # tokens of a layer, and tokens that a step of writing has behind it
COUNTS = (("flops", "FLOP"), ("bytes_moved", "B"), ("peak_bytes", "B"))


def insert_tables(app, docname, source):
    """Put the table that a mark asks for in its place."""
    if MARK.search(source[0]):
        places = places_of(Path(app.srcdir))
        source[0] = MARK.sub(lambda found: table(found[1], places), source[0])


def table(name: str, places) -> str:
    """One of TABLES in Markdown."""
    if name not in TABLES:
        known = ", ".join(TABLES)
        raise PipelineError("complexity", f"no table {name!r}", f"use one of: {known}")
    head, rows = TABLES[name](places)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def exponent(before: int, after: int) -> str:
    """To which power a count grows where a size doubles, in two digits behind the point."""
    return f"{math.log2(after / before) + 0.0:.2f}" if before and after else "–"


def kinds(places):
    """What each mechanism gives, and what it gives up."""
    rows = []
    for row in ROWS:
        causal = "yes" if row.is_causal else "no"
        page = places.link(row.chapter, text=number(row.chapter))
        rows.append((row.name, row.gives, row.equals, causal, row.cannot, page))
    return (
        "mechanism",
        "its result",
        "equal to softmax attention",
        "causal",
        "cannot",
        "page",
    ), rows


def growth(places):
    """Exponents of each count in the length, and of the products in the width and the knob."""
    rows = []
    for row in ROWS:
        one, longer = row.at(FAR), row.at(2 * FAR)
        in_length = [exponent(getattr(one, c), getattr(longer, c)) for c, _ in COUNTS]
        wider = row.at(FAR, width=2 * WIDTH)
        in_knob = exponent(one.matmul_flops, row.at(FAR, times=2).matmul_flops)
        knob = f"{in_knob} in {row.knob}" if row.knob else "no knob"
        kept = exponent(row.kept(FAR), row.kept(2 * FAR)) if row.kept else "–"
        in_width = exponent(one.matmul_flops, wider.matmul_flops)
        rows.append((row.name, *in_length, kept, in_width, knob))
    head = ("mechanism", "FLOPs in n", "bytes in n", "memory in n", "kept in n", "products in d")
    return (*head, "products in the knob"), rows


def counts(places):
    """FLOPs, bytes moved and memory at a few lengths."""
    rows = []
    for row in ROWS:
        for name, unit in COUNTS:
            found = [readable(getattr(row.at(n), name), unit) for n in LENGTHS]
            rows.append((row.name, TITLES[name], *found))
    return ("mechanism", "what", *(f"n = {n:,}" for n in LENGTHS)), rows


TITLES = {"flops": "operations", "bytes_moved": "moved", "peak_bytes": "memory"}


def steps(places):
    """What one head keeps between two steps of writing."""
    rows = [(row.name, *(readable(row.kept(n), "B") for n in LENGTHS)) for row in ROWS if row.kept]
    return ("mechanism", *(f"after {n:,} tokens" for n in LENGTHS)), rows


def designs(places):
    """Whole layers that keep fewer keys and values."""
    rows = []
    for name in DESIGNS:
        whole = layer(name, LONG)
        step = layer(name, 1, cache=True, n_cached=STEP - 1)
        rows.append(
            (
                name,
                f"{whole.parameters:,}",
                readable(whole.flops, "FLOP"),
                readable(step.flops, "FLOP"),
                readable(step.bytes_moved, "B"),
                f"{step.cache_bytes // STEP:,} B",
            )
        )
    head = ("layer", "parameters", f"operations, {LONG:,} tokens", "operations of a step")
    return (*head, "moved in a step", "kept for a token"), rows


def scores(places):
    """The four scores of chapter 01, for as many queries as keys."""
    n = LENGTHS[0]
    rows = []
    for name, count in SCORES.items():
        one = count(n, n)
        work = [readable(getattr(one, c), unit) for c, unit in COUNTS]
        rows.append((name, f"{one.parameters:,}", *work))
    return ("score", "parameters", "operations", "moved", "memory"), rows


def places_of_tokens(places):
    """The ways to say where."""
    rows = [
        (name, f"{one.parameters:,}", readable(one.flops, "FLOP"), readable(one.bytes_moved, "B"))
        for name, one in positions(LENGTHS[0]).items()
    ]
    return ("positions", "parameters", "operations", "moved"), rows


def chains(places):
    """Work, and how much of it has to wait."""
    rows = []
    for name, (count, waiting) in SEQUENTIAL.items():
        for n in LENGTHS[:2]:
            one = count(n)
            cells = (f"{one.parameters:,}", readable(one.flops, "FLOP"), f"{waiting(n):,}")
            rows.append((name, f"{n:,}", *cells))
    return ("layer", "n", "parameters", "operations", "steps that wait for each other"), rows


def assumptions(places):
    """The sizes that the tables of mechanisms assume."""
    settings = [(row.name, f"{row.knob} = {row.setting}") for row in ROWS if row.knob]
    sizes = [("all", f"one head, d = {WIDTH}, {BYTES} bytes a number, forward, not causal")]
    sizes += [("of these, decay and delta rule", "causal, for they have no other form")]
    return ("mechanism", "setting"), [*sizes, *settings, ("kept", f"{cache(1)} B for a token")]


TABLES = {
    "kinds": kinds,
    "growth": growth,
    "counts": counts,
    "steps": steps,
    "designs": designs,
    "scores": scores,
    "positions": places_of_tokens,
    "chains": chains,
    "assumptions": assumptions,
}


def setup(app):
    app.connect("source-read", insert_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
