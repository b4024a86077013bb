"""One explorable of each kind, small and with awkward numbers."""

import numpy as np

from attention_book.diagrams import Arrow, Box, Diagram, Group
from attention_book.explorables import (
    Bars,
    Flow,
    Guess,
    HeatMap,
    Lines,
    Pattern,
    Step,
    Stepper,
    Vectors,
    sweep,
)

WORDS = ["the", "black", "cat", "sat", "<end>"]


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def heatmap():
    scores = np.random.default_rng(3).normal(size=(4, 5))
    return sweep(
        lambda temperature, shift: softmax((scores + shift * np.eye(4, 5)) / temperature),
        {"temperature": [0.1, 0.5, 1.0, 2.0, 5.0], "shift": [0, 1, 2, 3]},
        view=HeatMap(
            rows=["le", "chat", "noir", "<fin>"],
            columns=WORDS,
            x_label="source words (keys)",
            y_label="target words (queries)",
        ),
        title="Who looks at whom",
        caption="At temperature {temperature} the first query looks most at {word}: {top:.2f}.",
        facts=lambda r, **k: {"top": float(r[0].max()), "word": WORDS[int(r[0].argmax())]},
    )


def signed_heatmap():
    base = np.random.default_rng(5).normal(size=(3, 7))
    return sweep(
        lambda scale: base * scale,
        {"scale": [0.5, 1.0, 2.0]},
        view=HeatMap(rows=["s1", "s2", "s3"], columns=[f"h{k}" for k in range(1, 8)]),
        title="Scores before the softmax",
        caption="Scale {scale}: the mean score is {mean:.3f}.",
        facts=lambda r, scale: {"mean": r.mean()},
    )


def worded_heatmap():
    sentences = ["the cat sat", "I saw the black cat"]
    wholes = [text.split() for text in sentences]
    weights = {text: np.eye(3, 5) * 0.75 + 0.05 * k for k, text in enumerate(sentences)}
    return sweep(
        lambda sentence: weights[sentence],
        {"sentence": sentences},
        view=HeatMap(
            rows=[["un", "chat", ""], ["vi", "el", "gato"]],
            columns=[[*words, *[""] * (5 - len(words))] for words in wholes],
            per="sentence",
            value_range=(0, 1),
        ),
        title="Words that go with the slider",
        caption="{sentence}",
    )


def bars():
    scores = np.array([2.0, 1.0, 0.2, -1.0, 0.5])
    return sweep(
        lambda temperature: softmax(scores / temperature),
        {"temperature": [0.25, 0.5, 1.0, 2.0, 4.0]},
        view=Bars(categories=WORDS, y_label="weight", y_range=(0, 1)),
        title="Temperature sharpens or flattens",
        caption="At temperature {temperature} the first word takes {top:.0%} of the weight.",
        facts=lambda r, temperature: {"top": r[0]},
    )


def grouped_bars():
    scores = np.array(
        [[2.0, 1.0, 0.2, -1.0, 0.5], [-0.5, 0.3, 1.2, 0.0, -1.5], [0.5, 0.5, 0.5, 0.5, 0.5]]
    )
    return sweep(
        lambda gain: scores * gain,
        {"gain": [1, 2, 3]},
        view=Bars(categories=WORDS, series=["scores", "gradient", "bias"], y_label="value"),
        title="Three quantities beside each other",
        caption="Gain {gain}.",
    )


def lines():
    x = np.arange(1, 41)
    return sweep(
        lambda length, noise: np.stack(
            [1 - noise / 5 + 0 * x, 1 / (1 + np.exp((x - length) / 3)), 0.5 * np.exp(-x / length)]
        ),
        {"length": [5, 10, 20, 30], "noise": [0.0, 0.5, 1.0]},
        view=Lines(
            x=list(x),
            series=["with attention", "without", "chance"],
            x_label="length of the sentence",
            y_label="accuracy",
            y_range=(0, 1),
            mark="length",
        ),
        title="Accuracy against length",
        caption="Trained to length {length}: without attention the accuracy is {without:.1%}.",
        facts=lambda r, length, noise: {"without": r[1][length - 1]},
    )


def log_lines():
    x = 2 ** np.arange(4, 15)
    return sweep(
        lambda width: np.stack([np.log10(4.0 * x * x * width), np.log10(4.0 * x * width * width)]),
        {"width": [32, 64, 128]},
        view=Lines(
            x=list(x),
            series=["attention", "linear attention"],
            x_label="number of tokens",
            y_label="log10 of the work",
            log_x=True,
        ),
        title="Work against length",
        caption="Width {width}: the curves meet at {width} tokens.",
    )


def data_lines():
    x = np.linspace(0, 6, 61)
    places = np.random.default_rng(2).uniform(0, 6, 30)
    return sweep(
        lambda bend: np.stack([np.sin(bend * x), np.sin(x)]),
        {"bend": [0.5, 1.0, 1.5]},
        view=Lines(
            x=x,
            series=["prediction", "true curve"],
            x_label="place",
            y_label="value",
            y_range=(-1.5, 1.5),
            span=(1, 3.5, "seen in training"),
            points=(places, 1.4 * np.sin(places)),
        ),
        title="Curves, data and a shaded part",
        caption="Bend {bend}.",
    )


