"""A notebook is stale when, and only when, something that its outputs follow from has changed."""

import pytest

from attention_book.pipeline.check import stale_because

RESULT = "attention_book/studies/results/speed.json"


@pytest.fixture
def stale(book):
    """Executed notebooks; the answer maps each chapter to the reasons why it is stale."""
    book.write(RESULT, "{}")
    book.chapter("02_two", f"\nRead from `{RESULT}`.\n")
    book.write("attention_lib/data/words.gz", "words")
    book.pretend_executed()
    return lambda: {c.name: stale_because(book.project, c) for c in book.project.chapters}


BOTH = {"01_one", "02_two"}


@pytest.mark.parametrize(
    ("file", "chapters", "reason"),
    [
        ("book/chapters/01_one.md", {"01_one"}, "its text"),
        ("attention_lib/__init__.py", BOTH, "attention_lib or its data"),
        ("attention_lib/new.py", BOTH, "attention_lib or its data"),
        ("attention_lib/data/words.gz", BOTH, "attention_lib or its data"),
        ("requirements.txt", BOTH, "requirements.txt"),
        (
            RESULT,
            {"02_two"},
            "a benchmark result that it reads",
        ),
    ],
)
def test_a_change_makes_exactly_its_chapters_stale(book, stale, file, chapters, reason):
    path = book.root / file
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    book.write(file, old + "\n# changed\n")
    assert stale() == {name: [reason] if name in chapters else [] for name in BOTH}


@pytest.mark.parametrize(
    "file",
    [
        "attention_lib/__pycache__/claims.cpython-311.pyc",
        "attention_lib/.ipynb_checkpoints/claims.py",
        "tests/test_new.py",
        "attention_book/studies/results/other.json",
        "README.md",
    ],
)
def test_what_no_output_follows_from_makes_nothing_stale(book, stale, file):
    book.write(file, "new")
    assert stale() == {name: [] for name in BOTH}


def test_line_ends_of_the_checkout_do_not_count(book, stale):
    for path in (*book.root.glob("book/chapters/*.md"), book.root / "attention_book/tables.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert stale() == {name: [] for name in BOTH}


def test_renaming_a_library_file_counts(book, stale):
    (book.root / "attention_book/tables.py").rename(book.root / "attention_lib/said.py")
    assert stale() == {name: ["attention_lib or its data"] for name in BOTH}
