"""The tool on a package of one file, whose tests are known to be weak in known places."""

import subprocess
import sys

import pytest

from tests.mutation import __main__ as tool
from tests.mutation import results

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
    rows = results.summary(record, {"tiny/numbers.py": "0123"})
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
    assert row["mutants"] == len(record["mutants"])
    assert row["score"] == results.score(row["killed"] + 1, row["mutants"]) < 100


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


def test_only_what_survived_can_be_tried_again(root, row):
    (root / "tests" / "test_more.py").write_text(
        "from tiny.numbers import unused\n\ndef test_unused():\n    assert unused(3) == 2\n"
    )
    file = "tiny/numbers.py"
    only = [[file, one["function"], one["change"]] for one in row["survivors"]]
    again = tool.run([file], ["tests/test_more.py"], root=root, only=only)
    ends = {(each["function"], each["outcome"]) for each in again["mutants"]}
    assert ends == {("unused", "killed"), ("Pair.total", "not reached")}
    after = results.after_again(row, results.summary(again, {file: "0123"})[file])
    assert after["mutants"] == row["mutants"]
    assert after["killed"] > row["killed"]
    assert {one["function"] for one in after["survivors"]} == {"Pair.total"}
    assert after["score"] > row["score"]


@pytest.fixture
def command(record, monkeypatch, tmp_path):
    """command(*arguments): the exit code and the stored rows, with no run but the one above."""
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "all_files", lambda: ["tiny/numbers.py"])
    monkeypatch.setattr(tool, "judges", lambda file: ["tests/test_numbers.py"])
    monkeypatch.setattr(tool.os, "nice", lambda step: 0)
    monkeypatch.setattr(results, "STORED", tmp_path / "results.json")
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "numbers.py").write_text(SOURCE)

    def run(*arguments, **changed):
        monkeypatch.setattr(tool, "run", lambda *args, **options: record | changed)
        return tool.main([*arguments]), results.load()

    return run


def test_what_was_tried_is_stored_and_tried_no_more_until_it_changes(command, tmp_path, capsys):
    code, rows = command(**{"left out": []})
    assert code == 1  # a low score
    assert "below 90%: tiny/numbers.py" in capsys.readouterr().out
    assert list(rows) == ["tiny/numbers.py"]
    assert rows["tiny/numbers.py"]["digest"] == results.digest(tmp_path / "tiny" / "numbers.py")
    assert command(**{"left out": []}) == (0, rows)
    (tmp_path / "tiny" / "numbers.py").write_text(SOURCE + "\n")
    assert command("--list")[0] == 0
    assert capsys.readouterr().out.splitlines()[-1] == "tiny/numbers.py"
    with pytest.raises(SystemExit):
        command("--again", "tiny/numbers.py")
    assert "--again needs a stored row" in capsys.readouterr().err


def test_nothing_is_stored_where_a_test_was_left_out_or_chosen(command, monkeypatch):
    monkeypatch.setattr(results, "LEAST", 10)
    assert command() == (1, {})
    assert command("--tests", "tests/test_numbers.py", **{"left out": []}) == (0, {})


def test_the_command_tells_how_it_is_used():
    command = [sys.executable, "-m", "tests.mutation", "--help"]
    done = subprocess.run(command, cwd=tool.ROOT, capture_output=True, text=True, check=True)
    assert "[FILE ...]" in done.stdout
