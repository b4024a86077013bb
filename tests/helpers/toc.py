"""The pages of the book, from its table of contents."""

import yaml

from attention_book.pipeline.project import ROOT


def pages():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    files = [toc["root"]]
    for part in toc["parts"]:
        for chapter in part["chapters"]:
            files += [chapter["file"], *(one["file"] for one in chapter.get("sections", ()))]
    return [f"{file}.html" for file in files]


# Pages below the overview of the guide for instructors are plain text, tables and lists. One course
# and one chapter's guide, the longest, stand for them; each costs seconds in the browser.
GUIDES = "book/teaching/"
OPENED = (f"{GUIDES}four_weeks.html", f"{GUIDES}chapter_03.html")


def opened():
    """The pages that the browser tests open one by one."""
    return [page for page in pages() if not page.startswith(GUIDES) or page in OPENED]


def chapters():
    return [page for page in pages() if page.startswith("notebooks/")]


def moving():
    """The pages that begin with a picture that moves: the chapters', and the landing page."""
    return [pages()[0], *chapters()]
