"""The tables of complexity are counted, complete, and say how a cost grows."""

from dataclasses import replace

import pytest

from attention_book.pipeline.project import ROOT, PipelineError
from attention_book.sphinx_ext.complexity_rows import ROWS, cache, state
from attention_book.sphinx_ext.complexity_tables import (
    FAR,
    LENGTHS,
    MARK,
    TABLES,
    exponent,
    table,
)
from attention_book.sphinx_ext.places import places_of
from attention_lib import cost
from attention_lib.mechanisms import MECHANISMS

PLACES = places_of(ROOT)
PAGE = (ROOT / "book" / "complexity.md").read_text(encoding="utf-8")


def rows(name):
    """The cells of a table by the first of each line, without its head."""
    lines = table(name, PLACES).splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first: rest for first, *rest in cells}


def test_the_page_shows_every_table_once():
    assert sorted(MARK.findall(PAGE)) == sorted(TABLES)


def test_every_mechanism_of_the_library_has_a_row():
    assert {row.listed for row in ROWS if row.listed} == set(MECHANISMS)
    counted = {"attention", "decayed_linear_attention", "delta_rule_attention"}
    counted |= {one.function for one in MECHANISMS.values()}
    of_heads = {name for name in cost.__all__ if name.endswith("_attention")}
    scores = {"dot_attention", "general_attention", "additive_attention", "concat_attention"}
    layers = {"multi_head_attention", "multi_head_latent_attention"}
    assert of_heads - scores - layers == counted - {"attention"}


def test_every_row_names_a_page_and_what_it_cannot_do():
    for row in ROWS:
        assert row.chapter in PLACES.pages
        assert row.cannot
        assert row.gives


def test_whether_it_is_causal_is_what_the_library_says():
    causal = {name: cells[2] for name, cells in rows("kinds").items()}
    assert causal["Linformer"] == "no"
    assert set(causal.values()) == {"yes", "no"}
    assert [name for name, one in causal.items() if one == "no"] == ["Linformer"]


@pytest.mark.parametrize(
    ("before", "after", "shown"), [(3, 12, "2.00"), (3, 6, "1.00"), (5, 5, "0.00"), (0, 0, "–")]
)
def test_exponents(before, after, shown):
    assert exponent(before, after) == shown


def test_growth_is_that_of_the_counts():
    growth = rows("growth")
    assert growth["dense, scores written"][:3] == ["2.00", "2.00", "2.00"]
    assert growth["dense, fused"][:3] == ["2.00", "1.00", "1.00"]
    assert growth["linear"][4] == "2.00"
    assert growth["window"][3] == "0.00"
    lsh = next(row for row in ROWS if row.name.startswith("LSH"))
    assert growth[lsh.name][0] == exponent(lsh.at(FAR).flops, lsh.at(2 * FAR).flops)


def test_another_count_gives_another_table(monkeypatch):
    from attention_book.sphinx_ext import complexity_tables

    dense = replace(ROWS[0], count=lambda n, width, knob: cost.Cost(matmul_flops=n**3))
    monkeypatch.setattr(complexity_tables, "ROWS", (dense,))
    assert rows("growth")[dense.name][0] == "3.00"
    assert rows("counts")[dense.name][0] != "275 MFLOP"


def test_a_cache_grows_and_a_state_does_not():
    assert cache(2 * LENGTHS[0]) == 2 * cache(LENGTHS[0])
    assert state(LENGTHS[0]) == state(2 * LENGTHS[0]) == 4 * 64 * 65


def test_every_table_has_lines_of_one_width():
    for name in TABLES:
        widths = {line.count("|") for line in table(name, PLACES).splitlines()}
        assert len(widths) == 1, name


def test_an_unknown_table_is_told():
    with pytest.raises(PipelineError, match="no table 'all'"):
        table("all", PLACES)
