"""Scores in PyTorch: what they refuse."""

import pytest
import torch

from attention_lib import functional


def test_scores_of_a_weight_without_axes_are_refused():
    one, none = torch.ones(1, 2), torch.ones(())
    with pytest.raises(ValueError, match="score_vector must have"):
        functional.additive_scores(one, one, none, torch.ones(3, 2), torch.ones(3, 1))
    with pytest.raises(ValueError, match="weight must have shape"):
        functional.concat_scores(one, one, none, torch.ones(3))
