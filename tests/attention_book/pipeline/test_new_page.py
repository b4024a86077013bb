"""A new page runs, passes the lint and the rules of the house, and can be built, as it is."""

import inspect
import shutil

import pytest
import yaml

from attention_book.__main__ import run
from attention_book.pipeline import new_page as module
from attention_book.pipeline.claims_lint import lint
from attention_book.pipeline.execute import execute
from attention_book.pipeline.new_page import new_page
from attention_book.pipeline.page_lint import lint_pages
from attention_book.pipeline.pages import build
from attention_book.pipeline.project import ROOT, PipelineError, Project
from tests.helpers.chapter_text import ChapterText
from tests.house import test_chapters as house

MAIN, SIDE = "03_masks", "03_1_fills"


def files(book):
    return yaml.safe_load((book.root / "_toc.yml").read_text())["parts"][0]["chapters"]


def test_a_main_page_stands_among_the_chapters_and_a_side_page_below_it(book):
    run(["new-page", MAIN], book.project)
    run(["new-page", SIDE], book.project)
    run(["new-page", "04_heads"], book.project)
    assert [one["file"] for one in files(book)] == [
        "notebooks/01_one",
        "notebooks/02_two.ipynb",
        f"notebooks/{MAIN}",
        "notebooks/04_heads",
    ]
    assert files(book)[2]["sections"] == [{"file": f"notebooks/{SIDE}"}]


def test_side_pages_are_sorted(book):
    for name in ("01_2_later", "01_1_before"):
        new_page(book.project, name)
    assert [one["file"][-9:] for one in files(book)[0]["sections"]] == ["_1_before", "1_2_later"]


def test_the_rest_of_the_contents_stays_as_it_is(book):
    """To the byte, except for the line that is new."""
    shutil.copy(ROOT / "_toc.yml", book.root)
    before = (book.root / "_toc.yml").read_text().splitlines()
    new_page(book.project, "99_last")
    after = (book.root / "_toc.yml").read_text().splitlines()
    assert [line for line in after if line not in before] == ["      - file: notebooks/99_last"]
    assert [line for line in after if line in before] == before


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("masks", "masks: no name of a page"),
        ("3_masks", "no name of a page"),
        ("03_Masks", "no name of a page"),
        ("01_other", "01_one has this number"),
        ("05_1_side", "chapter 05 has no main page"),
    ],
)
def test_what_is_no_new_page_is_refused_and_nothing_written(book, name, says):
    before = sorted(book.root.rglob("*"))
    with pytest.raises(PipelineError, match=says):
        new_page(book.project, name)
    assert sorted(book.root.rglob("*")) == before


def test_only_a_main_page_has_the_sections_of_a_chapter(book):
    main, side = (new_page(book.project, name).read_text() for name in (MAIN, SIDE))
    for text in (main, side):
        assert "MINUTES" not in text
        assert "main page -->" not in text
    assert "## The mechanism in the open" in main
    assert "## The mechanism in the open" not in side


def test_the_skeleton_comes_with_the_package():
    assert module.SKELETON.is_file()
    package_data = (ROOT / "pyproject.toml").read_text().split("attention_book = [")[1]
    assert '"pipeline/*.md"' in package_data[: package_data.index("]")]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A book of the two kinds of page, executed with the real packages."""
    root = tmp_path_factory.mktemp("book")
    for name in ("attention_lib", "attention_book", "requirements.txt", "_config.yml"):
        (root / name).symlink_to(ROOT / name)
    (root / "book" / "chapters").mkdir(parents=True)
    for name in ("static", "notation.md", "references.bib"):
        (root / "book" / name).symlink_to(ROOT / "book" / name)
    (root / "book" / "intro.md").write_text("# The book\n")
    part = {"caption": "Chapters", "chapters": []}
    toc = {"format": "jb-book", "root": "book/intro", "parts": [part]}
    (root / "_toc.yml").write_text(yaml.safe_dump(toc))
    for name in (MAIN, SIDE):
        new_page(Project(root), name)
    project = Project(root)
    for chapter in project.chapters:
        execute(project, chapter)
    return project


RULES = [
    rule
    for name, rule in vars(house).items()
    if name.startswith("test_") and list(inspect.signature(rule).parameters) == ["chapter"]
]


@pytest.mark.whole
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_new_pages_keep_the_rules_of_the_house(real, rule):
    for chapter in real.chapters:
        rule(ChapterText(chapter))


@pytest.mark.whole
def test_new_pages_pass_the_lint_and_can_be_built(real):
    assert [*lint(real), *lint_pages(real)] == []
    build(real)
    for name in (MAIN, SIDE):
        page = (real.html / "notebooks" / f"{name}.html").read_text()
        assert "What is the question of this page?" in page
