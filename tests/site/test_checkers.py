"""The checks of this folder find what they are there to find: each is shown a wrong page."""

import pytest

from attention_book.pipeline.site_server import Server
from tests.helpers.keyboard import missed, tab_stops, unseen
from tests.helpers.page_checks import (
    axe_findings,
    below_first_screen,
    broken_links,
    broken_views,
    clipped,
    colour_findings,
    cramped,
    dead_sliders,
    let_through,
    out_of_reach,
    overflowing,
    state_size,
    unset_math,
    wide_code,
)

PAGE = """<!doctype html><html lang=en><head><title>t</title><link rel=icon href='data:,'></head>
<body><main><h1>t</h1>{}</main></body></html>"""
SLIDER = """<div class="widget-subarea">
<div class="noUi-handle" tabindex="0" role="slider" aria-label="t" aria-valuetext="1"
  aria-valuenow="1" aria-valuemin="0" aria-valuemax="9">x</div>
<figure><div class="attn-plot"><svg></svg></div><figcaption>At 1.</figcaption></figure></div>"""
LIVE = """<script>document.querySelector(".noUi-handle").onkeydown = (event) => {
  event.target.setAttribute("aria-valuetext", "2");
  document.querySelector("figcaption").textContent = "At 2.";
}</script>"""
VIEW = """<script type="application/vnd.jupyter.widget-view+json">{}</script>
<script>document.documentElement.dataset.widgets = "ready"</script>"""
SET = '<script>document.documentElement.dataset.math = "ready"</script>'
TEX = '<span class="math">\\(x^2\\)</span>' + SET


@pytest.fixture
def shown(visit, tmp_path):
    """shown(body): a page with that body, served like the book."""
    server = Server(tmp_path)

    def showing(body, width=1200):
        (tmp_path / "page.html").write_text(PAGE.format(body), "utf8")
        return visit(f"{server.url}/page.html", width=width)

    yield showing
    server.close()


def test_a_sound_page_has_no_finding(shown):
    with shown(SLIDER + LIVE) as seen:
        assert seen.problems() == []
        assert dead_sliders(seen.page) == []
        assert overflowing(seen.page) == []
        assert axe_findings(seen.page) == []
        assert clipped(seen.page) == []
        assert cramped(seen.page) == []
        assert unseen(tab_stops(seen.page)) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            '<img alt="x" src="http://book.invalid/x.png">',
            "foreign request: http://book.invalid/x.png",
        ),
        ("<script>console.warn('tired')</script>", "warning: tired"),
        ("<script>throw new Error('lost')</script>", "uncaught: lost"),
        ("<img alt='x' src='nowhere.png'>", "404"),
    ],
)
def test_requests_and_console_are_heard(shown, body, expected):
    with shown(body) as seen:
        assert any(expected in problem for problem in seen.problems()), seen.problems()


def test_a_dead_slider_is_found(shown):
    with shown(SLIDER) as seen:
        findings = dead_sliders(seen.page)
    assert any("does not change" in finding for finding in findings)
    assert any("spoken value stays" in finding for finding in findings)


def test_a_nameless_slider_is_found(shown):
    with shown(SLIDER.replace('aria-label="t"', "")) as seen:
        assert any("no accessible name" in finding for finding in dead_sliders(seen.page))


def test_a_missing_picture_is_found(shown):
    with shown(VIEW) as seen:
        assert broken_views(seen.page) == ["1 stored views, 0 pictures"]


def test_math_left_as_tex_is_found(shown):
    with shown(TEX) as seen:
        assert unset_math(seen.page) == ["\\(x^2\\)"]


def test_overflow_is_found(shown):
    with shown('<div class="wide" style="width: 500px">x</div>', width=390) as seen:
        assert overflowing(seen.page) == ["div.wide"]


@pytest.mark.parametrize(("order", "found"), [("row-reverse", ["math: wide"]), ("row", [])])
def test_what_no_scrolling_reaches_is_found(shown, order, found):
    style = f"display: flex; overflow-x: auto; flex-direction: {order}"
    inner = '<b style="flex: none; width: 900px">wide</b>'
    body = f'<article><div class="math" style="{style}">{inner}</div></article>' + SET
    with shown(body, width=390) as seen:
        assert out_of_reach(seen.page) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (f"<h1>t</h1>{SLIDER}", []),
        (f"<h1>t</h1><p style='height: 880px'>long</p>{SLIDER}", ["picture"]),
        ("<h1>t</h1>", ["picture"]),
        (f"{SLIDER}<p style='height: 880px'>long</p><h1>t</h1>", ["title"]),
    ],
)
def test_what_the_first_screen_lacks_is_found(shown, body, found):
    with shown(f"<article>{body}</article>") as seen:
        assert list(below_first_screen(seen.page)) == found


@pytest.mark.parametrize(("width", "found"), [(300, []), (3000, ["x = 1"])])
def test_code_that_scrolls_sideways_is_found(shown, width, found):
    code = "<pre style='overflow: auto; width: 600px'>"
    inner = f"<span style='display: inline-block; width: {width}px'>x = 1</span></pre>"
    folded = f"<details>{code}{inner}</details>"
    body = f"<article><div class='cell_input'>{code}{inner}{folded}</div></article>"
    with shown(body) as seen:
        assert wide_code(seen.page) == found


