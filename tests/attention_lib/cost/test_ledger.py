"""Costs add up: the arithmetic of `Cost`, its table, its errors."""

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_lib.cost import Cost, attention, combine, embedding, linear, optimiser, readable
from attention_lib.cost.kernels import elementwise, kernel
from attention_lib.plans.tiled import tile_counts, tiles

COUNTS = [one.name for one in fields(Cost) if one.name != "parts"]
ADDING = [name for name in COUNTS if name != "peak_bytes"]


@st.composite
def costs(draw):
    counts = {name: draw(st.integers(0, 50)) for name in COUNTS}
    counts["peak_bytes"] += counts["held_bytes"]
    return Cost(**counts)


def counts_of(cost):
    return {name: getattr(cost, name) for name in COUNTS}


@given(costs(), costs(), costs())
def test_sums(a, b, c):
    assert (a + b) + c == a + (b + c)
    assert a + Cost() == a == Cost() + a
    for name in ADDING:
        assert getattr(a + b, name) == getattr(a, name) + getattr(b, name)
    assert (a + b).peak_bytes == max(a.peak_bytes, a.held_bytes + b.peak_bytes)


def test_counts_of_numpy_do_not_overflow():
    one = Cost(matmul_flops=np.int32(2**30))
    assert (one + one).matmul_flops == 2**31
    assert (one * np.int32(4)).matmul_flops == (np.int32(4) * one).matmul_flops == 2**32
    assert one.repeat(np.int32(4)).matmul_flops == 2**32
    read = kernel(reads=np.int32(2**30), writes=np.int32(2**30), itemsize=np.int32(4))
    assert read.bytes_moved == 2**33
    row = linear(np.int32(2**20), np.int32(2**10), np.int32(2**10))
    assert row.matmul_flops == 2**41


@given(costs(), st.integers(1, 5))
def test_copies_and_repeats(a, n):
    added = a
    for _ in range(n - 1):
        added = added + a
    assert n * a == a * n == added
    again = a.repeat(n)
    for name in ("parameters", "weight_bytes", "cache_bytes"):
        assert getattr(again, name) == getattr(a, name)
    for name in ("matmul_flops", "elementwise_flops", "bytes_moved", "held_bytes", "peak_bytes"):
        assert getattr(again, name) == getattr(added, name)
    assert 0 * a == Cost()


@given(st.lists(costs(), min_size=1, max_size=4))
def test_parts_sum_to_the_whole(several):
    parts = {str(place): cost for place, cost in enumerate(several)}
    whole = combine(parts)
    assert dict(whole.parts) == parts
    total = Cost()
    for cost in several:
        total = total + cost
    assert counts_of(whole) == counts_of(total)
    for made in (whole + whole, 3 * whole, whole.repeat(2), whole + total):
        for name in ("matmul_flops", "elementwise_flops", "bytes_moved", "held_bytes"):
            assert getattr(made, name) == sum(getattr(one, name) for one in made.parts.values())


def test_the_peak_knows_the_order():
    heavy, keeper = Cost(peak_bytes=10), Cost(held_bytes=4, peak_bytes=5)
    assert (heavy + keeper).peak_bytes == 10
    assert (keeper + heavy).peak_bytes == 14
    assert (keeper * 3).peak_bytes == 13
    assert heavy.beside(3).peak_bytes == 13
    assert heavy.beside(3).held_bytes == 0


def test_parts_merge_by_name():
    a, b = Cost(matmul_flops=2), Cost(matmul_flops=5)
    both = combine({"x": a, "y": b}) + combine({"y": a})
    assert dict(both.parts) == {"x": a, "y": Cost(matmul_flops=7)}
    assert dict((both + a).parts) == {**both.parts, "other": a}
    assert dict((both + Cost()).parts) == dict(both.parts)
    assert dict((a + b).parts) == {}
    assert both.beside(1).parts == both.parts
    assert dict((2 * both).parts) == {"x": 2 * a, "y": Cost(matmul_flops=14)}


def test_what_follows_from_the_counts():
    cost = Cost(
        matmul_flops=30,
        elementwise_flops=12,
        bytes_moved=4,
        weight_bytes=100,
        cache_bytes=20,
        peak_bytes=3,
    )
    assert cost.flops == 42
    assert cost.intensity == 10.5
    assert cost.memory_bytes == 123
    assert Cost(matmul_flops=1).intensity == 0.0


