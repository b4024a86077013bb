"""A JupyterLab without the user's settings, and notebooks opened in it."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from attention_book.pipeline.normalise import VIEW
from attention_book.pipeline.project import Project

OWN_FOLDERS = (
    "HOME",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
)
OPTIONS = (
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--IdentityProvider.token=",
    "--ServerApp.password=",
    "--LabApp.news_url=",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)
STARTED_WITHIN = 180
WAITING = "Set your guess"


@contextmanager
def running_lab(folder: Path, own_folder: Path, *, trusted=()):
    """The address of a JupyterLab on `folder`, which trusts these notebooks of it."""
    port, log = _free_port(), own_folder / "lab.log"
    own = {name: str(own_folder / name.lower()) for name in OWN_FOLDERS}
    _start_kernels_by_itself(Path(own["JUPYTERLAB_SETTINGS_DIR"]))
    environment = {**os.environ, **own}
    if trusted:
        trust = [sys.executable, "-m", "jupyter", "trust", *(folder / name for name in trusted)]
        subprocess.run(trust, env=environment, check=True, capture_output=True)
    command = [sys.executable, "-m", "jupyter", "lab", *OPTIONS, f"--port={port}"]
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, f"--ServerApp.root_dir={folder}"],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
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


@contextmanager
def opened(browser, address, name):
    """The notebook as JupyterLab shows it once its kernel waits; nothing has been run.

    At the end its kernel is shut down.
    """
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    try:
        page.goto(f"{address}/lab/tree/{name}.ipynb?reset")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        page.get_by_text("| Idle").wait_for()
        yield page
    finally:
        _shut_down_kernels(page, address)
        context.close()


def choose(page, menu, command):
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click()
    page.locator(f'.lm-Menu-item[data-command="{command}"]').click()


def run_all(page):
    """Clear what is shown, run every cell by the menu, and wait until the last one is done."""
    choose(page, "Edit", "editmenu:clear-all")
    expect(page.locator(".attn-sweep")).to_have_count(0)
    choose(page, "Run", "runmenu:run-all")
    waiting = page.locator(".jp-InputPrompt", has_text="[*]")
    waiting.first.wait_for()
    waiting.first.wait_for(state="detached", timeout=600_000)
    page.get_by_text("| Idle").wait_for()


def errors(page):
    """What cells have raised."""
    return page.locator('.jp-OutputArea-output[data-mime-type*="error"]').all_inner_texts()


def move_first_slider(page):
    """The caption of the first picture that has a slider, before and after a key is pressed.

    One that waits for a guess does not count: it tells nothing before.
    """
    for figure in page.locator(".attn-sweep").element_handles():
        caption, handle = _drawn(page, figure), figure.query_selector(".noUi-handle")
        if handle and WAITING not in caption.inner_text():
            return _pressed(page, caption, handle)
    pytest.fail("no picture has a slider that moves at once")


def _drawn(page, figure):
    """The caption of a picture; it is drawn once it can be seen."""
    figure.scroll_into_view_if_needed()
    text = "(figure) => /\\w/.test(figure.querySelector('figcaption')?.textContent ?? '')"
    page.wait_for_function(text, arg=figure)
    return figure.query_selector("figcaption")


def _pressed(page, caption, handle):
    before = caption.inner_text()
    handle.focus()
    at_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
    moved = "([caption, before]) => caption.innerText !== before"
    page.wait_for_function(moved, arg=[caption, before], timeout=60_000)
    return before, caption.inner_text()


def figures_of(name):
    """How many figures of the stored notebook move."""
    cells = nbformat.read(Project().notebook(name), as_version=4).cells
    return sum(VIEW in output.get("data", {}) for c in cells for output in c.get("outputs", []))


def check_page(browser, address, name):
    """A trusted page moves as soon as opened, runs whole, and moves again."""
    with opened(browser, address, name) as page:
        figures = page.locator(".attn-sweep")
        figures.nth(figures_of(name) - 1).wait_for(state="attached")
        before, after = move_first_slider(page)
        assert before != after
        run_all(page)
        assert errors(page) == []
        figures.nth(figures_of(name) - 1).wait_for(state="attached")
        assert figures.count() == figures_of(name)
        before, after = move_first_slider(page)
        assert before != after


def _shut_down_kernels(page, address):
    api = page.request
    for session in api.get(f"{address}/api/sessions").json():
        kept = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        headers = {"X-XSRFToken": kept.get("_xsrf", "")}
        api.delete(f"{address}/api/sessions/{session['id']}", headers=headers)


def _start_kernels_by_itself(settings: Path):
    tracker = settings / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text('{"autoStartDefaultKernel": true}')


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
