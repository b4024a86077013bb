"""The state of a page's widgets stands at its end."""

from attention_book.pipeline.shared_texts import TYPE
from attention_book.sphinx_ext.widget_state import moved

SCRIPT = f'<script type="{TYPE}">{{}}</script>'


def test_the_state_stands_behind_the_text():
    html = moved(f"<head>{SCRIPT}</head><body><p>text</p></body></html>")
    assert html == f"<head></head><body><p>text</p>{SCRIPT}</body></html>"


def test_a_page_without_widgets_stays_as_it_is():
    html = "<head></head><body><p>text</p></body></html>"
    assert moved(html) == html
