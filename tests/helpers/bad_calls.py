"""Calls that the reference and the torch functions refuse alike, with the whole message.

Arrays are NumPy's here; `{kind}` in a message stands for what the layer takes.
"""

import re

import numpy as np


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def single(*shape):
    return np.ones(shape, dtype=np.float32)


def share_one_dtype(**dtypes):
    return TypeError, "arguments must share one dtype, got " + ", ".join(
        f"{name} {dtype}" for name, dtype in dtypes.items()
    )


F, D = "float32", "float64"
Q, K, V = normal(3, 5), normal(7, 5), normal(7, 11)
N = normal(7, 2)  # keys of another width
W = {"query_weight": normal(13, 5), "key_weight": normal(13, 2), "score_vector": normal(13)}
JOINT = {"weight": normal(13, 7), "score_vector": normal(13)}
STEP = {"inputs": normal(2, 5), "hidden": normal(2, 3)}
CELL = {"cell": normal(2, 3)}
GATES = {"input_weight": normal(12, 5), "hidden_weight": normal(12, 3)}
BIASES = {"input_bias": normal(12), "hidden_bias": normal(12)}
NO_AXES = np.ones(())


def lists(name, function, given, arguments):
    """Each of these arguments as a list."""
    for one in arguments:
        changed = {**given, one: given[one].tolist()}
        yield name, function, changed, TypeError, f"{one} must be a {{kind}}, got list"


