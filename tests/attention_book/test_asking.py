"""A line to type in: what is typed is answered, as text or as a table, and never as HTML."""

import pytest
from ipywidgets import HTML

from attention_book.asking import ask
from attention_book.tables import table


def echoed(text):
    return f"<b>{text}</b>"


def counted(text):
    return table(["letters"], [(len(text),)], row_header=False)


def test_the_first_text_is_answered_at_once_and_each_later_one_after_enter():
    box = ask(echoed, label="say", start="so")
    assert box.reply.value == "&lt;b&gt;so&lt;/b&gt;"
    box.line.value = "no"
    assert box.reply.value == "&lt;b&gt;no&lt;/b&gt;"
    assert box.line.continuous_update is False


def test_a_table_stands_as_a_table():
    assert "<td>4</td>" in ask(counted, label="say", start="four").reply.value


def test_spaces_at_the_ends_are_not_part_of_the_text():
    assert "<td>4</td>" in ask(counted, label="say", start="  four ").reply.value


def test_nothing_typed_asks_nothing():
    box = ask(echoed, label="say", start="so")
    box.line.value = "  "
    assert box.reply.value == ""


def test_it_says_in_plain_text_what_it_is():
    box = ask(echoed, label="Your sentence:", start="so")
    assert repr(box) == "A line to type in: Your sentence: (run this cell to use it)"


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"answer": 3}, "answer"), ({"label": 3}, "label"), ({"start": None}, "start")],
)
def test_what_is_none_of_these_is_named(changed, message):
    given = {"answer": echoed, "label": "say", "start": "so"} | changed
    with pytest.raises(TypeError, match=message):
        ask(given.pop("answer"), **given)


def test_an_error_about_the_text_is_shown_in_plain_text():
    def fails(text):
        raise ValueError(f"no {text}")

    assert ask(fails, label="say", start="<b>").reply.value == "no &lt;b&gt;"


def test_a_widget_stands_as_it_is():
    given = HTML("<b>so</b>")
    box = ask(lambda text: given, label="say", start="so")
    assert box.children == (box.line, given)
