"""Build the pages from the stored notebooks, and show them."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import sys
import time
import webbrowser
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from .errors import PipelineError, need_space
from .policy import META
from .ports import HOST, choose
from .project import Project
from .site_server import QuietServer

PORT = 8000
SPACE = 150  # megabytes: pages, and what Jupyter Book keeps beside them
OF_A_BUILD = ("html", ".doctrees", "jupyter_execute")  # what else lies in _build stays
# The same interpreter on every system; Jupyter Book has no `python -m` form.
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


def build(project: Project) -> None:
    """Render every page anew: warnings of an earlier build must not hide behind its caches."""
    need_space(project.root, SPACE, "a build of the book")
    with _alone(project.root / "_build"):
        _render(project)


@contextmanager
def _alone(folder: Path):
    """Two builds into one folder would take each other's pages away."""
    from filelock import FileLock, Timeout

    folder.mkdir(exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise PipelineError(
            str(folder),
            "another build is at work in this folder",
            "wait until it is done, or stop it, then run the same command again",
        ) from error


def _render(project: Project) -> None:
    for folder in OF_A_BUILD:
        shutil.rmtree(project.root / "_build" / folder, ignore_errors=True)
    start = time.perf_counter()
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", str(project.root)]
    done = subprocess.run([*command, "-W", "-n", "--keep-going"], cwd=project.root, check=False)
    if done.returncode or not (project.html / "index.html").is_file():
        raise PipelineError(
            "book",
            "Jupyter Book reports warnings or errors (a warning counts as an error)",
            "read the lines above that say WARNING or ERROR; each names a file and a line",
        )
    leads_on = project.html / "index.html"  # to the first page; Sphinx never sees it
    leads_on.write_text(f"{META}\n{leads_on.read_text('utf8')}", "utf8")
    index = leads_on.relative_to(project.root).as_posix()
    print(f"\nThe book is ready after {time.perf_counter() - start:.0f} s: {index}")
    print("Open this file in a browser, or run `make serve` (python -m attention_book serve).")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Say nothing: a line for each file would bury the address."""


def serve(project: Project, port: int | None = None, *, open_browser: bool = False) -> None:
    """Serve the built pages on 127.0.0.1 until interrupted."""
    if not (project.html / "index.html").is_file():
        raise PipelineError("book", "there are no pages yet", "run `make book` first")
    handler = partial(_Quiet, directory=str(project.html))
    with QuietServer((HOST, choose(port, PORT)), handler) as server:
        address = f"http://{HOST}:{server.server_port}/"
        print(f"The book is at {address} (stop with Ctrl-C)", flush=True)
        if open_browser and not webbrowser.open(address):
            print("No browser could be started here: open this address in one.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nstopped")
