"""What one student who runs a page takes: memory at its peak, and seconds of the processor.

    python benchmarks/student_load.py

Every notebook runs from top to bottom in a kernel of its own, with one thread. "peak" is the
largest resident memory of the kernel and its children, "own" the largest part of it that no other
kernel shares. The limits of deploy/jupyterhub follow from the largest page.
"""

from __future__ import annotations

import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import psutil
from study import options, save
from tqdm import tqdm

from attention_book.pipeline.environment import chapter_environment
from attention_book.pipeline.execute import run_cells
from attention_book.pipeline.project import Project

MIB = 2**20
EVERY = 0.1  # seconds between two looks at the kernel


class Watch(threading.Thread):
    """Looks at the kernel below this process until it is told to stop."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak = self.own = self.seconds = 0.0
        self.done = threading.Event()

    def run(self):
        while not self.done.wait(EVERY):
            with suppress(psutil.Error):
                self.look()

    def look(self):
        for kernel in psutil.Process().children():
            if "ipykernel_launcher" in " ".join(kernel.cmdline()):
                family = [kernel, *kernel.children(recursive=True)]
                self.peak = max(self.peak, sum(one.memory_info().rss for one in family))
                self.own = max(self.own, sum(one.memory_full_info().uss for one in family))
                used = kernel.cpu_times()
                seconds = used.user + used.system + used.children_user + used.children_system
                self.seconds = max(self.seconds, seconds)


def measure(project, chapter):
    """The row of a page."""
    with tempfile.TemporaryDirectory() as folder:
        watch = Watch()
        watch.start()
        try:
            environment = chapter_environment(project.root)
            run_cells(chapter.read_text(), chapter.name, Path(folder), environment)
        finally:
            watch.done.set()
            watch.join()
    return {
        "page": chapter.name,
        "peak_mib": round(watch.peak / MIB),
        "own_mib": round(watch.own / MIB),
        "cpu_seconds": round(watch.seconds, 1),
    }


def main():
    parser = options(__doc__.partition("\n")[0])
    parser.add_argument("pages", nargs="*", help="pages to run (default: all)")
    arguments = parser.parse_args()
    project = Project()
    chapters = project.select(arguments.pages)
    chapters = chapters[:1] if arguments.tiny else chapters
    rows = []
    for chapter in tqdm(chapters, desc="pages"):
        rows.append(measure(project, chapter))
        tqdm.write(
            "{page}: {peak_mib} MiB, {own_mib} of its own, {cpu_seconds} s".format(**rows[-1])
        )
    settings = {"threads": 1, "looks_a_second": round(1 / EVERY)}
    print(save("student_load", arguments=arguments, settings=settings, results=rows))


if __name__ == "__main__":
    main()
