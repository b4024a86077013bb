"""The zip, as somebody meets it: unzipped into a folder with a blank and an umlaut, and opened."""

import re
import subprocess
import sys
import zipfile
from urllib.parse import unquote

import pytest

from attention_book.pipeline.errors import PipelineError
from attention_book.pipeline.project import Project
from attention_book.pipeline.zip_book import write_zip, zip_path
from attention_book.slides.write import main_pages
from tests.helpers.page_checks import broken_views, dead_sliders
from tests.helpers.toc import chapters, pages

LINK = re.compile(r'\s(?:href|src)="([^"#?:]+)[#?"]')


@pytest.fixture(scope="module")
def packed(site, tmp_path_factory):
    return write_zip(Project(), tmp_path_factory.mktemp("zip") / "book.zip")


@pytest.fixture(scope="module")
def unzipped(packed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("zip") / "Bücher auf dem Stick"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    [top] = folder.iterdir()
    assert top.name == zip_path(Project()).stem
    return top


def test_the_same_pages_give_the_same_bytes(packed, tmp_path):
    assert write_zip(Project(), tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_it_holds_what_is_needed_and_no_more(packed, unzipped):
    names = {path.relative_to(unzipped).as_posix() for path in unzipped.rglob("*")}
    assert {"index.html", "README.txt", "LICENSE", "LICENSE-TEXT", *pages()} <= names
    assert {f"run/notebooks/{page.split('/')[1][:-5]}.ipynb" for page in chapters()} <= names
    left = [".doctrees", ".buildinfo", "page_report", "objects.inv", "__pycache__", ".git/", ".map"]
    assert [name for name in names if any(part in f"{name}/" for part in left)] == []
    assert "open index.html" in (unzipped / "README.txt").read_text("utf8").lower()
    assert packed.stat().st_size < 30_000_000


def test_it_holds_each_deck_once(unzipped):
    """Those of the site; what `make slides` has written beside it stays there."""
    decks = sorted(path.relative_to(unzipped).as_posix() for path in unzipped.rglob("0*.html"))
    decks = [name for name in decks if not name.startswith("notebooks/")]
    assert decks == [f"slides/{chapter.name}.html" for chapter in main_pages(Project(), [])]
    assert (unzipped / "slides" / "index.html").is_file()
    assert not (unzipped / "slides" / "assets").exists()
    assert "slides/index.html" in (unzipped / "README.txt").read_text("utf8")


def test_every_file_that_a_page_names_is_there(unzipped):
    missing = set()
    for name in [*pages(), "search.html"]:
        page = unzipped / name
        for link in LINK.findall(re.sub(r"<pre>.*?</pre>", "", page.read_text("utf8"))):
            if not (page.parent / unquote(link)).exists():
                missing.add(f"{name}: {link}")
    assert missing == set()


def test_it_opens_from_its_folder(visit, unzipped):
    with visit((unzipped / "index.html").as_uri(), own="file://") as seen:
        seen.page.wait_for_url("**/book/intro.html")
        seen.page.locator("article").get_by_role("link", name="What exactly is computed?").click()
        seen.page.wait_for_url("**/02_worked_example.html")
    with visit((unzipped / pages()[0]).as_uri(), own="file://") as seen:
        assert broken_views(seen.page) == []
        assert dead_sliders(seen.page) == []
        seen.page.keyboard.press("Control+k")
        seen.page.keyboard.type("softmax")
        seen.page.wait_for_selector("#pst-search-dialog .found a")
        seen.page.keyboard.press("ArrowDown")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_url("**?find=softmax**")
        assert seen.problems() == []


def test_the_packages_of_the_notebooks_are_whole(unzipped):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import attention_book.studies as studies\n"
        "from attention_lib.data.digit_pictures import digit_pictures\n"
        "assert studies.__file__.startswith(sys.argv[1]), studies.__file__\n"
        "studies.load('score_scale'); digit_pictures(3, seed=0)\n"
    )
    command = [sys.executable, "-I", "-c", code, str(unzipped / "run")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=unzipped, check=False)
    assert done.returncode == 0, done.stderr


def test_there_is_nothing_to_pack_before_the_build(tmp_path):
    with pytest.raises(PipelineError, match="run `make book` first"):
        write_zip(Project(tmp_path), tmp_path / "book.zip")
