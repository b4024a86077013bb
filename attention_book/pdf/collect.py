"""What a browser shows of each page, taken when its pictures and formulas stand."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from ..pipeline.errors import PipelineError
from ..pipeline.project import Project
from .contents import Page

SCRIPT = Path(__file__).with_name("collect.js")
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# Views are ready and math is set where there are any; without a view the page says nothing of them.
READY = """() => {
  const done = document.documentElement.dataset;
  const has = (one) => document.querySelector(one) !== null;
  return (!has('script[type="application/vnd.jupyter.widget-view+json"]')
          || done.widgets === "ready") && (!has(".math") || done.math === "ready");
}"""
PATIENCE = 600_000  # milliseconds: a machine may be busy
WIDE = 620  # pixels of a column of text on A4 paper: pictures are drawn for this width
COLUMN = f".bd-main .bd-content .bd-article-container .bd-article {{ width: {WIDE}px !important; \
max-width: {WIDE}px !important; padding: 0 !important; }}"


@dataclass(frozen=True)
class Printed:
    """A page as it is printed: its title, its HTML, its answers, and what a test looks for."""

    page: Page
    title: str
    body: str
    answers: str
    sections: list
    captions: list
    rules: list
    sheets: list

    @property
    def name(self) -> str:
        return f"{self.page.number} {self.title}".strip()


def browser_path() -> str | None:
    """CHROMIUM, or the first Chromium of the system; None where there is none."""
    found = [os.environ.get("CHROMIUM"), *(shutil.which(name) for name in NAMES)]
    return next((path for path in found if path and Path(path).exists()), None)


@contextmanager
def light_context(browser=None):
    """A window of this browser, or of a headless one of its own: light colours, no motion."""
    with nullcontext(browser) if browser else chromium() as used:
        context = used.new_context(
            viewport={"width": 760, "height": 1000},
            color_scheme="light",
            reduced_motion="reduce",
            bypass_csp=True,  # the width of the column is set in a style of our own
        )
        context.set_default_timeout(PATIENCE)
        yield context
        context.close()


@contextmanager
def chromium():
    """A headless Chromium."""
    mend = "apt-get install chromium, or set CHROMIUM to the path of a Chromium or Chrome"
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        mend = "python -m pip install playwright"
        raise PipelineError("pdf", "playwright is not installed", mend) from error
    path = browser_path()
    if path is None:
        raise PipelineError("pdf", "there is no Chromium to print with", mend)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        except Error as error:
            raise PipelineError("pdf", f"{path} does not start: {error}", mend) from error
        yield browser
        browser.close()


def collect(context, project: Project, page: Page, slugs: dict[str, str]) -> Printed:
    """The page as it is printed."""
    tab = context.new_page()
    try:
        tab.goto((project.html / page.path).as_uri())
        tab.add_style_tag(content=COLUMN)
        tab.wait_for_function(READY)
        base = project.html.as_uri() + "/"
        taken = tab.evaluate(
            SCRIPT.read_text("utf8"), {"base": base, "slug": page.slug, "slugs": slugs}
        )
    finally:
        tab.close()
    return Printed(page=page, **taken)
