"""A reader who has the installed packages and a downloaded notebook has the studies too."""

import ast
import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from attention_book.pipeline.project import ROOT, Project

pytestmark = pytest.mark.whole

LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with what the wheel holds, and nothing else."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for name in ("attention_lib", "attention_book"):
        shutil.copytree(ROOT / name, source / name, ignore=LEFT_OUT)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", str(source), "--no-deps"]
    options = ["--no-build-isolation", "--disable-pip-version-check", "-q", "-w", str(source)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = source.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(out)
    return out


def run(code, installed, folder):
    """Run code in a folder elsewhere, with the unpacked wheel alone."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(installed), "MPLBACKEND": "agg"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def loading_code(chapter) -> str:
    """The set-up cell of a chapter, and every statement that loads a study."""
    cells = [cell for cell in chapter.read_text().cells if cell.cell_type == "code"]
    (setup,) = [cell.source for cell in cells if "setup" in cell.metadata.get("tags", [])]
    loads = [
        ast.unparse(node)
        for cell in cells
        for node in ast.parse(cell.source).body
        if "studies.load(" in ast.unparse(node)
    ]
    return "\n".join([setup, *loads])


def test_a_downloaded_chapter_finds_its_studies(installed, tmp_path):
    (chapter,) = Project().select(["01_seq2seq"])
    code = loading_code(chapter)
    assert code.count("studies.load(") >= 3
    shown = "print(studies.__file__, length_study.provenance, len(translated.weights()))"
    done = run(f"{code}\n{shown}", installed, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(installed))
    assert "Measured on 20" in done.stdout
    assert int(done.stdout.split()[-1]) > 10


def test_every_file_that_the_packages_read_is_installed(installed):
    for name in ("attention_lib", "attention_book"):
        for path in (ROOT / name).rglob("*"):
            inside = path.relative_to(ROOT)
            sources = {"web", "js"} & set(inside.parts)  # what is read is built from these
            read = path.is_file() and path.suffix not in {".py", ".pyc"} and not sources
            assert not read or (installed / inside).is_file(), inside


def test_numpy_is_the_only_requirement(installed):
    (metadata,) = installed.glob("*.dist-info/METADATA")
    lines = metadata.read_text(encoding="utf-8").splitlines()
    needed = [line for line in lines if line.startswith("Requires-Dist:") and "extra" not in line]
    assert needed == ["Requires-Dist: numpy>=1.26"]
