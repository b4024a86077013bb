"""A class that opens the same page at the same moment, on a JupyterHub on this machine.

    python benchmarks/class_on_a_hub.py --students 20

The hub runs with the configuration of deploy/jupyterhub, its servers as plain processes. Each
student logs in by the form, waits for a server, opens the page and runs all its cells. Memory is
counted when every student has run the page and still has it open: "own" is what a process shares
with no other, "shared" what all of them use together and is there once.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil
import requests
from student import Student
from study import options, save
from tqdm import tqdm

from attention_book.pipeline.beside import TEACHING
from attention_book.pipeline.project import ROOT
from attention_book.studies import load

DEPLOY = ROOT / "deploy" / "jupyterhub"
PROXY = DEPLOY / "node_modules" / ".bin" / "configurable-http-proxy"
MIB = 2**20
STARTED_WITHIN = 90
MACHINE = 16 * 1024  # MiB of the machine that the question is about
SYSTEM = 1024  # MiB left to its operating system


@dataclass
class Hub:
    """A running hub: its address, the passwords, the names, and its first process."""

    url: str
    password: str
    names: list[str]
    process: psutil.Process
    log: Path = field(repr=False)


def missing():
    """Why no hub can run here, or None."""
    if not shutil.which("node"):
        return "JupyterHub's proxy needs Node.js (apt-get install nodejs)"
    if not PROXY.exists():
        return "JupyterHub's proxy is not installed (npm ci, in deploy/jupyterhub)"
    if not TEACHING.installed():
        return f"JupyterHub is not installed: run {TEACHING.command}"
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_hub(n_students, folder):
    """The hub of the book's own configuration with so many students, in this folder."""
    names = [f"student{k:02d}" for k in range(1, n_students + 1)]
    (folder / "students.txt").write_text("\n".join(["teacher", *names]))
    url, password = f"http://127.0.0.1:{free_port()}", secrets.token_hex(8)
    environment = {
        **TEACHING.environment(),
        "CLASS_PASSWORD": password,
        "TEACHER_PASSWORD": secrets.token_hex(32),
        "HUB_SPAWNER": "local",
        "HUB_HOMES": str(folder / "homes"),
        "HUB_STUDENTS": str(folder / "students.txt"),
        "HUB_URL": url,
        "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(32),
    }
    (folder / "homes").mkdir()
    command = [sys.executable, "-m", "jupyterhub", f"--config={DEPLOY / 'jupyterhub_config.py'}"]
    command += [
        f"--ConfigurableHTTPProxy.command={PROXY}",
        f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{free_port()}",
        f"--JupyterHub.hub_port={free_port()}",
    ]
    log = folder / "hub.log"
    with log.open("w") as out:
        started = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
        hub = Hub(url, password, names, psutil.Process(started.pid), log)
        try:
            wait_for(hub, started)
            yield hub
        finally:
            family = [hub.process, *hub.process.children(recursive=True)]
            started.terminate()  # the hub stops its servers and its proxy
            _, left = psutil.wait_procs(family, timeout=30)
            for one in left:
                one.kill()
            started.wait()


def wait_for(hub, started):
    end = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < end:
        if started.poll() is not None:
            raise SystemExit(f"the hub stopped:\n{hub.log.read_text()[-3000:]}")
        try:
            if requests.get(f"{hub.url}/hub/health", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.3)
    raise SystemExit(
        f"the hub did not answer in {STARTED_WITHIN} s:\n{hub.log.read_text()[-3000:]}"
    )


KINDS = {"kernel": "ipykernel_launcher", "server": "jupyterhub-singleuser", "proxy": "http-proxy"}


def memory(hub):
    """MiB by kind of process: how many, own memory of one (median), and what all take together."""
    found = {kind: [] for kind in (*KINDS, "hub")}
    together = 0.0
    for one in [hub.process, *hub.process.children(recursive=True)]:
        line, used = " ".join(one.cmdline()), one.memory_full_info()
        kind = next((kind for kind, mark in KINDS.items() if mark in line), "hub")
        kind = "hub" if one == hub.process else kind  # its own line names the proxy
        found[kind].append(used.uss / MIB)
        together += used.pss / MIB
    rows = {k: {"count": len(v), "own_mib": round(median(v))} for k, v in found.items() if v}
    own = sum(sum(one) for one in found.values())
    return rows, round(together), round(together - own)


def work(hub, name, page):
    """What one student does: log in, wait for the server, run the page; the row of the result."""
    student = Student(hub.url, name, hub.password)
    start = time.perf_counter()
    student.log_in()
    student.start_server()
    ready = time.perf_counter() - start
    cells, errors = student.run_page(page)
    whole = time.perf_counter() - start
    return {
        "student": name,
        "ready_seconds": round(ready, 1),
        "page_seconds": round(whole - ready, 1),
        "cells": cells,
        "errors": errors,
    }


def capacity(server, shared, around, kernel):
    """How many students fit: each has a server and one kernel; what is shared is there once."""
    return int((MACHINE - SYSTEM - around - shared) // (server + kernel))


def fitting(rows, shared):
    """Students on the machine, for the page that was run and for the lightest and heaviest."""
    server, around = rows["server"]["own_mib"], rows["hub"]["own_mib"] + rows["proxy"]["own_mib"]
    own = {row["page"]: row["own_mib"] for row in load("student_load").runs}
    given = {"the page of this run": rows["kernel"]["own_mib"]}
    given |= {name: own[name] for name in (min(own, key=own.get), max(own, key=own.get))}
    return {name: capacity(server, shared, around, kernel) for name, kernel in given.items()}


def run_class(n_students, page):
    """The whole class at once: rows of the students, and the memory when all have the page open."""
    temporary = tempfile.TemporaryDirectory(prefix="hub", ignore_cleanup_errors=True)
    with temporary as folder, running_hub(n_students, Path(folder)) as hub:
        with ThreadPoolExecutor(n_students) as pool:
            jobs = [pool.submit(work, hub, name, page) for name in hub.names]
            rows = [job.result() for job in tqdm(jobs, desc="students")]
        return rows, memory(hub)


def main():
    parser = options(__doc__.partition("\n")[0])
    parser.add_argument("--students", type=int, default=20)
    parser.add_argument("--page", default="02_worked_example")
    arguments = parser.parse_args()
    if reason := missing():
        raise SystemExit(reason)
    n_students = 2 if arguments.tiny else arguments.students
    rows, (kinds, together, shared) = run_class(n_students, arguments.page)
    for row in rows:
        print("{student}: server {ready_seconds} s, page {page_seconds} s, {errors}".format(**row))
    settings = {
        "students": n_students,
        "page": arguments.page,
        "memory": kinds,
        "together_mib": together,
        "shared_mib": shared,
        "machine_mib": MACHINE,
        "system_mib": SYSTEM,
        "fit": fitting(kinds, shared),
    }
    print(settings)
    print(save("class_on_a_hub", arguments=arguments, settings=settings, results=rows))


if __name__ == "__main__":
    main()
