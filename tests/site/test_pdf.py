"""The book on paper, judged by another reader of PDF than the one that wrote it.

Three chapters with every kind of picture, and a page with wide tables; `make pdf` itself stops
when a link of the whole book leads nowhere or when it weighs too much.
"""

import re
import unicodedata
from types import SimpleNamespace

import pytest
from pypdf import PdfReader

from attention_book.pdf import collect
from attention_book.pdf.contents import Page
from attention_book.pdf.document import ANSWERS
from attention_book.pdf.printing import _judge, print_book
from attention_book.pipeline.errors import PipelineError
from attention_book.pipeline.project import Project

PAGES = ["02_worked_example", "04_position", "08_1_windows", "concepts"]
TOP, FOOT = 774, 62  # points from the foot of a sheet, between which the text stands
FACE = {"/FontFile", "/FontFile2", "/FontFile3"}


def squeezed(text):
    """Letters and digits alone: lines break anywhere, and a ligature is two letters."""
    return re.sub(r"\W+", "", unicodedata.normalize("NFKD", text))


@pytest.fixture(scope="module")
def made(site, browser, tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / "book.pdf"
    return print_book(Project(), PAGES, path, browser)


@pytest.fixture(scope="module")
def reader(made):
    return PdfReader(made[0])


@pytest.fixture(scope="module")
def looked(reader):
    """For each sheet its text, and the share of it that is blank below the last line."""
    return [look(page) for page in reader.pages]


def look(page):
    heights = []

    def see(text, place, within, *_):
        if text.strip():
            heights.append(within[4] * place[1] + within[5] * place[3] + place[5])

    text = page.extract_text(visitor_text=see)
    lowest = min((height for height in heights if FOOT <= height <= TOP), default=TOP)
    return text, (lowest - FOOT) / (TOP - FOOT)


@pytest.fixture(scope="module")
def sheets(looked):
    return [text for text, _ in looked]


def flat(entries):
    for entry in entries:
        if isinstance(entry, list):
            yield from flat(entry)
        else:
            yield entry


def test_it_says_what_it_is(reader, sheets):
    assert reader.metadata.title == "Attention, computed"
    assert reader.metadata.author
    assert reader.root_object["/Lang"] == "en"
    assert reader.root_object["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in reader.root_object
    assert all(word in sheets[0] for word in ("Version", "CC BY 4.0", "MIT"))


def test_the_outline_names_pages_and_sections_and_opens_there(made, reader, sheets):
    _, printed = made
    entries = list(flat(reader.outline))
    sections = sum(len(one.sections) for one in printed)
    answered = sum(bool(one.answers) for one in printed)
    assert len(entries) == len(printed) + sections + answered + 2
    for entry in entries:
        there = sheets[reader.get_destination_page_number(entry)]
        assert squeezed(entry.title) in squeezed(there), entry.title


def test_links_lead_to_pages_of_the_book_or_to_the_web(reader):
    goals, web = reader.named_destinations, []
    inside = 0
    for page in reader.pages:
        for link in (note.get_object() for note in page.get("/Annots", ())):
            if "/Dest" in link:
                inside += 1
                assert str(link["/Dest"]).removeprefix("/") in {
                    name.removeprefix("/") for name in goals
                }
            else:
                web.append(link["/A"]["/URI"])
    assert inside > 60
    assert web
    assert all(address.startswith("https://") for address in web)


def test_page_numbers_in_the_contents_are_those_of_the_sheets(made, reader, sheets):
    contents = " ".join(sheets[1].split())
    sheet_of: dict[str, int] = {}
    for entry in flat(reader.outline):  # the answers of a page bear its name again, further back
        sheet_of.setdefault(entry.title, reader.get_destination_page_number(entry))
    for one in made[1]:
        number = sheet_of[one.name] + 1
        assert re.search(rf"{re.escape(one.name)}\s*{number}\b", contents), (one.name, number)


def test_every_sheet_but_the_cover_begins_with_its_title_and_number(made, sheets):
    heads = [squeezed(name) for name in [*(one.name for one in made[1]), "Contents", ANSWERS]]
    for number, text in enumerate(sheets[1:], start=2):
        begins = squeezed(text)
        assert any(begins.startswith(f"{head}{number}") for head in heads), (number, text[:80])


def test_only_the_last_sheet_of_a_page_is_left_blank(made, reader, looked):
    begins = {reader.get_destination_page_number(entry) for entry in flat(reader.outline[:1])}
    goals = reader.named_destinations
    slugs = [*(one.page.slug for one in made[1]), "answers"]
    begins |= {reader.get_destination_page_number(goals[f"/{slug}"]) for slug in slugs}
    ends = {number - 1 for number in begins} | {len(reader.pages) - 1}
    blank = [share for _, share in looked]
    assert max(blank) < 0.97
    within = {k + 1: share for k, share in enumerate(blank) if k not in ends}
    assert len(within) > 30
    assert {k: round(share, 2) for k, share in within.items() if share > 0.45} == {}
    assert sum(within.values()) / len(within) < 0.12


def test_every_picture_stands_with_its_caption_and_its_values(made, sheets):
    text = squeezed("".join(sheets))
    captions = [caption for one in made[1] for caption in one.captions]
    assert len(captions) > 12
    assert [caption for caption in captions if squeezed(caption) not in text] == []
    assert not any("Set your guess" in caption for caption in captions)
    assert text.count("Drawnfor") >= 10
    bodies = " ".join(one.body for one in made[1])
    assert not re.search(r"noUi|widget-readout|<button|<input|<details|<script", bodies)


def test_a_picture_in_steps_stands_at_its_last_with_the_others_in_words(made):
    bodies = " ".join(one.body for one in made[1])
    steps = re.findall(r"Step (\d+) of (\d+)", bodies)
    assert steps
    assert all(at == count for at, count in steps)
    before = re.findall(r'<ol class="steps-before">(.*?)</ol>', bodies)
    assert [len(re.findall("<li", one)) + 1 for one in before] == [int(n) for _, n in steps]


def test_answers_stand_at_the_end_and_are_linked_both_ways(made, sheets):
    for one in made[1]:
        assert one.body.count('class="to-page"') == one.answers.count('class="answer-item"')
        assert "Not this one" not in one.body
    end = "".join(
        sheets[next(k for k, t in enumerate(sheets) if k > 2 and "Hints and answers" in t) :]
    )
    assert "Not this one" in end
    assert "A solution" in end


def test_fonts_are_embedded(reader):
    fonts = {}
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            fonts[font.idnum] = font.get_object()
    assert len(fonts) > 5
    for font in fonts.values():
        if font["/Subtype"] == "/Type3":  # its letters are drawn in the file itself
            assert font["/CharProcs"]
            continue
        below = font.get("/DescendantFonts")
        holder = below[0].get_object() if below else font
        assert FACE & holder["/FontDescriptor"].get_object().keys(), font["/BaseFont"]


def test_it_is_small_and_has_no_clock(made, reader):
    assert made[0].stat().st_size < 4_000_000
    date = reader.metadata.get("/CreationDate")
    assert date == reader.metadata.get("/ModDate")


def test_a_link_to_its_own_page_leads_to_its_beginning(browser, tmp_path):
    text = '<article class="bd-article"><h1>A page</h1><a href="#">here</a></article>'
    (tmp_path / "page.html").write_text(text, "utf8")
    with collect.light_context(browser) as context:
        project = SimpleNamespace(html=tmp_path)
        taken = collect.collect(context, project, Page("page.html"), {"page.html": "page"})
    assert '<a href="#page">here</a>' in taken.body


def test_the_same_pages_give_the_same_bytes(site, browser, tmp_path):
    first, again = (
        print_book(Project(), ["notation"], tmp_path / name, browser)[0].read_bytes()
        for name in ("first.pdf", "again.pdf")
    )
    assert first == again


def test_a_heavy_book_and_loose_links_stop(tmp_path, monkeypatch):
    path = tmp_path / "book.pdf"
    path.write_bytes(b"0" * 2000)
    with pytest.raises(PipelineError, match="links lead nowhere: a, b"):
        _judge(path, ["b", "a", "b"])
    monkeypatch.setattr("attention_book.pdf.printing.MOST", 1000)
    with pytest.raises(PipelineError, match="more than"):
        _judge(path, [])


def test_without_a_browser_it_says_how_to_get_one(monkeypatch):
    monkeypatch.setattr(collect, "browser_path", lambda: None)
    with pytest.raises(PipelineError, match="apt-get install chromium"), collect.chromium():
        pass
