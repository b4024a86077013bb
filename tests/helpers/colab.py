"""Google Colab as a notebook sees it: its modules, an empty folder, and what is installed there."""

import json
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

from attention_book.pipeline.first_cell import with_first_cell

OUTPUT = """
def enable_custom_widget_manager():
    print("custom widgets are on")
"""
VERSIONS = """
import importlib.metadata, json
print(json.dumps({d.name.lower(): d.version for d in importlib.metadata.distributions()}))
"""


def pretend_colab(packages: Path) -> None:
    """Give an environment the modules that Colab's kernel has loaded when a notebook begins."""
    colab = packages / "google" / "colab"
    colab.mkdir(parents=True, exist_ok=True)
    (packages / "google" / "__init__.py").touch()
    (colab / "__init__.py").touch()
    (colab / "output.py").write_text(OUTPUT)
    (packages / "sitecustomize.py").write_text("import google.colab\n")


def run_notebook(python: Path, folder: Path, notebook: Path, address, variables) -> list[dict]:
    """Run a stored notebook with the first cell for this address, alone in `folder`.

    Returns what was installed before and after the first cell, as {name: version} each. A cell that
    fails raises CellExecutionError.
    """
    cells = with_first_cell(nbformat.read(notebook, as_version=4), address)
    place = next(k for k, cell in enumerate(cells.cells) if cell.cell_type == "code")
    for where in (place, place + 2):
        cells.cells.insert(where, nbformat.v4.new_code_cell(VERSIONS))
    _write_kernelspec(folder / ".kernels", python, variables)
    client = _Client(cells, timeout=600, resources={"metadata": {"path": str(folder)}})
    client.specs = KernelSpecManager(
        kernel_dirs=[str(folder / ".kernels")], ensure_native_kernel=False
    )
    client.execute()
    said = "".join(output.get("text", "") for output in cells.cells[place + 1].outputs)
    assert "custom widgets are on" in said, said
    return [json.loads(cells.cells[k].outputs[0].text) for k in (place, place + 2)]


class _Client(NotebookClient):
    def create_kernel_manager(self):
        self.km = AsyncKernelManager(kernel_name="colab", kernel_spec_manager=self.specs)
        return self.km


def _write_kernelspec(folder: Path, python: Path, variables: dict) -> None:
    spec = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Colab",
        "language": "python",
        "env": {"PYTHONPATH": "", "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1", **variables},
    }
    (folder / "colab").mkdir(parents=True)
    (folder / "colab" / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def changed(before: dict, after: dict) -> dict:
    """Of what was installed before, what is another version now."""
    return {name: (old, after.get(name)) for name, old in before.items() if after.get(name) != old}
