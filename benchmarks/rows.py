"""One row of results: what was measured, against what, and whether that is what was wanted.

Every study of speed writes the same flat rows, so that one table shows them all.
"""

from __future__ import annotations

import operator

KINDS = ("time", "memory", "error", "factor", "crossover", "share")
BOUNDS = {"at least": operator.ge, "at most": operator.le}


def row(
    measure,
    *,
    ours,
    theirs=None,
    measured_ours=None,
    measured_theirs=None,
    ratio=None,
    quartiles=(None, None),
    value=None,
    target=None,
    bound="at least",
    rounds=1,
    judge_spread=None,
    attempts=1,
    steady=True,
    limit=None,
):
    """A row without its group and setting.

    Args:
        measure: "time" (s), "memory" (bytes), "error", "factor" (by which two differ at most),
            "crossover" (a length) or "share" (of what the machine could do).
        ours, theirs: names of the two ways; theirs is None where ours stands alone.
        measured_ours, measured_theirs: in the unit of the measure.
        ratio: how many times better ours is, with the quartiles of the rounds.
        value: what the target is about where it is not the ratio.
        target, bound: the ratio or value has to be at least or at most that; None: no target.
        rounds, judge_spread, attempts, steady: of the clock, see `paired`.
        limit: what the machine could do at best, see `limits`.

    `met` is None without a target, and False where the machine was not steady.
    """
    if measure not in KINDS or bound not in BOUNDS:
        raise ValueError(f"measure must be one of {KINDS} and bound of {tuple(BOUNDS)}")
    found = ratio if value is None else value
    met = steady and found is not None and (target is None or BOUNDS[bound](found, target))
    return {
        "measure": measure,
        "ours": ours,
        "theirs": theirs,
        "measured_ours": measured_ours,
        "measured_theirs": measured_theirs,
        "ratio": ratio,
        "lower_quartile": quartiles[0],
        "upper_quartile": quartiles[1],
        "value": value,
        "target": target,
        "bound": bound,
        "met": None if target is None else met,
        "rounds": rounds,
        "judge_spread": judge_spread,
        "attempts": attempts,
        "steady": steady,
        "limit": limit,
    }


def line(row):
    """A row of results in words."""
    verdict = {None: "no target", True: "met", False: "MISSED"}[row["met"]]
    target = "" if row["target"] is None else f", target {row['bound']} {row['target']:g}"
    doubt = "" if row["steady"] else f", machine not steady ({row['judge_spread']:.0%})"
    text = f"{row['group']} {settings_of(row)}: {row['ours']} {_found(row)}{target}: "
    return text + verdict + doubt + (f"; {_limit(row)}" if row["limit"] else "")


HEAD = (
    "what",
    "setting",
    "ours",
    "against",
    "measure",
    "ours / theirs",
    "better by",
    "target",
    "met",
    "of the machine's limit",
)


def table(rows):
    """All rows as a Markdown table."""
    lines = [HEAD, ["---"] * len(HEAD), *map(_cells, rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cells(row):
    measured = [_quantity(row[f"measured_{who}"], row["measure"]) for who in ("ours", "theirs")]
    return [
        row["group"],
        settings_of(row),
        row["ours"],
        row["theirs"] or "",
        row["measure"],
        " / ".join(filter(None, measured)),
        _better(row),
        "" if row["target"] is None else f"{row['bound']} {row['target']:g}",
        {None: "", True: "yes", False: "**no**"}[row["met"]]
        + ("" if row["steady"] else " (not steady)"),
        _limit(row),
    ]


def settings_of(row):
    return ", ".join(f"{name} {value}" for name, value in row["setting"].items())


def _found(row):
    if row["value"] is not None:
        text = {
            "memory": "takes {} times as much as",
            "error": "is off by {} against",
            "factor": "differs by at most {} times from",
            "crossover": "wins from {} on against",
            "share": "reaches {} of",
        }[row["measure"]]
        return text.format(f"{row['value']:.3g}") + f" {row['theirs']}"
    if row["ratio"] is None:
        return f"never wins against {row['theirs']}"
    better = {"time": "times as fast as", "memory": "times less memory than"}[row["measure"]]
    return f"{_better(row)} {better} {row['theirs']}"


def _better(row):
    if row["value"] is not None:
        return f"{row['value']:.3g}"
    if row["ratio"] is None:
        return "never"
    text = f"{row['ratio']:.2f}"
    if row["lower_quartile"] is not None:
        text += f" [{row['lower_quartile']:.2f}, {row['upper_quartile']:.2f}]"
    return text


def _quantity(number, measure):
    if number is None:
        return ""
    if measure == "time":
        return f"{1000 * number:.3g} ms"
    return f"{number / 2**20:.3g} MiB" if measure == "memory" else f"{number:.3g}"


def _limit(row):
    limit = row["limit"]
    return f"{limit['fraction']:.0%} of {limit['of']}" if limit else ""
