"""Masks in NumPy: every entry, every default, every message."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attention_lib import reference
from tests.helpers import loop_oracles

SIZES = [(5, 5), (3, 7), (7, 3), (1, 5), (11, 13), (0, 3), (3, 0), (0, 0)]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("neighbours", [0, 1, 2])
@pytest.mark.parametrize("block_size", [1, 2, 3, 5, 17])
@pytest.mark.parametrize(("n_queries", "n_keys"), SIZES)
def test_blocks_equal_the_loop(n_queries, n_keys, block_size, neighbours, causal):
    mask = reference.block_mask(
        n_queries, n_keys, block_size=block_size, neighbours=neighbours, causal=causal
    )
    assert mask.shape == (n_queries, n_keys)
    assert mask.dtype == bool
    expected = loop_oracles.blocks(n_queries, n_keys, block_size, neighbours, causal)
    assert_array_equal(mask, np.array(expected, dtype=bool).reshape(n_queries, n_keys))


def test_blocks_stand_alone_and_see_both_ways_unless_told_otherwise():
    mask = reference.block_mask(5, 5, block_size=2)
    assert_array_equal(
        mask,
        [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1]],
    )


def test_blocks_of_one_are_a_window_and_one_large_block_is_everything():
    for neighbours in (0, 1, 3):
        ones = reference.block_mask(5, 7, block_size=1, neighbours=neighbours)
        assert_array_equal(ones, reference.window_mask(5, 7, window=neighbours))
    assert reference.block_mask(5, 7, block_size=7).all()
    assert_array_equal(
        reference.block_mask(5, 7, block_size=7, causal=True), reference.causal_mask(5, 7)
    )


def test_a_window_sees_both_ways_unless_told_otherwise():
    assert_array_equal(reference.window_mask(3, 3, window=1), [[1, 1, 0], [1, 1, 1], [0, 1, 1]])


@pytest.mark.parametrize("mask", [reference.causal_mask(0, 3), reference.causal_mask(3, 0)])
def test_masks_without_rows_or_columns(mask):
    assert 0 in mask.shape
    assert mask.dtype == bool


def test_padding_of_nothing():
    assert reference.padding_mask(np.array([0, 0]), 0).shape == (2, 1, 0)
    assert reference.padding_mask(np.zeros(0, dtype=int), 3).shape == (0, 1, 3)


def test_combined_masks_are_new_and_the_inputs_stay():
    first, second = np.array([[True], [False]]), np.array([True, False, True])
    combined = reference.combine_masks(first, second)
    assert_array_equal(combined, [[True, False, True], [False, False, False]])
    assert combined.dtype == bool
    assert_array_equal(first, [[True], [False]])
    alone = reference.combine_masks(second)
    alone[0] = False
    assert second[0]


@pytest.mark.parametrize("kind", [np.uint8, np.uint32, np.uint64, np.int64])
@pytest.mark.parametrize(("n_queries", "n_keys"), [(5, 3), (3, 5)])
def test_sizes_may_be_unsigned_numbers_of_numpy(kind, n_queries, n_keys):
    cases = [("causal_mask", {}), ("window_mask", {"window": 1}), ("relative_buckets", {})]
    cases += [("block_mask", {"block_size": 2}), ("clipped_distances", {"max_distance": 2})]
    for name, options in cases:
        function = getattr(reference, name)
        ours = function(kind(n_queries), kind(n_keys), **options)
        assert_array_equal(ours, function(n_queries, n_keys, **options))


def test_the_largest_sizes():
    largest = 2**63 - 1
    assert_array_equal(reference.window_mask(2, 3, window=largest), np.ones((2, 3)))
    assert_array_equal(reference.block_mask(2, 3, block_size=largest), np.ones((2, 3)))
    mask = reference.block_mask(2, 3, block_size=1, neighbours=largest)
    assert_array_equal(mask, np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"^window must fit 64 bits, got 9223372036854775808$"):
        reference.window_mask(2, 3, window=largest + 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: reference.causal_mask(-1, 2), ValueError, "^n_queries must be at least 0, got -1"),
        (lambda: reference.causal_mask(2, -1), ValueError, "^n_keys must be at least 0, got -1"),
        (lambda: reference.causal_mask(1.5, 2), TypeError, "^n_queries must be an integer"),
        (lambda: reference.causal_mask(2, True), TypeError, "^n_keys must be an integer, got bool"),
        (
            lambda: reference.window_mask(2, 2, window=-1),
            ValueError,
            "^window must be at least 0, got -1",
        ),
        (
            lambda: reference.window_mask(2, 2, window=1, causal=1),
            TypeError,
            "^causal must be True or False, got int",
        ),
        (
            lambda: reference.block_mask(2, 2, block_size=0),
            ValueError,
            "^block_size must be at least 1, got 0",
        ),
        (
            lambda: reference.block_mask(2, 2, block_size=2.0),
            TypeError,
            "^block_size must be an integer, got float",
        ),
        (
            lambda: reference.block_mask(2, 2, block_size=2, neighbours=-1),
            ValueError,
            "^neighbours must be at least 0, got -1",
        ),
        (
            lambda: reference.block_mask(-2, 2, block_size=2),
            ValueError,
            "^n_queries must be at least 0, got -2",
        ),
        (
            lambda: reference.block_mask(2, -2, block_size=2),
            ValueError,
            "^n_keys must be at least 0, got -2",
        ),
        (
            lambda: reference.block_mask(2, 2, block_size=2, causal=None),
            TypeError,
            "^causal must be True or False, got NoneType",
        ),
        (
            lambda: reference.padding_mask([1], 3),
            TypeError,
            "^lengths must be a NumPy array, got list",
        ),
        (
            lambda: reference.padding_mask(np.array([1]), -1),
            ValueError,
            "^n_keys must be at least 0, got -1",
        ),
        (
            lambda: reference.padding_mask(np.array([-1, 4]), 3),
            ValueError,
            r"^lengths must lie in 0\.\.3 \(n_keys\), got -1\.\.4$",
        ),
        (
            lambda: reference.combine_masks(),
            ValueError,
            "^masks must hold at least one mask, got none$",
        ),
        (
            lambda: reference.combine_masks(np.ones(2, bool), [True]),
            TypeError,
            r"^masks\[1\] must be a NumPy array, got list",
        ),
        (
            lambda: reference.combine_masks(np.ones(2, int)),
            TypeError,
            r"^masks\[0\] must be boolean \(True = may attend\), got dtype int64$",
        ),
        (
            lambda: reference.combine_masks(np.ones(2, bool), np.ones(3, bool)),
            ValueError,
            r"^masks must broadcast together, got shapes \[\(2,\), \(3,\)\]$",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(("n_queries", "n_keys"), [(5, 5), (3, 7), (7, 3), (1, 5), (0, 3)])
def test_masks_equal_their_definition(n_queries, n_keys):
    causal = reference.causal_mask(n_queries, n_keys)
    window = reference.window_mask(n_queries, n_keys, window=2)
    both = reference.window_mask(n_queries, n_keys, window=2, causal=True)
    assert causal.shape == window.shape == both.shape == (n_queries, n_keys)
    for i in range(n_queries):
        for j in range(n_keys):
            distance = i + n_keys - n_queries - j
            assert causal[i, j] == (distance >= 0)
            assert window[i, j] == (abs(distance) <= 2)
            assert both[i, j] == (0 <= distance <= 2)


def test_padding_and_combination():
    padding = reference.padding_mask(np.array([0, 2, 3]), 3)
    assert padding.shape == (3, 1, 3)
    assert_array_equal(padding[:, 0].sum(axis=-1), [0, 2, 3])
    combined = reference.combine_masks(reference.causal_mask(2, 3), padding)
    assert_array_equal(combined[1], [[True, True, False], [True, True, False]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: reference.causal_mask(-1, 2), ValueError, "n_queries must be at least 0, got -1"),
        (lambda: reference.causal_mask(2, 2.0), TypeError, "n_keys must be an integer, got float"),
        (lambda: reference.window_mask(2, 2, window=-1), ValueError, "window must be at least 0"),
        (lambda: reference.padding_mask(np.array([4]), 3), ValueError, r"lie in 0..3.*got 4..4"),
        (lambda: reference.padding_mask(np.array([1.0]), 3), TypeError, "lengths must be integers"),
        (lambda: reference.padding_mask(np.array([[1]]), 3), ValueError, r"shape \[B\]"),
        (lambda: reference.combine_masks(), ValueError, "at least one mask"),
        (lambda: reference.combine_masks(np.ones(2)), TypeError, r"masks\[0\] must be boolean"),
        (
            lambda: reference.combine_masks(np.ones(2, bool), np.ones(3, bool)),
            ValueError,
            "masks must broadcast together",
        ),
    ],
)
def test_masks_name_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
