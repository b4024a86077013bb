"""From the cells of a notebook to blocks."""

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from attention_book.slides.blocks import prose, read

QUIZ = """\
## A section

<div class="quiz">

**1. Why?**

<details class="option"><summary>A. For *this*.</summary>

Right: so it is.

</details>

</div>

After it.
"""


def kinds(blocks):
    return [block.kind for block in blocks]


def test_boxes_and_folds_hold_what_stands_between_their_tags():
    heading, box, after = prose(QUIZ)
    assert (heading.kind, heading.source, heading.level) == ("heading", "A section", 2)
    assert (box.kind, box.name, kinds(box.children)) == ("box", "quiz", ["paragraph", "fold"])
    fold = box.children[1]
    assert (fold.name, fold.source) == ("option", "A. For *this*.")
    assert fold.children[0].source == "Right: so it is."
    assert after.source == "After it."


def test_text_of_every_kind_becomes_a_block():
    source = "Text.\n\n- one\n- two\n\n$$a = b$$\n\n<!-- letters: a -->\n\n"
    source += "| x | y |\n|---|---|\n| $q$ | 2 |\n"
    blocks = prose(source)
    assert kinds(blocks) == ["paragraph", "list", "math", "table"]
    assert [item.source for item in blocks[1].children] == ["one", "two"]
    assert blocks[2].source == "a = b"
    assert '<th scope="col">x</th>' in blocks[3].source
    assert '<th scope="row"><span class="math">\\(q\\)</span></th><td>2</td>' in blocks[3].source


def cell(source, tags, *outputs):
    return new_code_cell(source, metadata={"tags": tags}, outputs=list(outputs))


def shown(**data):
    data = {key.replace("_", "/"): value for key, value in data.items()}
    return new_output("display_data", data=data)


def blocks_of(*cells):
    return read(new_notebook(cells=list(cells)), {})


def test_code_is_shown_as_the_page_shows_it():
    printed = new_output("stream", text="1\n")
    blocks = blocks_of(
        new_markdown_cell("Text."),
        cell("a = 1", ["lesson"]),
        cell("print(1)", [], printed),
        cell("b = 2", ["remove-cell"]),
        cell("plot()", ["hide-input"], shown(text_plain="figure")),
        cell("c = 3", ["starter", "remove-output"]),
        cell("claim()", ["claims", "remove-input"], shown(text_html="<table></table>")),
        cell("ask()", ["remove-output"], shown(text_plain="box")),
    )
    assert [(b.kind, b.source, b.name) for b in blocks] == [
        ("paragraph", "Text.", ""),
        ("code", "a = 1", "lesson"),
        ("code", "print(1)", "printing"),
        ("text", "1", ""),
        ("text", "figure", ""),
    ]


def test_a_result_keeps_its_table_and_the_sentence_below_it():
    html = '<div class="table-box"><table><tr><td>12%</td></tr></table></div><p>Five seeds.</p>'
    table, note = blocks_of(cell("table()", ["remove-input"], shown(text_html=html)))
    assert table.source == '<table><tr><td class="whole">12%</td></tr></table>'
    assert (note.kind, note.source) == ("provenance", "Five seeds.")


def test_feedback_of_a_checker_is_no_result():
    html = '<div class="exercise-feedback"><p>Not yet</p></div>'
    assert blocks_of(cell("check()", [], shown(text_html=html)))[1:] == []
