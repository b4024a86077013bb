"""The reference pages: every public name of the library, read from it while the book is built.

A page says `<!-- api: attention_lib.reference -->` where the entries of a part are to stand, in
groups with headings, or `<!-- api entries: attention_book.figures -->` for the entries alone. In
all pages code that is the name of an entry becomes a link to it.
"""

from __future__ import annotations

import importlib
import inspect
import re
from functools import cache

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

from attention_book.concepts import CONCEPTS, LAYERS
from attention_book.pipeline.project import Project

from .api_docstrings import entry, markdown, modules_of, public

MARK = re.compile(r"^<!-- api(| entries): ([\w.]+) -->$", re.MULTILINE)
NAMES_MARK = "<!-- api names -->"
PACKAGES = ("attention_lib.", "attention_book.")
PAGES = "book/api/"
TABLE_PAGE = "book/concepts"
CHAPTERS = "notebooks/"
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


@cache
def parts() -> dict:
    """package: its modules, for every package that a page of the contents has the mark of."""
    project = Project()
    pages = [project.root / f"{one}.md" for one in project.toc_entries if one.startswith(PAGES)]
    marks = [found for page in pages for found in MARK.findall(page.read_text(encoding="utf-8"))]
    return {package: modules_of(package) for _, package in marks}


@cache
def places() -> dict:
    """Name without its module: the full names that it has, in the order of the parts."""
    found = {}
    for modules in parts().values():
        for module in modules:
            for name in public(module):
                found.setdefault(name, []).append(f"{module.__name__}.{name}")
    return found


@cache
def full_names() -> frozenset:
    return frozenset(one for all_of_name in places().values() for one in all_of_name)


def page_of(package: str, *, plain: bool = False) -> str:
    """The entries of one part of the library as MyST, in groups unless `plain`.

    What holds for all of them, the docstring of the part, stands above.
    """
    part = package.rpartition(".")[2]
    module = importlib.import_module(package)
    if plain:
        entries = [entry(package, name, one) for name, one in public(module).items()]
        blocks = [_module_target(package), *entries]
    elif part in LAYERS:
        blocks = _by_concept(package, part)
    else:
        blocks = [_by_file(module) for module in modules_of(package)]
    return "\n\n".join([overview(module), *blocks])


def overview(module) -> str:
    """The docstring of a part without its first sentence, which its page says in its own words."""
    rest = inspect.getdoc(module).partition("\n\n")[2]
    return markdown(f"\n{rest}")  # no first line, whose indentation would not count


def _by_concept(package, layer):
    module = importlib.import_module(package)
    offered = public(module)
    blocks = [_module_target(package)]
    listed = set()
    for concept in CONCEPTS:
        names = [name for name in getattr(concept, layer) if name in offered]
        listed.update(names)
        if names:
            blocks += [f"## {_capital(concept.name)}", _elsewhere(concept, layer)]
            blocks += [entry(package, name, offered[name]) for name in names]
    rest = sorted(set(offered) - listed)
    blocks += ["## Further names"] * bool(rest)
    return blocks + [entry(package, name, offered[name]) for name in rest]


def _elsewhere(concept, layer):
    """Where else this concept is found, in one line."""
    found = []
    for other in LAYERS:
        names = ", ".join(f"`attention_lib.{other}.{name}`" for name in getattr(concept, other))
        if other != layer and names:
            found.append(f"in {other}: {names}")
    found.append(f"taught in [](/notebooks/{concept.chapter}.ipynb)")
    return f"Also {'; '.join(found)}."


def _by_file(module):
    """The names of a module, in groups: those that one file defines stand together."""
    groups = {}
    for name, one in public(module).items():
        groups.setdefault(getattr(one, "__module__", module.__name__), []).append((name, one))
    own = list(groups) == [module.__name__] and "." in module.__name__.partition(".")[2]
    blocks = [_module_target(module.__name__)] if not own else []
    for source, members in groups.items():
        title = source.rpartition(".")[2].lstrip("_").replace("_", " ")
        doc = inspect.getdoc(importlib.import_module(source)) if "." in source else None
        blocks.append(f"## {_capital(title)}")
        blocks += [_module_target(module.__name__)] if own else []
        blocks += [markdown(doc)] if doc and source != "builtins" else []
        blocks += [entry(module.__name__, name, one) for name, one in members]
    return "\n\n".join(blocks)


def _module_target(name):
    return f"```{{py:module}} {name}\n```"


def _capital(text):
    return text[0].upper() + text[1:]


