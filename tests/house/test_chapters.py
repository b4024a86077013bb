"""Every chapter keeps the template and the rules of CONTRIBUTING.md."""

import ast
import re
from statistics import median

import pytest

from attention_book.pipeline.check import check
from attention_book.pipeline.claims_lint import lint
from attention_book.pipeline.normalise import VIEW
from attention_book.pipeline.project import ROOT, Project
from tests.helpers.chapter_text import HIDDEN, ChapterText, bibliography, identifiers

PROJECT = Project()
CHAPTERS = [ChapterText(c) for c in PROJECT.chapters if c.notebook.is_file()]
QUESTION = re.compile(r'<div class="quiz">(.*?)</div>', re.DOTALL)
OPTION = re.compile(
    r'<details class="option">\s*<summary>(.*?)</summary>(.*?)</details>', re.DOTALL
)
FAR_REACHING = [
    r"from\s+\S+\s+import\s+\*",
    r"\bnp\.random\.seed\(",
    r"\bnp\.random\.(rand|randn|randint|normal|choice|permutation|shuffle)\(",
    r"\btorch\.(cuda\.)?manual_seed\(",
    r"(?<![\w.])random\.seed\(",
    r"warnings\.(filterwarnings|simplefilter)\(",
]
# Both are a failure of the pipeline too; here they say which chapter it is.
every_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)


@pytest.mark.whole
def test_every_chapter_has_its_up_to_date_notebook():
    assert [str(problem) for problem in check(PROJECT)] == []


def test_every_number_of_the_prose_is_claimed():
    assert [str(problem) for problem in lint(PROJECT)] == []


@every_chapter
def test_the_last_cell_shows_the_claims(chapter):
    tagged = [cell for cell in chapter.code if "claims" in cell.tags]
    assert tagged == chapter.code[-1:]
    assert tagged[0].source.count("check_claims(") == 1
    # It checks itself; the digit behind the printed ones follows the processor.
    assert "nbval-ignore-output" in tagged[0].tags


@every_chapter
def test_cells_are_short(chapter):
    """The code of a figure is folded and has an argument a line, as ruff formats it.

    The lesson is shown whole: the mechanism in the open has up to forty lines.
    """
    cells = [cell for cell in chapter.code if "claims" not in cell.tags]
    most = {"hide-input": 60, "lesson": 40, **dict.fromkeys(HIDDEN - {"hide-input"}, 25)}
    long = [
        (cell.number, cell.lines)
        for cell in cells
        if cell.lines > max([15, *(most[tag] for tag in cell.tags if tag in most)])
    ]
    assert long == []
    assert median(cell.lines for cell in cells if not cell.tags & HIDDEN) <= 6


@every_chapter
def test_functions_are_short_unless_they_are_the_lesson(chapter):
    long = [
        (cell.number, node.name)
        for cell in chapter.code
        if not cell.tags & {"lesson", "starter", "solution"}
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno + 1 > 10
    ]
    assert long == []


@every_chapter
def test_the_cell_that_defines_the_lesson_is_never_hidden(chapter):
    assert [c.number for c in chapter.code if "lesson" in c.tags and c.tags & HIDDEN] == []


@every_chapter
def test_every_picture_says_in_words_what_it_shows(chapter):
    """A cell that stored an image carries its description, a sentence and not a file name."""
    short = {}
    for cell in chapter.code:
        shown = [o.get("data", {}) for o in cell.outputs if VIEW not in o.get("data", {})]
        images = [data for data in shown if any("image/" in kind for kind in data)]
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if images and len(alt.split()) < 6:
            short[cell.number] = alt
    assert short == {}


@every_chapter
def test_a_cell_that_ends_in_an_expression_stored_an_output(chapter):
    """nbval lets a cell without stored output pass, so what is shown has to be stored."""
    bare = []
    for cell in chapter.code:
        last = ast.parse(cell.source).body[-1:] if cell.source.strip() else []
        silent = not last or cell.source.rstrip().endswith(";")
        if not silent and shows_something(last[0]) and not cell.outputs:
            bare.append(cell.number)
    assert bare == []