def _calls():
    dot = {"query": Q, "key": K}
    general = {"query": Q, "key": N, "weight": normal(5, 2)}
    additive = {"query": Q, "key": N, **W}
    joint = {"query": Q, "key": N, **JOINT}
    kernel = {"query": Q, "key": K, "value": V}
    step, full = {**STEP, **GATES}, {**STEP, **CELL, **GATES}
    for function in ("dot_scores", "scaled_dot_scores"):
        yield from lists("kind", function, dot, dot)
        yield "dtype", function, {**dot, "key": single(7, 5)}, *share_one_dtype(query=D, key=F)
        yield (
            "width",
            function,
            {"query": Q, "key": N},
            ValueError,
            "query and key must have the same width D on their last axis, "
            "got query (3, 5) and key (7, 2)",
        )
    yield (
        "scale",
        "scaled_dot_scores",
        {**dot, "scale": "1"},
        TypeError,
        "scale must be a real number, got str",
    )

    yield from lists("kind", "general_scores", general, general)
    yield (
        "dtype",
        "general_scores",
        {**general, "weight": single(5, 2)},
        *share_one_dtype(query=D, key=D, weight=F),
    )
    yield (
        "shape",
        "general_scores",
        {**general, "weight": normal(2, 5)},
        ValueError,
        "weight must have shape [D_q, D_k] = (5, 2), got (2, 5)",
    )

    yield from lists(
        "kind", "additive_scores", {**additive, "bias": normal(13)}, [*additive, "bias"]
    )
    yield (
        "dtype",
        "additive_scores",
        {**additive, "bias": single(13)},
        *share_one_dtype(query=D, key=D, query_weight=D, key_weight=D, score_vector=D, bias=F),
    )
    for changed, message in (
        ({"score_vector": normal(13, 1)}, "score_vector must have shape [A] = (13,), got (13, 1)"),
        ({"score_vector": NO_AXES}, "score_vector must have at least 1 dimension(s), got shape ()"),
        (
            {"query_weight": normal(13, 4)},
            "query_weight must have shape [A, D_q] = (13, 5), got (13, 4)",
        ),
        (
            {"query_weight": normal(12, 5)},
            "query_weight must have shape [A, D_q] = (13, 5), got (12, 5)",
        ),
        (
            {"key_weight": normal(13, 5)},
            "key_weight must have shape [A, D_k] = (13, 2), got (13, 5)",
        ),
        ({"bias": normal(5)}, "bias must have shape [A] = (13,), got (5,)"),
    ):
        yield "shape", "additive_scores", {**additive, **changed}, ValueError, message

    yield from lists("kind", "concat_scores", joint, joint)
    yield from (
        ("shape", "concat_scores", {**joint, **changed}, ValueError, message)
        for changed, message in (
            (
                {"score_vector": normal(13, 1)},
                "score_vector must have shape [A] = (13,), got (13, 1)",
            ),
            (
                {"score_vector": NO_AXES},
                "score_vector must have at least 1 dimension(s), got shape ()",
            ),
            (
                {"weight": normal(13, 6)},
                "weight must have shape [A, D_q + D_k] = (13, 7), got (13, 6)",
            ),
        )
    )

    yield from lists("kind", "kernel_regression", kernel, kernel)
    yield (
        "dtype",
        "kernel_regression",
        {**kernel, "value": single(7, 11)},
        *share_one_dtype(query=D, key=D, value=F),
    )
    for bandwidth, error, message in (
        (0.0, ValueError, "bandwidth must be greater than 0, got 0.0"),
        ("1", TypeError, "bandwidth must be a real number, got str"),
    ):
        yield "bandwidth", "kernel_regression", {**kernel, "bandwidth": bandwidth}, error, message
    yield (
        "rows",
        "kernel_regression",
        {**kernel, "value": normal(5, 11)},
        ValueError,
        "value must have one row for each of the 7 keys, got shape (5, 11)",
    )

    yield from lists("kind", "softmax", {"scores": Q}, ["scores"])
    yield (
        "axes",
        "softmax",
        {"scores": NO_AXES},
        ValueError,
        "scores must have at least 1 dimension(s), got shape ()",
    )
    yield (
        "mask",
        "softmax",
        {"scores": Q, "mask": normal(3, 5)},
        TypeError,
        "mask must be boolean (True = may attend), got dtype float64",
    )
    yield (
        "mask",
        "softmax",
        {"scores": Q, "mask": np.ones((5, 3), bool)},
        ValueError,
        "mask must broadcast to the scores' shape (3, 5), got (5, 3)",
    )
    yield (
        "temperature",
        "softmax",
        {"scores": Q, "temperature": 0.0},
        ValueError,
        "temperature must be greater than 0, got 0.0",
    )

    for function, given in (("lstm_gates", step), ("lstm_cell", full)):
        yield from lists("kind", function, {**given, **BIASES}, [*given, *BIASES])
        yield (
            "dtype",
            function,
            {**given, **BIASES, "hidden_bias": single(12)},
            *share_one_dtype(
                inputs=D, hidden=D, input_weight=D, hidden_weight=D, input_bias=D, hidden_bias=F
            ),
        )
        for changed, message in (
            ({"inputs": NO_AXES}, "inputs must have at least 1 dimension(s), got shape ()"),
            (
                {"inputs": normal(5, 5)},
                "the axes before the last one must broadcast together, "
                "got inputs (5, 5), hidden (2, 3)",
            ),
            (
                {"input_weight": normal(12, 3)},
                "input_weight must have shape [4H, X] = (12, 5), got (12, 3)",
            ),
            (
                {"hidden_weight": normal(9, 3)},
                "hidden_weight must have shape [4H, H] = (12, 3), got (9, 3)",
            ),
            ({"input_bias": normal(3)}, "input_bias must have shape [4H] = (12,), got (3,)"),
            (
                {"hidden_bias": normal(12, 1)},
                "hidden_bias must have shape [4H] = (12,), got (12, 1)",
            ),
        ):
            yield "shape", function, {**given, **changed}, ValueError, message
    yield (
        "axes",
        "lstm_gates",
        {**step, "hidden": NO_AXES},
        ValueError,
        "hidden must have at least 1 dimension(s), got shape ()",
    )
    yield (
        "shape",
        "lstm_cell",
        {**full, "cell": normal(1, 3)},
        ValueError,
        "cell must have shape the shape of hidden = (2, 3), got (1, 3)",
    )
    yield "dtype", "lstm_cell", {**full, "cell": single(2, 3)}, *share_one_dtype(hidden=D, cell=F)
    yield (
        "dtype",
        "lstm_cell",
        {**full, "cell": np.ones((2, 3), int)},
        TypeError,
        "cell must have a floating dtype (float16, bfloat16, float32, float64), got int64",
    )


