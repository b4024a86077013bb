"""What a person who clones this finds: licences, pinned requirements, nothing of one machine."""

import re
import subprocess
import tomllib

import pytest

from attention_book.pipeline.project import ROOT

# Written in pieces, so that this file does not contain what it looks for.
FORBIDDEN = {
    "a host that serves other people's scripts": "|".join(
        [
            "jsdeli" + "vr",
            "cdn" + "js",
            "unpkg" + r"\.com",
            "google" + r"apis\.com",
            "esm" + r"\.sh",
        ]
    ),
    "a path of one machine": "|".join(
        rf"(?<![\w./~]){p}/\w"
        for p in ["/wo" + "rk", "/ho" + "me", "/Us" + "ers", "/ro" + "ot", "/op" + "t"]
    ),
    "a package index": "|".join(["index" + "-url", "find" + "-links", "trusted" + "-host"]),
    "unfinished work": "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]),
}
# Bundles of other projects, and lock files that name the public registry.
VENDORED = ("book/static/vendor/", "attention_book/web/package-lock.json")


def tracked_files():
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout, so there is no list of tracked files")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what):
    found = []
    for name in tracked_files():
        content = (ROOT / name).read_bytes()
        if name.startswith(VENDORED) or b"\0" in content:
            continue
        for line, text in enumerate(content.decode("utf-8").splitlines(), start=1):
            if re.search(FORBIDDEN[what], text) and len(text) < 2000:
                found.append(f"{name}:{line}: {text.strip()[:100]}")
    assert found == []


def test_the_licences_are_there():
    code = (ROOT / "LICENSE").read_text(encoding="utf-8")
    text = (ROOT / "LICENSE-TEXT").read_text(encoding="utf-8")
    assert code.startswith("MIT License")
    assert "Attribution 4.0 International" in text
    assert "https://creativecommons.org/licenses/by/4.0/" in text
    assert "Section 8 – Interpretation" in text
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "LICENSE" in readme
    assert "LICENSE-TEXT" in readme


def test_every_vendored_bundle_names_its_licence():
    vendored = ROOT / "book" / "static" / "vendor"
    names = {path.name.upper() for path in vendored.rglob("*")}
    assert any("LICEN" in name for name in names)


def test_every_requirement_is_pinned():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    wrong = [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", pin)]
    assert wrong == []
    assert "torch==2.13.0" in pins
    assert len({pin.partition("==")[0] for pin in pins}) == len(pins)
    assert [pin for pin in pins if pin.startswith(("nvidia", "cuda", "triton"))] == []


def test_everything_that_pyproject_names_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    named = project["dependencies"] + [line for extra in extras.values() for line in extra]
    names = {re.match(r"[\w.-]+", line)[0].lower() for line in named} - {"attention-lib"}
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert {name for name in names if f"\n{name}==" not in pins} == set()
    assert project["dependencies"] == ["numpy>=1.26"]


def test_what_is_installed_is_what_is_pinned():
    """Else the stored notebooks would be compared with another library's numbers."""
    from importlib.metadata import version

    for name in ("numpy", "torch", "matplotlib", "ipywidgets", "anywidget"):
        pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
        pinned = re.search(rf"^{name}==(.+)$", pins, re.MULTILINE)[1]
        assert version(name).partition("+")[0] == pinned


def test_the_readme_names_commands_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", readme, re.MULTILINE))
    assert {"book", "test", "notebooks", "serve"} <= named <= targets
    for path in re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", readme):
        assert (ROOT / path).exists(), path
