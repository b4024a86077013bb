"""The error of a mechanism is its distance from exact attention, computed here in another way."""

import numpy as np
import pytest
import torch

from attention_lib import choose, reference
from attention_lib.choose import errors
from attention_lib.choose.mechanisms import MECHANISMS

N, D = 97, 11  # fewer than the rows that are judged: all of them are


def by_reference(name, options, sample, causal):
    """Norm of the difference over the norm of what is exact, from the NumPy definitions."""
    query, key, value = (one.numpy() for one in sample)
    exact = reference.attention(query, key, value, causal=causal)
    if name == "sliding_window":
        found = reference.sliding_window_attention(query, key, value, causal=causal, **options)
    elif name == "block_sparse":
        found = reference.block_sparse_attention(query, key, value, causal=causal, **options)
    elif name == "linear":
        found = reference.linear_attention(query, key, value, causal=causal)
    elif name == "performer":
        found = reference.performer_attention(query, key, value, causal=causal, **options)
    elif name == "linformer":
        pool = reference.pooling_projection(options["n_projected"], N)
        projections = {"key_projection": pool, "value_projection": pool}
        found = reference.linformer_attention(query, key, value, **projections)
    else:
        found = reference.lsh_attention(query, value, causal=causal, **options)
        whole = {"bucket_size": N, "n_hashes": 1}  # one bucket: every token meets every other
        exact = reference.lsh_attention(query, value, causal=causal, **whole)
    return np.linalg.norm(found - exact) / np.linalg.norm(exact)


OPTIONS = {
    "sliding_window": {"window": 7},
    "block_sparse": {"block_size": 5},
    "linear": {},
    "performer": {"n_features": 13},
    "linformer": {"n_projected": 7},
    "lsh": {"bucket_size": 8, "n_hashes": 2},
}


def sample_of(n, d_head, dtype=torch.float64):
    return tuple(one.to(dtype) for one in choose.normal_sample(n, d_head))


FORMS = [
    (name, causal) for name in OPTIONS for causal in (False, True)[: 1 + MECHANISMS[name].causal]
]


@pytest.mark.parametrize(("name", "causal"), FORMS)
def test_error_is_that_of_the_definitions(name, causal):
    sample, options = sample_of(N, D), OPTIONS[name]
    expected = by_reference(name, options, sample, causal)
    assert expected > 0.05
    found = choose.relative_error(name, options, sample, causal=causal)
    assert found == pytest.approx(expected, rel=1e-6)


def test_the_error_on_normal_numbers_is_measured_once(monkeypatch):
    asked, measured = ("linear", (), N, D, True), []
    errors.normal_error.cache_clear()
    expected = choose.relative_error("linear", {}, choose.normal_sample(N, D), causal=True)
    assert errors.normal_error(*asked) == expected
    monkeypatch.setattr(errors, "relative_error", lambda *case, **how: measured.append(case))
    assert errors.normal_error(*asked) == expected
    assert not measured
    errors.normal_error("linear", (), N, D, False)
    assert len(measured) == 1
    errors.normal_error.cache_clear()


@pytest.mark.parametrize("name", ["dense", "tiled"])
def test_what_is_exact_has_no_error(name):
    options = {"block_size": 8} if name == "tiled" else {}
    assert choose.relative_error(name, options, sample_of(N, D)) == 0


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sliding_window", {"window": N}),
        ("lsh", {"bucket_size": N, "n_hashes": 1}),
        ("linformer", {"n_projected": N}),
        ("block_sparse", {"block_size": N}),
    ],
)
def test_options_that_leave_nothing_out_have_no_error(name, options):
    for causal in (False, True)[: 1 + MECHANISMS[name].causal]:
        error = choose.relative_error(name, options, sample_of(N, D), causal=causal)
        assert error == pytest.approx(0, abs=1e-12)
    assert not MECHANISMS[name].partial(N, options)


def test_heads_and_batches_count_together():
    one, other = sample_of(N, D), tuple(2 * one for one in sample_of(N, D))
    both = tuple(torch.stack(pair) for pair in zip(one, other, strict=True))
    single = [choose.relative_error("linear", {}, sample) for sample in (one, other)]
    together = choose.relative_error("linear", {}, both)
    assert min(single) < together < max(single)


def test_rows_of_a_long_sample_are_spread_evenly(monkeypatch):
    monkeypatch.setattr(errors, "ROWS", 3)
    sample = sample_of(N, D)
    rows = [0, 48, 96]
    query, key, value = (one.numpy() for one in sample)
    exact = reference.attention(query, key, value)[rows]
    found = reference.sliding_window_attention(query, key, value, window=7)[rows]
    expected = np.linalg.norm(found - exact) / np.linalg.norm(exact)
    error = choose.relative_error("sliding_window", {"window": 7}, sample)
    assert error == pytest.approx(expected, rel=1e-6)


def test_an_exact_output_of_zeros():
    query, key, value = sample_of(N, D)
    nothing = (query, key, torch.zeros_like(value))
    assert choose.relative_error("linear", {}, nothing) == 0
    late = torch.zeros_like(value)
    late[0], late[1] = 1, -1  # cancels in exact attention to keys that are all alike
    alike = (query, torch.zeros_like(key), late)
    assert choose.relative_error("sliding_window", {"window": 0}, alike) == float("inf")


def test_no_gradient_is_tracked():
    sample = tuple(one.requires_grad_() for one in sample_of(N, D))
    assert choose.relative_error("linear", {}, sample) > 0


def test_the_default_sample_is_standard_normal_and_always_the_same():
    first, second = choose.normal_sample(4096, 64), choose.normal_sample(4096, 64)
    for one, other in zip(first, second, strict=True):
        assert one.shape == (4096, 64)
        assert one.dtype == torch.float32
        assert torch.equal(one, other)
        assert abs(one.mean()) < 0.01
        assert abs(one.std() - 1) < 0.01
    assert not torch.equal(first[0], first[1])
