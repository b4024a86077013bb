"""The definitions of a Python file: what each of them says, and which names it uses.

Docstrings, comments and layout are left out, and what is left is written in a form that does not
depend on the version of Python.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

IGNORED = {"ctx", "kind", "type_comment"}
DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)


def digest(text: str | bytes) -> str:
    """Six hexadecimal digits: names are compared one by one, and there are some hundred."""
    content = text.encode() if isinstance(text, str) else text
    return hashlib.sha256(content).hexdigest()[:6]


@dataclass
class Definition:
    """All statements that bind one name, or that bind none.

    parts     what it says: "" -> digest; of a class also "method" -> digest
    uses      the dotted names in it, as tuples
    imports   what is imported inside: name -> (module, attribute or "")
    mentions  every single name and attribute in it
    texts     every text in it
    """

    parts: dict[str, str] = field(default_factory=dict)
    uses: set[tuple[str, ...]] = field(default_factory=set)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    mentions: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)


class Source:
    """One file.

    definitions  by name; "" has the statements that bind none
    imports      name -> (module, attribute or "")
    effects      the names of definitions that matter as soon as the file is imported
    """

    def __init__(self, text: str, module: str = "", *, package: bool = False):
        self.module = module
        self.home = module if package else module.rpartition(".")[0]  # what "." stands for
        self.imports: dict[str, tuple[str, str]] = {}
        self.definitions: dict[str, Definition] = {}
        self.effects = [""]
        try:
            self._read(ast.parse(text).body)
        except SyntaxError:  # running it will say what is wrong
            self.definitions[""] = Definition({"": digest(text)})

    def _read(self, body: list) -> None:
        statements: dict[str, list] = {}
        for node in body:
            if isinstance(node, IMPORTS):
                self.imports.update(self._imported(node))
            elif not _is_text(node):
                self._hold(node)
                if self._registers(node, statements):
                    self.effects.append(node.name)
                for name in _bound(node) or [""]:
                    statements.setdefault(name, []).append(node)
        for name, nodes in statements.items():
            self.definitions[name] = self._definition(nodes)

    def _registers(self, node, known) -> bool:
        """Whether a decorator of the same package may keep what it decorates."""
        chains = [chain for one in getattr(node, "decorator_list", []) for chain in _chains(one)]
        inside = {name for name, (module, _) in self.imports.items() if self._is_inside(module)}
        return any(name in known or name in inside for name, *_ in chains)

    def _is_outside(self, name: str) -> bool:
        return name in self.imports and not self._is_inside(self.imports[name][0])

    def _is_inside(self, module: str) -> bool:
        return module.partition(".")[0] == self.module.partition(".")[0] != ""

    def _hold(self, node) -> None:
        """Imports inside `if`, `try` and `with` bind names of the module."""
        if not isinstance(node, DEFINES):
            for inner in ast.walk(node):
                if isinstance(inner, IMPORTS):
                    self.imports.update(self._imported(inner))

    def _definition(self, nodes: list) -> Definition:
        made = Definition()
        for node in nodes:
            for inner in ast.walk(node):
                if isinstance(inner, IMPORTS):
                    made.imports.update(self._imported(inner))
                elif isinstance(inner, ast.Name):
                    made.mentions.add(inner.id)
                elif isinstance(inner, ast.Attribute):
                    made.mentions.add(inner.attr)
                elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    made.texts.add(inner.value)
            made.uses.update(_chains(node))
        outside = sorted({f"{n}={self.imports[n]}" for n, *_ in made.uses if self._is_outside(n)})
        made.parts[""] = digest(str([*outside, *map(_without_methods, nodes)]))
        for node in nodes:
            for method in _methods(node):
                made.parts[method.name] = digest(made.parts.get(method.name, "") + said(method))
        return made

    def _imported(self, node) -> dict[str, tuple[str, str]]:
        if isinstance(node, ast.Import):
            tops = {a.name.partition(".")[0] for a in node.names if not a.asname}
            renamed = {a.asname: (a.name, "") for a in node.names if a.asname}
            return {top: (top, "") for top in tops} | renamed
        base = node.module or ""
        if node.level:
            home = self.home.split(".")
            base = ".".join([*home[: len(home) + 1 - node.level], *filter(None, [base])])
        stars = {f"* {base}": (base, "*") for a in node.names if a.name == "*"}
        return stars or {a.asname or a.name: (base, a.name) for a in node.names}


def said(node) -> str:
    """What a piece of code says, without docstrings and positions."""
    if isinstance(node, ast.Constant):
        return f"{type(node.value).__name__} {node.value!r}"
    if isinstance(node, ast.AST):
        fields = [(name, one) for name, one in ast.iter_fields(node) if name not in IGNORED]
        texts = [f"{name}={said(one)}" for name, one in fields if one not in (None, [])]
        return f"{type(node).__name__}({', '.join(texts)})"
    if isinstance(node, list):
        return f"[{', '.join(said(one) for one in node if not _is_text(one))}]"
    return repr(node)


def _is_text(node) -> bool:
    """A docstring, or another text that stands alone and does nothing."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _methods(node) -> list:
    return [one for one in node.body if isinstance(one, DEFINES)] if _is_class(node) else []


def _is_class(node) -> bool:
    return isinstance(node, ast.ClassDef)


def _without_methods(node) -> str:
    if not _is_class(node):
        return said(node)
    rest = [one for one in node.body if one not in _methods(node)]
    heads = [*node.bases, *node.keywords, *node.decorator_list]
    return f"class {node.name} {[said(one) for one in heads]} {said(rest)}"


def _bound(node) -> list[str]:
    """The names that a statement binds; none for one that only has an effect."""
    if isinstance(node, DEFINES):
        return [node.name]
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        names = [inner for one in targets for inner in ast.walk(one)]
        plain = all(isinstance(one, (ast.Name, ast.Tuple, ast.List)) for one in targets)
        return [one.id for one in names if isinstance(one, ast.Name)] if plain else []
    inside = list(ast.walk(node))
    stored = [one.id for one in inside if isinstance(one, ast.Name) and _is_stored(one)]
    return ["", *stored, *(one.name for one in inside if isinstance(one, DEFINES))]


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _chains(node) -> Iterator[tuple[str, ...]]:
    """The longest dotted names: ("reference", "softmax") for reference.softmax(x)."""
    if isinstance(node, ast.Attribute):
        chain = _dotted(node)
        if chain:
            yield chain
            return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield (node.id,)
    for child in ast.iter_child_nodes(node):
        yield from _chains(child)


def _dotted(node) -> tuple[str, ...]:
    if isinstance(node, ast.Name):
        return (node.id,)
    inner = _dotted(node.value) if isinstance(node, ast.Attribute) else ()
    return (*inner, node.attr) if inner else ()
