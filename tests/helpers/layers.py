"""Which part of the packages may import which, and a checker that reads the imports."""

import ast
from pathlib import Path

NUMPY = {"numpy"}
TORCH = NUMPY | {"torch"}
LIB, BOOK = "attention_lib", "attention_book"
# What the other parts are made with: they need no reference page.
INTERNAL = {
    *("checks", "machine", "mechanisms", "plans", "writing"),
    *("arguments", "asking", "concepts", "deleting", "palette", "pdf", "pipeline"),
    *("slides", "sphinx_ext"),
    "editions",
    "__main__",
}

# package: its parts, each with the parts that it may import and the packages from outside.
# A part of the other package is written with its package.
LAYERS = {
    LIB: {
        "checks": (set(), NUMPY),
        "machine": (set(), set()),
        "mechanisms": (set(), set()),
        "plans": ({"checks"}, NUMPY),
        "cost": ({"checks", "plans"}, NUMPY),
        "writing": (set(), set()),
        "data": ({"checks", "writing"}, NUMPY | {"tokenizers"}),
        "reference": ({"checks"}, NUMPY),
        "functional": ({"checks", "plans"}, TORCH),
        "modules": ({"checks", "functional"}, TORCH),
        "generation": ({"checks", "functional", "modules"}, TORCH),
        "training": ({"checks", "functional", "modules", "writing"}, TORCH | {"tqdm"}),
        "choose": (
            {"checks", "cost", "functional", "machine", "mechanisms", "modules", "writing"},
            TORCH | {"tqdm"},
        ),
    },
    BOOK: {
        "palette": (set(), set()),
        "arguments": ({f"{LIB}.checks"}, NUMPY),
        "tables": ({"arguments", f"{LIB}.checks"}, NUMPY),
        "studies": ({f"{LIB}.checks", f"{LIB}.machine"}, NUMPY),
        "claims": ({"arguments", "tables", f"{LIB}.checks"}, NUMPY),
        "concepts": ({f"{LIB}.mechanisms"}, set()),
        "asking": ({f"{LIB}.checks"}, {"ipywidgets"}),
        "deleting": ({f"{LIB}.checks", f"{LIB}.data"}, TORCH),
        "figures": (
            {"arguments", "palette", f"{LIB}.checks", f"{LIB}.reference"},
            {"numpy", "matplotlib", "matplotlib_inline", "IPython"},
        ),
        "diagrams": ({"palette", f"{LIB}.checks"}, {"matplotlib"}),
        "explorables": (
            {"palette", "diagrams", "figures", f"{LIB}.checks", f"{LIB}.reference"},
            {"numpy", "matplotlib", "anywidget", "ipywidgets", "traitlets"},
        ),
        "translating": (
            {"arguments", "explorables", "studies"}
            | {f"{LIB}.{part}" for part in ("checks", "data", "generation", "modules")},
            TORCH,
        ),
        "exercises": (
            {"tables"} | {f"{LIB}.{part}" for part in ("checks", "reference", "data", "writing")},
            {"numpy", "filelock", "platformdirs"},
        ),
        "pipeline": (
            {"claims", "concepts", f"{LIB}.writing"},
            {
                "filelock",
                "jupytext",
                "jupyter_client",
                "jupyter_core",
                "nbclient",
                "nbformat",
                "PIL",
                "playwright",
                "tqdm",
                "yaml",
            },
        ),
        "slides": (
            {"palette", "pipeline"},
            {"jinja2", "markdown_it", "mdit_py_plugins", "nbformat", "pygments", "yaml"},
        ),
        "sphinx_ext": (
            {"claims", "concepts", "palette", "pipeline", "slides", "studies", "tables"}
            | {f"{LIB}.{part}" for part in ("cost", "mechanisms", "reference")},
            NUMPY
            | {"bs4", "docutils", "myst_nb", "myst_parser", "nbformat", "pybtex", "pygments"}
            | {"sphinx", "sphinx_external_toc", "tinycss2", "yaml"},
        ),
        "editions": (
            {"exercises", "pipeline", f"{LIB}.writing"},
            {"nbclient", "nbformat", "nbgrader", "numpy", "tqdm", "traitlets"},
        ),
        "pdf": ({"pipeline"}, {"pikepdf", "playwright", "tqdm", "yaml"}),
        "__main__": ({"editions", "exercises", "pdf", "pipeline", "slides"}, set()),
    },
}


def violations(root: Path, standard_library: frozenset[str], layers=LAYERS) -> list[str]:
    """Every import of the packages below this folder that runs against the layers."""
    found = []
    for package, parts in layers.items():
        for path in sorted((root / package).rglob("*.py")):
            relative = path.relative_to(root / package)
            part = relative.parts[0].removesuffix(".py")
            allowed, outside = parts.get(part, (set(), set()))
            if part != "__init__" and part not in parts:
                found.append(f"{package}/{relative.as_posix()}: {part} has no place in the layers")
                continue
            for line, name in imports(path, root):
                where = f"{package}/{relative.as_posix()}:{line}: {part} imports"
                top, _, rest = name.partition(".")
                target = rest.partition(".")[0]
                if top == package:
                    if target and target not in allowed | {part}:
                        found.append(f"{where} {target}")
                elif top in layers:
                    if f"{top}.{target}" not in allowed:
                        found.append(f"{where} {top}.{target}")
                elif top not in standard_library | outside:
                    found.append(f"{where} {top}")
    return found


def imports(path: Path, root: Path):
    """Line and full dotted name of everything a file imports, inside functions too."""
    inside = path.relative_to(root).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = inside[: len(inside) + 1 - node.level] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{prefix}.{alias.name}"
