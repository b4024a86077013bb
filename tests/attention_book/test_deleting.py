"""What a word is worth: the log-odds with it minus those without it."""

import numpy as np
import pytest
import torch
from torch import nn

from attention_book.deleting import deleted
from attention_lib.modules import SequenceEncoder
from attention_lib.training import seeded

WORTH = torch.tensor([0.0, 0.5, -2.0, 1.0, 0.25])


class Summed(nn.Module):
    """Log-odds that are the sum over the real tokens, so that each has a worth of its own."""

    def forward(self, tokens, lengths):
        real = torch.arange(tokens.shape[1]) < lengths[:, None]
        odds = (WORTH[tokens] * real).sum(1)
        return torch.stack([0 * odds, odds], dim=1)


def test_of_a_sum_each_token_is_worth_its_term():
    whole, worth = deleted(Summed().eval(), [1, 2, 4])
    assert whole == pytest.approx(-1.25)
    np.testing.assert_allclose(worth, [0.5, -2.0, 0.25])


def test_a_token_alone_gets_all():
    whole, worth = deleted(Summed().eval(), [3])
    assert whole == 1.0
    np.testing.assert_allclose(worth, [1.0])


def test_of_an_encoder_it_is_what_two_calls_say():
    sizes = {"max_length": 8, "d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 16}
    with seeded(0):
        model = SequenceEncoder(11, n_classes=2, dropout=0.5, **sizes).eval()
    whole, worth = deleted(model, [5, 3, 7, 5])
    with torch.no_grad():
        logits = [model(torch.tensor([ids]))[0] for ids in ([5, 3, 7, 5], [5, 3, 5])]
    odds = [(one[1] - one[0]).item() for one in logits]
    assert whole == pytest.approx(odds[0], abs=1e-5)
    assert worth[2] == pytest.approx(odds[0] - odds[1], abs=1e-5)


def test_a_model_that_throws_dice_is_refused():
    with pytest.raises(ValueError, match="evaluation mode"):
        deleted(Summed().train(), [1, 2])


def test_no_tokens_are_refused():
    with pytest.raises(ValueError, match="ids must hold at least one token"):
        deleted(Summed().eval(), [])