def guessed_lines():
    x = [4, 8, 16, 24, 40]
    return sweep(
        lambda width: np.stack(
            [1 / (1 + np.exp((np.array(x) - 20) / 4)), width / (width + np.square(x))]
        ),
        {"width": [32, 64, 128]},
        view=Lines(x=list(x), series=["with attention", "fixed vector"], y_range=(0, 1)),
        title="A curve that waits for a guess",
        caption="Width {width}: at 16 the fixed vector gets {right:.0%} right.",
        facts=lambda result, width: {"right": result[1][2]},
        start={"width": 64},
        guess=Guess(
            question="How many letters are right at length 16, width 64?",
            series="fixed vector",
            at=16,
        ),
    )


def guessed_bars():
    return sweep(
        lambda pull: softmax(pull * np.array([2.0, 1.0, 0.2, -1.0, 0.5])),
        {"pull": [1, 2, 3]},
        view=Bars(categories=WORDS, y_label="weight", y_range=(0, 1)),
        title="Bars that wait for a guess",
        caption="The first word takes {top:.2f}.",
        facts=lambda result, pull: {"top": result[0]},
        guess=Guess(question="Which weight has <end> at a pull of 1?", at="<end>", numbers=".2f"),
    )


def vectors():
    keys = np.array([[2.0, 0.5], [-1.0, 1.5], [0.5, -2.0]])
    values = np.array([[1.0, 2.5], [-2.5, -0.5], [2.0, -1.5]])

    def result(qx, qy):
        weights = softmax(keys @ [qx, qy] / np.sqrt(2))
        points = np.vstack([[qx, qy], keys, values, weights @ values])
        return np.c_[points, [1, *weights, *weights, 1]]

    grid = [round(float(v), 2) for v in np.linspace(-2.5, 2.5, 11)]
    names = ["q", "k1", "k2", "k3", "v1", "v2", "v3", "output"]
    return sweep(
        result,
        {"qx": grid, "qy": grid},
        view=Vectors(
            points=names,
            roles={
                "q": "query",
                "k1": "key",
                "k2": "key",
                "k3": "key",
                "v1": "value",
                "v2": "value",
                "v3": "value",
                "output": "output",
            },
            drag={"q": ("qx", "qy")},
            hull=["v1", "v2", "v3"],
        ),
        title="Drag the query",
        caption="The query ({qx:.1f}, {qy:.1f}) puts {top:.0%} of its weight on key {best}; "
        "the output is ({x:.2f}, {y:.2f}).",
        facts=lambda r, **k: {
            "top": r[1:4, 2].max(),
            "best": int(r[1:4, 2].argmax()) + 1,
            "x": r[7, 0],
            "y": r[7, 1],
        },
        axis_labels={"qx": "query, x", "qy": "query, y"},
        start={"qx": 1.0, "qy": 0.5},
    )


def two_keys():
    """Arrows that nearly coincide: two keys in one direction, the output between them."""
    keys = np.array([[1.0, 2.0], [3.0, 4.0]])
    roles = {"h₁ guten": "key", "h₂ Tag": "key", "query": "query", "context": "output"}
    grid = [k / 4 for k in range(-4, 9)]

    def result(x, y):
        weights = softmax(keys @ [x, y])
        return np.c_[np.vstack([keys, [x, y], weights @ keys]), [*weights, 1, 1]]

    return sweep(
        result,
        {"x": grid, "y": grid},
        view=Vectors(
            points=list(roles),
            roles=roles,
            hull=list(roles)[:2],
            drag={"query": ("x", "y")},
            limits=(-1, 5),
        ),
        title="Drag the query between two keys",
        caption="The query ({x}, {y}).",
        start={"x": 0.5, "y": 0.5},
    )


def stepper():
    hidden = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])

    def result(s1):
        state = np.array([[s1, 1.5]])
        scores = state @ hidden.T
        weights = softmax(scores)
        return {
            "H": hidden,
            "s": state,
            "scores": scores,
            "weights": weights,
            "context": weights @ hidden,
        }

    return sweep(
        result,
        {"s1": [0.0, 0.5, 1.0, 2.0]},
        view=Stepper(
            layout=[["H", "s"], ["scores", "weights"], ["context"]],
            steps=[
                Step(
                    "Three encoder states and one decoder state, whose first entry is {s1}.",
                    show=["H", "s"],
                    highlight={"s": [(0, 0)]},
                ),
                Step(
                    "The second score is {second:.1f}.",
                    show=["scores"],
                    highlight={"H": "row 1", "s": "all", "scores": [(0, 1)]},
                ),
                Step(
                    "The softmax turns scores into weights.",
                    show=["weights"],
                    highlight={"weights": "all"},
                ),
                Step(
                    "The context mixes the states.",
                    show=["context"],
                    highlight={"weights": "all", "H": "column 0", "context": [(0, 0)]},
                ),
            ],
            labels={"H": "encoder states H", "s": "decoder state s"},
        ),
        title="One step of attention by hand",
        caption="",
        facts=lambda r, s1: {"second": r["scores"][0, 1]},
        axis_labels={"s1": "first entry of s"},
    )


