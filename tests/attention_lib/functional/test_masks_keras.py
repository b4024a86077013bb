"""Masks written for Keras and read back.

Keras is not installed; its rules are restated here in NumPy from its documentation: True or 1 takes
part; query_mask [B, T], value_mask and key_mask [B, S] and attention_mask [B, T, S] are joined by
logical and; blocked scores lose a large number before the softmax.
"""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import functional as ours

B, T, S, D = 2, 3, 5, 7
RNG = np.random.default_rng(0)
QUERY, KEY, VALUE = (RNG.normal(size=(B, n, D)) for n in (T, S, S))
ATTENTION = RNG.random((B, T, S)) < 0.6
ATTENTION[..., 0] = True
QUERIES = np.array([[1, 1, 0], [1, 0, 0]])
VALUES = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
KEYS = np.array([[1, 0, 1, 1, 1], [1, 1, 1, 1, 0]])


def keras_joined(attention_mask=None, query_mask=None, value_mask=None, key_mask=None):
    """[B, T, S] from the pieces, one entry after the other."""
    joined = np.ones((B, T, S), dtype=bool)
    for b, i, j in np.ndindex(B, T, S):
        joined[b, i, j] = (
            (attention_mask is None or attention_mask[b, i, j] == 1)
            and (query_mask is None or query_mask[b, i] == 1)
            and (value_mask is None or value_mask[b, j] == 1)
            and (key_mask is None or key_mask[b, j] == 1)
        )
    return joined


def keras_attention(mask):
    """The output of one head of Keras in float32: 10^9 is taken from a blocked score."""
    scores = (QUERY @ KEY.swapaxes(1, 2) / np.sqrt(D)).astype(np.float32)
    scores = scores - np.float32(1e9) * ~mask
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ VALUE


def our_attention(mask):
    return ours.attention(*(torch.from_numpy(x) for x in (QUERY, KEY, VALUE)), mask=mask).numpy()


@pytest.mark.parametrize("dtype", [bool, np.int64, np.int32, np.uint8])
@pytest.mark.parametrize(
    "given",
    [
        {"attention_mask": ATTENTION},
        {"value_mask": VALUES},
        {"key_mask": KEYS},
        {"query_mask": QUERIES},
        {"attention_mask": ATTENTION, "value_mask": VALUES},
        {"attention_mask": ATTENTION, "query_mask": QUERIES, "value_mask": VALUES},
        {"query_mask": QUERIES, "value_mask": VALUES, "key_mask": KEYS},
    ],
    ids=lambda given: "+".join(given),
)
def test_we_read_what_keras_reads(given, dtype):
    tensors = {name: torch.from_numpy(mask.astype(dtype)) for name, mask in given.items()}
    mask = ours.from_keras_mask(**tensors)
    assert mask.dtype == torch.bool
    joined = keras_joined(**given)
    assert_array_equal(mask.expand(B, T, S), joined)
    some = joined.any(axis=-1)
    assert_allclose(our_attention(mask)[some], keras_attention(joined)[some], rtol=1e-5)


def test_the_shapes_are_as_small_as_the_pieces():
    attention, queries, values = (torch.from_numpy(x) for x in (ATTENTION, QUERIES, VALUES))
    assert ours.from_keras_mask(attention).shape == (B, T, S)
    assert ours.from_keras_mask(query_mask=queries).shape == (B, T, 1)
    assert ours.from_keras_mask(value_mask=values).shape == (B, 1, S)
    assert ours.from_keras_mask(key_mask=values).shape == (B, 1, S)


def test_queries_that_are_padding_get_zeros_as_keras_attention_gives():
    output = our_attention(ours.from_keras_mask(query_mask=torch.from_numpy(QUERIES)))
    assert_array_equal(output[QUERIES == 0], 0)


