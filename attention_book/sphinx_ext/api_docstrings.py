"""Public names of the library and their docstrings, written as MyST for the reference pages.

The docstrings are Markdown in Google's layout: sections with indented entries (Args, Returns,
Raises, Attributes), lines such as `Cost: ...`, formulas between double dollars, and doctests.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re

from sphinx.util.inspect import signature, stringify_signature

SECTION = re.compile(r"([A-Z][a-z]+)(?: with)?:?$")
WORD = r"(?:Raises|Returns|Yields|Cost|Source|Chapter|raises|formula|cost|source)"
NOTE = re.compile(rf"({WORD}(?:(?:, | and ){WORD})*): (?=\S)")
ENTRY = re.compile(r"(\*{0,2}\w+(?:(?:, | and )\*{0,2}\w+)*):(?: +|$)(.*)")
ITEM = re.compile(r"(?:[-*+]|\d+\.) +\S")
CODE_OR_QUOTE = re.compile(r'(`[^`]*`|\$[^$]*\$)|"([\w.-]+)"')
CHAPTER = re.compile(r"\b(\d\d_\w+)\b")
TITLES = {"Args:": "Arguments"}


def modules_of(package: str) -> list:
    """The package itself if it says what is public, else its modules."""
    top = importlib.import_module(package)
    if hasattr(top, "__all__") or not hasattr(top, "__path__"):
        return [top]
    found = (one.name for one in pkgutil.iter_modules(top.__path__, f"{package}."))
    modules = [importlib.import_module(name) for name in found if "._" not in name]
    return [module for module in modules if public(module)]


def public(module) -> dict:
    """name: object, for everything that a module offers to its users."""
    if hasattr(module, "__all__"):
        listed = {name: getattr(module, name) for name in module.__all__}
        return {name: one for name, one in listed.items() if not inspect.ismodule(one)}
    return {
        name: one
        for name, one in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(one) or inspect.isclass(one))
        and one.__module__ == module.__name__
    }


def entry(module: str, name: str, one) -> str:
    """One public object as a directive of Sphinx's Python domain."""
    option = f":module: {module}\n"
    if inspect.isclass(one):
        members = "\n".join(_members(one))
        return _directive(
            "class", name + _signature(one), f"{option}\n{text_of(one)}\n{members}", 6
        )
    if callable(one):
        return _directive("function", name + _signature(one), f"{option}\n{text_of(one)}", 6)
    return _directive("data", name, f"{option}:value: {one!r}\n", 6)


def _members(one):
    """Methods that the library itself defines, the inherited ones of its base classes too."""
    seen = set()
    for base in one.__mro__:
        if not base.__module__.startswith("attention_"):
            continue
        for name, member in vars(base).items():
            if name.startswith("_") or name in seen:
                continue
            seen.add(name)
            kind = _kind(member)
            plain = getattr(member, "__func__", member)
            if kind and (getattr(plain, "__doc__", None) or name == "forward"):
                yield _member(kind, name, member, getattr(one, name))


def _kind(member):
    if isinstance(member, property):
        return "property"
    if isinstance(member, (classmethod, staticmethod)):
        return "classmethod" if isinstance(member, classmethod) else "staticmethod"
    return "method" if inspect.isfunction(member) else None


def _member(kind, name, member, bound):
    if kind == "property":
        return _directive("property", name, f"\n{markdown(member.__doc__)}", 5)
    shown = _signature(bound, bound_method=kind == "method")
    return _directive(kind, name + shown, f"\n{text_of(getattr(member, '__func__', member))}", 5)


def _signature(one, *, bound_method=False) -> str:
    try:
        found = signature(one, bound_method=bound_method)
    except (TypeError, ValueError):
        return "()"
    shown = stringify_signature(found, show_annotation=False)
    return re.sub(r"=<[^>]*>", "=...", shown)  # a default that Python cannot write down


def _directive(kind, argument, body, fence) -> str:
    return f"{'`' * fence}{{py:{kind}}} {argument}\n{body.rstrip()}\n{'`' * fence}\n"