def flow():
    """Who asks whom: one switch changes which arrows there are and what stands in the boxes."""
    diagram = Diagram(
        boxes=[
            Box("source", (0, 0), "source tokens"),
            Box("encoder", (0, 1), "encoder states", role="key"),
            Box("target", (2, 0), "target tokens"),
            Box("decoder", (2, 1), "decoder states", role="query"),
            Box("weights", (1, 2), "softmax", role="key"),
            Box("mixed", (1, 3), "weighted sum", role="value"),
            Box("output", (1, 4), role="output"),
        ],
        arrows=[
            Arrow("source", "encoder"),
            Arrow("target", "decoder"),
            Arrow("encoder", "weights", "keys", role="key"),
            Arrow("decoder", "weights", "queries", role="query"),
            Arrow("encoder", "mixed", "values", role="value"),
            Arrow("decoder", "mixed", "own values", role="value", dashed=True),
            Arrow("weights", "mixed", "weights"),
            Arrow("mixed", "output", role="output"),
        ],
        groups=[Group("read", ["source", "encoder"]), Group("write", ["target", "decoder"])],
    )
    weights = {"cross": [0.7, 0.2, 0.1], "self": [0.125, 0.375, 0.5]}

    def result(kind):
        return {
            "weights": weights[kind],
            "output": -1.25 if kind == "self" else 3.0,
            "encoder -> weights": float(kind == "cross"),
            "encoder -> mixed": 0.7 if kind == "cross" else 0.0,
            "decoder -> mixed": float(kind == "self"),
        }

    return sweep(
        result,
        {"kind": ["cross", "self"]},
        view=Flow(
            diagram=diagram,
            steps=[
                Step("Both sides become states.", highlight=["source -> encoder", "encoder"]),
                Step("Queries meet keys.", highlight=["weights", "decoder -> weights"]),
                Step("The weights mix the values.", highlight=["mixed", "encoder -> mixed"]),
                Step("The sum is the output.", highlight=["output", "mixed -> output"]),
            ],
        ),
        title="Cross-attention and self-attention",
        caption="In {kind}-attention the largest weight is {top:.3f}.",
        facts=lambda r, kind: {"top": max(r["weights"])},
    )


def mask_pattern():
    n = 32
    i, j = np.arange(n)[:, None], np.arange(n)

    def levels(window, reach):
        near = abs(i - j) <= window
        return np.where((i < reach) | (j < reach), 2, near)

    return sweep(
        levels,
        {"window": [1, 2, 4, 8], "reach": [0, 1, 2]},
        view=Pattern(size=(n, n), levels=["blocked", "window", "global"]),
        title="A window and some global tokens",
        caption="With a window of {window} and {reach} global tokens {share:.1%} may be read.",
        facts=lambda r, **k: {"share": float((r > 0).mean())},
        axis_labels={"reach": "global tokens"},
    )


def word_pattern():
    words = ["la", "maison", "bleue", "est", "grande", "."]
    truth = np.eye(6, 5, dtype=bool)
    scores = 3.0 * np.eye(6, 5) + np.random.default_rng(4).normal(size=(6, 5))
    return sweep(
        lambda sharpness, query: (softmax(sharpness * scores), truth),
        {"sharpness": [0.5, 1.0, 3.0], "query": range(6)},
        view=Pattern(size=(6, 5), rows=words, columns=WORDS, row="query", marks="true alignment"),
        title="An alignment and the truth",
        caption="Sharpness {sharpness}: the framed query gives {top:.2f} to its best key.",
        facts=lambda r, sharpness, query: {"top": r[0][query].max()},
    )


def large_pattern():
    n = 64
    near = -abs(np.arange(n)[:, None] - np.arange(n)) / 4.0
    return sweep(
        lambda width, key: softmax(near / width),
        {"width": [0.5, 1.0, 2.0, 4.0], "key": [0, 21, 42, 63]},
        view=Pattern(size=(n, n), column="key"),
        title="Weights fall with distance",
        caption="At width {width} the largest weight is {top:.3f}.",
        facts=lambda r, width, key: {"top": r.max()},
    )


ALL = {
    f.__name__: f
    for f in (
        heatmap,
        signed_heatmap,
        worded_heatmap,
        bars,
        grouped_bars,
        lines,
        log_lines,
        data_lines,
        guessed_lines,
        guessed_bars,
        vectors,
        two_keys,
        stepper,
        flow,
        mask_pattern,
        word_pattern,
        large_pattern,
    )
}
