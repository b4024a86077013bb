"""What a reader's function may take and touch: its time, what it prints, what it leaves changed."""

from __future__ import annotations

import ctypes
import io
import os
import random
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from threading import Lock, Thread

import numpy as np

WORKER = "exercise"  # the name of the threads in which readers' functions run


@dataclass
class Outcome:
    """How a call ended: what it raised, if anything, whether in time, and whether it ended."""

    error: BaseException | None = None
    in_time: bool = False
    ended: bool = False


def call_within(seconds: float, function: Callable[[], object]) -> Outcome:
    """Call `function` in a thread of its own, and stop it after so many seconds.

    A thread works on every system and from every thread, and the user's Ctrl-C reaches this
    one: a KeyboardInterrupt of the function itself cannot be taken for it. Python can raise
    SystemExit in a thread only between two of its instructions. So a call into C that never
    returns goes on in the background (`ended` is False), and one that also holds the interpreter
    lock (`10**10**9`) makes even this function wait; `os._exit` or a fault in C ends the process.
    """
    outcome, lock = Outcome(), Lock()

    def work():
        with suppress(BaseException):  # the order to stop may come when there is nothing to stop
            try:
                function()
            except BaseException as error:
                outcome.error = error
            with lock:
                outcome.ended = True

    worker = Thread(target=work, daemon=True, name=WORKER)
    try:
        worker.start()
        _wait(worker, seconds)
        outcome.in_time = outcome.ended
    finally:  # also if the user interrupts the wait
        _stop(worker, outcome, lock)
    return outcome


def _wait(worker: Thread, seconds: float) -> None:
    end = time.monotonic() + seconds
    while worker.is_alive() and (left := end - time.monotonic()) > 0:
        worker.join(min(left, 0.1))  # on Windows a wait is not interrupted: keep it short


def _stop(worker: Thread, outcome: Outcome, lock: Lock) -> None:
    """Raise SystemExit in the worker, several times: it may catch the first ones."""
    for _ in range(20):
        with lock:
            if outcome.ended:
                return
            if worker.ident:  # an interrupt may come before it has one
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(worker.ident), ctypes.py_object(SystemExit)
                )
        time.sleep(0.05)
    outcome.ended = not worker.is_alive()


class Paper(io.StringIO):
    """Takes what is printed, and keeps the first 1,000 characters."""

    room = 1000

    def write(self, text: str) -> int:
        kept = text[: self.room]
        self.room -= len(kept)
        super().write(kept)
        return len(text)

    def close(self) -> None:
        """Stays open: a reader's function must not take the paper away."""

    def text(self) -> str:
        """What was printed, without what a page cannot show."""
        kept = "".join(c if c.isprintable() or c in "\n\t" else "�" for c in self.getvalue())
        return kept.rstrip() + ("" if self.room else " ...")


@contextmanager
def undisturbed(paper: Paper):
    """Inside, all that is printed goes to `paper`; afterwards the process is as it was.

    Put back are the streams, the filters of warnings, the random states, the folder, the limit of
    recursion and what Python calls for an exception that nobody catches. What NumPy does about a
    division by zero is a matter of each thread.
    """
    torch = sys.modules.get("torch")
    folder, depth = _folder(), sys.getrecursionlimit()
    uncaught, uncaught_in_thread = sys.excepthook, threading.excepthook
    numpy_state = np.random.get_state()  # noqa: NPY002 - the reader's, not ours
    python_state, torch_state = random.getstate(), torch and torch.get_rng_state()
    with redirect_stdout(paper), redirect_stderr(paper), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            sys.setrecursionlimit(depth)
            sys.excepthook, threading.excepthook = uncaught, uncaught_in_thread
            random.setstate(python_state)
            np.random.set_state(numpy_state)  # noqa: NPY002
            if torch:
                torch.set_rng_state(torch_state)
            if folder and folder != _folder():
                with suppress(OSError):
                    os.chdir(folder)


def _folder() -> str | None:
    """The current folder, or None if it was deleted."""
    try:
        return os.getcwd()
    except OSError:
        return None
