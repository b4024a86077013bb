"""The order of the pages, and their short names."""

from attention_book.pdf.contents import tree
from attention_book.pipeline.project import ROOT, Project
from tests.helpers.toc import chapters, pages


def test_all_pages_in_the_order_of_the_contents():
    top = tree(Project(ROOT))
    every = [page for one in top for page in one.all()]
    assert [page.path for page in every] == pages()
    assert len({page.slug for page in every}) == len(every)


def test_chapters_alone_have_numbers():
    top = tree(Project(ROOT))
    numbered = [page for page in top if page.number]
    assert [page.number for page in numbered] == [f"{k}." for k in range(1, len(numbered) + 1)]
    assert {page.path for one in numbered for page in one.all()} == set(chapters())
