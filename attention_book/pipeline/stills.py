"""A still picture of each figure that moves, for readers that cannot run it.

GitHub, and JupyterLab for a notebook that it does not trust yet, show an image where they may not
start a widget. A real browser draws it from the stored state, once; a figure whose state has not
changed keeps its picture.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nbformat import NotebookNode
from PIL import Image

from .normalise import STATE, VIEW, linked_state

IMAGE = "image/png"
KEY = "attention_book"
WIDTH = 700
COLOURS = 32
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1"]
PAGE = """<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">
<link rel="stylesheet" href="{static}/vendor/widgets.css">
<style>body {{ margin: 0; background: white; width: {width}px;
  font: 16px/1.5 "Noto Sans", "DejaVu Sans", sans-serif; }}
div.still {{ padding: 8px; }} div.still details {{ display: none; }}
div.still::after {{ content: "A still picture. Run the notebook, and it moves."; color: #555; }}
</style>
<script defer src="{static}/vendor/widgets.js"></script>{figures}{state}</html>"""


def add_stills(notebook: NotebookNode, before: NotebookNode | None, static: Path) -> None:
    """Give every figure that moves its still picture: the one it had, or a new one.

    before   the notebook as it was stored, with the pictures that may be kept
    static   the folder with vendor/widgets.js and vendor/widgets.css

    Without a browser a changed figure has none.
    """
    known = _stored(before) | _stored(notebook)
    figures = [(_digest(notebook, output), output) for output in _figures(notebook)]
    new = {digest: output for digest, output in figures if digest not in known}
    known |= _drawn(notebook, new, static)
    for digest, output in figures:
        output.data.pop(IMAGE, None)
        output.metadata = {}
        if digest in known:
            output.data[IMAGE] = known[digest]
            output.metadata = {KEY: {"still_of": digest}}


def browser() -> str | None:
    """The Chromium that draws the pictures, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


def _figures(notebook: dict) -> list[dict]:
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    return [output for output in outputs if VIEW in output.get("data", {})]


def _stored(notebook: NotebookNode | None) -> dict[str, str]:
    figures = _figures(notebook) if notebook else []
    marks = [(figure["metadata"].get(KEY, {}), figure["data"].get(IMAGE)) for figure in figures]
    return {mark["still_of"]: image for mark, image in marks if mark and image}


def _digest(notebook: NotebookNode, output: NotebookNode) -> str:
    """A name for what the figure shows. The numbers of its models do not count."""
    stored = notebook.metadata["widgets"][STATE]["state"]
    state = dict(sorted(linked_state([{"outputs": [output]}], stored).items()))
    text = json.dumps(list(state.values()), sort_keys=True)
    for number, model in enumerate(state):
        text = text.replace(model, str(number))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _drawn(notebook: NotebookNode, outputs: dict[str, dict], static: Path) -> dict[str, str]:
    if not outputs or not browser() or not (static / "vendor" / "widgets.js").is_file():
        return {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as apart:
        page_file = Path(folder) / "figures.html"
        page_file.write_text(_page(notebook, list(outputs.values()), static), encoding="utf-8")
        # In a thread of its own: playwright refuses one in which an event loop runs already.
        shots = apart.submit(_shots, page_file).result()
    return dict(zip(outputs, map(_small, shots), strict=True))


def _shots(page_file: Path) -> list[bytes]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=ARGUMENTS)
        page = chromium.new_page(viewport={"width": WIDTH + 20, "height": 900})
        page.emulate_media(reduced_motion="reduce", color_scheme="light")
        page.goto(page_file.as_uri())
        page.wait_for_function("document.documentElement.dataset.widgets === 'ready'")
        page.evaluate("document.fonts.ready.then(() => true)")
        shots = [figure.screenshot() for figure in page.locator("div.still").all()]
        chromium.close()
    return shots


def _page(notebook: NotebookNode, outputs: list[dict], static: Path) -> str:
    views = "".join(f'<div class="still">{_script(VIEW, o["data"][VIEW])}</div>' for o in outputs)
    state = _script(STATE, notebook.metadata["widgets"][STATE])
    return PAGE.format(static=static.resolve().as_uri(), width=WIDTH, figures=views, state=state)


def _script(kind: str, content: dict) -> str:
    text = json.dumps(content).replace("</", "<\\/")
    return f'<script type="{kind}">{text}</script>'


def _small(shot: bytes) -> str:
    """The screenshot in a few colours, as a notebook stores it."""
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    file = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(file, "png", optimize=True)
    return base64.b64encode(file.getvalue()).decode()
