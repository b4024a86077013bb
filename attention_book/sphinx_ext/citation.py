"""How to cite the book: a sentence and a BibTeX entry, made from CITATION.cff.

A page says `<!-- citation -->` where they are to stand.
"""

from __future__ import annotations

from pathlib import Path

import yaml

MARK = "<!-- citation -->"
FILE = "CITATION.cff"


def insert_citation(app, docname, source):
    """Put the two forms where the page asks for them."""
    if MARK in source[0]:
        path = Path(app.srcdir) / FILE
        app.env.note_dependency(str(path))
        source[0] = source[0].replace(MARK, forms(yaml.safe_load(path.read_text(encoding="utf-8"))))


def forms(cited: dict) -> str:
    """The sentence and the BibTeX entry; nothing in them that the file does not say."""
    names = " and ".join(one["name"] for one in cited["authors"])
    fields = {
        "author": f"{{{names}}}",
        "title": cited["title"],
        "version": cited["version"],
        "year": str(cited.get("date-released", ""))[:4],
        "doi": cited.get("doi", ""),
        "url": cited.get("url", cited.get("repository-code", "")),
    }
    known = [f"  {name:<7} = {{{value}}}" for name, value in fields.items() if value]
    entry = ",\n".join(["@misc{attention-computed", *known])
    sentence = f"{names}. *{cited['title']}*, version {cited['version']}."
    where = fields["doi"] or fields["url"]
    said = (
        f"Say which version you used. {sentence}{f' {where}' if where else ''} The file "
        f"`{FILE}` at the root of the project holds the same as data."
    )
    return f"{said}\n\n```bibtex\n{entry}\n}}\n```"


def setup(app):
    app.connect("source-read", insert_citation)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
