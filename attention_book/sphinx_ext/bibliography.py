"""The annotated bibliography: works, links and back links, from book/references.bib.

A page says `<!-- works: positions -->` where the works of a topic are to stand. An entry of the
.bib has, beside what BibTeX knows, its `topic`, an `annotation`, and where it has neither a DOI nor
an arXiv number the reason, `nodoi`. Who cites a work is read from the sections *Sources*.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from pybtex.database import Entry, parse_file
from pybtex.richtext import Text

from ..pipeline.project import PipelineError
from .places import Places, number, places_of

FILE = "book/references.bib"
MARK = re.compile(r"^<!-- works: (\w+) -->$", re.MULTILINE)
FILED = "https://doi.org/10.48550/arXiv."  # arXiv gives a DOI to each of its papers
FEW = 6  # authors that are all named


def insert_works(app, docname, source):
    """Put the works of a topic where the page asks for them."""
    if MARK.search(source[0]):
        root = Path(app.srcdir)
        app.env.note_dependency(str(root / FILE))
        places, entries = places_of(root), works(root)
        source[0] = MARK.sub(lambda found: listed(found[1], entries, places), source[0])


@cache
def works(root: Path) -> dict[str, Entry]:
    """key: entry, for every work."""
    return dict(parse_file(str(root / FILE)).entries)


def listed(topic: str, entries: dict[str, Entry], places: Places) -> str:
    """The works of one topic, by year, as a list."""
    found = {key: one for key, one in entries.items() if one.fields.get("topic") == topic}
    if not found:
        known = sorted({one.fields.get("topic", "none") for one in entries.values()})
        raise PipelineError(FILE, f"no work has the topic {topic!r}", f"use one of: {known}")
    order = sorted(found, key=lambda key: (found[key].fields["year"], authors(found[key])))
    items = [item(key, found[key], places) for key in order]
    return "\n\n".join(['<div class="citation-list">', *items, "</div>"])


def item(key: str, entry: Entry, places: Places) -> str:
    """One work: who, what, where, its links, what it is good for, and who cites it."""
    cited = [places.link(page, "Sources", text=number(page)) for page in citing(entry, places)]
    if not cited:
        raise PipelineError(
            FILE, f"no page cites {key}", "cite it in a section Sources, or drop it"
        )
    title = plain(entry.fields["title"])
    title += "" if title.endswith("?") else "."
    who = f'- <span id="work-{key}"></span>{authors(entry)} ({entry.fields["year"]}).'
    head = " ".join(filter(None, [who, f"**{title}**", venue(entry), links(entry)]))
    return f"{head}\n\n  {entry.fields['annotation']} Cited in {', '.join(cited)}."


def citing(entry: Entry, places: Places) -> list[str]:
    """The pages whose sources name the work by its number, its address, or author and year."""
    fields, name = entry.fields, plain(last_name(entry.persons["author"][0]))
    patterns = [re.escape(fields[one]) for one in ("eprint", "doi", "url") if one in fields]
    patterns = patterns or [rf"^- {re.escape(name)}, .*\({fields['year']}\)"]
    wanted = re.compile("|".join(patterns), re.MULTILINE | re.IGNORECASE)
    return [page for page, text in places.sources.items() if wanted.search(text)]


def links(entry: Entry) -> str:
    """DOI and arXiv number as links, or why there are none."""
    fields, found = entry.fields, []
    if "doi" in fields:
        found.append(f"[doi:{fields['doi']}](https://doi.org/{fields['doi']})")
    if "eprint" in fields:
        found.append(f"[arXiv:{fields['eprint']}](https://arxiv.org/abs/{fields['eprint']})")
        if "doi" not in fields:
            filed = FILED + fields["eprint"]
            found.append(f"[{filed.removeprefix('https://doi.org/')}]({filed})")
    if found:
        return ", ".join(found) + "."
    if "nodoi" not in fields:
        problem = "has neither a DOI nor an arXiv number"
        raise PipelineError(
            FILE, f"{entry.key} {problem}", "give one, or the reason: nodoi = {...}"
        )
    address = f" [{fields['url']}]({fields['url']})" if "url" in fields else ""
    return f"{fields['nodoi']}{address}"


def venue(entry: Entry) -> str:
    """The journal with volume and pages, or the conference."""
    fields = entry.fields
    where = fields.get("journal") or fields.get("booktitle") or fields.get("howpublished", "")
    if not where or "arxiv" in where.lower():
        return ""
    numbers = fields.get("volume", "")
    if "pages" in fields:
        numbers += (", " if numbers else "") + fields["pages"].replace("--", "–")
    return f"*{plain(where)}*{f', {numbers}' if numbers else ''}."


def authors(entry: Entry) -> str:
    """Last names; of many the first, with the others counted as et al."""
    names = [plain(last_name(person)) for person in entry.persons["author"]]
    if "others" in names or len(names) > FEW:
        return f"{names[0]} et al."
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def last_name(person) -> str:
    return " ".join([*person.prelast_names, *person.last_names])


def plain(latex: str) -> str:
    """LaTeX of a .bib file as Markdown; a formula stays as it is."""
    words = re.split(r"(\{?\$[^$]+\$\}?|\s+)", latex)
    return "".join(one.strip("{}") if "$" in one else _text(one) for one in words)


def _text(latex: str) -> str:
    """A word; most have no LaTeX in them, and to decode one takes milliseconds."""
    return Text.from_latex(latex).render_as("text") if re.search(r"[\\{}]", latex) else latex


def setup(app):
    app.connect("source-read", insert_works)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
