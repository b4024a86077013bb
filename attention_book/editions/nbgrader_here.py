"""Where nbgrader comes from: the folder of `make teaching`, or else this environment."""

from __future__ import annotations

import importlib.util
import os

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
