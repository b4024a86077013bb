"""Print the whole book: collect the pages, set them in one document, print, number, finish."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tqdm import tqdm

from ..pipeline.errors import PipelineError
from ..pipeline.project import Project
from ..pipeline.release import commit_date, version
from .collect import WIDE, Printed, collect, light_context
from .contents import Page, tree
from .document import text_of

NUMBER = """(numbers) => {
  for (const one of document.querySelectorAll(".page-of")) {
    one.textContent = numbers[one.dataset.of] ?? "000";
  }
}"""
# Links to pages that are not printed become words; returns where they led.
LOOSE = """() => [...document.querySelectorAll("a[href^='#']")].flatMap((link) => {
  const name = decodeURIComponent(link.getAttribute("href").slice(1));
  if (document.getElementById(name)) return [];
  link.replaceWith(...link.childNodes);
  return [name];
})"""
FIT = Path(__file__).with_name("fit.js")
SHEET = {"width": 619.4, "height": 948.6}  # pixels of text: A4 without the margins of print.css
MOST = 15_000_000  # bytes of the whole book
PASSES = 4  # a number that is longer than its place could move a line; then it is printed again


def pdf_path(project: Project) -> Path:
    return project.root / "_build" / f"attention-computed-{version(project)}.pdf"


def print_book(
    project: Project, names: list[str] | None = None, path: Path | None = None, browser=None
) -> tuple[Path, list[Printed]]:
    """Print the pages (all, or those of these short names); returns the path and the pages.

    `browser`: one that is open already; without it one is started.
    """
    try:
        from .finish import finish
    except ImportError as error:
        raise PipelineError(
            "pdf", f"{error.name} is not installed", f"python -m pip install {error.name}"
        ) from error
    pages = [page for top in tree(project) for page in top.all()]
    slugs = {page.path: page.slug for page in pages}
    chosen = [page for page in pages if not names or page.slug in names]
    path = path or pdf_path(project)
    steps = tqdm(total=len(chosen) + PASSES - 1, unit="step", desc="printing the book")
    with steps, light_context(browser) as context, tempfile.TemporaryDirectory() as folder:
        printed = [_collected(context, project, page, slugs, steps) for page in chosen]
        raw, loose = _print(context, text_of(printed, project), Path(folder), steps)
        finish(raw, path, printed, commit_date(project))
        steps.update(steps.total - steps.n)
    if not names:
        _judge(path, loose)
    return path, printed


def _judge(path: Path, loose: list[str]) -> None:
    """Stop when the whole book has a link without a goal, or is too heavy to send."""
    if loose:
        mend = "mend these links; each is the short name of a page, then that of a place"
        raise PipelineError("pdf", f"links lead nowhere: {', '.join(sorted(set(loose)))}", mend)
    if (size := path.stat().st_size) > MOST:
        problem = f"{size / 1e6:.1f} MB, more than {MOST / 1e6:.0f}"
        raise PipelineError("pdf", problem, "look for large images: pdfimages -list")


def _collected(context, project: Project, page: Page, slugs: dict, steps) -> Printed:
    steps.set_postfix_str(page.slug)
    taken = collect(context, project, page, slugs)
    steps.update()
    return taken


def _print(context, text: str, folder: Path, steps) -> tuple[Path, list[str]]:
    """Print until the page numbers in the text are those of the sheets; also the loose links."""
    from .finish import page_numbers

    document, raw = folder / "book.html", folder / "book.pdf"
    document.write_text(text, "utf8")
    tab = context.new_page()
    tab.set_viewport_size({"width": WIDE, "height": 1000})
    tab.emulate_media(media="print")
    tab.goto(document.as_uri())
    tab.evaluate("document.fonts.ready.then(() => true)")
    loose = tab.evaluate(LOOSE)
    tab.evaluate(FIT.read_text("utf8"), SHEET)
    numbers: dict[str, int] = {}
    for _ in range(PASSES):
        steps.set_postfix_str("sheets")
        tab.evaluate(NUMBER, numbers)
        tab.pdf(path=raw, prefer_css_page_size=True, print_background=True, tagged=True)
        steps.update()
        before, numbers = numbers, page_numbers(raw)
        if numbers == before:
            return raw, loose
    raise PipelineError("pdf", "the page numbers do not settle", "print with fewer pages")
