"""Run the tests against every mutant, in a copy of the project.

Pytest collects once. After that each mutant costs a fork and the tests that reach its function.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import resource
import signal
import sys
import time
from pathlib import Path

import pytest
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from tqdm import tqdm

from .mutants import mutate

GIGABYTE = 2**30


class MutationRun:
    """A pytest plugin whose test loop tries one mutant after the other."""

    def __init__(self, mutants, jobs, report):
        self.mutants, self.jobs, self.report = mutants, jobs, report
        self.failed = []  # what failed in this process
        self.left_out = []  # what fails without any mutant
        self.running = {}  # process id: mutant

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self):
        """Between conftest and the test modules: hypothesis need not make failures small."""
        from hypothesis import Phase, settings  # sooner, pytest would warn

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutation", settings.default, phases=phases)
        settings.load_profile("mutation")

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.append(f"{report.nodeid}\n{report.longreprtext[-1500:]}")

    def pytest_collectreport(self, report):
        if report.failed:
            self.left_out.append(f"{report.nodeid}\n{report.longreprtext[-1500:]}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        seconds, reached = self.without_mutant(session.items)
        gc.freeze()
        for mutant in self.mutants:
            tests = [item for item in session.items if mutant.reached in reached[item.nodeid]]
            tests.sort(key=lambda item: seconds[item.nodeid])
            if tests:
                self.start(mutant, tests, sum(seconds[item.nodeid] for item in tests))
            else:
                self.report(mutant, "not reached")
        while self.running:
            self.wait()
        return True

    def without_mutant(self, items):
        """How long each test takes, and which functions it reaches; in a process of its own."""
        read, write = os.pipe()
        if not (process := os.fork()):
            set_mutant_under_test("stats")
            seconds, reached = {}, {}
            for item in items:
                state()._stats.clear()
                failures, begin = len(self.failed), time.process_time()
                run(item)
                seconds[item.nodeid] = time.process_time() - begin
                passed = len(self.failed) == failures
                reached[item.nodeid] = set(state()._stats) if passed else set()
            with os.fdopen(write, "wb") as pipe:
                pickle.dump((seconds, reached, self.failed), pipe)
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            seconds, reached, failed = pickle.load(pipe)
        os.waitpid(process, 0)
        self.left_out += failed
        return seconds, reached

    def start(self, mutant, tests, seconds):
        while len(self.running) >= self.jobs:
            self.wait()
        if process := os.fork():
            self.running[process] = mutant
            return
        limit = 5 + int(3 * seconds)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        resource.setrlimit(resource.RLIMIT_AS, (24 * GIGABYTE, 24 * GIGABYTE))
        signal.alarm(60 + 20 * limit)  # one that waits uses no processor time
        set_mutant_under_test(mutant.name)
        try:
            for item in tests:
                run(item)
                if self.failed:
                    break
        except BaseException:
            os._exit(1)
        os._exit(1 if self.failed else 0)

    def wait(self):
        process, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        late = code in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM)
        outcome = "survived" if code == 0 else "timeout" if late else "killed"
        self.report(self.running.pop(process), outcome)


def run(item):
    """One test with all its fixtures: none is left from another test."""
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)


def main(spec):
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (for the whole process)
    mutants, skipped = [], {}
    for file in spec["files"]:
        made, skipped[file] = mutate(Path(file))
        mutants += made
    if spec["only"] is not None:
        mutants = [m for m in mutants if [m.file, m.function, m.change] in spec["only"]]
    outcomes = {}
    begin = time.monotonic()

    bar = tqdm(total=len(mutants), desc="mutants", mininterval=5, file=sys.stderr)

    def report(mutant, outcome):
        outcomes[mutant.name] = outcome
        bar.update()

    plugin = MutationRun(mutants, spec["jobs"], report)
    options = "--import-mode=importlib -p no:nbval -p no:cacheprovider --capture=sys"
    options += " --continue-on-collection-errors --tb=native"
    pytest.main(["-o", f"addopts={options}", *spec["tests"]], plugins=[plugin])
    bar.close()
    record = {
        "left out": plugin.left_out,
        "seconds": time.monotonic() - begin,
        "skipped": skipped,
        "mutants": [mutant.as_dict() | {"outcome": outcomes[mutant.name]} for mutant in mutants],
    }
    Path(spec["out"]).write_text(json.dumps(record))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
