"""The source of the library inside the site: a light page for each file, linked from its entries.

Each entry of the reference pages gets a link to the line where it is defined. The pages need no
network and no repository; they have the colours of the book and nothing of its lists of contents.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from functools import cache
from pathlib import Path

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

from ..pipeline.address import address_of
from ..pipeline.project import ROOT

FOLDER = "book/api/source/"
TEMPLATE = "source.html"


@cache
def place_of(module: str, name: str) -> tuple[str, int]:
    """The file, relative to the root, and the line where an entry is defined.

    Raises LookupError where neither Python nor the text of the module says so.
    """
    one = importlib.import_module(module)
    for part in name.split("."):
        one = inspect.getattr_static(one, part) if inspect.isclass(one) else getattr(one, part)
    one = getattr(one, "__func__", one)  # a class method or a static method
    one = inspect.unwrap(one.fget if isinstance(one, property) else one)
    if inspect.isclass(one) or inspect.isfunction(one):
        lines, first = inspect.getsourcelines(one)
        return _relative(inspect.getsourcefile(one)), first + _decorators(lines)
    return _assigned(module, name)


def _decorators(lines) -> int:
    """How many lines stand before `def` or `class`."""
    starts = ("def ", "class ", "async def ")
    return next((n for n, line in enumerate(lines) if line.lstrip().startswith(starts)), 0)


def _assigned(module: str, name: str) -> tuple[str, int]:
    """Where a constant gets its value: in its module, or in the one that it is imported from."""
    path = inspect.getsourcefile(importlib.import_module(module))
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    for node in tree.body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        if any(isinstance(one, ast.Name) and one.id == name for one in targets):
            return _relative(path), node.lineno
        if isinstance(node, ast.ImportFrom) and name in [
            one.asname or one.name for one in node.names
        ]:
            package = module if Path(path).name == "__init__.py" else module.rpartition(".")[0]
            parent = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            original = next(one.name for one in node.names if (one.asname or one.name) == name)
            return _assigned(parent, original)
    raise LookupError(f"{module}.{name}: no line defines it; expected an assignment or an import")


def _relative(path) -> str:
    return Path(path).resolve().relative_to(ROOT).as_posix()


def page_name(file: str) -> str:
    """The page of a file: attention_lib/cost/lsh.py stands under book/api/source."""
    return FOLDER + file.removesuffix(".py")


class LinkSources(SphinxPostTransform):
    """Puts a link to its source behind the signature of every entry."""

    default_priority = 400
    formats = ("html",)

    def run(self, **kwargs):
        for signature in list(self.document.findall(addnodes.desc_signature)):
            if signature.parent["domain"] == "py" and "fullname" in signature:
                place = place_of(signature["module"], signature["fullname"])
                signature += self._link(*place, signature["fullname"])

    def _link(self, file, line, name):
        builder, here = self.app.builder, self.env.docname
        text = nodes.inline("", "source", classes=["source-link"])
        link = make_refnode(builder, here, page_name(file), f"line-{line}", text)
        link["reftitle"] = f"Source of {name}"
        return link


def source_pages(app):
    """A page for each file that an entry stands in."""
    files = {}
    for full_name, entry in app.env.get_domain("py").objects.items():
        if entry.objtype != "module":
            file, line = place_of(*split(full_name))
            files.setdefault(file, []).append((line, entry.node_id, entry.docname))
    for file, entries in sorted(files.items()):
        yield page_name(file), context_of(app, file, sorted(entries)), TEMPLATE


def split(full_name: str) -> tuple[str, str]:
    """The module that an entry is read from, and its name there: a class, or one of its methods."""
    module = full_name.rpartition(".")[0]
    while module not in sys.modules:
        module = module.rpartition(".")[0]
    return module, full_name[len(module) + 1 :]


def context_of(app, file: str, entries) -> dict:
    """What the template needs: the coloured text, and links to the entries that explain it."""
    here = page_name(file)
    address = {one: app.builder.get_relative_uri(here, one) for one in {e[2] for e in entries}}
    return {
        "title": file,
        "body": coloured((ROOT / file).read_text(encoding="utf-8"), {e[0] for e in entries}),
        "explained": [(f"{address[docname]}#{name}", name) for _, name, docname in entries],
        "home": address[entries[0][2]],
        "in_repository": in_repository(address_of(Path(app.srcdir)), file),
    }


def in_repository(address, file: str) -> str:
    """Where the repository shows the file; "" without an address, or where its host is unknown."""
    if address is None or not address.opens_in_binder:
        return ""
    return f"{address.url}/blob/{address.branch}/{file}"


def coloured(text: str, lines: set[int]) -> str:
    """The text as HTML, with an anchor at each of these lines; Pygments begins each line anew."""
    shown = highlight(text, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)).split("\n")
    for line in lines:
        shown[line - 1] = f'<span id="line-{line}"></span>{shown[line - 1]}'
    return '<div class="highlight"><pre>' + "\n".join(shown) + "</pre></div>"


def setup(app):
    app.add_post_transform(LinkSources)
    app.connect("html-collect-pages", source_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
