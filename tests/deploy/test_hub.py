"""A class on JupyterHub: the configuration itself, with real servers and simulated students."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from traitlets.config import PyFileConfigLoader

from attention_book.pipeline.beside import TEACHING
from attention_book.pipeline.project import ROOT
from attention_book.studies import load as load_study
from tests.helpers.toc import chapters

DEPLOY = ROOT / "deploy" / "jupyterhub"
CONFIG = DEPLOY / "jupyterhub_config.py"
GOOD = {"CLASS_PASSWORD": "x" * 8, "TEACHER_PASSWORD": "x" * 32}


@pytest.fixture
def hub_script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    before = set(sys.modules)
    yield importlib.import_module("class_on_a_hub")
    for name in {"class_on_a_hub", "student", "study"} & (set(sys.modules) - before):
        del sys.modules[name]


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """A function that reads the configuration under these variables, as JupyterHub does."""

    def read(names="teacher\nann\n", **variables):
        (tmp_path / "students.txt").write_text(names)
        given = {**GOOD, "HUB_STUDENTS": str(tmp_path / "students.txt"), **variables}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        loader = PyFileConfigLoader(CONFIG.name, path=str(DEPLOY))
        return loader.load_config()

    return read


def test_each_student_gets_a_container_with_limits(configured):
    made = configured("# the class\nteacher\nann # left handed\n\nbea\n")
    assert made.JupyterHub.spawner_class == "docker"
    assert made.Authenticator.allowed_users == {"teacher", "ann", "bea"}
    assert made.Authenticator.admin_users == {"teacher"}
    assert made.JupyterHub.active_server_limit == 3
    assert made.Spawner.mem_limit == 2 * 2**30
    assert made.Spawner.cpu_limit == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"CLASS_PASSWORD": "short"}, "CLASS_PASSWORD: expected at least 8 characters, got 5"),
        ({"TEACHER_PASSWORD": ""}, "TEACHER_PASSWORD: expected at least 32"),
        ({"names": "# nobody\n"}, "expected names of small letters and digits, got none"),
        ({"names": "teacher\n../root\n"}, r"got \['../root'\]"),
        ({"HUB_SPAWNER": "rocket"}, "expected docker or local, got 'rocket'"),
        ({"HUB_STUDENTS": "/no/such/file"}, "write one name a line"),
    ],
)
def test_what_is_wrong_stops_the_hub_in_words(configured, wrong, words):
    with pytest.raises(SystemExit, match=words):
        configured(**wrong)


def test_the_limit_of_memory_holds_the_heaviest_page_and_a_second_kernel(configured):
    """The server, the heaviest page, and a kernel of a usual page that was left open."""
    peaks = sorted(row["peak_mib"] for row in load_study("student_load").runs)
    server = load_study("class_on_a_hub").settings["memory"]["server"]["own_mib"]
    usual = peaks[len(peaks) // 2]
    limit = configured().Spawner.mem_limit / 2**20
    assert server + peaks[-1] + usual <= limit
    assert limit <= 2 * (server + peaks[-1] + usual)


def test_every_page_was_measured():
    measured = {row["page"] for row in load_study("student_load").runs}
    assert measured == {Path(name).stem for name in chapters()}


def test_the_class_that_was_measured_had_no_error():
    study = load_study("class_on_a_hub")
    assert study.settings["students"] == len(study.runs) >= 20
    assert [row["errors"] for row in study.runs] == [[]] * len(study.runs)


def test_how_many_fit_is_what_memory_leaves(hub_script):
    settings = load_study("class_on_a_hub").settings
    kinds = settings["memory"]
    assert hub_script.fitting(kinds, settings["shared_mib"]) == settings["fit"]
    assert hub_script.capacity(server=100, shared=360, around=1000, kernel=400) == 28


def test_the_guide_says_what_was_measured():
    """Every number of the section on a hub that was measured stands in the stored results."""
    guide = (ROOT / "book" / "teaching" / "running.md").read_text("utf8")
    told = guide[guide.index("## A class on JupyterHub") : guide.index("## Editions")]
    study, pages = load_study("class_on_a_hub"), load_study("student_load").runs
    kinds, fit = study.settings["memory"], study.settings["fit"]
    largest = max(pages, key=lambda row: row["own_mib"])
    around = kinds["hub"]["own_mib"] + kinds["proxy"]["own_mib"]
    assert f"| a student's server | {kinds['server']['own_mib']} MiB |" in told
    assert f"after that page | {kinds['kernel']['own_mib']} MiB |" in told
    assert f"page, [[{largest['page']}]] | {largest['own_mib']} MiB |" in told
    assert f"| hub and proxy | {around} MiB |" in told
    assert f"holds {fit['the page of this run']} students" in told
    assert f"and {fit[largest['page']]} with the largest" in told
    seconds = [row["cpu_seconds"] for row in pages]
    assert f"about {round(sum(seconds), -1):.0f} seconds of one core" in told
    assert sum(one < 10 for one in seconds) > len(seconds) / 2
    assert 80 < max(row["ready_seconds"] for row in study.runs) <= 90


def test_the_lock_of_the_proxy_names_no_registry():
    lock = json.loads((DEPLOY / "package-lock.json").read_text())
    entries = [entry for name, entry in lock["packages"].items() if name]
    assert entries
    assert all("integrity" in entry and "resolved" not in entry for entry in entries)
    package = json.loads((DEPLOY / "package.json").read_text())
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", one) for one in package["dependencies"].values())


@pytest.mark.whole
def test_students_log_in_and_run_a_page_each_in_a_folder_of_their_own(hub_script, tmp_path):
    if reason := hub_script.missing():
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with hub_script.running_hub(2, tmp_path) as hub:
        rows = [hub_script.work(hub, name, "02_2_way_back") for name in hub.names]
        assert [row["errors"] for row in rows] == [[], []]
        assert all(row["cells"] > 10 for row in rows)
        kinds, together, shared = hub_script.memory(hub)
        assert {name: one["count"] for name, one in kinds.items()} == {
            "kernel": 2,
            "server": 2,
            "proxy": 1,
            "hub": 1,
        }
        assert 0 < shared < together
        stranger = hub_script.Student(hub.url, "stranger", hub.password)
        with pytest.raises(RuntimeError, match="stranger cannot log in"):
            stranger.log_in()
        guesser = hub_script.Student(hub.url, hub.names[0], "not the password")
        with pytest.raises(RuntimeError, match="cannot log in"):
            guesser.log_in()
        assert requests.get(f"{hub.url}/user/{hub.names[1]}/api/contents").status_code in (403, 404)
    pages = sorted((tmp_path / "homes" / hub.names[0] / "attention").glob("*.ipynb"))
    assert len(pages) == len(chapters())
    assert not hub.process.is_running()


@pytest.mark.whole
def test_what_a_student_changed_is_kept_when_the_server_starts_again(tmp_path):
    """The script that starts a server, with a server that only says what it was given."""
    home, pages, programs = (tmp_path / name for name in ("home", "pages", "bin"))
    for folder in (home, pages, programs):
        folder.mkdir()
    for name, says in {"jupyterhub-singleuser": "$@", "jupyter": "$@ >> trusted"}.items():
        (programs / name).write_text(f"#!/bin/sh\necho {says}\n")
        (programs / name).chmod(0o755)
    (pages / "01 a.ipynb").write_text("the book's")
    environment = {
        "HOME": str(home),
        "HUB_NOTEBOOKS": str(pages),
        "PATH": f"{programs}:/usr/bin:/bin",
    }

    def start():
        command = [DEPLOY / "start_student.sh", "--port=1"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert start().stdout == "--port=1\n"
    mine = home / "attention" / "01 a.ipynb"
    assert mine.read_text() == "the book's"
    assert "attention/01 a.ipynb" in (home / "trusted").read_text()
    mine.write_text("mine")
    (pages / "02.ipynb").write_text("new")
    start()
    assert mine.read_text() == "mine"
    assert (home / "attention" / "02.ipynb").read_text() == "new"


def test_the_pins_hold_what_the_hub_imports():
    assert TEACHING.versions()["jupyterhub"].split(".")[0] >= "5"
