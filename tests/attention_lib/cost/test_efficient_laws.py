"""Efficient attention: laws of the counts, what they are for small sizes, what is refused."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_lib import cost, reference
from attention_lib.cost.kernels import SOFTMAX_FLOPS, elementwise, in_pieces

SIZES = {"d_key": 5, "d_value": 3, "n_heads": 2}
ALL = {
    "window": partial(cost.sliding_window_attention, window=3),
    "sinks": partial(cost.sliding_window_attention, window=3, n_sinks=2, causal=True),
    "blocks": partial(cost.block_sparse_attention, block_size=2),
    "causal blocks": partial(cost.block_sparse_attention, block_size=2, causal=True),
    "linear": cost.linear_attention,
    "performer": partial(cost.performer_attention, n_features=7),
    "linformer": partial(cost.linformer_attention, n_projected=4),
    "lsh": partial(cost.lsh_attention, bucket_size=4, n_hashes=2),
    "tiled": partial(cost.tiled_attention, block_size=4),
}


@pytest.mark.parametrize("name", ALL)
def test_laws_of_all(name):
    count = partial(ALL[name], **SIZES)
    one, three = count(97), count(97, batch=3)
    assert three.flops == 3 * one.flops
    assert three.parameters == one.parameters == (2 * 4 * 97 if name == "linformer" else 0)
    assert one.bytes_moved < three.bytes_moved <= 3 * one.bytes_moved
    assert 2 * one.peak_bytes < three.peak_bytes <= 3 * one.peak_bytes
    assert count(97, batch=0).flops == count(0).flops == 0
    assert count(0, training=True).flops == 0
    trained = count(97, training=True)
    assert 2 * one.matmul_flops < trained.matmul_flops <= 3.7 * one.matmul_flops
    assert trained.elementwise_flops == 3 * one.elementwise_flops
    assert 0 == one.held_bytes < trained.held_bytes < trained.peak_bytes
    assert one.cache_bytes == 0 < one.peak_bytes < trained.peak_bytes
    half = count(97, itemsize=2)
    assert half.flops == one.flops
    assert half.peak_bytes < one.peak_bytes
    for whole in (one, trained):
        for field in ("parameters", "matmul_flops", "elementwise_flops", "bytes_moved"):
            assert sum(getattr(part, field) for part in whole.parts.values()) == getattr(
                whole, field
            )


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("lsh", "tiled")])
def test_linear_in_the_length(name):
    """Twice as long costs twice as much, which dense attention does four times."""
    count = partial(ALL[name], **SIZES)
    n = 1 << 20  # so long that what is computed at a time no longer counts
    once, twice, dense = count(n), count(2 * n), cost.attention(2 * n, 2 * n, fused=True, **SIZES)
    for field in ("matmul_flops", "elementwise_flops", "bytes_moved", "peak_bytes"):
        assert 1.85 < getattr(twice, field) / getattr(once, field) < 2.1, field
    assert twice.flops < dense.flops / 20


@given(st.integers(0, 40), st.integers(0, 50), st.integers(0, 50), st.booleans())
def test_pairs_of_a_window_are_those_of_its_mask(n, window, n_sinks, causal):
    options = {"window": window, "n_sinks": n_sinks, "causal": causal}
    mask = reference.sink_window_mask(n, n, **options)
    assert cost.window_pairs(n, **options) == mask.sum()


@given(
    st.integers(1, 12),
    st.integers(1, 5),
    st.sampled_from([1, 3, 5]),
    st.integers(0, 3),
    st.integers(0, 3),
    st.booleans(),
)
def test_pairs_of_blocks_are_those_of_their_mask(n_blocks, size, near, everywhere, few, causal):
    options = {"window_blocks": near, "global_blocks": everywhere, "random_blocks": few}
    pattern = reference.block_sparse_pattern(n_blocks, causal=causal, seed=1, **options)
    mask = reference.block_sparse_mask(pattern, n_blocks * size, block_size=size, causal=causal)
    counted = cost.block_sparse_pairs(n_blocks * size, block_size=size, causal=causal, **options)
    assert counted == mask.sum()


def test_a_last_block_that_is_shorter_counts_as_full():
    assert cost.block_sparse_pairs(11, block_size=4) == cost.block_sparse_pairs(12, block_size=4)


@pytest.mark.parametrize("causal", [False, True])
def test_what_a_window_computes_beside_the_band(causal):
    """Little of a long sequence is waste, for blocks are small; in training half a window."""
    n, window = 1 << 14, 256
    useful = 256 * cost.window_pairs(n, window=window, causal=causal)  # 2 (64 + 64) FLOPs
    for training, least, most in ((False, 0.88, 0.95), (True, 0.65, 0.82)):
        computed = cost.sliding_window_attention(
            n, window=window, causal=causal, d_key=64, training=training
        )
        passes = 3.5 if training else 1  # backward makes five products
        assert least < passes * useful / computed.matmul_flops < most


def test_a_window_by_hand():
    """11 rows, a window of 2: no block of 32 fits inside, so one edge sees all 11 keys."""
    counted = cost.sliding_window_attention(11, window=2, d_key=3, d_value=5)
    assert counted.matmul_flops == 11 * 11 * 4 * 5
    assert counted.elementwise_flops == 11 * 11 * (2 + SOFTMAX_FLOPS)
    assert set(counted.parts) == {"padding", "blocks", "joining"}
    trained = cost.sliding_window_attention(11, window=2, d_key=3, d_value=5, training=True)
    assert set(trained.parts) == {"padding", "blocks"}
    assert counted.parts["padding"].bytes_moved == 2 * 4 * 2 * 55
    # 100 rows: 2 + 2 * 32 rows from the third, 36 keys each; the rest, 3 sinks included, apart
    counted = cost.sliding_window_attention(100, window=2, d_key=5)
    inner, edges = 3 * 32 * 36, 2 * 4 + 2 * 4
    assert counted.matmul_flops == (inner + edges) * 4 * 5
    assert counted.parts["joining"].bytes_moved == 2 * 4 * 500


def test_a_window_of_0_in_blocks_without_edges():
    """Each of 64 tokens sees itself: two blocks of 32, which fill the sequence."""
    counted = cost.sliding_window_attention(64, window=0, d_key=3)
    assert counted.matmul_flops == 64 * 32 * 4 * 3
    assert cost.sliding_window_attention(32, window=0, d_key=4).matmul_flops == 32 * 32 * 4 * 4


@pytest.mark.parametrize("name", ALL)
def test_numpys_integers_of_32_bits_do_not_overflow(name):
    sizes = {"d_key": 64, "n_heads": 12, "batch": 1000}
    small = {size: np.int32(number) for size, number in sizes.items()}
    ours, theirs = ALL[name](2000, **sizes), ALL[name](np.int32(2000), **small)
    assert theirs == ours
    assert ours.matmul_flops > 2**31


def test_wide_windows_and_full_patterns_are_dense():
    dense = cost.attention(9, 9, fused=True, **SIZES)
    assert cost.sliding_window_attention(9, window=8, **SIZES) == dense
    assert cost.sliding_window_attention(9, window=8, causal=True, **SIZES) == dense
    assert cost.block_sparse_attention(9, block_size=3, **SIZES) == dense
    assert cost.block_sparse_attention(9, block_size=3, causal=True, **SIZES) == dense
    assert cost.sliding_window_attention(9, window=7, **SIZES) != dense


def test_linear_by_formula():
    one = cost.linear_attention(100, d_key=7, d_value=5, n_heads=3)
    assert one.matmul_flops == 3 * 4 * 100 * 7 * 5
    assert cost.linear_attention(100, d_key=7, d_value=5, n_features=14).matmul_flops == (
        4 * 100 * 14 * 5
    )
    trained = cost.linear_attention(100, d_key=7, d_value=5, training=True)
    assert trained.matmul_flops == 12 * 100 * 7 * 5 + 2 * 100 * 7
    assert trained.held_bytes == 4 * (100 * (7 + 7 + 5 + 5) + 7 * (5 + 1))
    saved = cost.linear_attention(100, d_key=7, d_value=5, n_features=7, training=True)
    assert saved.matmul_flops == 12 * 100 * 7 * 5
    assert saved.held_bytes > trained.held_bytes
    performer = cost.performer_attention(100, n_features=11, d_key=7, d_value=5)
    assert performer.matmul_flops == 4 * 100 * 11 * (7 + 5)
    trained = cost.performer_attention(100, n_features=11, d_key=7, d_value=5, training=True)
    assert trained.matmul_flops == 8 * 100 * 11 * 7 + 12 * 100 * 11 * 5  # W has no gradient
    # two chunks of 64 in one segment: squares, states, sums before each, and their reading
    causal = cost.linear_attention(128, causal=True, d_key=7, d_value=5)
    squares, states = 2 * 2 * 64**2 * 12, 2 * 128 * 35
    assert causal.matmul_flops == squares + 2 * states + 2 * 2**2 * 7 * 6


def test_linformer_by_formula():
    one = cost.linformer_attention(100, n_projected=7, d_key=5, d_value=3, n_heads=2)
    assert one.matmul_flops == 2 * 4 * 100 * 7 * 8
    parameters = {
        sharing: cost.linformer_attention(
            9, n_projected=2, max_length=11, sharing=sharing, d_key=5, n_heads=3
        ).parameters
        for sharing in ("none", "heads", "key_value")
    }
    assert parameters == {"none": 2 * 3 * 22, "heads": 2 * 22, "key_value": 22}
    sizes = {"d_model": 6, "n_heads": 3, "n_projected": 2}
    both = cost.multi_head_linformer(9, sharing="heads", bias=False, **sizes)
    assert both.matmul_flops == 4 * 9 * 36 + 4 * 9 * 2 * 6 + 4 * 2 * 36 + 4 * 9 * 2 * 6
    assert both.parameters == 4 * 36 + 2 * 2 * 9


def test_lsh_by_formula():
    one = cost.lsh_attention(100, bucket_size=10, n_hashes=3, d_key=7, d_value=5)
    assert one.parts["hashing"].matmul_flops == 3 * 2 * 100 * 5 * 7
    assert one.parts["rounds"].matmul_flops == 3 * 4 * 100 * 10 * 12
    trained = cost.lsh_attention(100, bucket_size=10, n_hashes=3, d_key=7, d_value=5, training=True)
    assert trained.parts["hashing"].matmul_flops == one.parts["hashing"].matmul_flops
    assert trained.parts["rounds"].matmul_flops == 3 * one.parts["rounds"].matmul_flops
    alone = cost.lsh_attention(10, bucket_size=10, n_hashes=3, d_key=7)
    assert alone.parts["hashing"].matmul_flops == 0
    module = cost.multi_head_lsh(100, d_model=6, n_heads=2, bucket_size=10, n_hashes=3)
    inner = cost.lsh_attention(100, bucket_size=10, n_hashes=3, d_key=3, n_heads=2)
    assert module.matmul_flops == 6 * 100 * 36 + inner.matmul_flops
    assert module.parameters == 3 * 42


def test_tiles_compute_what_attention_does():
    whole = cost.attention(100, 100, fused=True, **SIZES)
    assert cost.tiled_attention(100, **SIZES).matmul_flops == whole.matmul_flops
    assert cost.tiled_attention(100, training=True, **SIZES).matmul_flops == (
        cost.attention(100, 100, fused=True, training=True, **SIZES).matmul_flops
    )
    one = cost.tiled_attention(100, causal=True, block_size=1, d_key=5)
    assert one.matmul_flops == 20 * cost.causal_pairs(100, 100)
    peaks = [cost.tiled_attention(10_000, block_size=b, d_key=64).peak_bytes for b in (64, 128)]
    assert peaks[0] < peaks[1] < 4 * 10_000**2 / 2


def test_pieces_bound_the_peak_without_gradients():
    step = elementwise(1000)
    assert in_pieces(step, 7, itemsize=2).peak_bytes == 14
    assert in_pieces(step, 7).bytes_moved == step.bytes_moved
    assert in_pieces(step, 7, training=True) == step
    with pytest.raises(ValueError, match="numbers must be at least 0, got -1"):
        in_pieces(step, -1)


HEADS = {"d_model": 24, "n_heads": 6}
WINDOW = partial(cost.sliding_window_attention, window=2)


def test_a_mechanism_takes_the_place_of_attention():
    dense = cost.multi_head_attention(50, **HEADS)
    sparse = cost.multi_head_attention(50, mechanism=WINDOW, **HEADS)
    assert set(sparse.parts) == set(dense.parts)
    assert sparse.parameters == dense.parameters
    alone, within = WINDOW(50, d_key=4, d_value=4, n_heads=6), sparse.parts["attention"]
    assert within == alone.beside(4 * 50 * 24)  # the input waits
    shared = cost.multi_head_attention(50, mechanism=WINDOW, n_kv_heads=2, **HEADS)
    assert shared.parts["attention"] == within
    assert shared.parts["sharing"].bytes_moved == 2 * 4 * 2 * 50 * 24
    two = cost.encoder(50, n_layers=2, d_ff=31, mechanism=WINDOW, training=True, **HEADS)
    attended = WINDOW(50, d_key=4, n_heads=6, training=True)
    assert two.parts["self_attention"].parts["attention"].flops == 2 * attended.flops


def heads(**options):
    return lambda: cost.multi_head_attention(5, **HEADS, **options)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (heads(mechanism="window"), TypeError, r"mechanism must be None or a function .* got str"),
        (heads(mechanism=lambda n, **_: 3), TypeError, "mechanism must return a Cost, got int"),
        (
            heads(mechanism=WINDOW, n_keys=7),
            ValueError,
            "n_keys must be None with a mechanism, which is self-attention",
        ),
        *(
            (
                heads(mechanism=WINDOW, **{name: value}),
                ValueError,
                f"^{name} must be left out with a mechanism",
            )
            for name, value in {
                "masked": True,
                "biased": True,
                "fused": True,
                "cache": True,
                "pairs": 3,
            }.items()
        ),
        (heads(mechanism=WINDOW, masked=1), TypeError, "masked must be True or False"),
        (lambda: cost.window_pairs(5, window=-1), ValueError, "window must be at least 0, got -1"),
        (lambda: cost.window_pairs(-5, window=1), ValueError, "n must be at least 0, got -5"),
        (lambda: cost.window_pairs(5, window=1, causal=1), TypeError, "causal must be True or"),
        *(
            (partial(count, -1, d_key=3), ValueError, "n must be at least 0, got -1")
            for count in ALL.values()
        ),
        *(
            (partial(count, 9, **{**SIZES, name: bad}), error, f"{name} must be {message}")
            for count in ALL.values()
            for name, bad, error, message in (
                ("d_key", 0, ValueError, "at least 1, got 0"),
                ("d_value", 0, ValueError, "at least 1, got 0"),
                ("n_heads", 2.0, TypeError, "an integer, got float"),
                ("batch", -1, ValueError, "at least 0, got -1"),
                ("itemsize", 0, ValueError, "at least 1, got 0"),
                ("training", 1, TypeError, "True or False, got int"),
            )
        ),
        (
            lambda: cost.sliding_window_attention(9, window=-1, d_key=3),
            ValueError,
            "window must be at least 0, got -1",
        ),
        (
            lambda: cost.sliding_window_attention(9, window=1, n_sinks=-1, d_key=3),
            ValueError,
            "n_sinks must be at least 0, got -1",
        ),
        (
            lambda: cost.block_sparse_attention(9, block_size=0, d_key=3),
            ValueError,
            "block_size must be at least 1, got 0",
        ),
        (
            lambda: cost.block_sparse_attention(9, block_size=2, window_blocks=2, d_key=3),
            ValueError,
            "window_blocks must be odd, got 2",
        ),
        (
            lambda: cost.block_sparse_attention(9, block_size=2, seed=-1, d_key=3),
            ValueError,
            "seed must be at least 0, got -1",
        ),
        (
            lambda: cost.block_sparse_pairs(9, block_size=2, random_blocks=-1),
            ValueError,
            "random_blocks must be at least 0, got -1",
        ),
        (
            lambda: cost.linear_attention(9, n_features=0, d_key=3),
            ValueError,
            "n_features must be at least 1, got 0",
        ),
        (
            lambda: cost.linear_attention(9, causal="yes", d_key=3),
            TypeError,
            "causal must be True or False, got str",
        ),
        (
            lambda: cost.performer_attention(9, n_features=0, d_key=3),
            ValueError,
            "n_features must be at least 1, got 0",
        ),
        (
            lambda: cost.performer_attention(9, n_features=2, seed=-1, d_key=3),
            ValueError,
            "seed must be at least 0, got -1",
        ),
        (
            lambda: cost.linformer_attention(9, n_projected=0, d_key=3),
            ValueError,
            "n_projected must be at least 1, got 0",
        ),
        (
            lambda: cost.linformer_attention(9, n_projected=2, max_length=8, d_key=3),
            ValueError,
            "^max_length must be at least 9, the tokens, got 8$",
        ),
        (
            lambda: cost.linformer_attention(9, n_projected=2, sharing="all", d_key=3),
            ValueError,
            "sharing must be one of 'none', 'heads', 'key_value'",
        ),
        (
            lambda: cost.multi_head_linformer(9, n_projected=2, d_model=7, n_heads=2),
            ValueError,
            "n_heads must divide d_model",
        ),
        (
            lambda: cost.lsh_attention(9, bucket_size=0, n_hashes=1, d_key=3),
            ValueError,
            "bucket_size must be at least 1, got 0",
        ),
        (
            lambda: cost.multi_head_lsh(9, bucket_size=2, n_hashes=1, d_model=7, n_heads=2),
            ValueError,
            "n_heads must divide d_model",
        ),
        (
            lambda: cost.tiled_attention(9, block_size=0, d_key=3),
            ValueError,
            "block_size must be at least 1, got 0",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
