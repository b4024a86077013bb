"""The explorables in JupyterLab itself: run by its menu, moved by the keyboard."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CELLS = [
    """
from attention_book.explorables import HeatMap, sweep
sweep(lambda top: [[top, 1 - top]], {"top": [0.1, 0.5, 0.9]},
      view=HeatMap(rows=["q"], columns=["k1", "k2"]),
      title="Two weights", caption="The first weight is {top}.")
""",
    """
from attention_book.explorables import Bars
sweep(lambda n: [n, 2 * n], {"n": [1, 2, 3]}, view=Bars(categories=["once", "twice"]),
      title="Two bars", caption="n is {n}.")
""",
]
OWN_FOLDERS = (
    "HOME",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
)
STARTED_WITHIN = 60


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url, process, log):
    end = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/api", timeout=2):
                return
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.3)
    pytest.fail(f"JupyterLab did not answer within {STARTED_WITHIN} s:\n{log.read_text()}")


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab without the user's settings, on a folder with one notebook."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    cells = [new_markdown_cell("# Two figures"), *(new_code_cell(text.strip()) for text in CELLS)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / "figures.ipynb")
    port, log = _free_port(), tmp_path / "lab.log"
    own = {name: str(tmp_path / name.lower()) for name in OWN_FOLDERS}
    tracker = (
        Path(own["JUPYTERLAB_SETTINGS_DIR"])
        / "@jupyterlab"
        / "notebook-extension"
        / "tracker.jupyterlab-settings"
    )
    tracker.parent.mkdir(parents=True)
    tracker.write_text('{"autoStartDefaultKernel": true}')
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    command = [sys.executable, "-m", "jupyter", "lab", *options]
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **own}
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def test_figures_run_and_move_in_jupyterlab(browser, lab):
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    try:
        page.goto(f"{lab}/lab/tree/figures.ipynb")
        page.locator(".jp-Notebook .jp-CodeCell").nth(1).wait_for()
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        page.get_by_text("| Idle").wait_for()
        page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
        page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
        captions = page.locator(".attn-fig figcaption")
        captions.nth(1).wait_for()
        assert captions.all_inner_texts() == ["The first weight is 0.1.", "n is 1."]
        handles = page.locator(".attn-sweep .noUi-handle")
        for k in range(2):
            handles.nth(k).focus()
            page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "document.querySelectorAll('.attn-fig figcaption')[1].textContent === 'n is 2.'"
        )
        assert captions.all_inner_texts() == ["The first weight is 0.5.", "n is 2."]
    finally:
        context.close()
