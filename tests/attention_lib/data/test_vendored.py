"""A file that is not what was packed is refused; the rights to each lie beside it."""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from attention_lib.data import handwritten, sentiment, speech, translation, vendored

FILES = Path(vendored.__file__).parent / "files"
TEXT = "movie_sentences/movie_sentences_7k.tsv.gz"
LOADERS = {
    "tatoeba/eng_spa_20k.tsv.gz": translation._splits.__wrapped__,
    TEXT: sentiment._splits.__wrapped__,
    "digits/digits.csv.gz": handwritten._splits.__wrapped__,
    "spoken_digits/it/3.wav": lambda: speech._recordings.__wrapped__("it"),
}


@pytest.fixture
def copy(tmp_path, monkeypatch):
    shutil.copytree(FILES, tmp_path / "files")
    monkeypatch.setattr(vendored, "folder", lambda: tmp_path / "files")
    return tmp_path / "files"


def test_every_data_file_has_its_checksum_and_no_other():
    listed = json.loads((FILES / "checksums.json").read_text())
    there = {
        path.relative_to(FILES).as_posix()
        for path in FILES.rglob("*")
        if path.is_file() and path.suffix not in (".md", ".json")
    }
    assert set(listed) == there
    assert len(there) == 53
    for name in there:
        content = vendored.read_vendored(name)
        assert content == (FILES / name).read_bytes()
        assert listed[name] == {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }


@pytest.mark.parametrize("name", LOADERS)
def test_one_changed_bit_is_found(copy, name):
    content = bytearray((copy / name).read_bytes())
    expected = hashlib.sha256(content).hexdigest()
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    came = hashlib.sha256(content).hexdigest()
    size = len(content)
    message = (
        f"{name} is damaged: expected {size} bytes with SHA-256 {expected}, "
        f"got {size} bytes with SHA-256 {came}; install attention-lib again"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        LOADERS[name]()


@pytest.mark.parametrize("name", LOADERS)
def test_a_truncated_file_is_found(copy, name):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-1])
    with pytest.raises(ValueError, match=rf"{len(content)} bytes.*got {len(content) - 1} bytes"):
        LOADERS[name]()


def test_a_file_packed_anew_is_found(copy):
    (copy / TEXT).write_bytes(gzip.compress(gzip.decompress((copy / TEXT).read_bytes()), 1))
    with pytest.raises(ValueError, match="is damaged"):
        LOADERS[TEXT]()


@pytest.mark.parametrize("name", LOADERS)
def test_a_missing_file_is_named(copy, name):
    (copy / name).unlink()
    where = re.escape(str(copy))
    with pytest.raises(FileNotFoundError, match=f"^{name} is missing: expected it in {where}; ins"):
        LOADERS[name]()


def test_a_missing_list_of_checksums_is_named(copy):
    (copy / "checksums.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"^checksums.json is missing"):
        vendored.read_vendored(TEXT)


def test_a_name_that_was_never_packed_is_refused():
    with pytest.raises(ValueError, match=r"in checksums.json, got 'tatoeba/ATTRIBUTION.md'"):
        vendored.read_vendored("tatoeba/ATTRIBUTION.md")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "tatoeba",
            [
                "CC BY 2.0 FR",
                "https://creativecommons.org/licenses/by/2.0/fr/",
                "https://tatoeba.org",
                "manythings.org",
            ],
        ),
        (
            "movie_sentences",
            ["The MIT License", "Copyright (c) 2016 C.J. Hutto", "Gilbert, E. (2014)", "Pang"],
        ),
        (
            "digits",
            [
                "CC BY 4.0",
                "https://creativecommons.org/licenses/by/4.0/",
                "Ethem Alpaydin and Cenk Kaynak",
                "https://doi.org/10.24432/C50P49",
                "scikit-learn 1.9.1",
            ],
        ),
        (
            "spoken_digits",
            [
                "https://creativecommons.org/licenses/by-sa/3.0/",
                "https://creativecommons.org/licenses/by/3.0/",
                *(speaker for speaker, _ in speech.VOICES.values()),
                *(f"| `{language}` |" for language in speech.VOICES),
            ],
        ),
    ],
)
def test_the_attribution_names_authors_licence_and_changes(name, says):
    text = (FILES / name / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for part in [*says, "## What was changed"]:
        assert part in text


def test_the_licence_of_each_voice_is_the_one_of_its_attribution():
    text = (FILES / "spoken_digits" / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for language, (speaker, licence) in speech.VOICES.items():
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{language}` |")]
        assert speaker in row
        assert row.endswith(f"| {licence} |")


def test_the_data_load_from_inside_a_zip_with_numpy_alone(tmp_path):
    package = FILES.parent.parent
    with zipfile.ZipFile(tmp_path / "library.zip", "w") as archive:
        paths = [
            package / "__init__.py",
            package / "writing.py",
            *(package / "checks").rglob("*"),
            *(package / "data").rglob("*"),
        ]
        for path in paths:
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(package.parent))
    source = """
import sys
sys.path.insert(0, "library.zip")
for name in ("torch", "tokenizers", "scipy", "tqdm"):
    sys.modules[name] = None
from attention_lib import checks
from attention_lib.data import translation, sentiment, speech, speech_batch, digit_strings, toy
from attention_lib.data import batching, digit_pictures, handwritten, tokeniser_training
assert all("library.zip" in module.__file__ for module in (checks, translation))
print(len(translation.load_tatoeba("test")), len(sentiment.load_movie_sentences("test")))
print(len(speech.load_spoken_digits("ru")), len(handwritten.load_handwritten_digits("test").labels))
try:
    tokeniser_training.train_words(["a"])
except ImportError as error:
    print(error)
"""
    command = [sys.executable, "-W", "error", "-B", "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "500 1000",
        "10 400",
        'tokenisers need the package tokenizers: pip install "attention-lib[text]"',
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["library.zip"]
