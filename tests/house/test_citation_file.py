"""CITATION.cff keeps the rules of its schema, and the changelog those of its form."""

import re
import tomllib

import yaml

from attention_book.pipeline.project import ROOT

CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
CHANGES = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# The schema 1.2.0 of the Citation File Format: what must be there, and what else may.
REQUIRED = {"cff-version", "message", "title", "authors"}
OPTIONAL = {
    "abstract",
    "commit",
    "contact",
    "date-released",
    "doi",
    "identifiers",
    "keywords",
    "license",
    "license-url",
    "preferred-citation",
    "references",
    "repository",
    "repository-artifact",
    "repository-code",
    "type",
    "url",
    "version",
}
CHANGED = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_keys_are_those_of_the_schema():
    assert set(CITED) >= REQUIRED
    assert set(CITED) - REQUIRED <= OPTIONAL


def test_the_values_have_their_types():
    assert CITED["cff-version"] == "1.2.0"
    assert CITED["type"] in ("software", "dataset")
    assert all(set(one) == {"name"} for one in CITED["authors"])  # an entity, no person
    for key in ("message", "title", "abstract"):
        assert isinstance(CITED[key], str)
        assert CITED[key].strip()
    assert all(isinstance(one, str) for one in CITED["keywords"])
    assert len(set(CITED["keywords"])) == len(CITED["keywords"])


def test_it_says_what_the_project_says():
    assert CITED["version"] == PROJECT["version"]
    assert CITED["license"] == [PROJECT["license"], "CC-BY-4.0"]
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert CITED["title"] == config["title"]
    assert [one["name"] for one in CITED["authors"]] == [config["author"]]


def test_nothing_is_claimed_that_there_is_not():
    """No DOI and no date before there is a release."""
    released = re.findall(r"^## \[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d)$", CHANGES, re.MULTILINE)
    assert ("date-released" in CITED) == bool(released)
    assert bool(released) or "doi" not in CITED


def test_the_changelog_has_its_form():
    assert CHANGES.startswith("# Changelog\n")
    heads = re.findall(r"^## (.+)$", CHANGES, re.MULTILINE)
    assert heads[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[[\d.]+\] - \d{4}-\d\d-\d\d", one) for one in heads[1:])
    assert set(re.findall(r"^### (.+)$", CHANGES, re.MULTILINE)) <= CHANGED
    assert PROJECT["version"] in CHANGES


def test_the_changelog_names_what_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`", CHANGES)) <= targets
    for name in re.findall(r"`attention_lib\.(\w+)`", CHANGES):
        assert (ROOT / "attention_lib" / name).is_dir()