def test_what_no_policy_refuses_is_found(shown):
    with shown("") as seen:
        inside = {"script", "handler", "text", "style", "base"}
        assert set(let_through(seen.page)) == inside | {"image", "frame", "file", "request"}


def test_unreadable_text_is_found(shown):
    with shown('<p style="color: #ccc; background: #fff">pale</p>') as seen:
        assert [rule for rule, _, _ in axe_findings(seen.page)] == ["color-contrast"]
        assert [rule for rule, _, _ in colour_findings(seen.page)] == ["color-contrast"]


FORMULA = "<math><mi>x</mi></math>"
TABLE = "<table><tr><th>{}</th></tr><tr><td>1</td></tr></table>"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (TABLE.format(""), ["empty-table-header"]),  # minor
        (TABLE.format(FORMULA), []),
        (TABLE.format("<math></math>"), ["empty-table-header"]),
        ("</main><p>beside all landmarks</p>", ["region"]),  # moderate
        ("<h2>t</h2><h3>u</h3>", []),
        ("<h2>t</h2><h4>u</h4>", ["heading-order"]),  # moderate
    ],
)
def test_findings_of_every_impact_are_found(shown, body, found):
    with shown(body) as seen:
        assert [rule for rule, _, _ in axe_findings(seen.page)] == found


SMALL = '<a href="#" style="position: absolute; font-size: 9px; left: {}px">a</a>'
SCROLLS = '<div style="overflow: auto; width: 90px" tabindex="{}"><pre>{}</pre></div>'


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (SMALL.format(0) + SMALL.format(8), ["target-size"] * 2),
        (SMALL.format(0) + SMALL.format(60), []),
        (SCROLLS.format(-1, "x" * 99), ["scrollable-region-focusable"]),
        (SCROLLS.format(0, "x" * 99), []),
    ],
)
def test_what_a_small_screen_makes_hard_is_found(shown, body, found):
    with shown(body, width=320) as seen:
        assert [rule for rule, _, _ in cramped(seen.page)] == found


CUT = '<div class="cut" style="overflow: {}; width: 50px; height: 1.2em">longer than its box</div>'


@pytest.mark.parametrize(
    ("way", "found"), [("hidden", ["div.cut"]), ("auto", []), ("clip", ["div.cut"])]
)
def test_text_that_is_cut_off_is_found(shown, way, found):
    with shown(CUT.format(way)) as seen:
        assert clipped(seen.page) == found


HIDDEN = '<a href="#">x</a><div style="position: fixed; inset: 0; background: #fff"></div>'


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('<a href="#">x</a>', []),
        ('<a href="#" style="outline: none">x</a>', ["x"]),
        ('<a href="#" style="opacity: 0">x</a>', ["x"]),
        (HIDDEN, ["x"]),
    ],
)
def test_a_focus_that_is_not_seen_is_found(shown, body, found):
    with shown("<style>:focus { outline: 2px solid red }</style>" + body) as seen:
        assert [stop["name"] for stop in unseen(tab_stops(seen.page))] == found


def test_what_no_key_reaches_is_counted(shown):
    with shown('<button>a</button><button tabindex="-1">b</button>') as seen:
        assert missed(seen.page, tab_stops(seen.page)) == 1


def test_a_trap_is_found(shown):
    body = '<input aria-label="t" onkeydown="if (event.key === \'Tab\') event.preventDefault()">'
    with shown(f"<button>a</button>{body}") as seen, pytest.raises(AssertionError, match="leave"):
        tab_stops(seen.page, most=9)


def test_a_name_that_differs_from_the_words_is_found(shown):
    with shown('<button aria-label="Find">Search the book</button>') as seen:
        assert [rule for rule, _, _ in axe_findings(seen.page)] == ["label-content-name-mismatch"]
    with shown("<button>Search the book</button>") as seen:
        assert axe_findings(seen.page) == []


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ("color: #111", []),
        ("color: #ccc", ["color-contrast"]),
        ("color: #111; background: #222", ["color-contrast"]),
    ],
)
def test_unreadable_code_is_found_in_a_later_block_too(shown, second, found):
    block = '<div class="highlight"><pre><span style="{}">code</span></pre></div>'
    blocks = [block.format("color: #111"), block.format(second), block.format("color: #111")]
    with shown(f"<article>{''.join(blocks)}</article>") as seen:
        assert [rule for rule, _, _ in axe_findings(seen.page)] == found
        assert seen.page.locator("[data-repeats]").count() == 2 - len(found)


def test_broken_links_and_anchors_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html#there">x</a><a href="b.html#gone">x</a>'
        '<img src="no.png"><a href="#me">x</a>'
    )
    (tmp_path / "b.html").write_text(
        '<h2 id="there">x</h2><a href="https://book.invalid/">elsewhere</a>'
    )
    assert broken_links(tmp_path) == [
        "a.html: no anchor b.html#gone",
        "a.html: no.png does not exist",
        "a.html: no anchor #me",
    ]


def test_state_is_counted_in_bytes():
    assert (
        state_size('<script type="application/vnd.jupyter.widget-state+json">{"é": 1}</script>')
        == 9
    )
