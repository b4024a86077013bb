"""Install the packages that the speed studies compare with, into a folder of their own.

They ask for versions of torch that the book does not use, so they come without dependencies, with
the versions that peers.txt names, and see the torch of the interpreter that runs this script:

    python benchmarks/peers.py
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).with_name("peers.txt")
FOLDER = Path(__file__).resolve().parents[1] / ".peers"


class PeersMissingError(RuntimeError):
    """The folder is not there, or of other versions than peers.txt names."""


def versions(pins=PINS):
    """Name -> version of every line of the file."""
    lines = (line.partition("#")[0].strip() for line in pins.read_text().splitlines())
    return dict(line.split("==") for line in lines if line)


def installed(folder=FOLDER, pins=PINS):
    """Whether the folder holds exactly these versions, for this interpreter."""
    stamp = _stamp(folder)
    return stamp.exists() and stamp.read_text() == _contents(pins)


def install(folder=FOLDER, pins=PINS):
    """Fill the folder if it is not what it should be; return whether anything was done."""
    if installed(folder, pins):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-deps"]
    subprocess.run(
        [*command, "-qq", "--no-compile", "--target", str(folder), "-r", str(pins)], check=True
    )
    _stamp(folder).write_text(_contents(pins))
    return True


def use(folder=FOLDER, pins=PINS):
    """Let this process import the peers; return their versions.

    Before everything else on the path, for some are also in the environment in a newer version.
    """
    if not installed(folder, pins):
        raise PeersMissingError(
            f"{folder} does not hold the packages of {pins.name}; "
            "run `make peers` or `python benchmarks/peers.py`"
        )
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return versions(pins)


def _stamp(folder):
    return folder / "installed.txt"


def _contents(pins):
    pinned = "".join(f"{name}=={version}\n" for name, version in sorted(versions(pins).items()))
    return f"Python {platform.python_version()}, {platform.machine()}\n{pinned}"


if __name__ == "__main__":
    print(f"{FOLDER.name}: {'installed' if install() else 'up to date'}")
