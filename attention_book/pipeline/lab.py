"""JupyterLab on the reader's own copies of the notebooks: the book's own stay as they are."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
from jupyter_core.paths import jupyter_data_dir
from nbformat.sign import NotebookNotary

from attention_lib.writing import replace_file

from .errors import PipelineError
from .ports import HOST, choose
from .project import Project
from .sources import digest

FOLDER = "my_notebooks"
RECORD = ".copied.json"  # the digest of each copy as it was made
PORT = 8888


def lab(project: Project, page: str = "", port: int | None = None, *, open_browser=True) -> None:
    """Bring the copies up to date, then run JupyterLab on them until it is stopped."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise ModuleNotFoundError("jupyterlab", name="jupyterlab")
    chosen = project.select([page])[0] if page else None
    port = choose(port, PORT)
    folder = copy_notebooks(project)
    trust(project, folder)
    print(f"JupyterLab shows {folder}; its address follows (stop with Ctrl-C twice)", flush=True)
    command = [sys.executable, "-m", "jupyter", "lab", f"--ServerApp.ip={HOST}"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += [] if open_browser else ["--no-browser"]
    command += [str(folder / chosen.notebook.name) if chosen else str(folder)]
    paths = [str(project.root), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    if subprocess.run(command, env=environment, check=False).returncode:
        raise PipelineError("lab", "JupyterLab stopped with an error", "read its lines above")


def copy_notebooks(project: Project) -> Path:
    """A folder with a copy of every notebook. What a reader has changed is never written over."""
    folder = project.root / FOLDER
    folder.mkdir(exist_ok=True)
    record = _read_record(folder / RECORD)
    for chapter in project.chapters:
        copy, stored = folder / chapter.notebook.name, chapter.notebook.read_bytes()
        if not copy.exists() or digest(copy.read_bytes()) == record.get(copy.name):
            replace_file(copy, stored)
            record[copy.name] = digest(stored)
        elif digest(stored) != record.get(copy.name):
            print(f"{FOLDER}/{copy.name}: you have changed it, so it stays; the book has a newer")
            print("  one. Rename yours and start again to get both.", flush=True)
    replace_file(folder / RECORD, json.dumps(record, indent=1, sort_keys=True))
    return folder


def trust(project: Project, folder: Path) -> None:
    """Sign the copies that are still the book's, so that their figures move as soon as opened."""
    keys = Path(jupyter_data_dir())
    keys.mkdir(parents=True, exist_ok=True)
    notary = NotebookNotary(data_dir=str(keys))
    for chapter in project.chapters:
        copy = folder / chapter.notebook.name
        if copy.read_bytes() == chapter.notebook.read_bytes():
            notary.sign(nbformat.read(copy, as_version=4))


def _read_record(path: Path) -> dict[str, str]:
    """Without a record that can be read, every copy counts as the reader's own."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}
