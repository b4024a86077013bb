"""Inputs, masks in plain loops and refused calls for the kinds of attention with few scores."""

import numpy as np

from tests.helpers.bad_calls import NO_AXES, normal, single


def example(n_queries, n_keys, seed=0):
    """Query `[2, 3, T, 5]`, key `[2, 1, S, 5]`, value `[3, S, 7]`: leading axes broadcast."""
    rng = np.random.default_rng(seed)
    shapes = ((2, 3, n_queries, 5), (2, 1, n_keys, 5), (3, n_keys, 7))
    return tuple(rng.normal(size=shape) for shape in shapes)


def padding(n_keys, seed=1):
    """`[2, 1, 1, S]`, with some stretches closed and some keys."""
    rng = np.random.default_rng(seed)
    mask = rng.random((2, 1, 1, n_keys)) < 0.6
    mask[1, ..., n_keys // 2 :] = False
    return mask


def band(n_queries, n_keys, window, n_sinks, causal):
    """Which query may attend to which key, one pair at a time."""
    allowed = []
    for i in range(n_queries):
        position = i + n_keys - n_queries
        row = []
        for j in range(n_keys):
            near = position - window <= j <= position + window or j < n_sinks
            row.append(near and (j <= position or not causal))
        allowed.append(row)
    return allowed


def window_calls():
    """(function, arguments, error, message) of what each layer refuses."""
    name = "sliding_window_attention"
    good = {"query": normal(3, 5), "key": normal(7, 5), "value": normal(7, 11), "window": 2}
    for one in ("query", "key", "value"):
        listed = {**good, one: good[one].tolist()}
        yield name, listed, TypeError, f"{one} must be a {{kind}}, got list"
    yield from (
        (name, {**good, **changed}, error, message)
        for changed, error, message in (
            (
                {"key": single(7, 5)},
                TypeError,
                "arguments must share one dtype, got query float64, key float32, value float64",
            ),
            (
                {"query": normal(3, 4)},
                ValueError,
                "query and key must have the same width D on their last axis, "
                "got query (3, 4) and key (7, 5)",
            ),
            (
                {"value": normal(6, 11)},
                ValueError,
                "value must have one row for each of the 7 keys, got shape (6, 11)",
            ),
            ({"window": -1}, ValueError, "window must be at least 0, got -1"),
            ({"window": 1.0}, TypeError, "window must be an integer, got float"),
            ({"n_sinks": -1}, ValueError, "n_sinks must be at least 0, got -1"),
            ({"n_sinks": None}, TypeError, "n_sinks must be an integer, got NoneType"),
            ({"causal": 1}, TypeError, "causal must be True or False, got int"),
            ({"scale": "1"}, TypeError, "scale must be a real number, got str"),
            *mask_errors(),
        )
    )
    for function in ("sink_window_mask", "streaming_positions"):
        sizes = {"n_queries": 3, "n_keys": 5} if "mask" in function else {"length": 5}
        for changed in [*sizes, "window", "n_sinks"]:
            bad = {"window": 1, "n_sinks": 1, **sizes, changed: -1}
            yield function, bad, ValueError, f"{changed} must be at least 0, got -1"
    bad = {"n_queries": 3, "n_keys": 5, "window": 1, "causal": None}
    yield "sink_window_mask", bad, TypeError, "causal must be True or False, got NoneType"


def mask_errors():
    yield {"mask": [True]}, TypeError, "mask must be a {kind}, got list"
    yield (
        {"mask": normal(7)},
        TypeError,
        "mask must be boolean (True = may attend), got dtype float64",
    )
    yield (
        {"mask": np.ones(6, bool)},
        ValueError,
        "mask must broadcast to the scores' shape (3, 7), got (6,)",
    )
    yield (
        {"mask": np.ones((3, 7), bool)},
        ValueError,
        "mask must be the same for every query, of size 1 on its second last axis, got shape "
        "(3, 7)",
    )


def block_calls():
    name = "block_sparse_attention"
    good = {
        "query": normal(3, 5),
        "key": normal(7, 5),
        "value": normal(7, 11),
        "block_size": 2,
        "causal": True,
    }
    for one in ("query", "key", "value"):
        listed = {**good, one: good[one].tolist()}
        yield name, listed, TypeError, f"{one} must be a {{kind}}, got list"
    lengths = "query must have as many positions as key, or fewer if causal, got "
    yield from (
        (name, {**good, **changed}, error, message)
        for changed, error, message in (
            (
                {"value": single(7, 11)},
                TypeError,
                "arguments must share one dtype, got query float64, key float64, value float32",
            ),
            (
                {"query": NO_AXES},
                ValueError,
                "query must have at least 2 dimension(s), got shape ()",
            ),
            (
                {"value": normal(6, 11)},
                ValueError,
                "value must have one row for each of the 7 keys, got shape (6, 11)",
            ),
            ({"causal": False}, ValueError, lengths + "3 and 7"),
            ({"query": normal(8, 5)}, ValueError, lengths + "8 and 7"),
            ({"block_size": 0}, ValueError, "block_size must be at least 1, got 0"),
            ({"window_blocks": 2}, ValueError, "window_blocks must be odd, got 2"),
            ({"scale": np.inf}, ValueError, "scale must be finite, got inf"),
            ({"causal": 0}, TypeError, "causal must be True or False, got int"),
            *mask_errors(),
        )
    )
    name = "block_sparse_pattern"
    for one in ("n_blocks", "global_blocks", "random_blocks", "seed"):
        bad = {"n_blocks": 5, one: -1}
        yield name, bad, ValueError, f"{one} must be at least 0, got -1"
        yield name, {**bad, one: 1.0}, TypeError, f"{one} must be an integer, got float"
    for number, message in (
        (0, "at least 1, got 0"),
        (4, "odd, got 4"),
        (-1, "at least 1, got -1"),
    ):
        bad = {"n_blocks": 5, "window_blocks": number}
        yield name, bad, ValueError, f"window_blocks must be {message}"
    bad = {"n_blocks": 5, "causal": None}
    yield name, bad, TypeError, "causal must be True or False, got NoneType"
    name = "block_sparse_mask"
    good = {"pattern": np.ones((4, 4), bool), "length": 7, "block_size": 2}
    yield from (
        (name, {**good, **changed}, error, message)
        for changed, error, message in (
            ({"pattern": [[True]]}, TypeError, "pattern must be a {kind}, got list"),
            ({"pattern": normal(4, 4)}, TypeError, "pattern must be boolean, got dtype float64"),
            ({"length": 9}, ValueError, "pattern must have shape [N, N] = (5, 5), got (4, 4)"),
            ({"length": 6}, ValueError, "pattern must have shape [N, N] = (3, 3), got (4, 4)"),
            ({"length": -1}, ValueError, "length must be at least 0, got -1"),
            ({"block_size": 0}, ValueError, "block_size must be at least 1, got 0"),
            ({"causal": 1}, TypeError, "causal must be True or False, got int"),
        )
    )
