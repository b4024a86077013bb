"""A new environment that sees the packages installed here, and installs into itself alone."""

import os
import subprocess
import sys
import sysconfig
from importlib.metadata import entry_points
from pathlib import Path

COMMANDS = ("pip", "jupyter", "jupyter-lab", "jupyter-trust")
SCRIPT = """#!{python}
import sys
from {module} import {first}
sys.exit({attr}())
"""


class Environment:
    """`run` runs a command of it in a folder; without the network, as pip is told."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.bin = folder / "bin"
        self.python = self.bin / "python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        self.packages = next((folder / "lib").glob("python3.*/site-packages"))
        (self.packages / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
        for entry in entry_points(group="console_scripts"):
            if entry.name not in COMMANDS:
                continue
            script, first = self.bin / entry.name, entry.attr.partition(".")[0]
            names = {"module": entry.module, "first": first, "attr": entry.attr}
            script.write_text(SCRIPT.format(python=self.python, **names))
            script.chmod(0o755)

    @property
    def variables(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip's own way to say: do not isolate
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def run(self, command: str, folder: Path) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
