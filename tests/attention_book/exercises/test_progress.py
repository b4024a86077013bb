"""A reader's progress: kept in one file, counted fairly, and never in the way of the feedback."""

import csv
import json
import subprocess
import sys

import pytest

from attention_book.__main__ import run
from attention_book.exercises import all_exercises, check, progress
from attention_book.exercises import progress_file as file
from attention_book.exercises.progress_note import is_printed
from attention_book.exercises.progress_table import PAGES, notebook_of
from attention_book.pipeline.environment import chapter_environment
from attention_book.pipeline.errors import PipelineError
from attention_book.pipeline.project import Project
from tests.helpers.toc import chapters

NAME = "worked_example.context"
N_PAGE = sum(name.startswith("worked_example.") for name in all_exercises())
N_BOOK = len(all_exercises())


def right(weights, value):
    return weights @ value


def wrong(weights, value):
    return weights


@pytest.fixture
def kept(tmp_path, monkeypatch):
    path = tmp_path / "own" / "kept.json"
    monkeypatch.setenv(file.VARIABLE, str(path))
    return path


def stand(here, book):
    return f"Page: {here} of {N_PAGE} exercises pass; book: {book} of {N_BOOK}."


def test_tries_and_the_first_pass_are_kept_and_shown_in_one_line(kept):
    assert check(NAME, wrong).progress == stand(0, 0)
    assert check(NAME, right).progress == stand(1, 1)
    first = json.loads(kept.read_text())["exercises"][NAME]["first_passed_at"]
    feedback = check(NAME, wrong)
    assert feedback.progress == stand(1, 1)  # once passed, it stays passed
    assert repr(feedback).splitlines()[-1] == f"  {stand(1, 1)}"
    assert f"<small>{stand(1, 1)}</small>" in feedback._repr_html_()
    check("choosing.regret", wrong)
    exercises = json.loads(kept.read_text())["exercises"]
    assert exercises[NAME] == {"tries": 3, "first_passed_at": first}
    assert exercises["choosing.regret"] == {"tries": 1, "first_passed_at": None}


def test_pages_that_share_a_folder_are_counted_apart(kept):
    assert "Page: 0 of 2 exercises" in check("choosing.regret", wrong).progress
    assert "Page: 0 of 2 exercises" in check("choosing.top_p", wrong).progress


@pytest.mark.parametrize(
    "surroundings",
    [{file.VARIABLE: "off"}, {file.VARIABLE: " OFF "}, {"CI": "true"}, {"CI": "1"}],
    ids=str,
)
def test_nothing_is_read_or_written_where_it_is_off(tmp_path, monkeypatch, surroundings):
    monkeypatch.delenv(file.VARIABLE)
    monkeypatch.setattr(file, "_data_folder", lambda: tmp_path)
    (tmp_path / file.NAME).write_text("damaged")
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    feedback = check(NAME, right)
    assert feedback.progress == ""
    assert "Page" not in repr(feedback) + feedback._repr_html_()
    assert progress().where.startswith("Not kept")
    assert [path.name for path in tmp_path.iterdir()] == [file.NAME]


def test_chapters_and_tests_run_with_it_off():
    assert chapter_environment()[file.VARIABLE] == file.OFF
    assert file.place() is None


@pytest.mark.parametrize("ci", ["", "0", "false"])
def test_the_users_folder_for_data_is_the_usual_place(tmp_path, monkeypatch, ci):
    monkeypatch.delenv(file.VARIABLE)
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert file.place() == tmp_path / "attention-book" / file.NAME
    monkeypatch.setenv(file.VARIABLE, str(tmp_path))
    assert file.place() == tmp_path / file.NAME