def test_it_cannot_be_changed():
    cost = combine({"x": Cost()})
    with pytest.raises(FrozenInstanceError):
        cost.parameters = 3
    with pytest.raises(TypeError):
        cost.parts["x"] = Cost()
    assert {Cost(parameters=1): "one"}[Cost(parameters=1)] == "one"
    assert Cost(parameters=1) != Cost(parameters=2)


def test_the_table_shows_the_parts():
    inner = combine({"a": Cost(matmul_flops=1500), "b": Cost(parameters=7, bytes_moved=999)})
    outer = combine({"in": inner, "last": Cost(held_bytes=10**9, peak_bytes=2 * 10**9)})
    lines = str(outer).splitlines()
    assert [line.split()[0] for line in lines] == ["part", "in", "a", "b", "last", "total"]
    assert lines[0].split()[1:] == ["parameters", "matmul", "elementwise", "moved", "held", "peak"]
    assert lines[2] == "  a             0  1.50 kFLOP       0 FLOP    0 B      0 B      0 B"
    assert lines[-1] == "total           7  1.50 kFLOP       0 FLOP  999 B  1.00 GB  2.00 GB"
    assert [line.split()[0] for line in outer.table(depth=1).splitlines()[1:-1]] == ["in", "last"]
    assert len(outer.table(depth=0).splitlines()) == 2


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (0, "B", "0 B"),
        (999, "", "999"),
        (1000, "FLOP", "1.00 kFLOP"),
        (9_994, "B", "9.99 kB"),
        (9_996, "B", "10.0 kB"),
        (99_960, "B", "100 kB"),
        (37_000_000, "B", "37.0 MB"),
        (1_234_567_890, "FLOP", "1.23 GFLOP"),
        (5 * 10**12, "FLOP", "5.00 TFLOP"),
        (123 * 10**16, "FLOP", "1230 PFLOP"),
    ],
)
def test_readable(number, unit, text):
    assert readable(number, unit) == text


def test_a_kernel_forward_and_backward():
    forward = kernel(
        reads=10,
        writes=3,
        parameters=5,
        matmul=100,
        elementwise=7,
        saves=8,
        held=2,
        live=1,
        mask_bytes=6,
        itemsize=2,
    )
    assert forward == Cost(
        parameters=5,
        matmul_flops=100,
        elementwise_flops=7,
        bytes_moved=2 * 18 + 6,
        weight_bytes=10,
        peak_bytes=2 * (10 - 2 + 3 + 1) + 6,
    )
    both = kernel(
        reads=10,
        writes=3,
        parameters=5,
        matmul=100,
        elementwise=7,
        saves=8,
        held=2,
        live=1,
        mask_bytes=6,
        itemsize=2,
        training=True,
    )
    assert both == Cost(
        parameters=5,
        matmul_flops=300,
        elementwise_flops=21,
        bytes_moved=3 * (2 * 18 + 6),
        weight_bytes=10,
        held_bytes=2 * 8 + 6,
        peak_bytes=2 * (8 + 10 + 3 + 1) + 6,
    )
    small = kernel(reads=10, writes=3, matmul=4, backward_matmul=11, training=True)
    assert small.matmul_flops == 15
    assert small.peak_bytes == 4 * 13


def test_linear_by_hand():
    cost = linear(7, 3, 5)
    assert cost == Cost(
        parameters=20,
        matmul_flops=2 * 7 * 3 * 5,
        elementwise_flops=35,
        bytes_moved=4 * (21 + 35 + 20),
        weight_bytes=80,
        peak_bytes=4 * (21 + 35),
    )
    assert linear(7, 3, 5, bias=False).parameters == 15
    assert linear(7, 3, 5, bias=False).elementwise_flops == 0
    tied = linear(7, 3, 5, tied=True)
    assert (tied.parameters, tied.weight_bytes) == (0, 0)
    assert tied.bytes_moved == cost.bytes_moved
    trained = linear(7, 3, 5, held=4, live=2, training=True)
    assert trained.held_bytes == 4 * 17
    assert trained.peak_bytes == 4 * (17 + 21 + 35 + 2)


def test_backward_of_a_product_moves_twice_the_bytes():
    """Two products, each with two operands to read and one result to write."""
    rows, d_in, d_out = 7, 3, 5
    x, weight, y = rows * d_in, d_in * d_out, rows * d_out
    both = (x + weight + y) + (y + weight + x) + (x + y + weight)
    assert linear(rows, d_in, d_out, bias=False, training=True).bytes_moved == 4 * both