def text_of(one) -> str:
    """The docstring as MyST; nothing where Python made it up (a NamedTuple, a dataclass)."""
    doc = one.__doc__ or ""
    return "" if doc.startswith(f"{one.__name__}(") else markdown(doc)


def markdown(doc: str) -> str:
    """A docstring of the library as MyST."""
    doc = re.sub(r"(?<=[.)`]) (?=Chapter: )", "\n", inspect.cleandoc(doc))
    return "\n\n".join(_blocks(doc.splitlines()))


def _blocks(lines: list[str]):
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif _opens_section(lines, at):
            end = _while(lines, at + 1, lambda one: not one.strip() or one.startswith(" "))
            yield f"```{{rubric}} {TITLES.get(line, line.removesuffix(':'))}\n```"
            named = not line.startswith(("Returns", "Yields"))
            yield from _section(inspect.cleandoc("\n" + "\n".join(lines[at + 1 : end])), named)
            at = end
        elif line.startswith(">>>"):
            end = _while(lines, at, str.strip)
            while end + 1 < len(lines) and lines[end + 1].startswith(">>>"):
                end = _while(lines, end + 1, str.strip)
            yield _fence("pycon", lines[at:end])
            at = end
        elif line.startswith("$$"):
            end = at + 1
            if line.count("$$") < 2:
                end = _while(lines, end, lambda one: "$$" not in one) + 1
            yield "\n".join(lines[at:end])
            at = end
        elif line.startswith(("    ", "|")):
            end = _while(lines, at, lambda one: one.startswith(("    ", "|")))
            table = line.startswith("|")
            yield "\n".join(lines[at:end]) if table else _fence("text", lines[at:end])
            at = end
        else:
            end = at + 1
            while end < len(lines) and _continues(lines, end):
                end += 1
            yield _paragraph(" ".join(one.strip() for one in lines[at:end]))
            at = end


def _opens_section(lines, at) -> bool:
    """Whether a line such as `Args:` or `Called with` has an indented line below it."""
    below = lines[at + 1] if at + 1 < len(lines) else ""
    return bool(SECTION.match(lines[at])) and below.startswith("    ")


def _continues(lines, at) -> bool:
    """Whether a line goes on with the paragraph above it."""
    line = lines[at]
    starts = _opens_section(lines, at) or NOTE.match(line) or ITEM.match(line)
    return bool(line.strip()) and not (starts or line.startswith((">>>", "$$", "|")))


def _paragraph(text: str) -> str:
    if note := NOTE.match(text):
        text = f"**{note[1]}:** {text[note.end() :]}"
        if "Chapter" in note[1]:
            text = CHAPTER.sub(r"[](/notebooks/\1.ipynb)", text)
    # a quoted word is a value to pass: straight quotes, as code
    return CODE_OR_QUOTE.sub(lambda found: found[1] or f'`"{found[2]}"`', text)


def _section(text: str, named: bool):
    """Entries as a list, or the text as it is where nothing is named."""
    lines = text.splitlines()
    if not named or not ENTRY.match(lines[0]):
        yield from _blocks(lines)
        return
    at, entries = 0, []
    while at < len(lines):
        end = _while(lines, at + 1, lambda one: not one.strip() or one.startswith(" "))
        found = ENTRY.match(lines[at])
        names, first = (found[1], found[2]) if found else ("", lines[at])
        body = inspect.cleandoc("\n".join([first, *lines[at + 1 : end]]))
        label = re.sub(r"\*{0,2}\w+", lambda name: f"`{name[0]}`", names.replace(" and ", ", "))
        blocks = "\n\n".join(_blocks(body.splitlines()))
        shown = f"{label}: {blocks}" if label else blocks
        entries.append("- " + shown.replace("\n", "\n  "))
        at = end
    yield "\n".join(entries)


def _while(lines, at, holds) -> int:
    while at < len(lines) and holds(lines[at]):
        at += 1
    return at


def _fence(language, lines) -> str:
    return "\n".join([f"```{language}", *lines, "```"])
