"""Everything of the packages that a piece of code uses, followed through the imports.

Where a name cannot be followed, all that it could stand for counts. Code that looks for modules or
reads files counts with its whole folder; only exercises and results of studies are found by name.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import PurePosixPath

from .sources import Definition, Source

PACKAGES = ("attention_lib", "attention_book")
LOOKS = {"import_module", "__import__", "iter_modules", "walk_packages"}
READS = {"__file__", "__path__", "resources", "files"}  # where a path into the package begins
BY_NAME = ("exercises", "results")  # folders of which the code names what it wants, in a text


class Tree:
    """The files of the packages; `read` gives the content of a path."""

    def __init__(self, paths, read):
        self.paths = set(paths)
        self.read = read
        self._sources: dict[str, Source | None] = {}

    def source(self, module: str) -> Source | None:
        """The parsed file of a module of the packages, None for any other."""
        if module not in self._sources:
            self._sources[module] = self._parsed(module)
        return self._sources[module]

    def _parsed(self, module):
        stem = module.replace(".", "/")
        for path, package in ((f"{stem}/__init__.py", True), (f"{stem}.py", False)):
            if path in self.paths:
                return _source(self.read(path).decode(), module, package)
        return None


@cache  # every chapter has a tree of its own, and the same files
def _source(text: str, module: str, package: bool) -> Source:
    return Source(text, module, package=package)


class Follower:
    """Follows the code cells of a chapter through a `Tree`.

    names   {module: {definition: digest}} of all that was reached
    files   the paths of all data that what was reached may read
    """

    def __init__(self, tree: Tree, cells: list[str]):
        self.tree = tree
        self.names: dict[str, dict[str, str]] = {}
        self.files: set[str] = set()
        self._texts: set[str] = set()
        self._visited: set[str] = set()
        self._waiting: list[tuple[Source, Definition]] = []
        self._start("\n".join(map(_python, cells)))
        while self._waiting:
            self._uses_of(*self._waiting.pop())

    def _start(self, code: str) -> None:
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                parts = node.value.split(".")
                self._texts |= {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
        cells = Source(code)
        for module, attribute in cells.imports.values():
            self._visit(module)
            self._visit(f"{module}.{attribute}")
        self._waiting += [(cells, one) for one in cells.definitions.values()]

    def _uses_of(self, source: Source, definition: Definition) -> None:
        for chain in definition.uses:
            self._resolve(source, definition, chain)
        folder = source.home.replace(".", "/")
        if definition.mentions & LOOKS:
            for module in self._modules_below(folder):
                self._whole(module)
        if definition.mentions & READS and folder:
            self.files.update(self._data_below(folder, definition.texts))

    def _resolve(self, source, definition, chain) -> None:
        name, *rest = chain
        module, attribute = definition.imports.get(name) or source.imports.get(name) or ("", "")
        if module:
            self._look_up(module, [*filter(None, [attribute]), *rest])
        elif name in source.definitions:
            self._reach(source, name)
        else:  # a builtin, a local name, or one of a star import
            for module, _ in [one for one in source.imports.values() if one[1] == "*"]:
                self._whole(module)

    def _look_up(self, module: str, path: list[str]) -> None:
        """The definition that `module.path` stands for."""
        source = self.tree.source(module)
        if source is None:
            return
        self._visit(module)
        if not path:
            self._whole(module)
            return
        name, *rest = path
        if name in source.definitions:
            self._reach(source, name)
        elif name in source.imports:
            other, attribute = source.imports[name]
            self._look_up(other, [*filter(None, [attribute]), *rest])
        elif self.tree.source(f"{module}.{name}"):
            self._look_up(f"{module}.{name}", rest)
        elif not name.startswith("__"):
            self._whole(module)

    def _reach(self, source: Source, name: str) -> None:
        if not source.module:
            return  # a name of the chapter itself
        known = self.names.setdefault(source.module, {})
        label = name or "statements"
        if label not in known:
            for part, one in source.definitions[name].parts.items():
                known[f"{label}.{part}" if part else label] = one
            self._waiting.append((source, source.definitions[name]))

    def _whole(self, module: str) -> None:
        """Every name of a module, for nobody knows which is meant."""
        source = self.tree.source(module)
        if source is None or f"{module}.*" in self._visited:
            return
        self._visited.add(f"{module}.*")
        self._visit(module)
        for name in source.definitions:
            self._reach(source, name)
        for other, attribute in source.imports.values():
            if attribute == "*":
                self._whole(other)
            elif attribute and not self.tree.source(f"{other}.{attribute}"):
                self._look_up(other, [attribute])

    def _visit(self, module: str) -> None:
        """Importing a module runs its statements, and those of its parents and its imports."""
        source = self.tree.source(module)
        if source is None or module in self._visited:
            return
        self._visited.add(module)
        self._visit(module.rpartition(".")[0])
        for name in source.effects:
            if name in source.definitions:
                self._reach(source, name)
        for other, attribute in source.imports.values():
            self._visit(other)
            self._visit(f"{other}.{attribute}")

    def _modules_below(self, folder: str) -> list[str]:
        """The modules in a folder; without a folder all of the packages."""
        start = f"{folder}/" if folder else tuple(f"{package}/" for package in PACKAGES)
        paths = [p for p in sorted(self.tree.paths) if p.startswith(start) and p.endswith(".py")]
        found = [p.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for p in paths]
        inside = [one for one in found if one != folder.replace("/", ".")]
        return self._named(folder, inside, lambda module: module[len(folder) + 1 :])

    def _data_below(self, folder: str, texts: set[str]) -> set[str]:
        """The data in a folder; only what is named, where the code names folders or files in it."""
        below = [p for p in self.tree.paths if p.startswith(f"{folder}/") and p[-3:] != ".py"]
        first = {path: path[len(folder) + 1 :].partition("/")[0] for path in below}
        named = texts & set(first.values())
        paths = {path for path in below if first[path] in named or not named}
        kept = set()
        for inside in {str(PurePosixPath(path).parent) for path in paths}:
            here = [path for path in paths if str(PurePosixPath(path).parent) == inside]
            kept.update(self._named(inside, here, lambda path: PurePosixPath(path).stem))
        return kept

    def _named(self, folder: str, found: list[str], name_of) -> list[str]:
        """Those that the code names, where it has to name them; all where it names none."""
        if PurePosixPath(folder).name not in BY_NAME:
            return found
        return [one for one in found if name_of(one) in self._texts] or found


def _python(cell: str) -> str:
    """A cell as plain Python; one that is none may use anything."""
    lines = [line for line in cell.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        ast.parse("\n".join(lines))
    except SyntaxError:
        return "import_module"
    return "\n".join(lines)
