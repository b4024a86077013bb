"""Where nbgrader comes from: the folder of `make teaching`, or else this environment."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from ..pipeline.beside import TEACHING
from ..pipeline.errors import PipelineError


def require_nbgrader() -> None:
    """Let this process, and the programs that it starts by name, find nbgrader.

    Raises PipelineError that says how to install it.
    """
    if TEACHING.installed():
        TEACHING.use()
        if str(TEACHING.folder) not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
            os.environ.update(TEACHING.environment())
    elif importlib.util.find_spec("nbgrader") is None:
        mend = f"run {TEACHING.command}, then this command again"
        raise PipelineError("nbgrader", "it is not installed, and it does the grading", mend)


def formgrader(course: Path) -> None:
    """Run the pages on which a person grades answers, on 127.0.0.1, until stopped."""
    require_nbgrader()
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_PATH": str(TEACHING.folder / "etc" / "jupyter"),
        "JUPYTER_PATH": str(TEACHING.folder / "share" / "jupyter"),
    }
    command = [sys.executable, "-m", "jupyter", "server", "--ServerApp.ip=127.0.0.1"]
    command += ["--ServerApp.default_url=/formgrader"]
    print("The formgrader is at the address below (stop with Ctrl-C twice)", flush=True)
    if subprocess.run(command, cwd=course, env=environment, check=False).returncode:
        raise PipelineError("formgrader", "Jupyter stopped with an error", "read its lines above")