DAMAGED = {
    "no JSON": "{",
    "no text": b"\xff\xfe\x00",
    "nothing": "",
    "no object": "[]",
    "no exercises": '{"format": 1}',
    "a list of exercises": '{"format": 1, "exercises": []}',
    "no format": '{"exercises": {}}',
    "a format that never was": '{"format": 0, "exercises": {}}',
    "tries in words": '{"format": 1, "exercises": {"a.b": {"tries": "1"}}}',
    "no tries": '{"format": 1, "exercises": {"a.b": {"tries": 0, "first_passed_at": null}}}',
    "no date": '{"format": 1, "exercises": {"a.b": {"tries": 1, "first_passed_at": "now"}}}',
    "too deep": "[" * 100_000,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_set_aside_and_a_new_one_begins(kept, content):
    content = content if isinstance(content, bytes) else content.encode()
    kept.parent.mkdir()
    kept.write_bytes(content)
    feedback = check(NAME, right)
    assert feedback.passed
    (aside,) = kept.parent.glob("kept.damaged-*.json")
    assert aside.read_bytes() == content
    assert feedback.progress.startswith(stand(1, 1))
    assert f"was damaged; it lies in {aside}" in feedback.progress
    assert check(NAME, right).progress == stand(1, 1)


def test_the_file_of_a_newer_version_is_left_alone(kept):
    kept.parent.mkdir()
    newer = '{"format": 2, "what": "ever", "exercises": {}}'
    kept.write_text(newer)
    feedback = check(NAME, right)
    assert feedback.passed
    assert "was written by a newer version of the book: update it." in feedback.progress
    assert kept.read_text() == newer


def test_what_a_later_book_dropped_is_kept_and_not_counted(kept):
    kept.parent.mkdir()
    old = {"tries": 2, "first_passed_at": "2026-01-01T10:00:00+00:00"}
    kept.write_text(json.dumps({"format": 1, "exercises": {"gone.task": old}}))
    assert check(NAME, right).progress == stand(1, 1)
    assert json.loads(kept.read_text())["exercises"]["gone.task"] == old


def failing(error):
    def fail(*arguments, **options):
        raise error

    return fail


@pytest.mark.parametrize(
    ("where", "error", "words"),
    [
        ("replace_file", OSError(30, "Read-only file system"), "cannot be used (Read-only file"),
        ("replace_file", OSError(28, "No space left on device"), "(No space left on device)"),
        ("load", PermissionError(13, "Permission denied"), "(Permission denied)"),
        ("_data_folder", ModuleNotFoundError(name="platformdirs"), "pip install platformdirs"),
        ("_data_folder", RuntimeError("no home"), "RuntimeError: no home"),
    ],
)
def test_no_mishap_with_the_file_breaks_the_check(kept, monkeypatch, where, error, words):
    if where == "_data_folder":
        monkeypatch.delenv(file.VARIABLE)
        monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(file, where, failing(error))
    feedback = check(NAME, right)
    assert feedback.passed
    assert feedback.progress.startswith("Your progress is not kept: ")
    assert words in feedback.progress
    assert "\n" not in feedback.progress
    assert [path.name for path in kept.parent.glob("*")] in ([], ["kept.json.lock"])


def test_a_folder_that_cannot_be_made_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(file.VARIABLE, str(tmp_path / "file" / "kept.json"))
    assert "is not kept: " in check(NAME, right).progress
    assert progress().rows[0].tries == 0


def test_a_notebook_that_holds_the_file_is_waited_for_and_then_said(kept, monkeypatch):
    from filelock import FileLock

    monkeypatch.setattr(file, "PATIENCE", 0.05)
    kept.parent.mkdir()
    with FileLock(f"{kept}.lock"):
        assert "is not kept: " in check(NAME, right).progress
    assert check(NAME, right).progress == stand(1, 1)


WRITER = """
import sys
from pathlib import Path
from attention_book.exercises.progress_file import add
for k in range(30):
    add(Path(sys.argv[1]), sys.argv[2], k == 20)
    add(Path(sys.argv[1]), "both.task", False)
"""


@pytest.mark.whole
def test_two_notebooks_at_once_lose_nothing(tmp_path):
    path = tmp_path / "kept.json"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), f"page.{k}"]) for k in range(2)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    records = file.load(path)
    assert {name: one.tries for name, one in records.items()} == {
        "page.0": 30,
        "page.1": 30,
        "both.task": 60,
    }
    assert records["page.0"].passed
    assert not records["both.task"].passed


def request(source, **metadata):
    return {"content": {"code": source}, "metadata": metadata}


def test_only_the_books_own_cells_do_not_count():
    chapter = Project().select(["02_worked_example"])[0]
    cells = [c for c in chapter.read_notebook().cells if c.cell_type == "code"]
    assert all(is_printed(request(c.source, cellId=c.id)) for c in cells)
    assert not any(is_printed(request(f"{c.source} ", cellId=c.id)) for c in cells)
    assert is_printed(request("anything", tags=["solution"], cellId="12345678"))
    for metadata in ({}, {"cellId": "vscode-notebook-cell:/x"}, {"tags": ["starter"]}):
        assert not is_printed(request("x = 1", **metadata))
    assert not is_printed({})


