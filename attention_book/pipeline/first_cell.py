"""The first code cell of every notebook: in Google Colab it installs the book.

It is no part of a chapter's text and follows from the address in _config.yml alone.
"""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from .address import Address

TAG = "colab"
# What is installed stays as it is: Colab's PyTorch, NumPy and widgets fit Colab.
SOURCE = """\
# In Google Colab this cell installs the book. Elsewhere it does nothing.
import sys

if "google.colab" in sys.modules:
{find}
    shell = get_ipython().system
    shell("pip list --format=freeze --exclude attention-lib > /tmp/installed.txt")
    shell(f'pip install -q -c /tmp/installed.txt "attention-lib[notebooks] @ {{book}}"')

    from google.colab import output as colab

    colab.enable_custom_widget_manager()"""
AT_ADDRESS = '    book = "{package}"'
UPLOADED = """\
    from pathlib import Path

    zips = sorted(Path.cwd().glob("*.zip"), key=lambda file: file.stat().st_mtime)
    if not zips:
        raise FileNotFoundError("Upload a zip of the book's folder, then run this again.")
    book = zips[-1].as_uri()"""


def source(address: Address | None) -> str:
    """The text of the cell; without an address it takes a zip that the reader uploads."""
    find = AT_ADDRESS.format(package=address.package) if address else UPLOADED
    return SOURCE.format(find=find)


def with_first_cell(notebook: NotebookNode, address: Address | None) -> NotebookNode:
    """The notebook with the cell for this address before its other code cells."""
    notebook = without_first_cell(notebook)
    kinds = [cell.cell_type for cell in notebook.cells]
    place = kinds.index("code") if "code" in kinds else len(kinds)
    cell = new_code_cell(source(address), metadata={"tags": [TAG, "remove-cell"]})
    notebook.cells.insert(place, cell)
    return notebook


def without_first_cell(notebook: NotebookNode) -> NotebookNode:
    """The notebook as its chapter has it."""
    notebook.cells = [cell for cell in notebook.cells if not is_first_cell(cell)]
    return notebook


def is_first_cell(cell: NotebookNode) -> bool:
    return TAG in cell.metadata.get("tags", [])
