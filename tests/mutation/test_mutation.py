"""The tool on a package of one file, whose tests are known to be weak in known places."""

import json
import subprocess
import sys

import pytest

from tests.mutation import __main__ as tool

SOURCE = '''"""A file."""

from typing import NamedTuple


def double(x, factor=2):
    """Not this text."""
    return x * factor


def unused(x):
    return x - 1


def count_down(n):
    while n > 0:
        n = n - 1
    return n


class Pair(NamedTuple):
    left: int
    right: int

    def total(self):
        return self.left + self.right

    @classmethod
    def twice(cls, x):
        return cls(x, double(x))

    @property
    def first(self):
        return self.left + 0
'''

TESTS = """
import pytest
from tiny.numbers import Pair, count_down, double


@pytest.fixture(scope="module")
def pair():
    return Pair.twice(3)


def test_double():
    assert double(3) == 6


def test_the_pair(pair):
    assert isinstance(pair.total(), int)


def test_the_pair_again(pair):
    assert pair.right == 6


def test_count_down():
    assert count_down(3) == 0


def test_that_fails_anyway():
    assert double(1) == 3
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("tiny")
    (root / "tiny").mkdir()
    (root / "tiny" / "numbers.py").write_text(SOURCE)
    (root / "tests").mkdir()
    (root / "tests" / "test_numbers.py").write_text(TESTS)
    return root


@pytest.fixture(scope="module")
def record(root):
    record = tool.run(["tiny/numbers.py"], ["tests/test_numbers.py"], root=root, jobs=2)
    assert (root / "tiny" / "numbers.py").read_text() == SOURCE
    return record


@pytest.fixture(scope="module")
def row(record):
    rows = tool.summary(record)
    assert list(rows) == ["tiny/numbers.py"]
    return rows["tiny/numbers.py"]


def test_what_no_test_notices_survives_and_is_shown_where_it_is(row):
    found = [(each["function"], each["line"], each["change"]) for each in row["survivors"]]
    assert (
        "Pair.total",
        26,
        "- return self.left + self.right\n+ return self.left - self.right",
    ) in found
    assert {function for function, _, _ in found} == {"Pair.total", "unused"}


def test_what_no_test_reaches_is_no_success(row):
    ends = {each["function"]: each["outcome"] for each in row["survivors"]}
    assert ends == {"Pair.total": "survived", "unused": "not reached"}


def test_an_endless_loop_counts_as_noticed(record, row):
    late = [mutant["change"] for mutant in record["mutants"] if mutant["outcome"] == "timeout"]
    assert late == ["- n = n - 1\n+ n = n + 1"]
    assert row["timeout"] == 1
    assert row["mutants"] == row["killed"] + row["timeout"] + row["survived"]
    assert row["score"] == tool.score(row["killed"] + 1, row["mutants"]) < 100


def test_methods_and_class_methods_are_mutated_and_docstrings_are_not(record):
    functions = {mutant["function"] for mutant in record["mutants"]}
    assert functions == {"double", "unused", "count_down", "Pair.total", "Pair.twice"}
    assert not any("this text" in mutant["change"].lower() for mutant in record["mutants"])


def test_a_decorated_function_is_named_as_not_mutated(row):
    assert row["not mutated"] == ["Pair.first"]


def test_a_test_that_fails_without_a_mutant_is_left_out_and_named(record):
    assert len(record["left out"]) == 1
    assert "test_that_fails_anyway" in record["left out"][0]


def test_all_means_every_file_of_the_layers_that_holds_a_function():
    files = tool.all_files()
    assert "attention_lib/reference/softmax.py" in files
    assert "attention_lib/modules/scored.py" in files
    assert not any(file.endswith("__init__.py") for file in files)


def test_a_file_is_judged_by_its_layer_and_by_the_properties():
    tests = tool.judges("attention_lib/reference/lstm.py")
    assert "tests/attention_lib/reference/test_lstm.py" in tests
    assert {path.split("/")[2] for path in tests if "/attention_lib/" in path} == {"reference"}
    assert "tests/properties/test_attention.py" in tool.judges(
        "attention_lib/reference/attention.py"
    )


def test_only_what_survived_can_be_tried_again(root, record, tmp_path):
    path = tmp_path / "mutation.json"
    tool.store(tool.summary(record), 1.0, [], 1, path)
    (root / "tests" / "test_more.py").write_text(
        "from tiny.numbers import unused\n\ndef test_unused():\n    assert unused(3) == 2\n"
    )
    again = tool.run(
        ["tiny/numbers.py"], ["tests/test_more.py"], root=root, only=tool.survivors(path)
    )
    ends = {(each["function"], each["outcome"]) for each in again["mutants"]}
    assert ends == {("unused", "killed"), ("Pair.total", "not reached")}


def test_the_score_is_rounded_down():
    assert tool.score(1999, 2000) == 99.9
    assert tool.score(0, 0) == 100.0


def test_the_stored_result_names_command_date_and_versions(record, tmp_path):
    path = tmp_path / "mutation.json"
    tool.store(tool.summary(record), 12.3, ["tiny/numbers.py"], 2, path)
    stored = json.loads(path.read_text())
    assert stored["command"] == "python -m tests.mutation tiny/numbers.py"
    assert {"python", "mutmut", "numpy", "torch"} == set(stored["versions"])
    assert stored["total"]["mutants"] == len(record["mutants"])
    assert stored["files"]["tiny/numbers.py"]["survivors"][0]["function"] == "unused"
    assert stored["total"]["survived"] == len(tool.survivors(path))
    assert tool.survivors(path)[0] == [
        "tiny/numbers.py",
        "unused",
        "- return x - 1\n+ return x + 1",
    ]


def test_a_file_below_the_least_score_makes_the_command_fail(record, monkeypatch, capsys):
    monkeypatch.setattr(tool, "run", lambda *args, **options: record)
    monkeypatch.setattr(tool.os, "nice", lambda step: 0)
    command = ["tiny/numbers.py", "--tests", "tests/test_numbers.py", "--least", "99"]
    assert tool.main(command) == 1
    assert "below 99%: tiny/numbers.py" in capsys.readouterr().out
    assert tool.main([*command[:-1], "10"]) == 1  # for a test was left out
    record_without = record | {"left out": []}
    monkeypatch.setattr(tool, "run", lambda *args, **options: record_without)
    assert tool.main([*command[:-1], "10"]) == 0


def test_the_command_tells_how_it_is_used():
    command = [sys.executable, "-m", "tests.mutation", "--help"]
    done = subprocess.run(command, cwd=tool.ROOT, capture_output=True, text=True, check=True)
    assert "[FILE ...]" in done.stdout
