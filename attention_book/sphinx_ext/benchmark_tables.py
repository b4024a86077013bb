"""The benchmarks page: its numbers are read from the stored results while the book is built.

A page says `<!-- benchmark targets: one two -->` where a chart of all targets of one.json and
two.json is to stand, `<!-- benchmark: one -->` for the tables of one.json, with where and when they
were measured, `<!-- benchmark limits: profiles -->` for what limits the rows that miss, and
`<!-- benchmark pages: page_readiness -->` for how soon each page of the book can be used.
"""

from __future__ import annotations

import json
import math
import re
from functools import partial
from html import escape

from attention_book.studies import RESULTS, Study

MARK = re.compile(
    r"^<!-- benchmark(?P<kind> targets| limits| pages)?: (?P<names>[\w ]+) -->$", re.MULTILINE
)
HEAD = ("setting", "result", "target", "of the machine's limit")
PAGES_HEAD = ("page", "KB", "files", "text", "math", "slider", "ready", "all", "ready, slowed")
REASONS_HEAD = ("row", "found, target", "useful", "at best", "where time goes", "what limits it")
BOUNDS = {"at least": "≥", "at most": "≤"}
WORST, BEST = -1.0, 3.0  # of the chart, as powers of two: half the target, eight times the target
SHORTEST = 0.5  # percent of the axis: a bar of nothing is seen too


def insert_tables(app, docname, source):
    """Put what the marks of a page ask for in their place."""

    def stored(name):
        path = RESULTS / f"{name}.json"
        app.env.note_dependency(str(path))
        return json.loads(path.read_text(encoding="utf-8"))

    def replacement(match):
        records = [stored(name) for name in match["names"].split()]
        if match["kind"] == " targets":
            return chart(records)
        kinds = {" limits": partial(reasons, stored=stored), " pages": readiness}
        show = kinds.get(match["kind"], tables)
        return "\n\n".join(map(show, records))

    source[0] = MARK.sub(replacement, source[0])


def tables(record) -> str:
    """Where and when a study ran, and a table for each group of its rows."""
    parts = [provenance(record)]
    groups = {}
    for row in record["results"]:
        groups.setdefault((row["group"], row["ours"]), []).append(row)
    for (group, ours), rows in groups.items():
        lines = [HEAD, ["---"] * len(HEAD), *map(cells, rows)]
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        parts.append(f"### {group[0].upper()}{group[1:]}: {code(ours)}\n\n{table}")
    return "\n\n".join(parts)


def reasons(record, stored) -> str:
    """Where and when the profiles were measured, and a table of those whose row misses its target.

    stored: name of a study -> its record.
    """
    studies = {name: stored(name) for name in dict.fromkeys(map(study_of, record["results"]))}
    lines = []
    for found in record["results"]:
        row = profiled_row(found["row"], studies[study_of(found)])
        if row["met"] is False:
            lines.append(reason_cells(row, found))
    if not lines:
        return provenance(record) + "\n\nNo row that was profiled misses its target."
    lines = [REASONS_HEAD, ["---"] * len(REASONS_HEAD), *lines]
    return provenance(record) + "\n\n" + "\n".join("| " + " | ".join(one) + " |" for one in lines)


def readiness(record) -> str:
    """The verdict on the pages, where and when they were measured, and a row for each page."""
    rows, budget = record["results"], record["settings"]
    met = sum(row["met"] for row in rows)
    heaviest = max(row["bytes"] for row in rows) / 1000
    slowest = max(row["ready_ms"] for row in rows)
    verdict = (
        f"{met} of {len(rows)} pages are ready within {budget['budget_ms'] / 1000:g} s and weigh "
        f"at most {budget['budget_bytes'] / 1000:.0f} KB. The heaviest weighs {heaviest:.0f} KB, "
        f"the slowest is ready after {slowest / 1000:.2f} s."
    )
    lines = [PAGES_HEAD, ["---"] * len(PAGES_HEAD), *map(page_cells, rows)]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return "\n\n".join([verdict, provenance(record), table])


def page_cells(row) -> list[str]:
    """One page: its link, its weight, and milliseconds."""
    ending = {"notebooks": "ipynb", "book": "md"}.get(row["page"].partition("/")[0])
    parts = ("text_ms", "math_ms", "slider_ms", "ready_ms", "all_ms", "slowed_ready_ms")
    times = ["–" if row[part] is None else f"{row[part]:.0f}" for part in parts]
    return [
        f"[](/{row['page']}.{ending})" if ending else row["page"],
        f"{row['bytes'] / 1000:.0f}",
        str(row["requests"]),
        *times[:3],
        times[3] if row["met"] else f"**{times[3]}**",
        *times[4:],
    ]


def study_of(found) -> str:
    return found["row"]["study"]


def profiled_row(key, record):
    """The row of a study that a profile belongs to.

    Raises ValueError where there is none, or more than one with a target.
    """
    wanted = {name: value for name, value in key.items() if name != "study"}
    rows = [
        row
        for row in record["results"]
        if row["target"] is not None
        and row["measure"] in ("time", "share")
        and all(row[name] == value for name, value in wanted.items())
    ]
    if len(rows) != 1:
        raise ValueError(f"{len(rows)} rows of {key['study']} fit the profile of {wanted}")
    return rows[0]


