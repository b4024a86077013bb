"""The concept table names what there is, all of it, and the pages show this very table."""

import inspect
import re

import pytest

from attention_book.concepts import CONCEPTS, Concept
from attention_book.pipeline.concept_table import BEGIN, END, PAGE, judges, rendered, table
from attention_book.pipeline.project import ROOT, PipelineError
from attention_lib import functional, modules, reference

PUBLIC = {
    "reference": set(reference.__all__),
    "functional": set(functional.__all__),
    "modules": set(modules.__all__),
}


@pytest.mark.parametrize("layer", PUBLIC)
def test_every_public_name_stands_once_in_the_table(layer):
    listed = [name for concept in CONCEPTS for name in getattr(concept, layer)]
    assert sorted(listed) == sorted(PUBLIC[layer])


OTHER_WORDS = {  # what the page says where the table needs a longer name
    "masks of other libraries": "Keras",
    "picture reader": "reads a picture",
}


@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept.name)
def test_the_chapter_of_a_concept_uses_it(concept):
    names = concept.reference + concept.functional + concept.modules
    assert any(mentions(page(concept.chapter), name) for name in names)


@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept.name)
def test_the_chapter_of_a_concept_says_its_name(concept):
    said = words(re.sub(r"^```.*?^```", "", page(concept.chapter), flags=re.DOTALL | re.MULTILINE))
    assert words(OTHER_WORDS.get(concept.name, concept.name)) <= said


def page(name):
    return (ROOT / "book" / "chapters" / f"{name}.md").read_text(encoding="utf-8")


def words(text):
    """Its words without their endings; `LanguageModel` and `language_model` are two."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text).lower()
    return set(re.findall(r"\b(\w{3,}?|\w+?)(?:ed|ing|s)?\b", apart))


@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept.name)
def test_every_concept_is_tested(concept):
    for layer in PUBLIC:
        files = judges(concept, layer, ROOT)
        text = "".join(path.read_text(encoding="utf-8") for path in files)
        in_layer = getattr(concept, layer)
        assert not in_layer or any(mentions(text, name) for name in in_layer), layer


def mentions(text, name):
    return re.search(rf"\b{name}\b", text) is not None


def test_reference_and_functional_agree_on_signatures():
    """The same options in the same order; torch may add its own at the end."""
    own = {"dropout", "dtype", "device", "form", "chunk_size"}
    for name in PUBLIC["reference"] & PUBLIC["functional"]:
        ours = list(inspect.signature(getattr(reference, name)).parameters)
        theirs = list(inspect.signature(getattr(functional, name)).parameters)
        assert [parameter for parameter in theirs if parameter not in own] == ours, name


def test_the_page_shows_the_table_of_today():
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert rendered(text, ROOT) == text


def test_a_page_is_rewritten_between_its_marks_only():
    text = f"# Title\n\n{BEGIN}\nold\n{END}\n\nAfter.\n"
    assert rendered(text, ROOT) == f"# Title\n\n{BEGIN}\n{table(ROOT)}{END}\n\nAfter.\n"
    with pytest.raises(PipelineError, match=r"concepts\.md: the marks"):
        rendered("# Title\n", ROOT)


@pytest.mark.parametrize(
    ("files", "layer", "expected"),
    [
        ("softmax", "reference", ["test_softmax.py"]),
        ("scores.dot_scores dot", "modules", ["test_scores.py"]),
        ("positions_alibi", "functional", ["test_positions.py"]),
        ("grouped", "reference", ["test_heads.py"]),
        ("seq2seq", "reference", []),
    ],
)
def test_the_tests_of_a_concept_are_found_by_name(files, layer, expected):
    found = judges(Concept("one", files, "02_worked_example"), layer, ROOT)
    assert [path.name for path in found] == expected
