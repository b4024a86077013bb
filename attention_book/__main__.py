"""Make the book: notebooks from the chapters, pages from the notebooks."""

from __future__ import annotations

import argparse
import sys
import time

from .pipeline import concept_table
from .pipeline.check import check, stale_because
from .pipeline.claims_lint import lint
from .pipeline.execute import execute
from .pipeline.lock import lock
from .pipeline.new_page import new_page
from .pipeline.page_lint import lint_pages, report
from .pipeline.pages import build, serve
from .pipeline.project import PipelineError, Project


def notebooks(project: Project, options) -> None:
    """Execute the chapters whose notebooks are stale."""
    ran = 0
    for chapter in project.select(options.chapters):
        reason = "you ask for it" if options.force else stale_because(project, chapter)
        if not reason:
            print(f"{chapter.name}: up to date", flush=True)
            continue
        print(f"{chapter.name}: running because {reason}", flush=True)
        start = time.perf_counter()
        execute(project, chapter)
        print(f"{chapter.name}: done in {time.perf_counter() - start:.1f} s", flush=True)
        ran += 1
    print(f"{ran} notebook(s) executed; they are in notebooks/", flush=True)


def check_pairs(project: Project, options) -> None:
    """Stop when a notebook is stale, unpaired or not in the table of contents."""
    _stop_on(check(project))
    print(f"{len(project.chapters)} chapter(s): every notebook is up to date", flush=True)


def lint_text(project: Project, options) -> None:
    """Stop when a number of the prose has no claim, or when a page leaves the form."""
    print(report(project), flush=True)
    _stop_on([*lint(project), *lint_pages(project)])
    print(
        "every number of the prose is covered by a claim, and every page has the form", flush=True
    )


def begin_page(project: Project, options) -> None:
    """Write a page in the settled form and enter it in _toc.yml."""
    path = new_page(project, options.name).relative_to(project.root).as_posix()
    print(f"{path}: written; now run: python -m attention_book notebooks {options.name}")


def book(project: Project, options) -> None:
    """Check notebooks, numbers and the form of the pages, then build them."""
    check_pairs(project, options)
    lint_text(project, options)
    build(project)


def show(project: Project, options) -> None:
    """Show the built pages on 127.0.0.1."""
    serve(project)


def concepts(project: Project, options) -> None:
    """Write the concept table into the book."""
    changed = concept_table.write(project)
    print(f"{concept_table.PAGE}: {'written' if changed else 'up to date'}", flush=True)


def write_lock(project: Project, options) -> None:
    """Resolve pyproject.toml anew and write requirements.txt."""
    lock(project.root)
    print("requirements.txt written; the notebooks are stale now: make notebooks", flush=True)


def _stop_on(problems: list[PipelineError]) -> None:
    if problems:
        print("\n".join(str(problem) for problem in problems), file=sys.stderr)
        sys.exit(f"stopped: {len(problems)} problem(s), see above")


COMMANDS = {
    "notebooks": notebooks,
    "check": check_pairs,
    "lint": lint_text,
    "new-page": begin_page,
    "book": book,
    "serve": show,
    "concepts": concepts,
    "lock": write_lock,
}


def parser() -> argparse.ArgumentParser:
    main = argparse.ArgumentParser(prog="python -m attention_book", description=__doc__)
    commands = main.add_subparsers(required=True, metavar="COMMAND")
    for name, function in COMMANDS.items():
        command = commands.add_parser(name, help=function.__doc__, description=function.__doc__)
        command.set_defaults(function=function)
        if name == "notebooks":
            command.add_argument("chapters", nargs="*", help="chapters to run (default: all)")
            command.add_argument("--force", action="store_true", help="run up-to-date ones too")
        if name == "new-page":
            command.add_argument("name", help="03_masks: a main page; 03_1_masks: a side page")
    return main


def run(arguments: list[str] | None = None, project: Project | None = None) -> None:
    options = parser().parse_args(arguments)
    try:
        options.function(project or Project(), options)
    except PipelineError as error:
        sys.exit(f"{error}\nstopped: 1 problem, see above")
    except KeyboardInterrupt:
        sys.exit("stopped: interrupted; the chapter that ran keeps its old notebook")


if __name__ == "__main__":
    run()