def shell(message):
    """What IPython.get_ipython() gives in a kernel, as far as it is asked."""
    return type("Shell", (), {"get_parent": lambda self: message})()


def test_a_printed_solution_passes_and_does_not_count(kept, monkeypatch):
    import IPython

    monkeypatch.setattr(IPython, "get_ipython", lambda: shell(request("x", tags=["solution"])))
    feedback = check(NAME, right)
    assert feedback.passed
    assert feedback.progress == f"{stand(0, 0)} The printed solution does not count."
    assert check(NAME, wrong).progress == stand(0, 0)
    assert not kept.exists()
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell(request("x", tags=["starter"])))
    assert check(NAME, right).progress == stand(1, 1)


def test_the_table_has_a_line_for_each_page_and_one_for_the_book(kept):
    check(NAME, wrong)
    check(NAME, right)
    shown = progress()
    lines = repr(shown).splitlines()
    assert [line.split()[0] for line in lines[1:-2]] == list(PAGES)
    assert lines[1 + PAGES.index("02_worked_example")].split() == [
        *("02_worked_example", "1", str(N_PAGE), "2"),
    ]
    assert lines[-2].split() == ["the", "book", "1", str(N_BOOK), "2"]
    assert lines[-1] == f"Kept in {kept}."
    assert set(shown._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_the_pages_are_those_of_the_book_in_its_order():
    used = {notebook_of(exercise) for exercise in all_exercises().values()}
    names = [page.removeprefix("notebooks/").removesuffix(".html") for page in chapters()]
    assert [name for name in names if name in used] == list(PAGES)


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_csv_has_a_row_for_each_exercise(kept, tmp_path, capsys):
    check(NAME, right)
    progress().to_csv(tmp_path / "mine.csv")
    rows = read_csv(tmp_path / "mine.csv")
    assert sorted(row["exercise"] for row in rows) == sorted(all_exercises())
    (mine,) = [row for row in rows if row["tries"] != "0"]
    title = all_exercises()[NAME].title
    assert list(mine.values())[:-1] == ["02_worked_example", NAME, title, "1", "True", "1"]
    assert mine["first_passed_at"] == file.load(kept)[NAME].first_passed_at
    run(["progress", "--csv", str(tmp_path / "again.csv")])
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "mine.csv").read_bytes()
    assert "again.csv: written" in capsys.readouterr().out


def test_the_files_of_a_class_become_one_csv(kept, tmp_path, capsys):
    check(NAME, right)
    other = tmp_path / "other.json"
    other.write_text('{"format": 1, "exercises": {}}')
    run(["progress", str(kept), str(other), "--csv", str(tmp_path / "class.csv")])
    rows = read_csv(tmp_path / "class.csv")
    assert {row["file"] for row in rows} == {str(kept), str(other)}
    assert [row["file"] for row in rows if row["passed"] == "True"] == [str(kept)]
    run(["progress", str(other)])
    assert f"Kept in {other}." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words"), [(None, "^progress: there is no file"), ("{", "is damaged")]
)
def test_the_command_says_which_file_it_cannot_use(tmp_path, content, words):
    path = tmp_path / "one.json"
    if content:
        path.write_text(content)
    with pytest.raises(SystemExit, match=words) as stopped:
        run(["progress", str(path)])
    assert str(path) in str(stopped.value)
    assert isinstance(stopped.value.__context__, PipelineError)


KERNEL = "from attention_book.exercises import check\n"
TRY = f"print(check({NAME!r}, lambda weights, value: weights @ value).progress)"


@pytest.mark.whole
def test_a_kernel_knows_the_cell_that_runs(kept):
    """With the messages of JupyterLab, which sends a cell's metadata and its id."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel()
    try:
        said = [
            printed_by(client, KERNEL + TRY, metadata)
            for metadata in ({"tags": ["solution"]}, {"cellId": "12345678", "tags": ["starter"]})
        ]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert said == [f"{stand(0, 0)} The printed solution does not count.\n", f"{stand(1, 1)}\n"]


def printed_by(client, code, metadata):
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    message = client.session.msg("execute_request", content, metadata=metadata)
    client.shell_channel.send(message)
    text = ""
    while True:
        answer = client.get_iopub_msg(timeout=60)
        if answer["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            continue
        if answer["msg_type"] == "stream":
            text += answer["content"]["text"]
        if answer["content"].get("execution_state") == "idle":
            return text
