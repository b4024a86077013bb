"""What every study shares: its options, and the record of where and when it ran."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from attention_book.studies import RESULTS
from attention_lib.machine import processor
from attention_lib.writing import replace_file


def options(description, *, seeds=5):
    """Return a parser with the options that all studies take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=int, default=seeds, help="how many seeds, from 0 on")
    parser.add_argument(
        "--tiny", action="store_true", help="a size for tests: seconds, numbers without meaning"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON file")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    return parser


def save(name, *, arguments, settings, results, peers=None):
    """Write NAME.json with command, machine, date and versions, and return its path.

    peers: versions of the packages that the study compares with, by their names.
    """
    record = {
        "study": name,
        "command": shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "machine": {"cpu": processor(), "cores": os.cpu_count(), "threads": arguments.threads},
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            **(peers or {}),
        },
        "settings": settings,
        "results": results,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / f"{name}.json"
    replace_file(path, json.dumps(rounded(record), indent=1) + "\n")
    return path


def rounded(value, digits=5):
    """Return value with every float inside it cut to a few significant digits."""
    if isinstance(value, dict):
        return {str(key): rounded(item, digits) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item, digits) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(f"{float(value):.{digits}g}")
    return int(value) if isinstance(value, np.integer) else value
