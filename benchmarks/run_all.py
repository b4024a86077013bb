"""Run every study of speed and print one table of all that was found.

    python benchmarks/run_all.py

Each study is a script of its own, in a process of its own, and writes its JSON beside the others.
About a quarter of an hour on a quiet machine; on a busy one rounds are thrown away and run again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from rows import table
from study import RESULTS

HERE = Path(__file__).resolve().parent
STUDIES = {
    "efficient_attention": ["--attempts", "2"],
    "transformer_speed": ["--attempts", "2"],
    "numpy_reference": [],
}


def run(name, options, folder, *, tiny):
    """Run one study; return its record."""
    command = [sys.executable, str(HERE / f"{name}.py"), *options]
    if folder != RESULTS:  # the record holds the command, and no path of this machine
        command += ["--out", str(folder)]
    paths = [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
    subprocess.run([*command, *(["--tiny"] if tiny else [])], check=True, env=environment)
    return json.loads((folder / f"{name}.json").read_text())


def summary(rows):
    """How many targets are met, in one sentence."""
    wanted = [row for row in rows if row["target"] is not None]
    met = sum(row["met"] for row in wanted)
    return f"{met} of {len(wanted)} targets met, {len(rows)} rows."


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tiny", action="store_true", help="sizes for tests, without meaning")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON files")
    parser.add_argument("--only", nargs="+", choices=tuple(STUDIES), default=tuple(STUDIES))
    arguments = parser.parse_args()
    start, rows = time.monotonic(), []
    for number, name in enumerate(arguments.only, 1):
        print(f"study {number} of {len(arguments.only)}: {name}", flush=True)
        rows += run(name, STUDIES[name], arguments.out, tiny=arguments.tiny)["results"]
    print(table(rows))
    print(f"\n{summary(rows)} {(time.monotonic() - start) / 60:.1f} minutes.")


if __name__ == "__main__":
    main()
