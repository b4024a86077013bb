"""Linear attention and Performer: sums over the keys in place of weights."""

from __future__ import annotations

from functools import partial

import peer_ways
import torch
from limits import Work
from race import (
    agree,
    crossover_rows,
    forward,
    inputs,
    memory_rows,
    moved,
    time_rows,
    training,
)
from rows import row

from attention_lib.functional import (
    linear_attention,
    orthogonal_features,
    performer_attention,
)

OURS, PERFORMER = "linear_attention", "performer_attention"
TRANSFORMER, PYTORCH = "linear-attention-transformer", "performer-pytorch"
DENSE, CAUSAL = "dense SDPA", "causal dense SDPA"


def parts(settings):
    """Parts of the study: each, when called, a generator of rows."""
    return [
        partial(linear, settings),
        partial(linear_training, settings),
        partial(causal_linear, settings),
        partial(crossover, settings),
        partial(performer, settings),
        partial(causal_performer, settings),
        partial(performer_error, settings),
        partial(performer_memory, settings),
    ]


def linear_work(tensors, features=None, *, backward=False):
    """Sums of phi(k) v^T and their product with each query; of Performer the features too."""
    query, _, value = tensors
    heads, n, width = query.shape[1:]
    products = features * (value.shape[-1] + width) if features else width * value.shape[-1]
    flops, bytes_ = 4 * heads * n * products, moved(query, query, value, value)
    return Work(3 * flops, 2 * bytes_) if backward else Work(flops, bytes_)


def linear(settings):
    # The peer's features are a softmax over the width (of queries) or the length (of keys), ours
    # elu + 1: other numbers, the same products.
    n, tensors = settings["middle"], inputs(settings["middle"], settings)
    ways = {
        OURS: linear_attention,
        TRANSFORMER: peer_ways.linear_attention(),
        DENSE: peer_ways.dense,
    }
    calls = {name: forward(way, *tensors) for name, way in ways.items()}
    targets = {TRANSFORMER: 1.0, DENSE: 35.0}
    options = {"settings": settings, "targets": targets, "work": linear_work(tensors)}
    yield from time_rows("linear", {"length": n}, calls, **options)
    calls.pop(DENSE)
    yield from memory_rows("linear", {"length": n}, calls, output=moved(tensors[2]))


def linear_training(settings):
    n, tensors = settings["middle"], inputs(settings["middle"], settings)
    ways = {OURS: linear_attention, TRANSFORMER: peer_ways.linear_attention()}
    calls = {name: training(way, *tensors) for name, way in ways.items()}
    setting = {"length": n, "pass": "forward and backward"}
    work = linear_work(tensors, backward=True)
    options = {"settings": settings, "targets": {TRANSFORMER: 1.0}, "work": work}
    yield from time_rows("linear", setting, calls, **options)


def causal_linear(settings):
    # The peer is not exact: a query sees whole buckets of 64 positions before its own.
    n, tensors = settings["middle"], inputs(settings["middle"], settings)
    peer = partial(peer_ways.linear_attention(causal=True), bucket_size=settings["bucket"])
    ways = {
        OURS: partial(linear_attention, causal=True),
        CAUSAL: peer_ways.causal_dense,
        TRANSFORMER: peer,
    }
    calls = {name: forward(way, *tensors) for name, way in ways.items()}
    setting = {"length": n, "causal": True}
    # What limits the share: see `profiles`.
    options = {"targets": {CAUSAL: 6.0}, "work": linear_work(tensors), "share": 0.35}
    yield from time_rows("linear", setting, calls, settings=settings, **options)


def crossover(settings):
    yield from crossover_rows(
        "linear",
        {},
        (OURS, linear_attention),
        (DENSE, peer_ways.dense),
        lengths=settings["crossover"]["linear"],
        settings=settings,
        target=512,
    )


def performer_ways(settings, *, causal=False):
    """Ours and the peer with the same features, and their number."""
    features = orthogonal_features(settings["features"], settings["head_width"])
    return features, {
        PERFORMER: partial(performer_attention, features=features, causal=causal),
        PYTORCH: peer_ways.performer(features, causal=causal),
    }


def performer(settings):
    # The peer adds an epsilon to its features: near, not the same (see the error below).
    n, tensors = settings["middle"], inputs(settings["middle"], settings)
    features, ways = performer_ways(settings)
    ways[DENSE] = peer_ways.dense
    calls = {name: forward(way, *tensors) for name, way in ways.items()}
    setting = {"length": n, "features": len(features)}
    work = linear_work(tensors, len(features))
    options = {"settings": settings, "targets": {PYTORCH: 2.5}, "work": work}
    yield from time_rows("Performer", setting, calls, **options)


def causal_performer(settings):
    n, tensors = settings["short"], inputs(settings["short"], settings)
    features, ways = performer_ways(settings, causal=True)
    calls = {name: forward(way, *tensors) for name, way in ways.items()}
    setting = {"length": n, "features": len(features), "causal": True}
    work = linear_work(tensors, len(features))
    options = {"settings": settings, "targets": {PYTORCH: 10.0}, "work": work}
    yield from time_rows("Performer", setting, calls, **options)


@torch.no_grad()
def performer_error(settings):
    n, tensors = settings["middle"], inputs(settings["middle"], settings)
    features, ways = performer_ways(settings)
    exact = peer_ways.performer_without_epsilon(features)(*tensors)
    agree(
        lambda: performer_attention(*(x.double() for x in tensors), features=features.double()),
        lambda: exact,
        tolerance=1e-9,
    )
    setting = {"length": n, "features": len(features)}
    for name, target in ((PERFORMER, 1e-5), (PYTORCH, None)):
        error = (ways[name](*tensors).double() - exact).abs().max().item()
        found = row(
            "error",
            ours=name,
            theirs="FAVOR+ without epsilon in float64",
            measured_ours=error,
            value=error,
            target=target,
            bound="at most",
        )
        yield {"group": "Performer", "setting": setting, **found}


def performer_memory(settings):
    n, tensors = settings["middle"], inputs(settings["middle"], settings)
    features, ways = performer_ways(settings)
    calls = {name: forward(way, *tensors) for name, way in ways.items()}
    setting = {"length": n, "features": len(features)}
    yield from memory_rows("Performer", setting, calls, output=moved(tensors[2]))
