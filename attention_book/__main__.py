"""Make the book, read it and run it: notebooks from the chapters, pages from the notebooks."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from .pipeline import doctor
from .pipeline.errors import PipelineError, from_missing, from_system

# The packages that the book needs are imported where they are used: `doctor` runs without them.


def notebooks(project, options) -> None:
    """Execute the chapters whose notebooks are stale."""
    from .pipeline.check import stale_because
    from .pipeline.execute import execute
    from .pipeline.stills import browser
    from .pipeline.store import renew

    ran = 0
    if not browser():
        print("there is no Chromium: figures that change get no still picture", flush=True)
    for chapter in project.select(options.chapters):
        reason = "you ask for it" if options.force else stale_because(project, chapter)
        if not reason:
            done = "renewed, nothing run" if renew(project, chapter) else "up to date"
            print(f"{chapter.name}: {done}", flush=True)
            continue
        print(f"{chapter.name}: running because {reason}", flush=True)
        start = time.perf_counter()
        execute(project, chapter)
        print(f"{chapter.name}: done in {time.perf_counter() - start:.1f} s", flush=True)
        ran += 1
    print(f"{ran} notebook(s) executed; they are in notebooks/", flush=True)


def check_pairs(project, options) -> None:
    """Stop when a notebook is stale, unpaired or not in the table of contents."""
    from .pipeline.check import check

    _stop_on(check(project))
    print(f"{len(project.chapters)} chapter(s): every notebook is up to date", flush=True)


def lint_text(project, options) -> None:
    """Stop when a number of the prose has no claim, or when a page leaves the form."""
    from .pipeline.claims_lint import lint
    from .pipeline.page_lint import lint_pages, report

    print(report(project), flush=True)
    _stop_on([*lint(project), *lint_pages(project)])
    print(
        "every number of the prose is covered by a claim, and every page has the form", flush=True
    )


def begin_page(project, options) -> None:
    """Write a page in the settled form and enter it in _toc.yml."""
    from .pipeline.new_page import new_page

    path = new_page(project, options.name).relative_to(project.root).as_posix()
    print(f"{path}: written; now run: python -m attention_book notebooks {options.name}")


def build(project, options) -> None:
    """Check notebooks, numbers and the form of the pages, then build them."""
    from .pipeline import pages

    check_pairs(project, options)
    lint_text(project, options)
    pages.build(project)


def _build_if_older(project, options) -> None:
    from .pipeline.release import is_built

    if is_built(project):
        print("the pages are up to date", flush=True)
    else:
        build(project, options)


def zip_site(project, options) -> None:
    """Pack the pages and the notebooks into one zip, for a drive or a web server."""
    from .pipeline.zip_book import write_zip

    _build_if_older(project, options)
    _say_written(project, write_zip(project))


def pdf(project, options) -> None:
    """Print the whole book into one PDF (Chromium is needed)."""
    from .pdf.printing import print_book

    _build_if_older(project, options)
    _say_written(project, print_book(project)[0])


def _say_written(project, path: Path) -> None:
    size = path.stat().st_size / 1e6
    print(f"{path.relative_to(project.root).as_posix()}: written, {size:.1f} MB", flush=True)


def slides(project, options) -> None:
    """Make slides of the main pages, in _build/slides."""
    from .slides.write import write

    folder = project.root / "_build" / "slides"
    for deck in write(project, folder, options.chapters):
        print(f"{deck.name}: {len(deck.slides) + 1} slides", flush=True)
    index = (folder / "index.html").relative_to(project.root).as_posix()
    print(f"Open {index} in a browser: it lists the decks and their keys.", flush=True)


def serve(project, options) -> None:
    """Show the built pages on 127.0.0.1."""
    from .pipeline import pages

    pages.serve(project, options.port, open_browser=options.open)


def lab(project, options) -> None:
    """Open copies of the notebooks in JupyterLab; yours stay, the book's own are not touched."""
    from .pipeline.lab import lab

    lab(project, options.page, options.port, open_browser=not options.no_browser)


def student(project, options) -> None:
    """Write the notebooks for students: the pages without solutions and answers."""
    from .editions.make import make_student

    _stop_on_stale(project)
    folder = options.to or project.root / "_build" / "student"
    made = make_student(project, project.select(options.chapters), folder)
    print(f"{len(made)} notebook(s) for students are in {folder}")


