"""Errors of the machine, in words: a full disk, a forbidden folder, a package, a port, no book."""

import errno
import shutil
import socket
import subprocess
import sys

import pytest

from attention_book import __main__ as main
from attention_book.pipeline import check, pages
from attention_book.pipeline.errors import PipelineError, free_megabytes, need_space
from attention_book.pipeline.ports import HOST, choose, is_free
from attention_book.pipeline.project import ROOT


def test_long_work_stops_before_a_full_disk(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=3_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(PipelineError, match=r"takes about 150 MB, and 3 MB are free(.|\n)*147 MB"):
        need_space(tmp_path, 150, "a build")
    need_space(tmp_path, 3, "something small")


def test_a_build_on_a_full_disk_keeps_the_pages(book, monkeypatch):
    book.write("_build/html/index.html", "old")
    usage = shutil.disk_usage(book.root)._replace(free=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(PipelineError, match="a build of the book takes"):
        pages.build(book.project)
    assert (book.root / "_build/html/index.html").read_text() == "old"


def test_space_is_that_of_the_nearest_folder_there_is(tmp_path):
    assert free_megabytes(tmp_path / "not" / "yet") > 0


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EACCES, "may not be read or written"),
        (errno.EROFS, "may not be read or written"),
    ],
)
def test_errors_of_the_system_name_the_place_and_the_mend(book, monkeypatch, number, words):
    def fail(project):
        raise OSError(number, "as the system says", str(book.root / "a_file"))

    monkeypatch.setattr(check, "check", fail)
    with pytest.raises(SystemExit) as stop:
        main.run(["check"], book.project)
    assert "a_file" in stop.value.code
    assert words in stop.value.code
    assert "mend:" in stop.value.code


def test_another_error_of_the_system_is_not_hidden(book, monkeypatch):
    def fail(project):
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(check, "check", fail)
    with pytest.raises(OSError, match="input/output error"):
        main.run(["check"], book.project)


def test_a_missing_package_is_named_with_its_python(book, monkeypatch):
    def fail(project):
        raise ModuleNotFoundError("No module named 'x'", name="jupytext")

    monkeypatch.setattr(check, "check", fail)
    with pytest.raises(SystemExit, match="'jupytext' is not installed in this Python"):
        main.run(["check"], book.project)


def test_a_taken_port_is_an_error_where_it_was_asked_for(book):
    book.write("_build/html/index.html", "x")
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(SystemExit, match=f"port {port} of {HOST} is taken"):
            main.run(["serve", "--port", str(port)], book.project)
        assert choose(None, port) != port
    assert choose(port, 1) == port


@pytest.mark.parametrize("port", ["0", "-1", "65536"])
def test_no_port_at_all(book, port):
    book.write("_build/html/index.html", "x")
    with pytest.raises(SystemExit, match="from 1 to 65535"):
        main.run(["serve", f"--port={port}"], book.project)


def test_a_folder_without_a_book(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(main, "__file__", str(tmp_path / "site" / "attention_book" / "main.py"))
    with pytest.raises(SystemExit, match="in the folder of the repository"):
        main.run(["check"])


def test_the_book_around_the_folder_is_found(book, monkeypatch):
    inside = book.root / "book" / "chapters"
    monkeypatch.chdir(inside)
    assert main._root() == book.root.resolve()


def test_without_a_command_they_are_listed(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["attention-book"])
    with pytest.raises(SystemExit) as stopped:
        main.run()
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert [name for name in main.COMMANDS if f"\n    {name}" not in said] == []


@pytest.mark.whole
def test_the_doctor_needs_no_installed_package():
    command = [sys.executable, "-S", "-m", "attention_book", "doctor"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "missing: " in done.stdout
    assert done.stderr == ""
