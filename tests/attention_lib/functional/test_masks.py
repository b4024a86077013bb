"""Masks in torch: what the reference gives, on the device that is asked for."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from attention_lib import functional, reference

SIZES = [(5, 5), (3, 7), (7, 3), (1, 5), (11, 13), (0, 3), (3, 0)]


@pytest.mark.parametrize(("n_queries", "n_keys"), SIZES)
def test_masks_equal_the_reference(n_queries, n_keys):
    cases = [("causal_mask", {})]
    cases += [("window_mask", {"window": w, **c}) for w in (0, 2) for c in ({}, {"causal": True})]
    for block_size in (1, 2, 3, 17):
        for neighbours in ({}, {"neighbours": 1}, {"neighbours": 2}):
            for causal in ({}, {"causal": True}):
                cases.append(("block_mask", {"block_size": block_size} | neighbours | causal))
    for name, options in cases:
        ours = getattr(functional, name)(n_queries, n_keys, **options)
        assert ours.dtype == torch.bool
        assert ours.device.type == "cpu"
        assert_array_equal(ours, getattr(reference, name)(n_queries, n_keys, **options))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("causal_mask", {}),
        ("window_mask", {"window": 1}),
        ("block_mask", {"block_size": 2, "causal": True}),
    ],
)
def test_masks_are_made_on_the_device_that_is_asked_for(name, options):
    mask = getattr(functional, name)(3, 5, device="meta", **options)
    assert mask.device.type == "meta"
    assert mask.shape == (3, 5)


def test_padding_stays_on_the_device_of_the_lengths():
    lengths = torch.tensor([0, 2, 3])
    mask = functional.padding_mask(lengths, 3)
    assert mask.shape == (3, 1, 3)
    assert mask.dtype == torch.bool
    assert_array_equal(mask, reference.padding_mask(lengths.numpy(), 3))
    assert functional.padding_mask(lengths[:0], 3).shape == (0, 1, 3)
    assert functional.padding_mask(lengths[:1], 0).shape == (1, 1, 0)


def test_combined_masks_are_new_and_the_inputs_stay():
    first, second = torch.tensor([[True], [False]]), torch.tensor([True, False, True])
    combined = functional.combine_masks(first, second)
    assert_array_equal(combined, [[True, False, True], [False, False, False]])
    assert combined.dtype == torch.bool
    alone = functional.combine_masks(second)
    alone[0] = False
    assert second[0]


def test_combined_masks_stay_on_their_device():
    one = torch.ones(2, 3, dtype=torch.bool, device="meta")
    assert functional.combine_masks(one, one).device.type == "meta"


@pytest.mark.parametrize("kind", [np.uint8, np.uint32, np.uint64, np.int64])
@pytest.mark.parametrize(("n_queries", "n_keys"), [(5, 3), (3, 5)])
def test_sizes_may_be_unsigned_numbers_of_numpy(kind, n_queries, n_keys):
    cases = [("causal_mask", {}), ("window_mask", {"window": 1}), ("relative_buckets", {})]
    cases += [("block_mask", {"block_size": 2}), ("clipped_distances", {"max_distance": 2})]
    for name, options in cases:
        function = getattr(functional, name)
        ours = function(kind(n_queries), kind(n_keys), **options)
        assert_array_equal(ours, function(n_queries, n_keys, **options))


@pytest.mark.parametrize("name", ["uint8", "int16", "uint16", "uint32", "uint64", "int64"])
def test_lengths_of_every_whole_number_dtype(name):
    lengths = torch.tensor([1, 3], dtype=getattr(torch, name))
    assert_array_equal(functional.padding_mask(lengths, 3)[:, 0], [[1, 0, 0], [1, 1, 1]])
    assert functional.padding_mask(lengths[:0], 3).shape == (0, 1, 3)
    with pytest.raises(ValueError, match=r"^lengths must lie in 0\.\.2 \(n_keys\), got 1\.\.3$"):
        functional.padding_mask(lengths, 2)


def test_the_largest_sizes():
    largest = 2**63 - 1
    assert_array_equal(functional.window_mask(2, 3, window=largest), np.ones((2, 3)))
    assert_array_equal(functional.block_mask(2, 3, block_size=largest), np.ones((2, 3)))
    mask = functional.block_mask(2, 3, block_size=1, neighbours=largest)
    assert_array_equal(mask, np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"^window must fit 64 bits, got 9223372036854775808$"):
        functional.window_mask(2, 3, window=largest + 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: functional.causal_mask(-1, 2), ValueError, "^n_queries must be at least 0"),
        (lambda: functional.causal_mask(2, -1), ValueError, "^n_keys must be at least 0, got -1"),
        (lambda: functional.causal_mask(2.0, 2), TypeError, "^n_queries must be an integer"),
        (
            lambda: functional.window_mask(2, 2, window=-1),
            ValueError,
            "^window must be at least 0, got -1",
        ),
        (
            lambda: functional.window_mask(2, 2, window=1, causal=0),
            TypeError,
            "^causal must be True or False, got int",
        ),
        (
            lambda: functional.block_mask(2, 2, block_size=0),
            ValueError,
            "^block_size must be at least 1, got 0",
        ),
        (
            lambda: functional.block_mask(2, 2, block_size=2, neighbours=-1),
            ValueError,
            "^neighbours must be at least 0, got -1",
        ),
        (
            lambda: functional.block_mask(-2, 2, block_size=2),
            ValueError,
            "^n_queries must be at least 0, got -2",
        ),
        (
            lambda: functional.block_mask(2, -2, block_size=2),
            ValueError,
            "^n_keys must be at least 0, got -2",
        ),
        (
            lambda: functional.block_mask(2, 2, block_size=2, causal=1),
            TypeError,
            "^causal must be True or False, got int",
        ),
        (
            lambda: functional.padding_mask(np.array([1]), 3),
            TypeError,
            "^lengths must be a torch.Tensor, got ndarray",
        ),
        (
            lambda: functional.padding_mask(torch.tensor([1]), -1),
            ValueError,
            "^n_keys must be at least 0, got -1",
        ),
        (
            lambda: functional.padding_mask(torch.tensor([-1, 4]), 3),
            ValueError,
            r"^lengths must lie in 0\.\.3 \(n_keys\), got -1\.\.4$",
        ),
        (lambda: functional.padding_mask(torch.tensor([4]), 3), ValueError, r"lie in 0..3"),
        (
            lambda: functional.combine_masks(),
            ValueError,
            "^masks must hold at least one mask, got none$",
        ),
        (
            lambda: functional.combine_masks(torch.ones(2, dtype=torch.bool), [True]),
            TypeError,
            r"^masks\[1\] must be a torch.Tensor, got list",
        ),
        (
            lambda: functional.combine_masks(torch.ones(2)),
            TypeError,
            r"^masks\[0\] must be boolean \(True = may attend\), got dtype torch.float32$",
        ),
        (
            lambda: functional.combine_masks(*(torch.ones(n, dtype=torch.bool) for n in (2, 3))),
            ValueError,
            r"^masks must broadcast together, got shapes \[\(2,\), \(3,\)\]$",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(("n_queries", "n_keys"), [(5, 5), (3, 7), (7, 3)])
def test_masks_equal_the_reference_alone_and_combined(n_queries, n_keys):
    for options in ({"window": 2}, {"window": 2, "causal": True}):
        ours = functional.window_mask(n_queries, n_keys, **options)
        assert_array_equal(ours, reference.window_mask(n_queries, n_keys, **options))
    causal = functional.causal_mask(n_queries, n_keys)
    assert_array_equal(causal, reference.causal_mask(n_queries, n_keys))
    lengths = np.array([0, 2, 3])
    padding = functional.padding_mask(torch.from_numpy(lengths), n_keys)
    assert_array_equal(padding, reference.padding_mask(lengths, n_keys))
    both = functional.combine_masks(causal, padding)
    assert_array_equal(both, reference.combine_masks(causal.numpy(), padding.numpy()))
