"""Code in pieces that fit on a slide, and the lines that are pointed at."""

from attention_book.slides.code import LINES, STEPS, html, pieces, steps

METHOD = "    def {}(self, x):\n" + "\n".join(f"        x = x + {k}" for k in range(9)) + "\n"
LONG = (
    "class Model(nn.Module):\n"
    + METHOD.format("__init__")
    + "\n"
    + METHOD.format("forward")
    + "\n\ndef train(model):\n    return model\n"
)


def test_a_long_class_is_cut_between_its_methods_and_nothing_is_lost():
    parts = pieces(LONG)
    assert [part.title for part in parts] == ["Model", "Model.forward", "train"]
    assert all(len(part.lines) <= LINES for part in parts)
    assert parts[1].source.startswith("def forward")
    kept = [line.strip() for part in parts for line in part.lines if line.strip()]
    assert kept == [line.strip() for line in LONG.split("\n") if line.strip()]


def test_a_short_cell_stays_whole():
    (piece,) = pieces("def f(x):\n    return x")
    assert (piece.title, piece.source) == ("f", "def f(x):\n    return x")


def test_steps_walk_through_all_lines_in_order():
    source = METHOD.format("forward").replace("\n    ", "\n").strip()
    runs = steps(source)
    assert 1 < len(runs) <= STEPS
    assert runs[0][0] == 1
    assert [end + 1 for _, end in runs[:-1]] == [begin for begin, _ in runs[1:]]
    assert runs[-1][1] == len(source.split("\n"))


def test_a_statement_over_several_lines_is_one_step():
    source = "def f(x):\n    a = 1\n    b = g(\n        x,\n    )\n    return b"
    assert (3, 5) in steps(source)


def test_code_read_at_a_glance_has_no_steps():
    assert steps("a = 1\nb = 2") == []


def test_every_line_is_marked_and_escaped():
    shown = html("a = b < c\n\nreturn a", pointed=False)
    assert shown.count('<span class="line">') == 3
    assert "&lt;" in shown
    assert "fragment" not in shown
    assert 'data-lines="1-2"' in html("a = 1\nif a:\n    b = 2\nc = 3\nd = 4\ne = 5\nf = 6", True)
