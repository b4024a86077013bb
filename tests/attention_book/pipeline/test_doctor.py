"""The doctor: every finding says how it stands, and what to do about it."""

import shutil

import pytest

from attention_book.__main__ import run
from attention_book.pipeline import doctor, ports
from attention_book.pipeline.doctor import NOTE, OK, PROBLEM


def _states(folder, *looks):
    return {one.what: one for look in looks for one in look(folder)}


def test_this_environment_passes(book, capsys, monkeypatch):
    monkeypatch.chdir(book.root)
    with pytest.raises(SystemExit) as stop:
        run(["doctor"])
    said = capsys.readouterr().out
    assert stop.value.code == (PROBLEM in said)
    for what in ("python", "packages", "folder", "disk", "machine", "chromium", "make", "pages"):
        assert what in said


def test_an_old_python_is_a_problem(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 4))
    found = _states(tmp_path, doctor._python)["python"]
    assert found.state == PROBLEM
    assert "3.11 or newer" in str(found)


def test_an_old_python_runs_no_command(book, monkeypatch):
    monkeypatch.setattr(doctor, "OLDEST", (99, 0))
    with pytest.raises(SystemExit, match=r"Python 3\.\d+\.\d+ is older"):
        run(["check"], book.project)


def test_missing_and_other_packages_are_named(tmp_path):
    (tmp_path / "requirements.txt").write_text("no-such-package==1.0\nnumpy==0.1\n# x==2\n")
    missing, other = doctor._packages(tmp_path)
    assert (missing.state, other.state) == (PROBLEM, NOTE)
    assert "no-such-package" in missing.found
    assert "numpy" in other.found
    assert "(pinned: 0.1)" in other.found


def test_installed_packages_pass(tmp_path):
    from importlib.metadata import version

    (tmp_path / "requirements.txt").write_text(f"numpy=={version('numpy')}\n")
    assert [one.state for one in doctor._packages(tmp_path)] == [OK]


def test_a_full_disk_is_a_problem(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=7_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    found = _states(tmp_path, doctor._disk)["disk"]
    assert found.state == PROBLEM
    assert "7 MB are free" in str(found)


def test_a_missing_browser_is_a_note_with_the_way_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    found = _states(tmp_path, doctor._browsers, doctor._make)
    assert [one.state for one in found.values()] == [NOTE] * 3
    assert "apt-get install chromium" in found["chromium"].mend
    assert "apt-get install firefox-esr" in found["firefox"].mend


def test_a_taken_port_is_a_note(tmp_path, monkeypatch):
    monkeypatch.setattr(ports, "is_free", lambda port: port != 8888)
    found = _states(tmp_path, doctor._port)
    assert (found["port 8000"].state, found["port 8888"].state) == (OK, NOTE)


def test_pages_are_missing_then_old_then_fine(book):
    def state():
        return next(doctor._pages(book.root))

    assert state().found == "not built yet"
    index = book.write("_build/html/index.html", "x")
    book.pretend_executed()
    assert state().found == "older than the notebooks"
    index.touch()
    assert state().state == OK


def test_a_check_that_fails_is_a_problem_and_no_crash(tmp_path, monkeypatch):
    def _broken(root):
        raise RuntimeError("no such thing")

    monkeypatch.setattr(doctor, "CHECKS", [_broken, doctor._folder])
    first, second = doctor.examine(tmp_path)
    assert (first.state, second.state) == (PROBLEM, OK)
    assert "no such thing" in first.found
