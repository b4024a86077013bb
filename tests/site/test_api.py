"""The reference pages hold every public name of the library, and nothing else."""

import importlib
import inspect
import pkgutil
import re
from functools import cache

from bs4 import BeautifulSoup

import attention_book
import attention_lib
from attention_book.concepts import CONCEPTS
from tests.helpers.layers import INTERNAL
from tests.helpers.page_checks import axe_findings, wait_for
from tests.helpers.toc import pages

LAYERS = ("reference", "functional", "modules")


def expected():
    """The full names, gathered here without the code that writes the pages."""
    names = set()
    for part in (
        *pkgutil.iter_modules(attention_lib.__path__, "attention_lib."),
        *pkgutil.iter_modules(attention_book.__path__, "attention_book."),
    ):
        if part.name.rpartition(".")[2] in INTERNAL:
            continue
        top = importlib.import_module(part.name)
        modules = [top]
        if part.ispkg and not hasattr(top, "__all__"):
            inside = pkgutil.iter_modules(top.__path__, f"{part.name}.")
            modules = [importlib.import_module(one.name) for one in inside]
        for module in modules:
            names |= {f"{module.__name__}.{name}" for name in offered(module)}
    return names


def offered(module):
    if hasattr(module, "__all__"):
        return [one for one in module.__all__ if not inspect.ismodule(getattr(module, one))]
    own = [
        name
        for name, one in vars(module).items()
        if getattr(one, "__module__", None) == module.__name__
        and (inspect.isclass(one) or inspect.isfunction(one))
    ]
    return [name for name in own if not name.startswith("_")]


@cache
def soup(site, page):
    return BeautifulSoup((site / page).read_text("utf8"), "html.parser")


def entries(site):
    """(full name, its signature, its text) of every entry that stands in no other."""
    found = []
    for page in pages():
        if page.startswith("book/api/"):
            for entry in soup(site, page).select("dl.py.function, dl.py.class, dl.py.data"):
                if entry.find_parent("dl", class_="py") is None:
                    found.append((entry.dt["id"], entry.dt, entry.dd))
    return found


def test_every_public_name_has_one_entry_and_none_is_stale(site):
    names = [name for name, _, _ in entries(site)]
    assert sorted(names) == sorted(set(names))
    assert set(names) == expected()


def test_every_entry_has_its_signature_and_says_something(site):
    for name, signature, text in entries(site):
        one = importlib.import_module(name.rpartition(".")[0])
        one = getattr(one, name.rpartition(".")[2])
        shown = signature.select_one(".sig-name").get_text()
        assert shown == name.rpartition(".")[2]
        if not callable(one):
            continue
        names = [part.get_text() for part in signature.select(".sig-param > .n:first-child")]
        stars = [part.get_text() for part in signature.select(".sig-param > .o:first-child")]
        try:
            parameters = inspect.signature(one).parameters.values()
        except ValueError:  # an exception has none to show
            parameters = []
        plain = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        assert names == plain, name
        keyword_only = any(p.kind is p.KEYWORD_ONLY for p in parameters)
        starred = [p for p in parameters if p.kind is p.VAR_POSITIONAL]
        assert ("*" in stars) == (keyword_only or bool(starred)), name
        made_up = (one.__doc__ or "").startswith(f"{one.__name__}(")
        assert made_up or text.get_text(strip=True), name


def is_set_apart(tag):
    return tag.name in ("code", "pre", "strong", "dt") or "math" in tag.get("class", ())


def test_no_markup_of_the_docstrings_is_left_over(site):
    for name, _, text in entries(site):
        words = "".join(word for word in text.strings if not word.find_parent(is_set_apart))
        for mark in ("`", "$", ">>>", "Args:", "Returns:", "Raises:", "{py:"):
            assert mark not in words, (name, mark)
        assert not re.search(r"\*\*[^*\n]+\*\*", words), name


def test_the_concept_table_leads_to_the_entries(site):
    rows = soup(site, "book/concepts.html").select("article table tbody tr")
    for row in rows:
        cells = row.select("td")
        for layer, cell in zip(LAYERS, cells[1:4], strict=True):
            for code in cell.select("code"):
                link = code.find_parent("a")
                assert link is not None, code
                name = f"attention_lib.{layer}.{code.get_text()}"
                assert link["href"] == f"api/{layer}.html#{name}"
    assert rows


def test_chapters_end_with_the_way_to_the_entries_of_their_concepts(site):
    for chapter in {concept.chapter for concept in CONCEPTS}:
        section = soup(site, f"notebooks/{chapter}.html").select_one("section#in-the-library")
        links = {link["href"].partition("#")[2] for link in section.select("li a")}
        taught = {
            f"attention_lib.{layer}.{name}"
            for concept in CONCEPTS
            if concept.chapter == chapter
            for layer in LAYERS
            for name in getattr(concept, layer)
        }
        assert links == taught


@cache
def homes(site):
    """Name of an entry: the page that it stands on."""
    api = [page for page in pages() if page.startswith("book/api/")]
    return {one["id"]: page for page in api for one in soup(site, page).select("dt.sig[id]")}


def test_every_entry_leads_to_its_line_in_the_source(site):
    for name, signature, _ in entries(site):
        link = signature.select_one("a:has(> .source-link)")
        address, _, anchor = link["href"].partition("#")
        page = homes(site)[name]
        text = ((site / page).parent / address).read_text("utf8")
        line = text.partition(f'<span id="{anchor}"></span>')[2].partition("\n")[0]
        words = BeautifulSoup(line, "html.parser").get_text()
        assert re.match(rf"(def |class )?{name.rpartition('.')[2]}\b", words), (name, words)


def test_a_page_of_source_is_light_readable_and_clean(visit, url):
    with visit(f"{url}/book/api/source/attention_lib/cost/lsh.html") as seen:
        assert seen.weight <= 50_000
        for scheme in ("light", "dark"):
            seen.page.emulate_media(color_scheme=scheme)
            wait_for(seen.page, f"document.documentElement.dataset.theme === '{scheme}'")
            assert axe_findings(seen.page) == [], scheme
        assert seen.problems() == []