def reason_cells(row, found) -> list[str]:
    """One line of the table of what limits a row."""
    parts = ", ".join(f"{name} {part:.0%}" for name, part in found["parts"].items() if part >= 0.01)
    doubt = "" if found["steady"] else " (the machine was not steady)"
    value = row["ratio"] if row["value"] is None else row["value"]
    return [
        escape(f"{row['group']}, {setting(row)}: {row['ours']} against {row['theirs']}"),
        f"{value:.2f}, {wanted(row)}",
        f"{found['useful']:.0%}",
        f"{found['at_best']:.0%}",
        parts + doubt,
        escape(found["why"]),
    ]


def provenance(record) -> str:
    """Machine, date, versions and command in one paragraph, with the limits of the machine."""
    text = Study(record).provenance
    limits = record["settings"].get("limits")
    if limits:
        text += (
            f" The limits of one thread here: {limits['flops'] / 1e9:.0f} GFLOP/s in a plain "
            f"product of matrices, {limits['bandwidth'] / 1e9:.0f} GB/s in a plain copy."
        )
    return text


def cells(row) -> list[str]:
    """One line of a table."""
    limit = row["limit"]
    return [
        escape(setting(row)),
        result(row) + ("" if row["steady"] else " (the machine was not steady)"),
        "–" if row["target"] is None else f"{wanted(row)}, {verdict(row)}",
        f"{limit['fraction']:.0%} of {limit['of']}" if limit else "–",
    ]


def setting(row) -> str:
    texts = []
    for name, value in row["setting"].items():
        if value is not False and not isinstance(value, list):
            texts.append(name if value is True else f"{name.replace('_', ' ')} {value}")
    return ", ".join(texts)


def result(row) -> str:
    """What was found, with the quartiles of the rounds where there were several."""
    theirs = escape(row["theirs"] or "")
    if row["measure"] == "error":
        return f"error {row['value']:.2g} against {theirs}"
    if row["measure"] == "factor":
        return f"at most **{row['value']:.2f}** times apart from {theirs}"
    if row["measure"] == "share":
        return f"**{row['value']:.2f}** of {theirs}"
    if row["measure"] == "crossover":
        found = "never" if row["value"] is None else f"from length {row['value']} on"
        return f"{found} faster than {theirs}"
    if row["ratio"] is None:
        return f"peak memory {row['value']:.2f} times {theirs}"
    better = {"time": "times as fast as", "memory": "times less memory than"}[row["measure"]]
    spread = ""
    if row["lower_quartile"] is not None:
        spread = f" [{row['lower_quartile']:.2f}, {row['upper_quartile']:.2f}]"
    return f"**{row['ratio']:.2f}**{spread} {better} {theirs}"


def wanted(row) -> str:
    return f"{BOUNDS[row['bound']]} {row['target']:g}"


def verdict(row) -> str:
    return "met" if row["met"] else "**missed**"


def code(name) -> str:
    return f"`{name}`" if name.isidentifier() else escape(name)


def achieved(row) -> float:
    """How many times the target was reached: 1 where it is just met, 0 where nothing was found."""
    found = row["ratio"] if row["value"] is None else row["value"]
    if found is None:
        return 0.0
    return found / row["target"] if row["bound"] == "at least" else row["target"] / found


def chart(records) -> str:
    """Every row with a target as a bar that ends at its result; the line is the target."""
    rows = [row for record in records for row in record["results"] if row["target"] is not None]
    met = sum(row["met"] for row in rows)
    items = "\n".join(map(bar, rows))
    return (
        f"{met} of {len(rows)} targets are met. Each bar below ends where the result is; the line "
        "is the target; a step to the right is twice as good.\n\n"
        f'<ul class="targets">\n{items}\n</ul>'
    )


def bar(row) -> str:
    reached = achieved(row)
    names = (row["group"], row["ours"], setting(row))
    memory = "memory " if row["measure"] == "memory" else ""
    label = ", ".join(filter(None, names)) + f"; {memory}against {row['theirs']}"
    times = f"{reached:.2f} times the target ({wanted(row)})" if reached else "never"
    length, target = max(percent(reached), SHORTEST), percent(1.0)
    kind = "met" if row["met"] else "missed"
    doubt = "" if row["steady"] else ", the machine was not steady"
    return (
        f'<li class="{kind}"><span class="label">{escape(label, quote=False)}</span>'
        f'<svg class="axis" aria-hidden="true"><rect class="bar" width="{length:.1f}%" />'
        f'<line x1="{target:.1f}%" x2="{target:.1f}%" y2="100%" /></svg>'
        f'<span class="value">{times}: {kind}{doubt}</span></li>'
    )


def percent(reached) -> float:
    """Where a multiple of the target lies on the logarithmic axis, in percent of its width."""
    power = WORST if reached <= 0 else min(max(math.log2(reached), WORST), BEST)
    return 100 * (power - WORST) / (BEST - WORST)


def setup(app):
    app.connect("source-read", insert_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
