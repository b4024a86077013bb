"""How many small changes of the library do the tests notice? python -m tests.mutation [FILE ...]

Each mutant is one change by mutmut in a copy of the project; it is killed when a test fails. Named
files are tried against the tests of their layer that mention what they define, and the properties;
without a name all of reference, functional and modules is tried, and the result is stored.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from attention_book.pipeline.project import ROOT
from attention_lib.machine import processor

LAYERS = ("reference", "functional", "modules")
RESULT = Path(__file__).with_name("result.json")
LEFT_OUT = ("__pycache__", ".*", "_build", "notebooks", "static", "web", "*.egg-info", "results")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def all_files(root: Path = ROOT) -> list[str]:
    """Every file of the three layers that holds a function."""
    paths = [p for layer in LAYERS for p in sorted((root / "attention_lib" / layer).rglob("*.py"))]
    return [p.relative_to(root).as_posix() for p in paths if "def " in p.read_text("utf-8")]


def judges(file: str, root: Path = ROOT) -> list[str]:
    """The test files that may kill the mutants of a file."""
    tree = ast.parse((root / file).read_text(encoding="utf-8"))
    names = [node.name for node in tree.body if hasattr(node, "name") and node.name[0] != "_"]
    mention = re.compile(rf"\b({'|'.join([*names, Path(file).stem])})\b")
    layer = sorted((root / "tests" / Path(file).parent).glob("test_*.py"))
    found = [path for path in layer if mention.search(path.read_text(encoding="utf-8"))]
    laws = sorted((root / "tests" / "properties").glob("test_*.py"))
    found = (found or layer) + [p for p in laws if mention.search(p.read_text(encoding="utf-8"))]
    return [path.relative_to(root).as_posix() for path in found]


def run(
    files: list[str],
    tests: list[str],
    *,
    root: Path = ROOT,
    jobs: int = 1,
    only: list | None = None,
) -> dict:
    """Try every mutant of the files against the tests. Tests that fail without one are left out.

    only: [file, function, change] of the mutants to try; None for all.
    """
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        copy = Path(folder) / "project"
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (copy / "setup.cfg").write_text(f"[mutmut]\nsource_paths={Path(files[0]).parts[0]}\n")
        spec, out = Path(folder) / "spec.json", Path(folder) / "out.json"
        wanted = {"files": files, "tests": tests, "jobs": jobs, "only": only, "out": str(out)}
        spec.write_text(json.dumps(wanted))
        path = os.pathsep.join([str(copy), str(ROOT)])  # the copy's files first
        environment = os.environ | ONE_THREAD | {"PYTHONPATH": path, "TMPDIR": folder}
        command = [sys.executable, "-m", "tests.mutation.engine", spec]
        done = subprocess.run(command, cwd=copy, env=environment, check=False)
        if not out.exists():
            raise RuntimeError(f"the run ended with status {done.returncode} and no result")
        return json.loads(out.read_text())


def summary(record: dict) -> dict:
    """A row for each file: how many mutants, how they ended, and which survived."""
    rows = {}
    for file in record["skipped"]:
        mutants = [mutant for mutant in record["mutants"] if mutant["file"] == file]
        ended = Counter(mutant["outcome"] for mutant in mutants)
        rows[file] = {
            "mutants": len(mutants),
            "killed": ended["killed"],
            "timeout": ended["timeout"],
            "survived": ended["survived"] + ended["not reached"],
            "score": score(ended["killed"] + ended["timeout"], len(mutants)),
            "not mutated": record["skipped"][file],
            "survivors": [
                {key: mutant[key] for key in ("function", "line", "outcome", "change")}
                for mutant in mutants
                if mutant["outcome"] in ("survived", "not reached")
            ],
        }
    return rows


def score(noticed: int, mutants: int) -> float:
    """Per cent, rounded down, so that 100 means all."""
    return 100.0 if not mutants else int(1000 * noticed / mutants) / 10


def total(rows: dict) -> dict:
    added = {
        key: sum(row[key] for row in rows.values())
        for key in ("mutants", "killed", "timeout", "survived")
    }
    return added | {"score": score(added["killed"] + added["timeout"], added["mutants"])}


def show(rows: dict) -> None:
    for file, row in rows.items():
        for mutant in row["survivors"]:
            reached = "" if mutant["outcome"] == "survived" else ", reached by no test"
            print(f"\n{file}:{mutant['line']} {mutant['function']}{reached}\n{mutant['change']}")
    print(f"\n{'mutants':>8}{'killed':>8}{'timeout':>8}{'survived':>9}{'score':>7}")
    for file, row in [*rows.items(), ("all", total(rows))]:
        counts = f"{row['mutants']:8}{row['killed']:8}{row['timeout']:8}{row['survived']:9}"
        print(f"{counts}{row['score']:6.1f}%  {file}")
    left = [f"{file} {name}" for file, row in rows.items() for name in row["not mutated"]]
    if left:
        print("\nnot mutated, for they are decorated: " + ", ".join(left))


def survivors(path: Path) -> list[list[str]]:
    """What to try again after a stored run: [file, function, change]."""
    rows = json.loads(path.read_text(encoding="utf-8"))["files"]
    return [
        [file, each["function"], each["change"]]
        for file, row in rows.items()
        for each in row["survivors"]
    ]


def store(rows: dict, seconds: float, command: list[str], jobs: int, path: Path = RESULT) -> None:
    record = {
        "study": "mutation",
        "command": shlex.join(["python", "-m", "tests.mutation", *command]),
        "machine": {"cpu": processor(), "cores": os.cpu_count(), "processes": jobs},
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("mutmut", "numpy", "torch")},
        },
        "seconds": round(seconds),
        "total": total(rows),
        "files": rows,
    }
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("files", nargs="*", help="paths from the project's root; none: all")
    parser.add_argument("--tests", nargs="+", metavar="PATH", help="other tests than those found")
    parser.add_argument("--jobs", type=int, default=2, help="mutants tried at the same time")
    parser.add_argument("--least", type=float, default=90.0, help="per cent each file has to reach")
    parser.add_argument("--out", type=Path, help="where to store the result of named files")
    parser.add_argument("--again", type=Path, help="try the survivors of this stored result alone")
    arguments = sys.argv[1:] if arguments is None else arguments
    given = parser.parse_args(arguments)
    os.nice(10)
    only = survivors(given.again) if given.again else None
    again = sorted({file for file, *_ in only}) if given.again else []
    files = given.files or again or all_files()
    tests = given.tests or sorted({test for file in files for test in judges(file)})
    print("tests: " + " ".join(tests), flush=True)
    record = run(files, tests, jobs=given.jobs, only=only)
    rows = summary(record)
    show(rows)
    for failure in record["left out"]:
        print(f"\nleft out, for it fails without a mutant: {failure}")
    print(f"\n{record['seconds']:.0f} s")
    whole = not (given.files or given.tests or given.again or record["left out"])
    if given.out or whole:
        store(rows, record["seconds"], arguments, given.jobs, given.out or RESULT)
    low = [file for file, row in rows.items() if row["score"] < given.least]
    if low:
        print(f"below {given.least:g}%: " + ", ".join(low))
    return 1 if low or record["left out"] else 0


if __name__ == "__main__":
    sys.exit(main())