@pytest.mark.parametrize("shape", [(B, T, S), (B, 1, S), (T, S), (S,), (1, T, 1)])
def test_keras_reads_what_we_write(shape):
    mask = torch.from_numpy(np.random.default_rng(1).random(shape) < 0.5)
    written = ours.to_keras_mask(mask, (B, T, S))
    assert written.dtype == torch.bool
    assert written.shape == (B, T, S)
    assert_array_equal(written, np.broadcast_to(mask.numpy(), (B, T, S)))
    assert_array_equal(ours.from_keras_mask(written), written)


def test_keras_gives_the_blocked_keys_weight_where_nothing_may_be_seen():
    nothing = np.zeros((B, T, S), dtype=bool)
    assert_allclose(
        keras_attention(nothing), VALUE.mean(axis=1, keepdims=True).repeat(T, 1), rtol=1e-5
    )
    assert_array_equal(our_attention(torch.from_numpy(nothing)), np.zeros((B, T, D)))


def test_the_causal_mask_of_keras_is_ours_for_as_many_queries_as_keys_only():
    """Keras compares the running numbers of row and column, both from one on."""
    for n_queries, n_keys in ((T, T), (T, S)):
        theirs = np.arange(1, n_queries + 1)[:, None] >= np.arange(1, n_keys + 1)
        ours_too = ours.causal_mask(n_queries, n_keys).numpy()
        assert (theirs == ours_too).all() == (n_queries == n_keys)


ONES = torch.ones(B, T, S, dtype=torch.bool)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: ours.from_keras_mask(),
            ValueError,
            "^attention_mask, query_mask, value_mask or key_mask must be given, got none$",
        ),
        (
            lambda: ours.from_keras_mask(ATTENTION),
            TypeError,
            "^attention_mask must be a torch.Tensor, got ndarray",
        ),
        (
            lambda: ours.from_keras_mask(ONES[0]),
            ValueError,
            r"^attention_mask must have shape \[B, T, S\], got \(3, 5\)$",
        ),
        *(
            (
                lambda name=name: ours.from_keras_mask(**{name: ONES}),
                ValueError,
                rf"^{name} must have shape \[B, {letter}\], got \(2, 3, 5\)$",
            )
            for name, letter in (("query_mask", "T"), ("value_mask", "S"), ("key_mask", "S"))
        ),
        *(
            (
                lambda name=name: ours.from_keras_mask(**{name: ONES[0].double()}),
                TypeError,
                f"^{name} must be boolean or integers, got dtype torch.float64$",
            )
            for name in ("query_mask", "value_mask", "key_mask")
        ),
        (
            lambda: ours.from_keras_mask(ONES.to(torch.complex64)),
            TypeError,
            "^attention_mask must be boolean or integers, got dtype torch.complex64$",
        ),
        (
            lambda: ours.from_keras_mask(torch.tensor([[[0, 1, 2]]])),
            ValueError,
            "^attention_mask must hold only 0 and 1, got 2$",
        ),
        (
            lambda: ours.from_keras_mask(key_mask=-ONES[0].int()),
            ValueError,
            "^key_mask must hold only 0 and 1, got -1$",
        ),
        (
            lambda: ours.from_keras_mask(ONES, value_mask=ONES[:, 0, :4]),
            ValueError,
            r"^attention_mask and value_mask must broadcast together, "
            r"got shapes \[\(2, 3, 5\), \(2, 1, 4\)\]$",
        ),
        (
            lambda: ours.to_keras_mask(ONES.int(), (B, T, S)),
            TypeError,
            r"^mask must be boolean \(True = may attend\), got dtype int32$",
        ),
        (
            lambda: ours.to_keras_mask(None, (B, T, S)),
            TypeError,
            "^mask must be a torch.Tensor, got NoneType$",
        ),
        (
            lambda: ours.to_keras_mask(ONES, (T, S)),
            ValueError,
            r"^shape must be \(B, T, S\), got \(3, 5\)$",
        ),
        (
            lambda: ours.to_keras_mask(ONES, (B, T, 4)),
            ValueError,
            r"^mask must broadcast to the scores' shape \(2, 3, 4\), got \(2, 3, 5\)$",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