def shows_something(node) -> bool:
    """An expression, except calls that are made for their effect and return nothing."""
    if not isinstance(node, ast.Expr):
        return False
    is_call = isinstance(node.value, ast.Call)
    effect = ("use_style", "set_num_threads", "load_state_dict", "append", "update")
    return not (
        is_call and isinstance(node.value.func, ast.Attribute) and node.value.func.attr in effect
    )


@every_chapter
def test_no_stored_output_is_an_error(chapter):
    wrong = [c.number for c in chapter.code if any(o.output_type == "error" for o in c.outputs)]
    assert wrong == []


@every_chapter
def test_cells_do_nothing_that_reaches_beyond_them(chapter):
    for forbidden in FAR_REACHING:
        assert [c.number for c in chapter.code if re.search(forbidden, c.source)] == [], forbidden


@every_chapter
def test_the_prose_reads_the_same_in_a_plain_notebook(chapter):
    """No MyST directives, roles or targets, which JupyterLab and Colab would show as code."""
    for pattern in (r"^\s*(```+|:::+)\s*\{", r"\{[a-z][\w:-]*\}`", r"^\([\w-]+\)=\s*$", r"^%"):
        assert re.findall(pattern, chapter.prose, re.MULTILINE) == []


@every_chapter
def test_blocks_are_closed_and_hold_no_headings(chapter):
    for tag in ("div", "details", "summary"):
        opened = len(re.findall(rf"<{tag}\b", chapter.prose))
        assert opened == chapter.prose.count(f"</{tag}>"), tag
    inside = re.findall(r'<div class="\w+">(.*?)</div>', chapter.prose, re.DOTALL)
    assert [block for block in inside if re.search(r"^#", block, re.MULTILINE)] == []


@every_chapter
def test_every_question_has_exactly_one_right_answer(chapter):
    for question in QUESTION.findall(chapter.prose):
        options = OPTION.findall(question)
        first_words = [re.sub(r"\*", "", text).split(":")[0].strip() for _, text in options]
        assert len(options) >= 2, question
        assert sorted(first_words) == ["Not this one"] * (len(options) - 1) + ["Right"], question


@every_chapter
def test_an_exercise_in_code_has_layered_hints_and_a_folded_solution(chapter):
    """Read in the order of the page: starter, hints, solution, and again."""
    order = []
    for cell in chapter.cells:
        tags = set(cell.metadata.get("tags", []))
        hints = cell.source.count("<details><summary>Hint") if cell.cell_type == "markdown" else 0
        order += ["hint"] * hints + sorted(tags & {"starter", "solution"})
        if "solution" in tags:
            assert "hide-cell" in tags
    for exercise in " ".join(order).split("starter")[1:]:
        assert re.fullmatch(r"( hint){2,} solution ?", exercise), exercise


@every_chapter
def test_every_exercise_has_a_folded_answer(chapter):
    """In the text, or as a solution in code."""
    parts = re.split(r"^### Exercise .*$", chapter.flow, flags=re.MULTILINE)[1:]
    open_ones = [part[:80] for part in parts if not re.search(r"<details>|\{solution\}", part)]
    assert open_ones == []


def test_sources_and_bibliography_name_the_same_works():
    cited = set().union(*(identifiers(chapter.section("Sources")) for chapter in CHAPTERS))
    listed = bibliography(ROOT / "book" / "references.bib")
    assert cited - set().union(*listed) == set()
    assert [one for one in listed if not one & cited] == []


@every_chapter
def test_every_source_is_dated_and_linked(chapter):
    entries = re.findall(r"^- .*$", chapter.section("Sources"), re.MULTILINE)
    assert entries
    assert [entry for entry in entries if not re.search(r"\((1[89]|20)\d\d\)", entry)] == []
    # A journal of 1964 without a DOI is named with volume and pages instead.
    unlinked = [e for e in entries if not identifiers(e) and not re.search(r"\d+, \d+[-–]\d+", e)]
    assert unlinked == []
