"""What this machine has of what the book needs, one line each. Needs no installed package."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import ports
from .errors import free_megabytes

OLDEST = (3, 11)
NEEDED = 2500  # megabytes for an environment and a build
MEMORY = 4  # GiB that the heaviest page is given
BROWSERS = {
    "chromium": (
        ("chromium", "chromium-browser", "google-chrome"),
        "the browser tests and `make pdf` need it: apt-get install chromium",
    ),
    "firefox": (
        ("firefox-esr", "firefox"),
        "the tests in Firefox need it: apt-get install firefox-esr",
    ),
}
OK, NOTE, PROBLEM = "ok", "note", "PROBLEM"


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it stands, and how to mend it if it needs mending."""

    what: str
    state: str
    found: str
    mend: str = ""

    def __str__(self) -> str:
        line = f"{self.state:8}{self.what:14}{self.found}"
        return f"{line}\n{'':22}mend: {self.mend}" if self.mend else line


def examine(root: Path) -> Iterator[Finding]:
    """Every finding, as soon as it is made. A check that fails itself is a problem, not a crash."""
    for look in CHECKS:
        try:
            yield from look(root)
        except Exception as error:
            name = look.__name__.strip("_")
            yield Finding(name, PROBLEM, f"could not be looked at: {error}", "see this message")


def _python(root: Path) -> Iterator[Finding]:
    version, where = platform.python_version(), sys.executable
    if sys.version_info < OLDEST:
        mend = "install Python 3.11 or newer, then: make book PYTHON=python3.11"
        yield Finding("python", PROBLEM, f"{version} is too old ({where})", mend)
    else:
        yield Finding("python", OK, f"{version} ({where})")


def _packages(root: Path) -> Iterator[Finding]:
    """The versions that the stored notebooks were made with, against what is installed."""
    from importlib import metadata  # Python 3.7 has none, and gets its line all the same

    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", (root / "requirements.txt").read_text(), re.M))
    missing, other = [], []
    for name, pinned in pins.items():
        try:
            installed = metadata.version(name).partition("+")[0]
        except metadata.PackageNotFoundError:
            missing.append(name)
        else:
            other += [f"{name} {installed} (pinned: {pinned})"] if installed != pinned else []
    mend = f"{sys.executable} -m pip install -r requirements.txt"
    if missing:
        yield Finding("packages", PROBLEM, f"missing: {_few(missing)}", mend)
    if other:
        yield Finding("packages", NOTE, f"other versions than stored: {_few(other)}", mend)
    if not missing and not other:
        yield Finding("packages", OK, f"all {len(pins)} of requirements.txt")


def _few(names: list[str], most: int = 6) -> str:
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join(names[:most] + more)


def _disk(root: Path) -> Iterator[Finding]:
    free = free_megabytes(root)
    if free < NEEDED:
        mend = f"free {NEEDED - free} MB; the environment and a build take about {NEEDED} MB"
        yield Finding("disk", PROBLEM, f"{free} MB are free", mend)
    else:
        yield Finding("disk", OK, f"{free} MB are free")


def _folder(root: Path) -> Iterator[Finding]:
    if os.access(root, os.W_OK):
        yield Finding("folder", OK, f"{root} can be written")
    else:
        mend = "use a copy of the book in a folder of your own"
        yield Finding("folder", PROBLEM, f"{root} cannot be written", mend)


def _machine(root: Path) -> Iterator[Finding]:
    cores = os.cpu_count() or 1
    found = f"{cores} processor core(s), {platform.system()} {platform.machine()}"
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        yield Finding("machine", OK, found)
        return
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    state = NOTE if memory < MEMORY else OK
    mend = f"a page may want {MEMORY} GiB: close other programs" if state == NOTE else ""
    yield Finding("machine", state, f"{found}, {memory:.1f} GiB of memory", mend)


def _browsers(root: Path) -> Iterator[Finding]:
    for name, (programs, mend) in BROWSERS.items():
        place = next(filter(None, map(shutil.which, programs)), None)
        if place:
            yield Finding(name, OK, place)
        else:
            yield Finding(name, NOTE, "not found; reading and running need none of it", mend)


def _make(root: Path) -> Iterator[Finding]:
    if shutil.which("make"):
        yield Finding("make", OK, shutil.which("make"))
    else:
        mend = "the README lists the commands under 'Without make'"
        yield Finding("make", NOTE, "not found", mend)


def _port(root: Path) -> Iterator[Finding]:
    for purpose, port in (("serve", 8000), ("lab", 8888)):
        if ports.is_free(port):
            yield Finding(f"port {port}", OK, f"free for `{purpose}`")
        else:
            mend = f"nothing to do, or choose one yourself: {purpose} --port NUMBER"
            yield Finding(f"port {port}", NOTE, f"taken; `{purpose}` takes another", mend)


def _pages(root: Path) -> Iterator[Finding]:
    index = root / "_build" / "html" / "index.html"
    newest = max((one.stat().st_mtime for one in root.glob("notebooks/*.ipynb")), default=0)
    if not index.is_file():
        yield Finding("pages", NOTE, "not built yet", "make book")
    elif index.stat().st_mtime < newest:
        yield Finding("pages", NOTE, "older than the notebooks", "make book")
    else:
        yield Finding("pages", OK, str(index))


CHECKS: list[Callable[[Path], Iterator[Finding]]] = [
    _python,
    _packages,
    _folder,
    _disk,
    _machine,
    _browsers,
    _make,
    _port,
    _pages,
]
