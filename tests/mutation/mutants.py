"""Make the mutants of a file with mutmut, and say of each what it changes."""

from __future__ import annotations

import ast
import difflib
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from mutmut.mutation.file_mutation import mutate_file_contents

MUTATED_DECORATORS = {"staticmethod", "classmethod"}


@dataclass(frozen=True)
class Mutant:
    """One small change of one function.

    Attributes:
        file: the path in the project, with slashes.
        function: `function` or `Class.method`.
        line: where in the file the change is.
        change: the removed and the added lines, as in a diff.
        name: what mutmut's trampoline calls it.
        reached: what mutmut's trampoline records when the function is called.
    """

    file: str
    function: str
    line: int
    change: str
    name: str
    reached: str

    as_dict = asdict


def mutate(path: Path) -> tuple[list[Mutant], list[str]]:
    """Put all mutants of a file, given by its path in the project, into the file.

    Which of them acts is chosen while the tests run, so the file is imported once.

    Returns:
        the mutants, and the functions that mutmut leaves alone because they are decorated.
    """
    source = path.read_text(encoding="utf-8")
    mutated = mutate_file_contents(path.as_posix(), source)
    path.write_text(mutated.code, encoding="utf-8")
    module = ".".join(path.with_suffix("").parts)
    starts, skipped = _functions(ast.parse(source))
    lines = mutated.code.splitlines()
    spans = {
        name: lines[span.start - 1 : span.end]
        for name, span in mutated.line_span_by_function_name.items()
    }
    mutants = []
    for name in mutated.mutant_names:
        mangled = name.rpartition("__mutmut_")[0]
        function = mangled[2:].replace("ǁ", ".")
        line, change = _change(_from_def(spans[f"{mangled}__mutmut_orig"]), _from_def(spans[name]))
        mutants.append(
            Mutant(
                file=path.as_posix(),
                function=function,
                line=starts[function] + line,
                change=change,
                name=f"{module}.{name}",
                reached=f"{module}.{mangled}",
            )
        )
    return mutants, skipped


def _functions(tree: ast.Module) -> tuple[dict[str, int], list[str]]:
    """The line of every function and method, and those that keep their only form."""
    starts, skipped = {}, []
    bodies = [("", tree.body)]
    bodies += [(f"{node.name}.", node.body) for node in tree.body if isinstance(node, ast.ClassDef)]
    for prefix, body in bodies:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                starts[prefix + node.name] = node.lineno
                if {
                    ast.unparse(decorator) for decorator in node.decorator_list
                } - MUTATED_DECORATORS:
                    skipped.append(prefix + node.name)
    return starts, skipped


def _from_def(lines: list[str]) -> list[str]:
    """A function from its `def` on, under one name in all its forms."""
    first = next(i for i, line in enumerate(lines) if re.match(r"\s*(async )?def ", line))
    renamed = re.sub(r"def xǁ.*ǁ(\w+?)__mutmut_\w+|def x_(\w+?)__mutmut_\w+", _plain, lines[first])
    return [renamed, *lines[first + 1 :]]


def _plain(match: re.Match) -> str:
    return f"def {match[1] or match[2]}"


def _change(original: list[str], mutated: list[str]) -> tuple[int, str]:
    """The offset of the first changed line, and all changed lines."""
    matcher = difflib.SequenceMatcher(None, original, mutated, autojunk=False)
    blocks = [block for block in matcher.get_opcodes() if block[0] != "equal"]
    shown = []
    for _, start, end, new_start, new_end in blocks:
        shown += [f"- {line.strip()}" for line in original[start:end]]
        shown += [f"+ {line.strip()}" for line in mutated[new_start:new_end]]
    return blocks[0][1], "\n".join(shown)
