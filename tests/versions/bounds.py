"""What pyproject.toml and requirements.txt say about versions."""

from __future__ import annotations

import re

# The extras that attention_lib imports something of.
EXTRAS = ("torch", "text")


def needed(project: dict) -> list[str]:
    """The requirements of the library, as pyproject.toml writes them: ["numpy>=1.26", ...]."""
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *(line for extra in EXTRAS for line in extras[extra])]


def at_lower_bound(requirements: list[str]) -> list[str]:
    """The same requirements, each at the oldest version that it allows."""
    return [f"{name(line)}=={_lower_bound(line)}" for line in requirements]


def oldest_python(project: dict) -> str:
    """The oldest Python that the project allows: "3.11"."""
    return _lower_bound(project["requires-python"])


def name(requirement: str) -> str:
    """The name of the package that a requirement asks for."""
    return re.match(r"[\w.-]+", requirement)[0]


def pins(requirements: str) -> dict[str, str]:
    """Name -> version of every line of requirements.txt."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", requirements, re.MULTILINE))


def compared(installed: dict[str, str], pinned: dict[str, str]) -> list[str]:
    """Each installed version, with the pinned one where that is another."""
    return [
        f"{name} {version}" + ("" if _is(version, pinned[name]) else f" (pinned: {pinned[name]})")
        for name, version in installed.items()
    ]


def same(installed: dict[str, str], pinned: dict[str, str]) -> bool:
    """Whether every installed version is the pinned one."""
    return all(_is(version, pinned[name]) for name, version in installed.items())


def pytest_options(settings: dict) -> list[str]:
    """The project's options for pytest, less those of nbval, for the library has no notebook."""
    options = settings["tool"]["pytest"]["ini_options"]["addopts"]
    return [option for option in options if not option.startswith("--nbval")]


def _lower_bound(requirement):
    found = re.search(r">=\s*([\d.]+)", requirement)
    if not found:
        raise ValueError(f"{requirement!r} has no lower bound: expected >= and a version")
    return found[1]


def _is(version, pinned):
    return version.partition("+")[0] == pinned
