"""Every notebook begins with a cell that installs the book in Colab and does nothing elsewhere."""

import json

import pytest

from attention_book.__main__ import run
from attention_book.pipeline.address import Address, address_of
from attention_book.pipeline.check import check
from attention_book.pipeline.errors import PipelineError
from attention_book.pipeline.first_cell import is_first_cell, source, with_first_cell

URL = "https://github.com/someone/book"


def set_address(book, **repository):
    book.write("_config.yml", json.dumps({"repository": repository}))


def first_code(book, name="01_one"):
    cells = json.loads(book.notebook(name).read_text(encoding="utf-8"))["cells"]
    return next(cell for cell in cells if cell["cell_type"] == "code")


def test_without_an_address_there_is_none(book):
    assert address_of(book.root) is None
    for repository in ({}, {"url": ""}, {"url": None, "branch": "main"}):
        set_address(book, **repository)
        assert address_of(book.root) is None


@pytest.mark.parametrize(
    ("given", "url", "branch"),
    [
        ({"url": URL}, URL, "main"),
        ({"url": f"{URL}.git/", "branch": "v1.0"}, URL, "v1.0"),
        ({"url": "https://gitlab.com/someone/book", "branch": "a/b"}, None, "a/b"),
        ({"url": "file:///somewhere/book"}, None, "main"),
        ({"url": "https://git.example.org/deep/er/book"}, None, "main"),
    ],
)
def test_the_address_is_that_of_the_configuration(book, given, url, branch):
    set_address(book, **given)
    found = address_of(book.root)
    assert found == Address(url or given["url"], branch)
    assert found.package == f"git+{found.url}@{branch}"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"url": "github.com/someone/book"}, "url is 'github.com/someone/book'"),
        ({"url": "https://github.com/someone"}, 'write url: "https://github.com/OWNER/NAME"'),
        ({"url": f"{URL}/tree/main"}, 'or url: "" for none'),
        ({"url": f'{URL}"; rm'}, "repository: url is"),
        ({"url": URL, "branch": "a b"}, "branch is 'a b'"),
    ],
)
def test_what_is_no_address_is_refused(book, given, problem):
    set_address(book, **given)
    with pytest.raises(PipelineError, match=r"_config\.yml: repository: ") as error:
        address_of(book.root)
    assert problem in str(error.value)


def test_the_cell_is_the_first_with_code_hidden_on_the_page_and_put_in_once(book):
    notebook = book.project.chapters[0].read_text()
    for address in (None, Address(URL, "main")):
        notebook = with_first_cell(notebook, address)
        kinds = [(cell.cell_type, is_first_cell(cell)) for cell in notebook.cells]
        assert kinds == [("markdown", False), ("code", True), ("code", False)]
        assert notebook.cells[1].source == source(address)
        assert "remove-cell" in notebook.cells[1].metadata["tags"]


@pytest.mark.parametrize("address", [None, Address(URL, "main")])
def test_the_cell_is_short_and_does_nothing_outside_colab(address):
    text = source(address)
    assert len(text.splitlines()) <= 20
    assert max(map(len, text.splitlines())) <= 92
    names = {}
    exec(text, names)
    assert set(names) == {"__builtins__", "sys"}


def test_a_new_address_is_written_without_running_anything(book, capsys, monkeypatch):
    book.pretend_executed()
    set_address(book, url=URL, branch="v2")
    problems = [str(problem) for problem in check(book.project)]
    assert len(problems) == 2
    assert "its first cell does not install the book from the address" in problems[0]
    assert "it runs nothing for this" in problems[0]

    monkeypatch.setattr("attention_book.pipeline.execute.execute", lambda *_: pytest.fail("it ran"))
    run(["notebooks"], book.project)
    assert capsys.readouterr().out.count("renewed, nothing run") == 2
    assert f"git+{URL}@v2" in "".join(first_code(book)["source"])
    assert check(book.project) == []

    before = book.notebook("01_one").read_bytes()
    run(["notebooks"], book.project)
    assert capsys.readouterr().out.count("up to date") == 2
    assert book.notebook("01_one").read_bytes() == before


def test_an_edited_first_cell_is_found_and_mended(book):
    book.pretend_executed()
    path = book.notebook("02_two")
    path.write_text(path.read_text(encoding="utf-8").replace("google.colab", "google.collab"))
    assert [problem.where for problem in check(book.project)] == ["02_two"]
    run(["notebooks", "02"], book.project)
    assert check(book.project) == []


@pytest.mark.whole
def test_a_notebook_that_is_run_is_the_one_that_is_renewed(book, capsys):
    run(["notebooks", "01"], book.project)
    executed = book.notebook("01_one").read_bytes()
    counts = [cell.get("execution_count") for cell in json.loads(executed)["cells"]]
    assert counts == [None, 1, 2]
    set_address(book, url=URL)
    run(["notebooks", "01"], book.project)
    assert book.notebook("01_one").read_bytes() != executed
    set_address(book, url="")
    run(["notebooks", "01"], book.project)
    assert book.notebook("01_one").read_bytes() == executed
