"""Build the pages from the stored notebooks, and show them."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import sys
import time
from functools import partial

from .project import PipelineError, Project

PORT = 8000
# The same interpreter on every system; Jupyter Book has no `python -m` form.
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


def build(project: Project) -> None:
    """Render every page anew: warnings of an earlier build must not hide behind its caches."""
    shutil.rmtree(project.root / "_build", ignore_errors=True)
    start = time.perf_counter()
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", str(project.root)]
    done = subprocess.run([*command, "-W", "-n", "--keep-going"], cwd=project.root, check=False)
    if done.returncode or not (project.html / "index.html").is_file():
        raise PipelineError(
            "book",
            "Jupyter Book reports warnings or errors (a warning counts as an error)",
            "read the lines above that say WARNING or ERROR; each names a file and a line",
        )
    index = (project.html / "index.html").relative_to(project.root).as_posix()
    print(f"\nThe book is ready after {time.perf_counter() - start:.0f} s: {index}")
    print("Open this file in a browser, or run `make serve` (python -m attention_book serve).")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Say nothing: a line for each file would bury the address."""


def serve(project: Project) -> None:
    """Serve the built pages on 127.0.0.1 until interrupted."""
    if not (project.html / "index.html").is_file():
        raise PipelineError("book", "there are no pages yet", "run `make book` first")
    handler = partial(_Quiet, directory=str(project.html))
    with _server(handler) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        print(f"The book is at {address} (stop with Ctrl-C)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nstopped")


def _server(handler) -> http.server.ThreadingHTTPServer:
    """On the usual port, or on any free one where that is taken."""
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", PORT), handler)
    except OSError:
        return http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
