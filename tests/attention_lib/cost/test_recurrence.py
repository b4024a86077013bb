"""Attention whose state forgets or corrects itself: the counts against what PyTorch counts."""

from functools import partial

import pytest
import torch

from attention_lib import cost, functional
from tests.helpers.torch_counts import matmul_flops, peak_bytes, saved_bytes

B, H, D, E = 2, 3, 8, 5
CASES = {
    "decayed": ("decayed_linear_attention", {}, 499),
    "decayed, one chunk": ("decayed_linear_attention", {}, 37),
    "decayed, small chunks": ("decayed_linear_attention", {"chunk_size": 20}, 131),
    "decayed, parallel": ("decayed_linear_attention", {"form": "parallel"}, 150),
    "decayed, recurrent": ("decayed_linear_attention", {"form": "recurrent"}, 61),
    "decayed, channels": ("decayed_linear_attention", {"per_channel": True}, 499),
    "delta": ("delta_rule_attention", {}, 499),
    "delta, one chunk": ("delta_rule_attention", {}, 37),
    "delta, small chunks": ("delta_rule_attention", {"chunk_size": 20}, 131),
    "delta, recurrent": ("delta_rule_attention", {"form": "recurrent"}, 61),
}
SIZES = {"d_key": D, "d_value": E, "n_heads": H, "batch": B}
every_case = pytest.mark.parametrize("case", CASES)


def counted(case, **more):
    name, options, n = CASES[case]
    return getattr(cost, name)(n, **options, **SIZES, **more)


def inputs(case):
    _, options, n = CASES[case]
    rng = torch.Generator().manual_seed(0)
    widths = (D, D, E, D if "per_channel" in options else 1)
    *given, gate = (torch.rand(B, H, n, width, generator=rng) for width in widths)
    return [one.requires_grad_() for one in (*given, gate)]


def run(case):
    name, options, _ = CASES[case]
    options = {key: one for key, one in options.items() if key != "per_channel"}
    return partial(getattr(functional, name), *inputs(case), **options)


@every_case
def test_products_are_those_that_are_executed(case):
    assert matmul_flops(run(case)) == counted(case).matmul_flops
    expected = counted(case, training=True).matmul_flops
    assert matmul_flops(run(case), training=True) == expected


@every_case
def test_memory(case):
    given = sum(one.nbytes for one in inputs(case))
    inference, training = counted(case), counted(case, training=True)
    assert inference.held_bytes == 0
    ratios = [
        saved_bytes(run(case)) / training.held_bytes,
        (peak_bytes(run(case)) + given) / inference.peak_bytes,
        (peak_bytes(run(case), training=True) + given) / training.peak_bytes,
    ]
    assert all(0.75 < ratio < 1.3 for ratio in ratios), ratios


@every_case
def test_rows_and_parts_add_up(case):
    name, options, n = CASES[case]
    count = partial(getattr(cost, name), **options, d_key=D, d_value=E)
    for training in (False, True):
        one, three = count(n, training=training), count(n, batch=3, training=training)
        assert three.flops == 3 * one.flops
        assert three.bytes_moved == 3 * one.bytes_moved
        for field in ("matmul_flops", "elementwise_flops", "bytes_moved"):
            assert sum(getattr(part, field) for part in one.parts.values()) == getattr(one, field)
    assert count(0).flops == count(0, training=True).flops == count(n, batch=0).flops == 0


@pytest.mark.parametrize("name", ["decayed_linear_attention", "delta_rule_attention"])
def test_linear_in_the_length(name):
    for form in ("chunked", "recurrent"):
        count = partial(getattr(cost, name), form=form, **SIZES)
        once, twice = count(1 << 16), count(1 << 17)
        for field in ("matmul_flops", "elementwise_flops", "bytes_moved", "peak_bytes"):
            assert 1.99 < getattr(twice, field) / getattr(once, field) < 2.01, field


def test_all_pairs_cost_the_square_of_the_length():
    count = partial(cost.decayed_linear_attention, form="parallel", **SIZES)
    assert count(1 << 14).matmul_flops > 3.9 * count(1 << 13).matmul_flops
    assert count(64) == cost.decayed_linear_attention(64, **SIZES)


ERRORS = [
    ("decayed_linear_attention", {"form": "fast"}, ValueError, r"^form must be one of 'chunked', "),
    ("delta_rule_attention", {"form": "parallel"}, ValueError, r"^form must be one of 'chunked', "),
    ("decayed_linear_attention", {"chunk_size": 0}, ValueError, r"^chunk_size must be at least 1"),
    ("delta_rule_attention", {"chunk_size": "4"}, TypeError, r"^chunk_size must be an integer"),
    ("decayed_linear_attention", {"per_channel": 1}, TypeError, r"^per_channel must be True or F"),
]


@pytest.mark.parametrize(("name", "changed", "error", "message"), ERRORS)
def test_bad_sizes_are_named(name, changed, error, message):
    with pytest.raises(error, match=message):
        getattr(cost, name)(7, d_key=3, **changed)
