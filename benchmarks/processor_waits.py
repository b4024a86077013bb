"""What other programs take from a page while it loads: processors, and time in the queue for one.

Linux counts, for the main thread of every process, the time that it was ready to run and had no
processor (`/proc/PID/schedstat`). A thread reads this number often for the browser's pages, so that
afterwards one can say how long a page had waited until a given moment. Elsewhere nothing is counted
and every wait is 0.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from pathlib import Path

import psutil

EVERY = 0.01  # seconds between two readings
LOOK = 60  # readings between two looks for new processes, each of which costs as much as a hundred


class Others:
    """How much of the processors other programs take from here on."""

    def __init__(self):
        self._start = time.perf_counter()
        self._busy, self._own = self._used()

    def share(self):
        busy, own = self._used()
        spent = (time.perf_counter() - self._start) * psutil.cpu_count()
        return max(0.0, (busy - self._busy) - (own - self._own)) / spent

    def _used(self):
        """Seconds of all programs, and of this one with all that it started."""
        total = psutil.cpu_times()
        me = psutil.Process()
        own = 0.0
        for process in [me, *me.children(recursive=True)]:
            try:
                own += sum(process.cpu_times()[:2])
            except psutil.NoSuchProcess:
                continue
        return total.user + total.system + getattr(total, "nice", 0.0), own


class Waits:
    """With this open, the waits of every page's main thread are read."""

    def __init__(self):
        self._read = defaultdict(list)  # process: [(clock, seconds run, seconds waited)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._pages = pages_of_browser()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _watch(self):
        turn = 0
        while not self._over.wait(EVERY):
            turn += 1
            if turn % LOOK == 0:
                self._pages = pages_of_browser()
            for process in self._pages:
                if found := schedule(process):
                    self._read[process].append((time.time(), *found))

    def until(self, start, moments):
        """Seconds waited from `start` to each moment, by the page that ran most; all on the clock.

        The last reading before a moment counts, so no wait is too long.
        """
        return waited(max(self._read.values(), key=ran, default=[]), start, moments)


def ran(readings):
    return readings[-1][1] - readings[0][1]


def waited(readings, start, moments):
    if not readings:
        return [0.0] * len(moments)
    before = [wait for clock, _, wait in readings if clock <= start]
    base = before[-1] if before else readings[0][2]
    found = []
    for moment in moments:
        passed = [wait for clock, _, wait in readings if clock <= moment]
        found.append(max(0.0, passed[-1] - base) if passed else 0.0)
    return found


def pages_of_browser():
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "--type=renderer" in process.cmdline():
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def schedule(process):
    """Seconds that the main thread of a process has run, and waited; None where nobody counts."""
    try:
        run, wait, _ = Path(f"/proc/{process}/schedstat").read_text().split()
    except (OSError, ValueError):
        return None
    return int(run) / 1e9, int(wait) / 1e9
