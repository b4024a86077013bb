"""Without a mouse, without eyes: the stops of the Tab key, a picture of each kind, what is said."""

import pytest

from tests.helpers.keyboard import STOP, missed, press, spoken, tab_stops, unseen
from tests.helpers.page_checks import settle

# Pages, and what tells a kind of picture on them.
KINDS = {
    "01_seq2seq": {
        "Guess": ".attn-guess",
        "Flow": ".attn-box",
        "HeatMap": ".attn-cell",
        "Pattern": ".attn-cellframe",
    },
    "02_worked_example": {"Vectors": ".attn-arrow", "Stepper": ".attn-mat", "Bars": ".attn-bar"},
    "08_4_traffic": {"Lines": ".attn-plot path.attn-line"},
}


@pytest.mark.parametrize("width", [1200, 320])
def test_tab_goes_through_the_page_in_order_and_is_seen(visit, url, width):
    address = f"{url}/notebooks/02_worked_example.html"
    with visit(address, width=width, height=640, reduced_motion="reduce") as seen:
        stops = tab_stops(seen.page)
        places = [stop["place"] for stop in stops]
        assert len(stops) > 50
        assert places == sorted(places)
        assert missed(seen.page, stops) == 0
        assert unseen(stops) == []
        back = tab_stops(seen.page, "Shift+Tab")
        assert {stop["place"] for stop in back} == set(places)
        assert unseen(back) == []


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_picture_is_used_by_keyboard_and_heard(visit, url, name):
    with visit(f"{url}/notebooks/{name}.html", reduced_motion="reduce") as seen:
        for kind, mark in KINDS[name].items():
            print(kind)
            box = seen.page.locator(f".widget-subarea:has({mark})").first
            if kind == "Guess":
                a_guess_is_set_and_answered(seen.page, box)
            the_keyboard_passes_through(seen.page, box)
            the_tree_names_what_one_sees(seen.page, box)
            every_key_does_what_it_says(seen.page, box)


def a_guess_is_set_and_answered(page, box):
    slider, button = box.get_by_role("slider", name="Your guess"), box.locator(".attn-guess button")
    said, caption = slider.get_attribute("aria-valuetext"), caption_of(box)
    press(page, slider, "ArrowRight")
    guess = slider.get_attribute("aria-valuetext")
    assert guess != said
    page.keyboard.press("Tab")
    assert button.evaluate("(one) => one === document.activeElement")
    page.keyboard.press("Enter")
    settle(page)
    nodes = spoken(page, box)
    at = next(k for k, node in enumerate(nodes) if node["role"] == "status")
    assert nodes[at]["live"] == "polite"
    assert nodes[at + 1]["name"].startswith(f"Your guess: {guess}. Measured: ")
    assert caption_of(box) != caption
    assert button.evaluate("(one) => one === document.activeElement")


def the_keyboard_passes_through(page, box):
    """From before the picture to behind it, in the order of what one reads."""
    inside = "(one) => one.contains(document.activeElement)"
    box.locator("button:enabled, input:enabled, [tabindex='0'], summary").first.focus()
    page.keyboard.press("Shift+Tab")
    assert not box.evaluate(inside)
    stops = []
    page.keyboard.press("Tab")
    while box.evaluate(inside) and len(stops) < 30:
        stops.append(page.evaluate(STOP))
        page.keyboard.press("Tab")
    assert not box.evaluate(inside)
    assert unseen(stops) == []
    assert [stop["place"] for stop in stops] == sorted(stop["place"] for stop in stops)
    names = [stop["name"] for stop in stops]
    sliders = [name for name in box.locator(".widget-label").all_text_contents() if name]
    assert [name for name in names if name in sliders] == sliders
    assert names[-1] == "Show the numbers"


def the_tree_names_what_one_sees(page, box):
    nodes = spoken(page, box)
    title, caption = box.locator(".attn-title").text_content(), caption_of(box)
    pictures = [node["name"] for node in nodes if node["role"] in ("image", "group")]
    assert f"{title}. {caption}" in pictures
    caption_node = next(node for node in nodes if node["role"] == "Figcaption")
    assert caption_node["live"] == "polite"
    assert caption in [node["name"] for node in nodes if node["role"] == "StaticText"]
    controls = [node for node in nodes if node["role"] in ("slider", "button")]
    assert controls
    assert all(node["name"].strip() for node in controls)


def caption_of(box):
    return box.locator("figcaption").text_content()


