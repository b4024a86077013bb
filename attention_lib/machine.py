"""The machine that something was measured on, and the words in which every page says so."""

from __future__ import annotations

import platform
from pathlib import Path


def processor():
    """The processor's name, as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine() or "unknown"


def conditions(*, date, cpu, cores, threads, versions):
    """When, where and with what a measurement was made, in words that follow "measured on".

    Args:
        date: YYYY-MM-DD.
        cpu: name of the processor.
        cores: that the machine has.
        threads: that were used.
        versions: package -> version, in the order in which they are named.

    >>> conditions(date="2025-03-04", cpu="Chip", cores=2, threads=1, versions={"torch": "2.9"})
    '2025-03-04: Chip, 1 thread of 2 cores, torch 2.9'
    """
    used = f"{_count(threads, 'thread')} of {_count(cores, 'core')}"
    return f"{date}: " + ", ".join([cpu, used, *(f"{name} {of}" for name, of in versions.items())])


def _count(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
