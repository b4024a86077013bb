"""A figure that moves keeps a still picture, which changes when the figure does."""

import base64

import nbformat
import pytest

from attention_book.pipeline import stills
from attention_book.pipeline.normalise import STATE, VIEW
from attention_book.pipeline.project import ROOT, Project
from attention_book.pipeline.stills import IMAGE, KEY, add_stills

PNG = b"\x89PNG"
STATIC = ROOT / "book" / "static"
CHAPTERS = Project().chapters


def stored():
    return nbformat.read(Project().notebook("02_1_sentence"), as_version=4)


def images(notebook):
    return [output.data.get(IMAGE) for output in stills._figures(notebook)]


def change_first(notebook):
    """Give the first figure another title."""
    models = notebook.metadata["widgets"][STATE]["state"].values()
    next(model for model in models if model["state"].get("title"))["state"]["title"] = "Another"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_every_stored_figure_has_the_picture_of_what_it_shows(chapter):
    notebook = chapter.read_notebook()
    for output in stills._figures(notebook):
        assert base64.b64decode(output.data.get(IMAGE, "")).startswith(PNG), "make notebooks"
        assert output.metadata[KEY]["still_of"] == stills._digest(notebook, output)


def test_a_picture_is_kept_while_its_figure_is_the_same(monkeypatch):
    monkeypatch.setattr(stills, "browser", lambda: pytest.fail("a browser was asked for"))
    before, bare = stored(), stored()
    for output in stills._figures(bare):
        del output.data[IMAGE]
        output.metadata = {}
    add_stills(bare, before, STATIC)
    assert bare == before


def test_without_a_browser_a_changed_figure_has_no_picture(monkeypatch):
    monkeypatch.setattr(stills, "browser", lambda: None)
    notebook = stored()
    change_first(notebook)
    add_stills(notebook, stored(), STATIC)
    assert images(notebook)[0] is None
    assert images(notebook)[1:] == images(stored())[1:]
    assert stills._figures(notebook)[0].metadata == {}


@pytest.mark.whole
@pytest.mark.skipif(not stills.browser(), reason="no Chromium (apt-get install chromium)")
def test_a_changed_figure_is_drawn_anew():
    notebook = stored()
    change_first(notebook)
    add_stills(notebook, stored(), STATIC)
    first, *others = images(notebook)
    assert base64.b64decode(first).startswith(PNG)
    assert len(first) < 60_000
    assert first != images(stored())[0]
    assert others == images(stored())[1:]
    assert VIEW in stills._figures(notebook)[0].data