def instructor(project, options) -> None:
    """Write the notebooks for instructors: everything open, with wrong answers and notes."""
    from .editions.make import make_instructor

    _stop_on_stale(project)
    folder = options.to or project.root / "_build" / "instructor"
    made = make_instructor(project, project.select(options.chapters), folder)
    print(f"{len(made)} notebook(s) for instructors are in {folder}")


def assignments(project, options) -> None:
    """Make a course for nbgrader: a release to hand out for each page, with hidden tests."""
    from .editions.course import Course

    _stop_on_stale(project)
    course = Course(options.course or project.root / "course")
    chapters = project.select(options.chapters)
    changed = course.make(chapters, seed=options.seed, force=options.force)
    print(f"{len(changed)} assignment(s) made anew, {len(chapters) - len(changed)} as before")
    print(f"hand out the folders in {course.folder / 'release'}")
    print(f"{course.folder / 'README.md'} says what follows")


def grades(project, options) -> None:
    """Grade what lies in course/submitted, write feedback, and the grades as CSV."""
    from .editions.course import Course

    course = Course(_course_folder(project, options))
    problems = course.grade(force=options.force)
    print(f"{len(course.submissions())} submission(s); grades are in {course.folder}/grades.csv")
    _stop_on(problems)


def formgrader(project, options) -> None:
    """Open the pages of nbgrader on which you grade answers in words."""
    from .editions.nbgrader_here import formgrader

    formgrader(_course_folder(project, options))


def _course_folder(project, options) -> Path:
    folder = options.course or project.root / "course"
    if not (folder / "source").is_dir():
        raise PipelineError(str(folder), "there are no assignments", "make assignments")
    return folder


def _stop_on_stale(project) -> None:
    from .pipeline.check import check

    _stop_on(check(project))


def concepts(project, options) -> None:
    """Write the concept table into the book."""
    from .pipeline import concept_table

    changed = concept_table.write(project)
    print(f"{concept_table.PAGE}: {'written' if changed else 'up to date'}", flush=True)


def show_progress(project, options) -> None:
    """Show your progress, or that in files of students; --csv writes it instead."""
    from .exercises import progress
    from .exercises.progress_file import ProgressError
    from .exercises.progress_table import of_a_class

    try:
        found = {file: progress(file) for file in options.files or [None]}
        if not options.csv:
            print("\n\n".join(map(str, found.values())))
        elif options.files:
            of_a_class(found, options.csv)
        else:
            found[None].to_csv(options.csv)
    except (OSError, ValueError, ProgressError) as error:
        problem = str(error).removeprefix("file: ")
        raise PipelineError("progress", problem, "name files that can be used") from None
    if options.csv:
        print(f"{options.csv}: written")


def write_lock(project, options) -> None:
    """Resolve pyproject.toml anew and write requirements.txt."""
    from .pipeline.lock import lock

    lock(project.root)
    print("requirements.txt written; the notebooks are stale now: make notebooks", flush=True)


def peers(project, options) -> None:
    """Install the packages that the speed studies compare with, into .peers."""
    from .pipeline.beside import PEERS

    print(f"{PEERS.folder.name}: {'installed' if PEERS.install() else 'up to date'}", flush=True)


def teaching(project, options) -> None:
    """Install what grading and a class on a hub need, into .teaching."""
    from .pipeline.beside import TEACHING

    done = "installed" if TEACHING.install() else "up to date"
    print(f"{TEACHING.folder.name}: {done}", flush=True)


def diagnose(options) -> None:
    """Say what this machine has of what the book needs, and how to get the rest."""
    findings = []
    for finding in doctor.examine(_root()):
        print(finding, flush=True)
        findings.append(finding.state)
    problems = findings.count(doctor.PROBLEM)
    print(f"{problems} problem(s), {findings.count(doctor.NOTE)} note(s)", flush=True)
    sys.exit(bool(problems))


def _stop_on(problems: list[PipelineError]) -> None:
    if problems:
        print("\n".join(str(problem) for problem in problems), file=sys.stderr)
        sys.exit(f"stopped: {len(problems)} problem(s), see above")


