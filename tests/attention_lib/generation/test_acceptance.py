"""The rule that makes of the draft's tokens tokens of the large model."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.generation import speculative_rule

# Eighths, so that every number of the rule is exact.
TARGET = torch.tensor([[4, 2, 1, 1], [0, 8, 0, 0], [2, 2, 2, 2], [1, 0, 3, 4]]).double() / 8
DRAFT = torch.tensor([[1, 4, 2, 1], [2, 2, 4, 0], [2, 2, 2, 2], [4, 0, 0, 4]]).double() / 8


def written(target, draft):
    """The distribution of what is written in one place, summed over what was proposed."""
    rule = speculative_rule(target, draft)
    total = np.zeros(len(target))
    for proposed in range(len(target)):
        stays = float(rule.accept[proposed])
        total[proposed] += float(draft[proposed]) * stays
        for token in range(len(target)):
            total[token] += float(draft[proposed]) * (1 - stays) * float(rule.residual[token])
    return total


@pytest.mark.parametrize("row", range(4))
def test_what_is_written_is_exactly_the_target(row):
    assert_array_equal(written(TARGET[row], DRAFT[row]), TARGET[row])


@pytest.mark.parametrize("seed", range(5))
def test_what_is_written_is_the_target_for_random_distributions(seed):
    rng = torch.Generator().manual_seed(seed)
    target, draft = torch.rand(2, 13, generator=rng, dtype=torch.float64) ** 3
    target, draft = target / target.sum(), draft / draft.sum()
    assert_allclose(written(target, draft), target, rtol=1e-13, atol=1e-16)


def test_how_much_stays_is_what_both_have_in_common():
    rule = speculative_rule(TARGET, DRAFT)
    stays = (DRAFT * rule.accept).sum(dim=-1)
    assert_array_equal(stays, torch.minimum(TARGET, DRAFT).sum(dim=-1))
    assert_array_equal(stays, 1 - (TARGET - DRAFT).abs().sum(dim=-1) / 2)


def test_by_hand():
    rule = speculative_rule(TARGET[0], DRAFT[0])
    assert rule.accept.tolist() == [1, 0.5, 0.5, 1]
    assert rule.residual.tolist() == [1, 0, 0, 0]


def test_what_is_never_proposed_and_what_is_never_refused():
    rule = speculative_rule(TARGET, DRAFT)
    assert rule.accept[1].tolist() == [0, 1, 0, 1]  # the last one is never proposed
    assert_array_equal(rule.accept[2], np.ones(4))
    assert_array_equal(rule.residual[2], TARGET[2])
    assert_allclose(rule.residual.sum(dim=-1), np.ones(4), rtol=1e-15)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_lower_precision_is_computed_in_float32(dtype):
    rule = speculative_rule(TARGET.to(dtype), DRAFT.to(dtype))
    assert rule.accept.dtype == rule.residual.dtype == torch.float32
    wide = speculative_rule(TARGET, DRAFT)
    assert_allclose(rule.accept, wide.accept, rtol=1e-6)
    assert_allclose(rule.residual, wide.residual, rtol=1e-6)


@pytest.mark.parametrize(
    ("target", "draft", "error", "message"),
    [
        (TARGET.numpy(), DRAFT, TypeError, "target must be a torch.Tensor, got ndarray"),
        (TARGET, DRAFT.long(), TypeError, "draft must have a floating dtype"),
        (TARGET, DRAFT.float(), TypeError, "target.*draft|draft.*target"),
        (TARGET, DRAFT[:, :3], ValueError, r"draft must have shape .* got \(4, 4\) and \(4, 3\)"),
        (TARGET[0, 0], DRAFT[0, 0], ValueError, r"target must have shape \[\.\.\., V\]"),
        (TARGET - 1, DRAFT, ValueError, "target must not be negative|target.*-1"),
        (TARGET, DRAFT * 2, ValueError, "draft must have rows that sum to one, got one that is 1"),
        (TARGET, DRAFT * torch.nan, ValueError, "draft"),
    ],
)
def test_bad_input_is_named(target, draft, error, message):
    with pytest.raises(error, match=message):
        speculative_rule(target, draft)
