"""Packages in a folder of their own, beside the environment of the book.

What only a study or a teacher needs must not change what every reader runs: it asks for other
versions, or it adds buttons to JupyterLab. So it is installed into a folder, without dependencies,
with the versions that a file of pins names, and sees the packages of the interpreter that uses it.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .project import ROOT


class PackagesMissingError(RuntimeError):
    """The folder is not there, or of other versions than its pins name."""


@dataclass(frozen=True)
class Beside:
    """The packages that the file `pins` names, in `folder`; `command` installs them."""

    folder: Path
    pins: Path
    command: str

    def versions(self) -> dict[str, str]:
        """Name -> version of every line of the pins."""
        text = self.pins.read_text(encoding="utf-8")
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        return dict(line.split("==") for line in lines if line)

    def installed(self) -> bool:
        """Whether the folder holds exactly these versions, for this interpreter."""
        return self._stamp.exists() and self._stamp.read_text() == self._contents()

    def install(self) -> bool:
        """Fill the folder if it is not what it should be; return whether anything was done."""
        if self.installed():
            return False
        shutil.rmtree(self.folder, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
        command += ["--no-deps", "-qq", "--no-compile", "--target", str(self.folder)]
        subprocess.run([*command, "-r", str(self.pins)], check=True)
        self._stamp.write_text(self._contents())
        return True

    def use(self) -> dict[str, str]:
        """Let this process import the packages; return their versions.

        They come first on the path, for some are also in the environment, in a newer version.
        """
        self._demand()
        if str(self.folder) not in sys.path:
            sys.path.insert(0, str(self.folder))
        return self.versions()

    def environment(self) -> dict[str, str]:
        """Environment variables under which a process of this interpreter has the packages."""
        self._demand()
        programs = [str(self.folder / "bin"), str(Path(sys.executable).parent)]
        paths = [str(self.folder), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {
            **os.environ,
            "PATH": os.pathsep.join([*programs, os.environ.get("PATH", "")]),
            "PYTHONPATH": os.pathsep.join(paths),
        }

    def _demand(self) -> None:
        if not self.installed():
            raise PackagesMissingError(
                f"{self.folder} does not hold the packages of {self.pins.name}; run {self.command}"
            )

    @property
    def _stamp(self) -> Path:
        return self.folder / "installed.txt"

    def _contents(self) -> str:
        pinned = "".join(f"{name}=={one}\n" for name, one in sorted(self.versions().items()))
        return f"Python {platform.python_version()}, {platform.machine()}\n{pinned}"


PEERS = Beside(
    ROOT / ".peers",
    ROOT / "benchmarks" / "peers.txt",
    "`make peers` or `python -m attention_book peers`",
)
TEACHING = Beside(
    ROOT / ".teaching",
    ROOT / "requirements-teaching.txt",
    "`make teaching` or `python -m attention_book teaching`",
)
