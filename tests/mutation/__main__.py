"""How many small changes of the library do the tests notice? python -m tests.mutation [FILE ...]

Each mutant is one change by mutmut in a copy of the project; it is killed when a test fails. Files
are tried against the tests of their layer that mention what they define, and the properties; each
gets its row in results.json. Without a name, those are tried that changed since they were tried.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from attention_book.pipeline.project import ROOT
from tests.mutation import results

LAYERS = ("reference", "functional", "modules")
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


def show(rows: dict) -> None:
    for file, row in rows.items():
        for mutant in row["survivors"]:
            reached = "" if mutant["outcome"] == "survived" else ", reached by no test"
            print(f"\n{file}:{mutant['line']} {mutant['function']}{reached}\n{mutant['change']}")
    print(f"\n{'mutants':>8}{'killed':>8}{'timeout':>8}{'survived':>9}{'score':>7}")
    for file, row in rows.items():
        counts = f"{row['mutants']:8}{row['killed']:8}{row['timeout']:8}{len(row['survivors']):9}"
        print(f"{counts}{row['score']:6.1f}%  {file}")
    left = [f"{file} {name}" for file, row in rows.items() for name in row["not mutated"]]
    if left:
        print("\nnot mutated, for they are decorated: " + ", ".join(left))


def try_files(files: list[str], options: argparse.Namespace) -> tuple[dict, list[str]]:
    """The new rows of files of one layer, and the tests that fail without a mutant."""
    tests = options.tests or sorted({test for file in files for test in judges(file)})
    print("tests: " + " ".join(tests), flush=True)
    digests = {file: results.digest(ROOT / file) for file in files}
    before, only = results.load(), None
    if options.again:
        rows = {file: before[file] for file in files}
        only = [[f, one["function"], one["change"]] for f in rows for one in rows[f]["survivors"]]
    record = run(files, tests, jobs=options.jobs, only=only)
    rows = results.summary(record, digests)
    if options.again:
        rows = {file: results.after_again(before[file], row) for file, row in rows.items()}
    print(f"{record['seconds']:.0f} s")
    return rows, record["left out"]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("files", nargs="*", help="paths from the project's root")
    parser.add_argument("--list", action="store_true", help="name the files that changed, and stop")
    parser.add_argument("--again", action="store_true", help="try the stored survivors alone")
    parser.add_argument("--tests", nargs="+", metavar="PATH", help="these tests; nothing is stored")
    parser.add_argument("--jobs", type=int, default=2, help="mutants tried at the same time")
    options = parser.parse_args(arguments)
    stale = results.outdated(all_files(), results.load(), ROOT)
    files = options.files or stale
    if options.list:
        print("\n".join(files) or "every file was tried as it is now")
        return 0
    if options.again and (changed := [file for file in files if file in stale]):
        parser.error("--again needs a stored row of the file as it is now: " + ", ".join(changed))
    os.nice(10)
    found, failures = {}, []
    for layer in sorted({Path(file).parent for file in files}):
        rows, left_out = try_files([file for file in files if Path(file).parent == layer], options)
        if not (options.tests or left_out):
            results.store(rows)
        found |= rows
        failures += left_out
    show(found)
    for failure in failures:
        print(f"\nleft out, for it fails without a mutant, so nothing is stored: {failure}")
    low = [file for file, row in found.items() if row["score"] < results.LEAST]
    if low:
        print(f"below {results.LEAST:g}%: " + ", ".join(low))
    return 1 if low or failures else 0


if __name__ == "__main__":
    sys.exit(main())
