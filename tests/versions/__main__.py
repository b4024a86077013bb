"""The library's tests on the oldest and the newest versions of what it needs.

    python -m tests.versions [oldest | newest] [options of pytest]

`oldest` takes the lower bounds of pyproject.toml, `newest` the newest versions that pip finds there
for this Python; without a name, both. Each has an environment in .versions (5 GB, for torch comes
as the registry has it), with the test tools of requirements.txt. What follows goes to pytest.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from attention_book.pipeline.project import ROOT
from tests.versions import bounds

ENVIRONMENTS = ROOT / ".versions"
# jupytext is here because the tests find the project's root with the pipeline's own module.
TOOLS = ("hypothesis", "jupytext", "pytest", "pytest-xdist")
TESTS = ("tests/attention_lib", "tests/properties", "attention_lib")
VERSION = "import sys; print('{}.{}'.format(*sys.version_info))"
INSTALLED = """
import importlib.metadata, json, sys
print(json.dumps({name: importlib.metadata.version(name) for name in sys.argv[1:]}))
"""


def interpreter(which: str, project: dict) -> str:
    """The Python that makes the environment: the oldest allowed for `oldest`, else this one."""
    if which == "newest":
        return sys.executable
    name = f"python{bounds.oldest_python(project)}"
    for found in (sys.executable, shutil.which(name)):
        if found and name == f"python{_output(found, VERSION)}":
            return found
    raise SystemExit(f"the oldest versions need {name}, the oldest that pyproject.toml allows")


def environment(which: str, python: str, wanted: list[str]) -> Path:
    """Make the environment, or bring it up to date; return its interpreter."""
    folder = ENVIRONMENTS / f"{which}-{_output(python, VERSION)}"
    made = folder / "bin" / "python"
    if not made.exists():
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
    install = [made, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*install, "--no-compile", "--upgrade", *wanted], check=True)
    return made


def run_tests(python: Path, options: list[str], arguments: list[str]) -> int:
    """Run the library's tests in this environment; return the exit status of pytest."""
    command = [python, "-m", "pytest", "-o", f"cache_dir={python.parents[1] / 'pytest_cache'}"]
    command += ["-o", "addopts=" + " ".join(options), "-n", "auto", "--dist", "loadfile"]
    path = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, *arguments, *TESTS], cwd=ROOT, env=os.environ | path)
    return done.returncode


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.versions", description=__doc__)
    parser.add_argument("which", nargs="?", choices=("oldest", "newest"), help="only these")
    options, rest = parser.parse_known_args(arguments)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = settings["project"]
    pins = bounds.pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    needed = bounds.needed(project)
    status = 0
    for which in [options.which] if options.which else ["oldest", "newest"]:
        wanted = bounds.at_lower_bound(needed) if which == "oldest" else needed
        tools = [f"{name}=={pins[name]}" for name in TOOLS]
        python = environment(which, interpreter(which, project), [*wanted, *tools])
        installed = json.loads(_output(python, INSTALLED, *map(bounds.name, needed)))
        print(f"{which}: " + ", ".join(bounds.compared(installed, pins)), flush=True)
        if which == "newest" and bounds.same(installed, pins):
            print("requirements.txt pins these, so `make test` has run them")
            continue
        status |= run_tests(python, bounds.pytest_options(settings), rest)
    return status


def _output(python, script, *arguments):
    command = [python, "-c", script, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
