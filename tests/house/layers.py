"""Which part of attention_lib may import which, and a checker that reads the imports."""

import ast
from pathlib import Path

# part: the parts of attention_lib that it may import
LAYERS = {
    "checks": set(),
    "palette": set(),
    "claims": set(),
    "concepts": set(),
    "cost": {"checks"},
    "data": {"checks"},
    "reference": {"checks"},
    "figures": {"checks", "reference", "palette"},
    "explorables": {"checks", "reference", "figures", "palette"},
    "functional": {"checks"},
    "modules": {"checks", "functional"},
    "generation": {"checks", "functional", "modules"},
    "training": {"checks", "functional", "modules"},
    "choose": {"checks", "cost", "functional", "modules"},
    "exercises": {"checks", "reference", "data"},
}
NUMPY_ONLY = {"numpy"}
TORCH = {"numpy", "torch"}
# part: the packages outside the standard library that it may import
PACKAGES = {
    "figures": {"numpy", "matplotlib", "matplotlib_inline", "IPython"},
    "explorables": {"numpy", "matplotlib", "anywidget", "ipywidgets", "traitlets"},
    "data": NUMPY_ONLY | {"tokenizers"},
    "functional": TORCH,
    "modules": TORCH,
    "generation": TORCH,
    "training": TORCH | {"tqdm"},
    "choose": TORCH | {"tqdm"},
}


def violations(package: Path, standard_library: frozenset[str]) -> list[str]:
    """Every import of the package at this path that runs against the layers."""
    found = []
    for path in sorted(package.rglob("*.py")):
        relative = path.relative_to(package)
        part = relative.parts[0].removesuffix(".py")
        if part == "__init__":
            allowed, packages = set(), set()
        elif part in LAYERS:
            allowed, packages = LAYERS[part] | {part}, PACKAGES.get(part, NUMPY_ONLY)
        else:
            found.append(f"{relative.as_posix()}: {part} has no place in the layers")
            continue
        for line, name in imports(path, package):
            top, _, rest = name.partition(".")
            target = rest.partition(".")[0]
            if top == package.name:
                if target and target not in allowed:
                    found.append(f"{relative.as_posix()}:{line}: {part} imports {target}")
            elif top not in standard_library | packages:
                found.append(f"{relative.as_posix()}:{line}: {part} imports {top}")
    return found


def imports(path: Path, package: Path):
    """Line and full dotted name of everything a file imports, inside functions too."""
    inside = [package.name, *path.relative_to(package).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = inside[: len(inside) + 1 - node.level] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{prefix}.{alias.name}"