def attention_calls(given):
    """For a function that takes these and the options of attention."""
    yield "kind", {**given, "query": Q.tolist()}, TypeError, "query must be a {kind}, got list"
    yield "kind", {**given, "key": K.tolist()}, TypeError, "key must be a {kind}, got list"
    yield "kind", {**given, "value": V.tolist()}, TypeError, "value must be a {kind}, got list"
    for name, array in (("query", Q), ("key", K)):
        changed = {**given, "bias": normal(3, 7), name: array.tolist()}
        yield "bias", changed, TypeError, f"{name} must be a {{kind}}, got list"
    changed = {**given, "mask": np.ones((2, 7), bool), "causal": True}
    message = "mask must broadcast to the scores' shape (3, 7), got (2, 7)"
    yield "mask", changed, ValueError, message
    yield "bias", {**given, "bias": [0.0]}, TypeError, "bias must be a {kind}, got list"
    yield "bias", {**given, "bias": single(3, 7)}, *share_one_dtype(query=D, bias=F)
    for name, dtype, error in (("mask", bool, ValueError), ("bias", float, ValueError)):
        message = f"{name} must broadcast to the scores' shape (3, 7), got (7, 3)"
        yield name, {**given, name: np.ones((7, 3), dtype)}, error, message
    for changed, error, message in (
        (
            {"mask": np.ones((3, 7))},
            TypeError,
            "mask must be boolean (True = may attend), got dtype float64",
        ),
        ({"causal": 1}, TypeError, "causal must be True or False, got int"),
        ({"scale": "1"}, TypeError, "scale must be a real number, got str"),
        ({"scale": np.inf}, ValueError, "scale must be finite, got inf"),
        ({"temperature": 0.0}, ValueError, "temperature must be greater than 0, got 0.0"),
        ({"temperature": "1"}, TypeError, "temperature must be a real number, got str"),
        (
            {"query": normal(3, 2)},
            ValueError,
            "query and key must have the same width D on their last axis, "
            "got query (3, 2) and key (7, 5)",
        ),
        (
            {"value": normal(5, 11)},
            ValueError,
            "value must have one row for each of the 7 keys, got shape (5, 11)",
        ),
    ):
        yield "option", {**given, **changed}, error, message


def _attention_calls():
    given = {"query": Q, "key": K, "value": V}
    for what, *rest in attention_calls(given):
        yield what, "attention", *rest
    yield (
        "dtype",
        "attention",
        {**given, "value": single(7, 11)},
        *share_one_dtype(query=D, key=D, value=F),
    )
    yield (
        "flag",
        "attention",
        {**given, "return_weights": 1},
        TypeError,
        "return_weights must be True or False, got int",
    )
    attend = {"scores": normal(3, 7), "value": V}
    yield from lists("kind", "attend", attend, attend)
    yield "dtype", "attend", {**attend, "value": single(7, 11)}, *share_one_dtype(scores=D, value=F)
    for changed, error, message in (
        (
            {"scores": normal(7)},
            ValueError,
            "scores must have at least 2 dimension(s), got shape (7,)",
        ),
        (
            {"value": normal(3, 11)},
            ValueError,
            "value must have one row for each of the 7 keys, got shape (3, 11)",
        ),
        (
            {"mask": np.ones((7, 3), bool)},
            ValueError,
            "mask must broadcast to the scores' shape (3, 7), got (7, 3)",
        ),
        ({"temperature": -1.0}, ValueError, "temperature must be greater than 0, got -1.0"),
    ):
        yield "option", "attend", {**attend, **changed}, error, message


CALLS = [*_calls(), *_attention_calls()]
IDS = [f"{function}-{what}" for what, function, *_ in CALLS]


def whole(message, kind):
    """The message as a pattern that leaves nothing out."""
    return f"^{re.escape(message.replace('{kind}', kind))}$"
