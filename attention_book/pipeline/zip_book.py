"""The site in one file to carry away: unzip it anywhere and open index.html."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tqdm import tqdm

from .errors import PipelineError
from .project import Project
from .release import commit_date, tracked, version

# What a build leaves behind and no page asks for.
UNUSED = {
    *(".buildinfo", ".doctrees", "objects.inv", "page_report.json", "locales", "sphinx.ico"),
    "sphinx_highlight.js",
}
UNUSED_ENDS = (".map", "webpack-macros.html")
LICENCES = ("LICENSE", "LICENSE-TEXT")
# What the notebooks need to run, in a folder of its own.
RUN = (
    *("attention_lib", "attention_book", "notebooks", "book/chapters", "book/notation.md"),
    *("pyproject.toml", "requirements.txt", "README.md", *LICENCES),
)
README = """\
Attention, computed, version {version}

Open index.html in a browser. You need no network and no other program: sliders and search work
from this folder.

run/       the notebooks, and the Python packages that they use. To run them, with Python 3.11
           or newer and a network for the installation:
               cd run
               python -m venv .venv
               .venv/bin/python -m pip install ".[torch,text,widgets]" jupyterlab
               .venv/bin/jupyter lab notebooks
           (on Windows .venv\\Scripts\\python and .venv\\Scripts\\jupyter)
slides/    the slides; open slides/index.html

Text and figures: CC BY 4.0 (LICENSE-TEXT). Code: MIT (LICENSE). Data and scripts of others keep
their own licences: run/attention_lib/data/files and _static/vendor/licences.
"""


def zip_path(project: Project) -> Path:
    return project.root / "_build" / f"attention-computed-{version(project)}.zip"


def write_zip(project: Project, path: Path | None = None) -> Path:
    """Write the zip; the same pages give the same bytes."""
    index = project.html / "index.html"
    if not index.is_file():
        raise PipelineError("zip", "there are no pages yet", "run `make book` first")
    path = path or zip_path(project)
    date = commit_date(project) or datetime(1980, 1, 1)
    top, files = zip_path(project).stem, dict(sorted(contents(project)))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name, content in tqdm(files.items(), desc="zipping the book", unit="file"):
            entry = zipfile.ZipInfo(f"{top}/{name}", date.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            data = content if isinstance(content, bytes) else content.read_bytes()
            made.writestr(entry, data)
    return path


def contents(project: Project) -> Iterator[tuple[str, Path | bytes]]:
    """Each file of the zip by its name below the top folder."""
    for path in _below(project.html):
        yield path.relative_to(project.html).as_posix(), path
    for path in tracked(project, *RUN):
        if path.is_file():
            yield f"run/{path.relative_to(project.root).as_posix()}", path
    for name in LICENCES:
        yield name, project.root / name
    text = README.format(version=version(project))
    yield "README.txt", text.replace("\n", "\r\n").encode()


def _below(folder: Path) -> list[Path]:
    """The files of a built folder that a page needs."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not UNUSED.intersection(path.relative_to(folder).parts)
        and not path.name.endswith(UNUSED_ENDS)
    ]