def every_key_does_what_it_says(page, box):
    captions = set()
    for handle in box.locator(".noUi-handle").all():
        captions |= a_slider_obeys(page, box, handle)
    for handle in box.locator(".attn-handle").all():
        assert "arrow keys move it" in handle.get_attribute("aria-label")
        keys = ("ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight")
        captions |= {moved(page, box, handle, key) for key in keys}
    if box.get_by_role("button", name="Next").count():
        captions |= the_steps_go_on_and_back(page, box)
    assert len(captions) > 1
    the_numbers_open_and_close(page, box)


def a_slider_obeys(page, box, handle):
    """Home, an arrow each way, End; the captions that were announced."""
    captions = set()
    for key, end in (("Home", "aria-valuemin"), ("End", "aria-valuemax")):
        press(page, handle, key)
        assert handle.get_attribute("aria-valuenow") == handle.get_attribute(end)
        inward = ["ArrowRight", "ArrowLeft"] if key == "Home" else ["ArrowLeft", "ArrowRight"]
        captions |= {moved(page, box, handle, arrow) for arrow in inward}
    return captions


def moved(page, box, handle, key):
    """The value is said in other words; the caption is the same node, which announces its text."""
    caption, said = box.locator("figcaption"), handle.get_attribute("aria-valuetext")
    before = spoken(page, caption)
    press(page, handle, key)
    after = spoken(page, caption)
    assert handle.get_attribute("aria-valuetext") != said, key
    assert handle.evaluate("(one) => one === document.activeElement")
    assert [node["node"] for node in before] == [node["node"] for node in after]
    assert (after[0]["live"], after[1]["name"]) == ("polite", caption.text_content())
    return after[1]["name"]


def the_steps_go_on_and_back(page, box):
    captions = set()
    for name in ("Next", "Previous"):
        button = box.get_by_role("button", name=name)
        while button.is_enabled() and len(captions) < 40:
            press(page, button, "Enter")
            captions.add(caption_of(box))
        assert button.is_disabled()
        assert box.evaluate("(one) => one.contains(document.activeElement)")  # it is handed on
    return captions


def the_numbers_open_and_close(page, box):
    summary, table = box.locator(".attn-numbers > summary"), box.locator(".attn-scroll table").first
    press(page, summary, "Enter")
    table.wait_for()
    assert all(table.locator("th").all_text_contents())
    assert table.locator("th[scope=row]").count() > 0
    assert table.locator("th[scope=col]").count() > 0
    assert box.locator(".attn-scroll").first.get_attribute("tabindex") == "0"
    press(page, summary, "Space")
    assert not table.is_visible()


def test_the_skip_link_leads_past_the_menus(visit, url):
    with visit(f"{url}/notebooks/02_worked_example.html", reduced_motion="reduce") as seen:
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate(STOP)["name"] == "Skip to main content"
        assert unseen([seen.page.evaluate(STOP)]) == []
        seen.page.keyboard.press("Enter")
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_search_opens_takes_a_word_and_closes(visit, url):
    with visit(f"{url}/book/notation.html") as seen:
        page, dialog = seen.page, seen.page.get_by_role("dialog", name="Search")
        button = page.get_by_role("button", name="Search").first
        press(page, button, "Enter")
        dialog.wait_for()
        assert page.evaluate("document.activeElement.matches('dialog[open] input')")
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        assert button.evaluate("(one) => one === document.activeElement")
        page.keyboard.press("Control+k")
        dialog.wait_for()
        page.keyboard.type("softmax")
        page.keyboard.press("Enter")
        page.wait_for_selector("#search-results li a")
        assert "search.html" in page.url


def test_the_colours_change_by_keyboard(visit, url):
    with visit(f"{url}/book/notation.html", color_scheme="light") as seen:
        button = seen.page.get_by_role("button", name="Color mode")
        themes = set()
        for _ in range(3):
            press(seen.page, button, "Enter")
            themes.add(seen.page.evaluate("document.documentElement.dataset.theme"))
        assert themes == {"light", "dark"}


def test_an_answer_unfolds_and_says_whether_it_is_right(visit, url):
    with visit(f"{url}/notebooks/02_worked_example.html") as seen:
        for kind, word in (("right", "Right"), ("wrong", "Not this one")):
            fold = seen.page.locator(f"details.option.{kind}").first
            answer = fold.locator("p").first
            assert not answer.is_visible()
            press(seen.page, fold.locator("summary"), "Enter")
            assert answer.is_visible()
            assert answer.text_content().startswith(word)
            role = spoken(seen.page, fold.locator("summary"))[0]
            assert (role["role"], role["expanded"]) == ("DisclosureTriangle", True)
            press(seen.page, fold.locator("summary"), "Space")
            assert not answer.is_visible()
