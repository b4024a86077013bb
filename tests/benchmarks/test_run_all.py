"""One command for all studies of speed: what it starts, and what it prints of their records."""

import json
import sys

import pytest


@pytest.fixture
def run_all(load):
    return load("run_all")


@pytest.fixture
def started(run_all, load, monkeypatch):
    """The commands; in the place of each study a record with one row that meets its target."""
    commands = []
    rows = load("rows")

    def run(command, *, check, env):
        assert check
        assert env["PYTHONPATH"].startswith(str(run_all.HERE.parent))
        commands.append(command)
        script, folder = command[1], command[command.index("--out") + 1]
        name = run_all.Path(script).stem
        row = rows.row("time", ours=name, theirs="theirs", ratio=2.0, target=1.0)
        record = {"results": [{"group": "window", "setting": {}, **row}]}
        (run_all.Path(folder) / f"{name}.json").write_text(json.dumps(record))

    monkeypatch.setattr(run_all.subprocess, "run", run)
    return commands


def call(run_all, monkeypatch, *options):
    monkeypatch.setattr(sys, "argv", ["run_all.py", *map(str, options)])
    run_all.main()


def test_every_study_runs_and_all_rows_are_in_one_table(
    run_all, started, monkeypatch, tmp_path, capsys
):
    call(run_all, monkeypatch, "--out", tmp_path)
    names = ["efficient_attention", "transformer_speed", "numpy_reference"]
    assert [run_all.Path(command[1]).stem for command in started] == names
    assert all(command[0] == sys.executable and "--tiny" not in command for command in started)
    printed = capsys.readouterr().out
    assert "study 2 of 3: transformer_speed" in printed
    lines = [line for line in printed.splitlines() if line.startswith("| window")]
    assert [line.split(" | ")[2] for line in lines] == names
    assert "3 of 3 targets met, 3 rows." in printed


def test_one_study_at_a_tiny_size(run_all, started, monkeypatch, tmp_path):
    call(run_all, monkeypatch, "--tiny", "--only", "numpy_reference", "--out", tmp_path)
    (command,) = started
    assert command[-1] == "--tiny"
    assert command[1].endswith("numpy_reference.py")


def test_a_study_that_is_not_there_is_refused(run_all, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        call(run_all, monkeypatch, "--only", "weather")
    assert "weather" in capsys.readouterr().err


def test_the_scripts_are_there(run_all):
    assert all((run_all.HERE / f"{name}.py").exists() for name in run_all.STUDIES)


def test_a_missed_target_and_none_at_all_are_counted(run_all):
    rows = [{"target": 1, "met": True}, {"target": 1, "met": False}, {"target": None, "met": None}]
    assert run_all.summary(rows) == "1 of 2 targets met, 3 rows."
