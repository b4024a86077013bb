"""Resolve the extras of pyproject.toml from nothing and write requirements.txt."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from attention_lib.writing import replace_file

from .project import PipelineError

HEADER = """\
# Everything that the book and its tests need, pinned. Written by `make lock`; do not edit.
# Install: pip install -r requirements.txt
"""
# What the Linux wheel of torch asks for when it is built for CUDA; the book runs on the processor.
CUDA = re.compile(r"(nvidia|cuda)-.*|triton")


def lock(root: Path) -> None:
    """Write requirements.txt from a resolution that ignores what is installed here."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    command += ["--report", "-", f"{root}[dev]", *held_back(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PipelineError("requirements.txt", done.stderr.strip(), "see what pip says above")
    report = json.loads(done.stdout)
    replace_file(root / "requirements.txt", rendered(report))


def held_back(root: Path) -> list[str]:
    """Versions that pyproject.toml holds although newer ones would fit."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["attention-book"]["held-back"]


def rendered(report: dict) -> str:
    """requirements.txt from pip's report: what pyproject.toml names first, then what that needs."""
    pins: dict[str, str] = {}
    asked: set[str] = set()
    for item in report["install"]:
        metadata = item["metadata"]
        name = _normal(metadata["name"])
        if name == "attention-lib":
            asked = {_normal(re.match(r"[\w.-]+", line)[0]) for line in metadata["requires_dist"]}
        elif not CUDA.fullmatch(name):
            pins[name] = metadata["version"].partition("+")[0]
    direct = [f"{name}=={pins[name]}" for name in sorted(pins) if name in asked]
    rest = [f"{name}=={pins[name]}" for name in sorted(pins) if name not in asked]
    sections = [HEADER, "# named in pyproject.toml", *direct, "", "# needed by these", *rest]
    return "\n".join(sections) + "\n"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
