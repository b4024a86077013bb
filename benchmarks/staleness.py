"""How often does a change make a notebook stale? Counted over the history of this repository.

    python benchmarks/staleness.py

For each chapter: how many of the commits since its first one would have made it stale if every
change of the packages counted ("everything"), and how many do as it is, when only what the chapter
uses counts, followed through the imports ("used"). Nothing is checked out or run.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from functools import cache
from pathlib import Path
from subprocess import PIPE

import jupytext
from study import options, save
from tqdm import tqdm

from attention_book.pipeline.follow import PACKAGES, Follower, Tree
from attention_book.pipeline.sources import Source

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = "book/chapters/"
RESULTS = ("benchmarks/results/", "attention_book/studies/results/")


def git(*arguments):
    """What a git command prints."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=PIPE).stdout


class Blobs:
    """Contents by their hash, from one `git cat-file` that stays open."""

    def __init__(self):
        self.known = {}
        command = ["git", "cat-file", "--batch"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.communicate()

    def __getitem__(self, blob):
        if blob not in self.known:
            self.process.stdin.write(f"{blob}\n".encode())
            self.process.stdin.flush()
            size = int(self.process.stdout.readline().split()[-1])
            self.known[blob] = self.process.stdout.read(size + 1)[:-1]
        return self.known[blob]


class CommitTree(Tree):
    """The packages in one commit; a file is parsed once for all commits that have it."""

    parsed = {}  # noqa: RUF012 - shared on purpose

    def __init__(self, blob_of, blobs):
        super().__init__([p for p in blob_of if p.startswith(PACKAGES)], None)
        self.blob_of, self.blobs = blob_of, blobs

    def _parsed(self, module):
        stem = module.replace(".", "/")
        for path in (f"{stem}/__init__.py", f"{stem}.py"):
            if path in self.paths:
                key = path, self.blob_of[path]
                if key not in self.parsed:
                    text = self.blobs[key[1]].decode()
                    package = path.endswith("__init__.py")
                    self.parsed[key] = Source(text, module, package=package)
                return self.parsed[key]
        return None


@cache
def cells_of(text):
    """The code cells of a chapter."""
    cells = jupytext.reads(text, fmt="md:myst").cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def files(commit):
    """path -> hash of its content, for a commit."""
    lines = git("ls-tree", "-r", "-z", commit).decode().split("\0")
    pairs = (line.split("\t") for line in lines if line)
    return {path: entry.split()[2] for entry, path in pairs}


def states(chapter, blob_of, blobs):
    """What the chapter follows from under each rule; a change of it makes the chapter stale."""
    text = blobs[blob_of[chapter]].decode()
    shared = blob_of[chapter], blob_of.get("requirements.txt")
    results = {p: b for p, b in blob_of.items() if p.startswith(RESULTS) and stem(p) in text}
    package = {p: b for p, b in blob_of.items() if p.startswith(PACKAGES) and "/results/" not in p}
    used = Follower(CommitTree(blob_of, blobs), cells_of(text))
    data = {path: blob_of[path] for path in used.files}
    return {
        "everything": (shared, results, package),
        "used": (shared, results, used.names, data),
    }


def stem(path):
    return path.rpartition("/")[2].partition(".")[0]


def count(commits):
    """Rows of the result: chapter, commits, and how many of them made it stale."""
    before, counts = {}, {}
    with Blobs() as blobs:
        for commit in tqdm(commits, desc="commits"):
            blob_of = files(commit)
            for chapter in (p for p in blob_of if p.startswith(CHAPTERS) and p.endswith(".md")):
                now = states(chapter, blob_of, blobs)
                tally = counts.setdefault(stem(chapter), Counter())
                if chapter in before:
                    tally["commits"] += 1
                    tally.update(rule for rule in now if now[rule] != before[chapter][rule])
                before[chapter] = now
    names = ("commits", "everything", "used")
    return [{"chapter": name, **{key: counts[name][key] for key in names}} for name in counts]


def main():
    arguments = options(__doc__.partition("\n")[0]).parse_args()
    if git("rev-parse", "--is-shallow-repository").strip() == b"true":
        raise SystemExit("this clone is shallow and has no history to count: git fetch --unshallow")
    commits = git("log", "--first-parent", "--reverse", "--format=%H").decode().split()
    commits = commits[-3:] if arguments.tiny else commits
    settings = {"from": commits[0][:7], "to": commits[-1][:7], "commits": len(commits)}
    results = count(commits)
    for row in results:
        print("{chapter}: {commits} commits, stale {everything} times, now {used}".format(**row))
    print(save("staleness", arguments=arguments, settings=settings, results=results))


if __name__ == "__main__":
    main()