def test_embedding_and_optimiser_by_hand():
    assert embedding(7, 11, 3) == Cost(
        parameters=33, bytes_moved=56 + 2 * 84, weight_bytes=132, peak_bytes=56 + 84
    )
    trained = embedding(7, 11, 3, scaled=True, training=True)
    assert trained.bytes_moved == 3 * (56 + 4 * 84) + 132
    assert trained.elementwise_flops == 3 * 21
    assert trained.held_bytes == 56
    assert trained.peak_bytes == 56 + 2 * 84
    assert optimiser(10, itemsize=2) == Cost(
        elementwise_flops=120, bytes_moved=140, weight_bytes=60
    )
    assert optimiser(10, states=0) == Cost(elementwise_flops=20, bytes_moved=120, weight_bytes=40)
    assert elementwise(10, 3, operands=2, saves=5, held=4, live=1, training=True) == Cost(
        elementwise_flops=90, bytes_moved=360, held_bytes=20, peak_bytes=4 * 36
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Cost(parameters=-1), ValueError, "parameters must be at least 0, got -1"),
        (lambda: Cost(matmul_flops=1.5), TypeError, "matmul_flops must be an integer, got float"),
        (
            lambda: Cost(held_bytes=3, peak_bytes=2),
            ValueError,
            "peak_bytes must be at least held_bytes = 3, got 2",
        ),
        (lambda: Cost() * -1, ValueError, "copies must be at least 0, got -1"),
        (lambda: Cost() * 0.5, TypeError, "copies must be an integer, got float"),
        (lambda: Cost() + 1, TypeError, "unsupported operand"),
        (lambda: Cost().repeat(0), ValueError, "times must be at least 1, got 0"),
        (lambda: Cost().beside(-1), ValueError, "live_bytes must be at least 0, got -1"),
        (lambda: Cost().table(depth=-1), ValueError, "depth must be at least 0, got -1"),
        (lambda: combine([Cost()]), TypeError, "parts must map names to costs, got list"),
        (lambda: combine({"x": 3}), TypeError, r"parts\['x'\] must be a Cost, got int"),
        (lambda: readable(-1), ValueError, "number must be at least 0, got -1"),
        (lambda: kernel(reads=-1, writes=0), ValueError, "reads must be at least 0, got -1"),
        (lambda: kernel(reads=0, writes=0, itemsize=0), ValueError, "itemsize must be at least 1"),
        (lambda: kernel(reads=0, writes=0, training=1), TypeError, "training must be True or Fal"),
        (
            lambda: kernel(reads=0, writes=0, training=True, backward_matmul=-1),
            ValueError,
            "backward_matmul must be at least 0, got -1",
        ),
        (lambda: linear(1, 0, 2), ValueError, "d_in must be at least 1, got 0"),
        (lambda: linear(-1, 2, 2), ValueError, "rows must be at least 0, got -1"),
        (lambda: linear(1, 2, 2, bias=None), TypeError, "bias must be True or False, got NoneType"),
        (lambda: linear(1, 2, 2, tied=0), TypeError, "tied must be True or False, got int"),
        (lambda: embedding(1, 0, 2), ValueError, "vocabulary must be at least 1, got 0"),
        (lambda: embedding(-1, 2, 2), ValueError, "rows must be at least 0, got -1"),
        (lambda: embedding(1, 2, 2, scaled=1), TypeError, "scaled must be True or False, got int"),
        (lambda: optimiser(-1), ValueError, "parameters must be at least 0, got -1"),
        (lambda: optimiser(1, states=-1), ValueError, "states must be at least 0, got -1"),
        (lambda: optimiser(1, itemsize=0), ValueError, "itemsize must be at least 1, got 0"),
        (lambda: elementwise(1, -1), ValueError, "flops must be at least 0, got -1"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("n", [0, 1, 5, 6, 37])
@pytest.mark.parametrize("block_size", [1, 5, 6, 64])
def test_tiles_are_counted_as_they_are_cut(n, block_size, causal):
    cut = list(tiles(n, n, block_size=block_size, causal=causal))
    pairs = sum((rows.stop - rows.start) * seen for rows, seen in cut)
    expected = pairs, sum(seen for _, seen in cut)
    assert tile_counts(n, block_size=block_size, causal=causal) == expected


def test_a_count_may_be_larger_than_any_machine_integer():
    found = attention(2**40, 2**40, d_key=2**20, n_heads=2**10)
    assert found.matmul_flops == 4 * 2**10 * 2**80 * 2**20
    assert "e+33 FLOP" in str(found)
    with pytest.raises(ValueError, match="n_queries must fit 64 bits, got an integer of 1329 bits"):
        attention(10**400, 1, d_key=1)
