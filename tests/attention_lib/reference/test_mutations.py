"""Break the library in ways that people really break it, and see that the laws notice."""

from importlib import import_module

import numpy as np
import pytest
import torch

from attention_lib import functional, modules, reference
from tests.helpers import attention_laws

inside = import_module("attention_lib.reference.attention")
original_softmax, original_weights = inside.softmax_in_place, inside._weights


def drop_the_scale(query, key, mask, bias, scale, temperature):
    return original_weights(query, key, mask, bias, 1.0, temperature)


def transpose_by_reshape(query, key, *others):
    return original_weights(query, key.swapaxes(-1, -2).reshape(key.shape), *others)


def flip_the_mask(scores, mask, temperature):
    return original_softmax(scores, None if mask is None else ~mask, temperature)


def fill_with_a_large_number(scores, mask, temperature):
    return original_softmax(scores if mask is None else np.where(mask, scores, -1e9), None, 1.0)


def normalise_over_queries(scores, mask, temperature):
    return np.swapaxes(original_softmax(np.swapaxes(scores, -1, -2), None, 1.0), -1, -2)


def forget_the_maximum(scores, mask, temperature):
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(scores) * (True if mask is None else mask)
        total = powers.sum(axis=-1, keepdims=True)
        return np.where(total > 0, powers / np.where(total > 0, total, 1), 0)


MUTANTS = {
    "drop the scale": ("_weights", drop_the_scale),
    "transpose the keys by reshape": ("_weights", transpose_by_reshape),
    "flip the mask": ("softmax_in_place", flip_the_mask),
    "fill with -1e9": ("softmax_in_place", fill_with_a_large_number),
    "sum over the wrong axis": ("softmax_in_place", normalise_over_queries),
    "no maximum subtracted": ("softmax_in_place", forget_the_maximum),
    "leak the future": ("causal_mask", lambda t, s: np.ones((t, s), dtype=bool)),
    "leak one step": ("causal_mask", lambda t, s: np.tri(t, s, s - t + 1, dtype=bool)),
    "align the first positions": ("causal_mask", lambda t, s: np.tri(t, s, dtype=bool)),
}


def broken_laws(attention):
    broken = []
    for law in attention_laws.LAWS:
        try:
            law(attention)
        except AssertionError:
            broken.append(law.__name__)
    return broken


def test_the_library_breaks_no_law():
    assert broken_laws(reference.attention) == []


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_mutant_breaks_a_law(mutant, monkeypatch):
    name, replacement = MUTANTS[mutant]
    monkeypatch.setattr(inside, name, replacement)
    assert broken_laws(reference.attention) != []


def test_dropout_left_on_in_evaluation_is_noticed(monkeypatch):
    module = modules.ScaledDotProductAttention(dropout=0.5)
    tensors = [torch.from_numpy(array) for array in attention_laws.example()]
    attention_laws.evaluation_repeats(module, tensors)

    def forgetful(self, query, key, value):
        return functional.attention(query, key, value, dropout=self.dropout)

    monkeypatch.setattr(modules.ScaledDotProductAttention, "forward", forgetful)
    with pytest.raises(AssertionError):
        attention_laws.evaluation_repeats(module, tensors)
