"""Whatever is wrong with the pairs is said with the chapter's name and the way to mend it."""

import json

import pytest

from attention_book.__main__ import run
from attention_book.pipeline.check import check
from attention_book.pipeline.project import PipelineError
from tests.helpers.mini_book import cell


@pytest.fixture
def executed(book):
    book.pretend_executed()
    return book


def only_problem(book):
    problems = check(book.project)
    assert len(problems) == 1, problems
    return problems[0]


def test_an_executed_book_has_no_problem(executed):
    assert check(executed.project) == []


def test_a_changed_chapter_is_stale(executed):
    executed.chapter("02_two", cell("print('changed')"))
    problem = only_problem(executed)
    assert problem.where == "02_two"
    assert "stale: its text changed since the notebook was executed" in str(problem)
    assert "mend: make notebooks" in str(problem)


def test_changed_requirements_make_every_chapter_stale(executed):
    executed.write("requirements.txt", "numpy==2.0.1\n")
    problems = check(executed.project)
    assert [p.where for p in problems] == ["01_one", "02_two"]
    assert all("stale: requirements.txt changed since" in str(p) for p in problems)


def test_a_chapter_without_a_notebook_is_unpaired(executed):
    executed.notebook("01_one").unlink()
    problem = only_problem(executed)
    assert problem.where == "01_one"
    assert "unpaired: there is no notebooks/01_one.ipynb" in str(problem)
    assert "mend: make notebooks" in str(problem)


def test_a_notebook_without_a_chapter_is_unpaired(executed):
    executed.notebook("02_two").rename(executed.notebook("03_three"))
    messages = {p.where: str(p) for p in check(executed.project)}
    assert set(messages) == {"02_two", "03_three"}
    assert "has no chapter book/chapters/03_three.md" in messages["03_three"]
    assert "delete the notebook" in messages["03_three"]


def test_a_chapter_that_the_contents_leave_out(executed):
    toc = executed.root / "_toc.yml"
    toc.write_text(toc.read_text().replace("02_two", "02_other"))
    problem = only_problem(executed)
    assert problem.where == "02_two"
    assert "add the line `- file: notebooks/02_two` to _toc.yml" in str(problem)


def test_a_notebook_that_was_edited_by_hand(executed):
    path = executed.notebook("01_one")
    notebook = json.loads(path.read_text())
    notebook["cells"][2]["source"] = ["print('edited')"]
    path.write_text(json.dumps(notebook))
    problem = only_problem(executed)
    assert "the notebook is not what the text says: cell 2 differs in source" in str(problem)
    assert "notebooks --force 01_one" in str(problem)


def test_a_notebook_that_was_cut(executed):
    path = executed.notebook("01_one")
    notebook = json.loads(path.read_text())
    del notebook["cells"][2]
    path.write_text(json.dumps(notebook))
    assert "2 cells in the text, 1 in the notebook" in str(only_problem(executed))


def test_a_file_that_is_no_notebook(executed):
    executed.notebook("01_one").write_text("<<<<<<< conflict")
    problem = only_problem(executed)
    assert "is not a notebook that can be read" in str(problem)
    assert "make notebooks CHAPTER=01_one" in str(problem)


def test_a_book_without_chapters_or_contents(tmp_path, book):
    (book.root / "_toc.yml").unlink()
    with pytest.raises(PipelineError, match=r"_toc\.yml: the table of contents is missing"):
        check(book.project)
    for path in book.root.glob("book/chapters/*"):
        path.unlink()
    with pytest.raises(PipelineError, match="there is no chapter"):
        check(book.project)


def test_the_book_is_not_built_from_stale_notebooks(executed, capsys):
    executed.chapter("02_two", cell("print('changed')"))
    with pytest.raises(SystemExit, match="stopped: 1 problem"):
        run(["book"], executed.project)
    assert "02_two: stale" in capsys.readouterr().err
    assert not (executed.root / "_build").exists()


def test_a_chapter_is_chosen_by_number_name_or_file(book):
    for name in ("02", "02_two", "02_two.md", "book/chapters/02_two.md"):
        assert [c.name for c in book.project.select([name])] == ["02_two"]
    with pytest.raises(PipelineError, match="use one of: 01_one, 02_two"):
        book.project.select(["03"])


def test_a_number_chooses_a_main_page_with_its_side_pages_and_a_name_one_page(book):
    book.chapter("02_1_side", cell("x = 1"))
    assert [c.name for c in book.project.select(["02"])] == ["02_1_side", "02_two"]
    assert [c.name for c in book.project.select(["02_two"])] == ["02_two"]
    assert [c.name for c in book.project.select(["02_1_side"])] == ["02_1_side"]


def test_jupyterlab_folds_what_the_page_folds(book):
    tags = ("", "hide-input", "solution, hide-cell")
    book.chapter("01_one", "".join(cell(f"x = {k}", tags[k]) for k in range(3)))
    cells = book.project.chapters[0].read_text().cells
    folds = [one.metadata.get("jupyter") for one in cells if one.cell_type == "code"]
    both = {"source_hidden": True, "outputs_hidden": True}
    assert folds == [None, {"source_hidden": True}, both]
