"""What the runs found: a row for each file in results.json, and which survivors are accepted.

A survivor is accepted by an entry of accepted.toml that names its file and a part of its change,
and says why no test can fail. Nothing is accepted that did not survive.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

STORED = Path(__file__).with_name("results.json")
ACCEPTED = Path(__file__).with_name("accepted.toml")
LEAST = 90.0  # per cent of its mutants that the tests have to notice in each file
LOST = ("survived", "not reached")


def summary(record: dict, digests: dict[str, str]) -> dict:
    """A row for each file of a run: how many mutants, how they ended, and which survived."""
    rows = {}
    for file, left in record["skipped"].items():
        mutants = [mutant for mutant in record["mutants"] if mutant["file"] == file]
        ended = Counter(mutant["outcome"] for mutant in mutants)
        kept = ("function", "line", "outcome", "change")
        rows[file] = counted(
            {
                "digest": digests[file],
                "killed": ended["killed"],
                "timeout": ended["timeout"],
                "not mutated": left,
                "survivors": [{k: m[k] for k in kept} for m in mutants if m["outcome"] in LOST],
            }
        )
    return rows


def counted(row: dict) -> dict:
    """A row whose number of mutants and score follow from what was killed and what survived."""
    noticed = row["killed"] + row["timeout"]
    mutants = noticed + len(row["survivors"])
    return row | {"mutants": mutants, "score": score(noticed, mutants)}


def score(noticed: int, mutants: int) -> float:
    """Per cent, rounded down, so that 100 means all."""
    return 100.0 if not mutants else int(1000 * noticed / mutants) / 10


def after_again(row: dict, again: dict) -> dict:
    """A row after its survivors were tried once more: those that were killed now move over."""
    gained = {key: row[key] + again[key] for key in ("killed", "timeout")}
    return counted(row | gained | {"survivors": again["survivors"]})


def load(path: Path | None = None) -> dict:
    path = path or STORED
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def store(rows: dict, path: Path | None = None) -> None:
    """Put rows in the place of the stored ones of the same files."""
    path = path or STORED
    merged = dict(sorted((load(path) | rows).items()))
    path.write_text(json.dumps(merged, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def outdated(files: list[str], rows: dict, root: Path) -> list[str]:
    """The files that were not tried as they are now."""
    return [file for file in files if rows.get(file, {}).get("digest") != digest(root / file)]


def accepted(path: Path = ACCEPTED) -> list[dict]:
    return tomllib.loads(path.read_text(encoding="utf-8"))["accepted"]


def covers(entry: dict, file: str) -> bool:
    return any(fnmatch(file, pattern) for pattern in entry["files"])


def problems(rows: dict, entries: list[dict], files: list[str]) -> list[str]:
    """A low score, a survivor without a reason, a reason for what did not survive.

    files: all that there are; a reason for a file that has no row yet is not judged.
    """
    found = [f"{file}: {row['score']}%" for file, row in rows.items() if row["score"] < LEAST]
    used = []
    for file, row in rows.items():
        for change in (one["change"] for one in row["survivors"]):
            reasons = [e for e in entries if e["change"] in change and covers(e, file)]
            used += reasons
            if not reasons:
                found.append(f"{file}: this survives without a reason\n{change}")
    for entry in entries:
        tried = all(file in rows for file in files if covers(entry, file))
        if entry not in used and tried:
            found.append(f"this does not survive: {entry}")
    return found
