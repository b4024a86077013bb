"""The pages of the book, from its table of contents."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def pages():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    files = [toc["root"]]
    for part in toc["parts"]:
        for chapter in part["chapters"]:
            files += [chapter["file"], *(one["file"] for one in chapter.get("sections", ()))]
    return [f"{file}.html" for file in files]


def chapters():
    return [page for page in pages() if page.startswith("notebooks/")]
