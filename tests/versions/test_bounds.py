"""The versions that the library is tested on are those of pyproject.toml."""

import tomllib

import pytest

from attention_book.pipeline.project import ROOT
from tests.helpers.layers import LAYERS
from tests.versions import __main__ as versions
from tests.versions import bounds

PROJECT = {
    "requires-python": ">=3.11",
    "dependencies": ["numpy>=1.26"],
    "optional-dependencies": {
        "torch": ["torch>=2.4,<3", "tqdm >= 4.66"],
        "text": ["tokenizers>=0.20"],
        "widgets": ["matplotlib>=3.8"],
    },
}
PINS = {"numpy": "2.4.6", "torch": "2.13.0", "tqdm": "4.70.1"}


def settings():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_requirements_are_those_of_the_library_alone():
    asked = ["numpy>=1.26", "torch>=2.4,<3", "tqdm >= 4.66", "tokenizers>=0.20"]
    assert bounds.needed(PROJECT) == asked
    oldest = ["numpy==1.26", "torch==2.4", "tqdm==4.66", "tokenizers==0.20"]
    assert bounds.at_lower_bound(asked) == oldest


def test_what_the_library_imports_is_tested_at_its_oldest():
    imported = set().union(*(outside for _, outside in LAYERS["attention_lib"].values()))
    assert {bounds.name(line) for line in bounds.needed(settings()["project"])} == imported


@pytest.mark.parametrize("line", ["numpy", "numpy<3", "numpy==1.26"])
def test_a_requirement_without_a_lower_bound_is_refused(line):
    with pytest.raises(ValueError, match=f"'{line}' has no lower bound"):
        bounds.at_lower_bound([line])


def test_every_tool_is_pinned():
    pins = bounds.pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert set(versions.TOOLS) < set(pins)
    assert bounds.pins("# a==1\nnumpy==2.4.6\n\npytest-xdist==3.8.0\n") == {
        "numpy": "2.4.6",
        "pytest-xdist": "3.8.0",
    }


@pytest.mark.parametrize(
    ("installed", "same", "text"),
    [
        ({"torch": "2.13.0+cpu", "tqdm": "4.70.1"}, True, ["torch 2.13.0+cpu", "tqdm 4.70.1"]),
        (
            {"torch": "2.14.1", "numpy": "2.4.6"},
            False,
            ["torch 2.14.1 (pinned: 2.13.0)", "numpy 2.4.6"],
        ),
        ({"numpy": "2.4"}, False, ["numpy 2.4 (pinned: 2.4.6)"]),
    ],
)
def test_installed_versions_are_compared_with_the_pins(installed, same, text):
    assert bounds.same(installed, PINS) is same
    assert bounds.compared(installed, PINS) == text


def test_the_tests_run_with_the_options_of_the_project_but_without_its_notebooks():
    options = bounds.pytest_options(settings())
    assert "--import-mode=importlib" in options
    assert "--doctest-modules" in options
    assert not any("nbval" in option for option in options)


def test_the_oldest_versions_are_refused_without_the_oldest_python():
    assert bounds.oldest_python(PROJECT) == "3.11"
    with pytest.raises(SystemExit, match=r"need python3\.2, the oldest that"):
        versions.interpreter("oldest", {"requires-python": ">=3.2"})
