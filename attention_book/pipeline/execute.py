"""Run one chapter in a fresh kernel and write its notebook, or write nothing."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm

from .address import address_of
from .environment import chapter_environment
from .fingerprint import KEY, fingerprint
from .first_cell import is_first_cell, with_first_cell
from .normalise import ANSI, UnexpectedStderrError, normalise
from .project import Chapter, PipelineError, Project
from .store import store

KERNEL = "attention-book"
CELL_TIMEOUT = 600
EXCERPT = 6


class _Client(NotebookClient):
    """nbclient with a progress bar and our kernel; it also remembers which cell runs."""

    cell_index = 0

    def create_kernel_manager(self):
        self.km = AsyncKernelManager(kernel_name=KERNEL, kernel_spec_manager=self.specs)
        return self.km

    async def async_execute_cell(self, cell, cell_index, **options):
        self.cell_index = cell_index
        done = await super().async_execute_cell(cell, cell_index, **options)
        self.bar.update()
        return done


def execute(project: Project, chapter: Chapter) -> None:
    """Run the chapter and replace its notebook. On any error the old notebook stays as it is.

    Raises PipelineError that names chapter, cell and mend.
    """
    before = fingerprint(project, chapter)
    notebook = with_first_cell(chapter.read_text(), address_of(project.root))
    project.notebooks_folder.mkdir(exist_ok=True)
    run_cells(notebook, chapter.name, project.notebooks_folder, chapter_environment(project.root))
    try:
        notebook = normalise(notebook, {KEY: before})
    except UnexpectedStderrError as unexpected:
        raise _cell_error(
            chapter.name,
            notebook,
            unexpected.index,
            f"unexpected text on stderr:\n{_indented(unexpected.text)}",
            "correct what warns; a warning on the page would only puzzle the reader",
        ) from None
    store(project, chapter, notebook)


def run_cells(notebook: NotebookNode, name: str, folder: Path, environment: dict) -> None:
    """Execute the cells in place, in a new kernel of this very interpreter."""
    with tempfile.TemporaryDirectory() as kernels:
        _write_kernelspec(Path(kernels), environment)
        client = _Client(
            notebook,
            timeout=CELL_TIMEOUT,
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
        )
        client.specs = KernelSpecManager(kernel_dirs=[kernels], ensure_native_kernel=False)
        code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        bar = tqdm(total=len(notebook.cells), desc=f"  {name}", unit="cell", leave=False)
        with bar as client.bar:
            try:
                client.execute()
            except CellExecutionError as error:
                problem = f"{error.ename}: {ANSI.sub('', error.evalue)}"
                mend = _mend(error.ename)
            except CellTimeoutError:
                problem = f"the cell ran for more than {CELL_TIMEOUT} s"
                mend = "make it smaller, or make it a script under benchmarks/"
            except DeadKernelError:
                problem = "the kernel died"
                mend = "look for a lack of memory or a crash in compiled code"
            else:
                assert all(cell.execution_count for cell in code_cells if cell.source.strip())
                return
        raise _cell_error(name, notebook, client.cell_index, problem, mend)


def _mend(error_name: str) -> str:
    if error_name == "ClaimError":
        return "correct the number in the text, or the code that computes it"
    return "correct the cell in the chapter, or the code of attention_lib that it calls"


def _cell_error(name, notebook, index, problem, mend) -> PipelineError:
    before = notebook.cells[: index + 1]
    number = sum(cell.cell_type == "code" and not is_first_cell(cell) for cell in before)
    source = notebook.cells[index].source.splitlines()
    more = ["..."] if len(source) > EXCERPT else []
    excerpt = "\n".join(source[:EXCERPT] + more)
    return PipelineError(name, f"code cell {number} fails\n{_indented(excerpt)}\n  {problem}", mend)


def _indented(text: str) -> str:
    return re.sub(r"^", "    | ", text, flags=re.MULTILINE)


def _write_kernelspec(folder: Path, environment: dict) -> None:
    launcher = [sys.executable, "-m", "ipykernel_launcher"]
    spec = {
        "argv": [*launcher, "-f", "{connection_file}", "--log-level=ERROR"],
        "display_name": "Python 3",
        "language": "python",
        "env": environment,
    }
    (folder / KERNEL).mkdir()
    (folder / KERNEL / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