COMMANDS = {
    "build": build,
    "zip": zip_site,
    "pdf": pdf,
    "serve": serve,
    "lab": lab,
    "check": check_pairs,
    "lint": lint_text,
    "notebooks": notebooks,
    "new-page": begin_page,
    "slides": slides,
    "student": student,
    "instructor": instructor,
    "assignments": assignments,
    "grades": grades,
    "formgrader": formgrader,
    "concepts": concepts,
    "progress": show_progress,
    "lock": write_lock,
    "peers": peers,
    "teaching": teaching,
}
OTHER_NAMES = {"build": ["book"]}


def parser() -> argparse.ArgumentParser:
    main = argparse.ArgumentParser(prog="attention-book", description=__doc__)
    commands = main.add_subparsers(required=True, metavar="COMMAND", dest="command")
    made = {}
    for name, function in {**COMMANDS, "doctor": diagnose}.items():
        said = {"help": function.__doc__, "description": function.__doc__}
        made[name] = commands.add_parser(name, aliases=OTHER_NAMES.get(name, []), **said)
        made[name].set_defaults(function=function)
    made["notebooks"].add_argument("chapters", nargs="*", help="chapters to run (default: all)")
    made["notebooks"].add_argument("--force", action="store_true", help="run up-to-date ones too")
    made["new-page"].add_argument("name", help="03_masks: a main page; 03_1_masks: a side page")
    made["slides"].add_argument("chapters", nargs="*", help="main pages (default: all)")
    made["serve"].add_argument("--open", action="store_true", help="open the browser too")
    made["lab"].add_argument("page", nargs="?", default="", help="02: begin with this page")
    made["lab"].add_argument("--no-browser", action="store_true", help="print the address only")
    made["progress"].add_argument("files", nargs="*", help="files of progress (default: yours)")
    made["progress"].add_argument("--csv", metavar="FILE", help="write the rows there instead")
    for name in ("student", "instructor", "assignments"):
        made[name].add_argument("chapters", nargs="*", help="pages to write (default: all)")
    for name in ("student", "instructor"):
        made[name].add_argument("--to", type=Path, metavar="FOLDER", help="write there instead")
    made["assignments"].add_argument("--seed", type=int, default=1, help="of the hidden tests")
    for name in ("assignments", "grades", "formgrader"):
        made[name].add_argument("--course", type=Path, metavar="FOLDER", help="default: course")
    for name, what in [("assignments", "change what was handed in"), ("grades", "grade all anew")]:
        made[name].add_argument("--force", action="store_true", help=what)
    for name in ("serve", "lab"):
        made[name].add_argument("--port", type=int, help="use this port and no other")
    return main


def _root() -> Path:
    """The book in whose folder the command is called; else the one that this package is part of."""
    here = Path.cwd().resolve()
    places = [here, *here.parents, Path(__file__).resolve().parents[1]]
    for place in places:
        if (place / "book" / "chapters").is_dir() and (place / "_toc.yml").is_file():
            return place
    raise PipelineError(
        str(here),
        "there is no book in this folder, in those above it, or beside the installed package",
        "call attention-book in the folder of the repository",
    )


def _run(options, project) -> None:
    if options.command == "doctor":
        diagnose(options)
    if sys.version_info < doctor.OLDEST:
        version = ".".join(map(str, sys.version_info[:3]))
        mend = "make book PYTHON=python3.11, or call a newer Python by its name"
        raise PipelineError(sys.executable, f"Python {version} is older than 3.11", mend)
    if project is None:
        from .pipeline.project import Project

        project = Project(_root())
    options.function(project, options)


def run(arguments: list[str] | None = None, project=None) -> None:
    if arguments is None:
        arguments = sys.argv[1:]
    options = parser().parse_args(arguments or ["--help"])
    try:
        _run(options, project)
    except PipelineError as error:
        _stop(error)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("attention_"):
            raise
        _stop(from_missing(error, sys.executable))
    except OSError as error:
        known = from_system(error)
        if known is None:
            raise
        _stop(known)
    except KeyboardInterrupt:
        sys.exit("stopped: interrupted; the chapter that ran keeps its old notebook")


def _stop(error: PipelineError) -> None:
    sys.exit(f"{error}\nstopped: 1 problem, see above")


if __name__ == "__main__":
    run()
