"""At the edges of sizes and options reference and functional agree, or refuse in the same words."""

from itertools import product

import numpy as np
import pytest
import torch

from attention_lib import functional, reference

FLAGS = (False, True)
# batch and heads, queries, keys, width, width of the values: none of one of them, one of each
SIZES = [
    ((2,), 3, 7, 5, 4),
    ((0,), 3, 7, 5, 4),
    ((2,), 0, 7, 5, 4),
    ((2,), 3, 0, 5, 4),
    ((2,), 0, 0, 5, 4),
    ((2,), 3, 7, 0, 4),
    ((2,), 3, 7, 5, 0),
    ((2,), 7, 7, 5, 4),
    ((1,), 1, 1, 1, 1),
    ((), 5, 5, 1, 1),
]
OPTIONS = {
    "attention": [{"causal": causal, "scale": scale} for causal in FLAGS for scale in (None, 0.0)],
    "kernel_regression": [{}, {"bandwidth": 1e-3}],
    "tiled_attention": [{"block_size": b, "causal": c} for b in (1, 7, 100) for c in FLAGS],
    "linear_attention": [{"causal": causal} for causal in FLAGS],
    "decayed_linear_attention": [{"decay": decay} for decay in (0, 0.5, 1)],
    "delta_rule_attention": [{"strength": 0.5, "unit_keys": unit} for unit in FLAGS],
    "performer_attention": [{"n_features": n, "causal": c} for n in (1, None) for c in FLAGS],
    "sliding_window_attention": [
        {"window": w, "causal": c, "n_sinks": s}
        for w, c, s in product((0, 1, 7, 2**40), FLAGS, (0, 1, 100))
    ],
    "block_sparse_attention": [
        {"block_size": b, "window_blocks": w, "global_blocks": g, "causal": c}
        for b, w, g, c in product((1, 7, 100), (1, 51), (0, 1, 50), FLAGS)
    ],
}
ROWS = [(2, 5), (0, 5), (2, 0), (1, 1), (5,), (0,), (2, 0, 3), ()]
OF_ROWS = {
    "softmax": [{"temperature": t} for t in (0, 5e-324, 1e-300, 1e300)],
    "top_k_logits": [{"top_k": k} for k in (0, 1, 5, 6)],
    "top_p_logits": [{"top_p": p} for p in (0, 1e-300, 1, 1.0)],
    "next_token_probabilities": [
        {"temperature": t, "top_k": k, "top_p": p}
        for t, k, p in product((0, 5e-324, 1e300), (None, 0, 1, 5), (None, 1e-300, 1))
    ],
}
LENGTHS = [(0, 0), (0, 5), (5, 0), (1, 1), (3, 5), (5, 3)]
OF_LENGTHS = {
    "causal_mask": [{}],
    "window_mask": [{"window": w, "causal": c} for w in (0, 1, 5, 2**62) for c in FLAGS],
    "sink_window_mask": [{"window": w, "n_sinks": s} for w in (0, 5, 2**62) for s in (0, 1, 100)],
    "block_mask": [{"block_size": b, "neighbours": n} for b in (1, 100) for n in (0, 100)],
    "alibi_bias": [{"n_heads": h} for h in (0, 1, 2, 3)],
    "clipped_distances": [{"max_distance": m} for m in (0, 1, 2**62)],
    "relative_buckets": [
        {"n_buckets": n, "max_distance": m, "bidirectional": b}
        for n, m, b in product((2, 4, 32), (1, 3, 2**62), FLAGS)
    ],
}


def normal(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape)


def outcome(function, *given, **options):
    try:
        found = function(*given, **options)
    except (TypeError, ValueError) as error:
        return type(error), str(error)
    return np.asarray(found)


def agree(name, arrays, options):
    expected = outcome(getattr(reference, name), *arrays, **options)
    found = outcome(getattr(functional, name), *map(torch.from_numpy, arrays), **options)
    if isinstance(expected, tuple):
        assert found == expected, (options, expected)
    else:
        assert isinstance(found, np.ndarray), (options, found)
        assert not np.isnan(expected.astype(float)).any(), options
        np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=str(options))


@pytest.mark.whole
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", OPTIONS)
def test_mechanisms(name, size):
    batch, n_queries, n_keys, width, value_width = size
    sizes = (n_queries, width), (n_keys, width), (n_keys, value_width)
    arrays = [normal(*batch, *one) for one in sizes]
    for options in OPTIONS[name]:
        agree(name, arrays, options)


@pytest.mark.parametrize("shape", ROWS, ids=str)
@pytest.mark.parametrize("name", OF_ROWS)
def test_distributions(name, shape):
    for options in OF_ROWS[name]:
        agree(name, [np.asarray(normal(*shape))], options)


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("name", OF_LENGTHS)
def test_masks_and_positions(name, lengths):
    for options in OF_LENGTHS[name]:
        agree(name, [], {"n_queries": lengths[0], "n_keys": lengths[1], **options})