def names_list() -> str:
    """Every name, with the places where it is defined, in the order of the alphabet."""
    lines = []
    for name in sorted(places(), key=str.casefold):
        where = ", ".join(f"`{full}`" for full in places()[name])
        lines.append(f"- {where}")
    return "\n".join(lines)


def insert_entries(app, docname, source):
    """Fill in the marks of a page, before it is parsed."""
    if not MARK.search(source[0]) and NAMES_MARK not in source[0]:
        return
    for _, package in MARK.findall(source[0]):
        for module in {importlib.import_module(package), *modules_of(package)}:
            app.env.note_dependency(inspect.getfile(module))
    source[0] = MARK.sub(lambda found: page_of(found[2], plain=bool(found[1])), source[0])
    source[0] = source[0].replace(NAMES_MARK, names_list())


class LinkNames(SphinxTransform):
    """Turns code that names an entry of the reference into a link to it."""

    default_priority = 700

    def apply(self, **kwargs):
        docname = self.env.docname
        if docname.startswith(CHAPTERS):
            self._add_concepts(docname.removeprefix(CHAPTERS))
        for literal in list(self.document.findall(nodes.literal)):
            name = literal.astext().removesuffix("()")
            if not DOTTED.fullmatch(name) or _is_inside(literal):
                continue
            home, layer = _home(literal), None
            if docname == TABLE_PAGE:
                layer = _layer_of_column(literal)
            target = resolve(name, home=home, layer=layer, anywhere=docname.startswith(PAGES))
            if target and target != home:
                self._link(literal, target, docname)

    def _add_concepts(self, chapter):
        """At the end of a chapter: where its formulas stand in the library."""
        taught = [concept for concept in CONCEPTS if concept.chapter == chapter]
        top = next(iter(self.document.findall(nodes.section)), None)
        if not taught or top is None:
            return
        section = nodes.section("", nodes.title("", "In the library"), ids=["in-the-library"])
        rows = nodes.bullet_list()
        for concept in taught:
            names = [f"{layer}.{name}" for layer in LAYERS for name in getattr(concept, layer)]
            row = nodes.paragraph("", nodes.Text(f"{_capital(concept.name)}: "))
            for k, name in enumerate(names):
                row += [nodes.Text(", ")] * bool(k)
                row += nodes.literal(name, name)
            rows += nodes.list_item("", row)
        section += [nodes.paragraph("", "Where each formula of this page is computed:"), rows]
        top += section

    def _link(self, literal, target, docname):
        shown = literal.deepcopy()
        text = literal.astext()
        if text.startswith(PACKAGES):
            shown = nodes.literal(text, text.partition(".")[2])
        reference = addnodes.pending_xref(
            "",
            shown,
            refdomain="py",
            reftype="obj",
            reftarget=target,
            refdoc=docname,
            refexplicit=True,
            refwarn=True,
        )
        literal.replace_self(reference)


def resolve(name: str, *, home=None, layer=None, anywhere=False) -> str | None:
    """The entry that a piece of code means, or None.

    home is the entry in whose text it stands, layer that of its column in the concept table. A
    chapter uses short names of its own: there, without `anywhere`, only concepts are meant.
    """
    for full in (name, *(package + name for package in PACKAGES)):
        if full in full_names():
            return full
    if name.startswith(PACKAGES):
        return None
    found = places().get(name, [])
    module = (home or "").rpartition(".")[0]
    if layer:
        module = f"attention_lib.{layer}"
    if f"{module}.{name}" in found:
        return f"{module}.{name}"
    if home or layer or anywhere:
        return found[0] if len(found) == 1 else None
    taught = [one for one in found if one.split(".")[1] in LAYERS]
    return taught[0] if taught else None


def _is_inside(node) -> bool:
    """Whether it stands in a title, a link or a signature, where there is no place for a link."""
    kinds = (nodes.title, nodes.reference, addnodes.pending_xref, addnodes.desc_signature)
    kinds += (nodes.rubric, nodes.caption)
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def _home(node) -> str | None:
    """The full name of the entry in whose text a node stands."""
    found = None
    while node.parent is not None:
        node = node.parent
        if isinstance(node, addnodes.desc):
            signature = node[0]
            found = f"{signature.get('module')}.{signature.get('fullname')}"
    return found


def _layer_of_column(node) -> str | None:
    while node.parent is not None:
        if isinstance(node, nodes.entry):
            column = node.parent.index(node)
            return LAYERS[column - 1] if 1 <= column <= len(LAYERS) else None
        node = node.parent
    return None


def setup(app):
    app.connect("source-read", insert_entries)
    app.add_transform(LinkNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
