"""Whole notebooks in an environment like Google Colab's, at the oldest versions that are allowed.

    python -m tests.versions.colab [--torch 2.13.0] [--numpy 1.26.0] [NAME ...]

The first cell installs the book from the last commit of this repository beside what is there, and
may change none of it. Without names it runs the main page of chapter 02.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from attention_book.pipeline.address import Address
from attention_book.pipeline.project import ROOT, Project
from tests.helpers.colab import changed, pretend_colab, run_notebook
from tests.versions.__main__ import ENVIRONMENTS

# What Colab has had for years, for its page fits these; the rest is the oldest that we allow.
COLAB = ("ipython==7.34.0", "ipykernel==6.17.1", "ipywidgets==7.7.1", "traitlets==5.7.1")
OLDEST = ("matplotlib==3.8.0", "scikit-learn==1.5.0", "tokenizers==0.20.0", "tqdm==4.66.0")
PIP = "pip==24.1.2"


def environment(numpy: str, torch: str) -> Path:
    """Make the environment, or bring it up to date; return its interpreter."""
    folder = ENVIRONMENTS / f"colab-numpy{numpy}-torch{torch}"
    made = folder / "bin" / "python"
    if not made.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [made, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*install, PIP, "setuptools>=77"], check=True)
    wanted = [f"numpy=={numpy}", f"torch=={torch}", *COLAB, *OLDEST]
    subprocess.run([*install, *wanted], check=True)
    subprocess.run(
        [made, "-m", "pip", "uninstall", "--quiet", "--yes", "attention-lib"], check=True
    )
    pretend_colab(next((folder / "lib").glob("python3.*/site-packages")))
    return made


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.versions.colab", description=__doc__)
    parser.add_argument("--numpy", default="1.26.0")
    parser.add_argument("--torch", default="2.13.0")
    parser.add_argument("names", nargs="*", default=["02_worked_example"], help="pages to run")
    options = parser.parse_args(arguments)
    python = environment(options.numpy, options.torch)
    address = Address(ROOT.as_uri(), _commit())
    status = 0
    for chapter in Project().select(options.names):
        with tempfile.TemporaryDirectory() as folder:
            variables = {"PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin"}
            before, after = run_notebook(python, Path(folder), chapter.notebook, address, variables)
        different = changed(before, after)
        status |= bool(different)
        shown = {name: after[name] for name in ("numpy", "torch", "ipywidgets")}
        print(
            f"{chapter.name}: ran whole on {shown}, changed: {different or 'nothing'}", flush=True
        )
    return status


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
