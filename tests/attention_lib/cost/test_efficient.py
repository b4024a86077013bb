"""Attention that computes a part of the scores, or none: the counts against what PyTorch counts.

Products agree exactly, forward inside the MATH backend and in the fused kernels, backward in the
fused kernels. Memory agrees within the range that each case states: saved bytes, the peak of
inference, the peak of training.
"""

from dataclasses import dataclass, field
from functools import partial

import pytest
import torch

from attention_lib import cost, functional, modules
from tests.helpers.torch_counts import count_parameters, matmul_flops, peak_bytes, saved_bytes

N, H, D, B = 499, 3, 8, 2


@dataclass
class Case:
    """A mechanism with its options, at one size; PyTorch's bytes divided by ours."""

    name: str
    options: dict = field(default_factory=dict)
    n: int = N
    d_value: int = D
    batch: int = B
    saved: tuple = (0.85, 1.1)
    peak: tuple = (0.85, 1.45)
    trained: tuple = (0.85, 1.45)

    def inputs(self, dtype=torch.float32, device="cpu"):
        widths = (D, self.d_value) if self.name == "lsh" else (D, D, self.d_value)
        rng = torch.Generator().manual_seed(0)
        return [
            torch.randn(self.batch, H, self.n, width, generator=rng).to(device, dtype)
            for width in widths
        ]

    def run(self, inputs):
        made = getattr(functional, f"{self.name}_attention")
        if self.name != "linformer":
            return partial(made, *inputs, **self.options)
        options, sharing = dict(self.options), self.options.get("sharing", "heads")
        shape = (options["n_projected"], self.n)
        shape = (H, *shape) if sharing == "none" else shape
        self.lengths = [torch.randn(shape, device=inputs[0].device) for _ in range(2)]
        for one in self.lengths:
            one.requires_grad_(inputs[0].requires_grad)
        key, value = self.lengths if sharing != "key_value" else self.lengths[:1] * 2
        return partial(made, *inputs, key_projection=key, value_projection=value)

    def count(self, **more):
        sizes = {"d_key": D, "d_value": self.d_value, "n_heads": H, "batch": self.batch}
        count = getattr(cost, f"{self.name}_attention")
        return count(self.n, **self.options, **sizes, **more)


CASES = [
    Case("sliding_window", {"window": 40}),
    Case("sliding_window", {"window": 101, "causal": True}),
    Case("sliding_window", {"window": 7, "n_sinks": 5}),
    Case("sliding_window", {"window": 30, "n_sinks": 60, "causal": True}),
    Case("sliding_window", {"window": 41}, d_value=11),
    Case("sliding_window", {"window": 0}, d_value=5),
    # the edges alone: the gradients of their keys are summed one after the other
    Case("sliding_window", {"window": 300}, trained=(0.85, 1.6)),
    Case("sliding_window", {"window": 498}),  # dense
    Case("block_sparse", {"block_size": 16}),
    Case("block_sparse", {"block_size": 16, "causal": True}),
    Case("block_sparse", {"block_size": 8, "global_blocks": 0, "seed": 3}),
    Case("block_sparse", {"block_size": 7, "random_blocks": 0, "window_blocks": 5}, d_value=11),
    Case("block_sparse", {"block_size": 33, "window_blocks": 1, "causal": True}, d_value=5),
    Case("block_sparse", {"block_size": 128}),  # dense
    Case("linear"),
    Case("linear", {"causal": True}),
    Case("linear", {"causal": True}, n=1300, d_value=11),
    Case("linear", {"causal": True}, n=37, d_value=5, peak=(0.65, 1.3)),  # a segment of 64 is ours
    Case("performer", {"n_features": 13}),
    Case("performer", {"n_features": 50, "causal": True}),
    Case("performer", {"n_features": 13, "causal": True}, n=1300, batch=1),
    Case("performer", {"n_features": 99, "causal": True}, n=700),
    # the gradient of a projection is an array for each row and head before it is summed
    Case("linformer", {"n_projected": 23}, trained=(0.85, 1.6)),
    Case("linformer", {"n_projected": 23, "sharing": "key_value"}, trained=(0.85, 1.6)),
    # where each head has its own, PyTorch copies the projections for each row of the batch
    Case(
        "linformer",
        {"n_projected": 23, "sharing": "none"},
        saved=(0.95, 2),
        peak=(0.95, 1.6),
        trained=(0.95, 2),
    ),
    Case("lsh", {"bucket_size": 16, "n_hashes": 2}),
    Case("lsh", {"bucket_size": 64, "n_hashes": 4, "causal": True}, d_value=5),
    Case("lsh", {"bucket_size": 600, "n_hashes": 1}),
    Case("tiled", {"block_size": 96}),
    Case("tiled", {"block_size": 50, "causal": True}, d_value=11),
    Case("tiled", {"block_size": 1000}),
]


def titled(case):
    return " ".join([case.name, *(f"{key}={value}" for key, value in case.options.items())])


@pytest.fixture(params=CASES, ids=titled)
def case(request):
    return request.param


def test_products_are_exact(case):
    run = case.run([one.requires_grad_() for one in case.inputs()])
    for fused in (False, True):
        with torch.no_grad():
            assert matmul_flops(run, fused=fused) == case.count().matmul_flops
    assert matmul_flops(run, training=True) == case.count(training=True).matmul_flops


@pytest.mark.parametrize(("causal", "width"), [(False, D), (True, D), (True, 40)])
def test_features_of_a_function(causal, width):
    """Whose gradient is not known: all features are saved; segments go by the inputs' width."""
    rng = torch.Generator().manual_seed(0)
    inputs = [torch.randn(B, H, N, width, generator=rng).requires_grad_() for _ in range(3)]

    def both_signs(x):
        return torch.cat([x.relu(), (-x).relu()], dim=-1)

    run = partial(functional.linear_attention, *inputs, causal=causal, feature_map=both_signs)
    sizes = {"d_key": width, "n_features": 2 * width, "n_heads": H, "batch": B, "causal": causal}
    counted = cost.linear_attention(N, **sizes)
    assert matmul_flops(run) == counted.matmul_flops
    counted = cost.linear_attention(N, training=True, **sizes)
    assert matmul_flops(run, training=True) == counted.matmul_flops
    assert within(saved_bytes(run), counted.held_bytes, (0.8, 1.3))  # as with elu + 1


def within(theirs, ours, bounds):
    low, high = bounds
    return low * ours <= theirs <= high * ours


def test_memory(case):
    inputs = [one.requires_grad_() for one in case.inputs()]
    run, given = case.run(inputs), sum(one.nbytes for one in inputs)
    table = sum(one.nbytes for one in getattr(case, "lengths", ()))
    inference, training = case.count(), case.count(training=True)
    assert inference.held_bytes == 0
    assert within(saved_bytes(run) - table, training.held_bytes, case.saved)
    assert within(peak_bytes(run) + given, inference.peak_bytes, case.peak)
    gradients = table  # of the projections along the length
    measured = peak_bytes(run, training=True) + given - gradients
    assert within(measured, training.peak_bytes, case.trained)


C = 24
MECHANISMS = {
    "window": (
        modules.SlidingWindowAttention(20, n_sinks=2),
        partial(cost.sliding_window_attention, window=20, n_sinks=2),
    ),
    "blocks": (
        modules.BlockSparseAttention(16),
        partial(cost.block_sparse_attention, block_size=16),
    ),
    "linear": (modules.LinearAttention(), cost.linear_attention),
    "performer": (
        modules.PerformerAttention(9),
        partial(cost.performer_attention, n_features=9),
    ),
}


def stacks():
    """(module, cost): an encoder of each mechanism, and modules with projections of their own."""
    sizes = {"d_model": C, "n_heads": H}
    for name, (mechanism, counted) in MECHANISMS.items():
        for shared in (None, 1):
            yield pytest.param(
                modules.TransformerEncoder(
                    2, C, H, 2 * C, n_kv_heads=shared, mechanism=mechanism, activation="gelu"
                ),
                partial(
                    cost.encoder,
                    n_layers=2,
                    d_ff=2 * C,
                    n_kv_heads=shared,
                    mechanism=counted,
                    activation="gelu",
                    **sizes,
                ),
                id=f"{name} {shared}",
            )
    options = {"bucket_size": 16, "n_hashes": 2, "bias": False}
    yield pytest.param(
        modules.LSHAttention(C, H, **options),
        partial(cost.multi_head_lsh, **options, **sizes),
        id="lsh",
    )
    for sharing in ("none", "heads", "key_value"):
        for bias in (True, False):
            options = {"sharing": sharing, "bias": bias}
            yield pytest.param(
                modules.LinformerAttention(N + 4, C, H, 23, **options),
                partial(
                    cost.multi_head_linformer, n_projected=23, max_length=N + 4, **options, **sizes
                ),
                id=f"linformer {sharing} {bias}",
            )


@pytest.mark.parametrize(("module", "count"), list(stacks()))
def test_modules(module, count):
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(B, N, C, generator=rng).requires_grad_()
    run, inference, training = (
        partial(module, x),
        count(N, batch=B),
        count(N, batch=B, training=True),
    )
    assert inference.parameters == training.parameters == count_parameters(module)
    assert 4 * inference.parameters == inference.weight_bytes
    assert matmul_flops(torch.no_grad()(run), fused=False) == inference.matmul_flops
    assert matmul_flops(run, training=True) == training.matmul_flops
    # PyTorch copies the projections along the length for each row of the batch
    most = 2.5 if isinstance(module, modules.LinformerAttention) else 1.15
    assert within(saved_bytes(run, module), training.held_bytes, (0.9, most))
    assert within(peak_bytes(run) + x.nbytes, inference.peak_bytes, (0.85, 1.4))


def test_a_language_model_with_a_window():
    window = partial(cost.sliding_window_attention, window=20, causal=True)
    sizes = {"d_model": C, "n_heads": H, "n_layers": 2, "d_ff": 31, "positions": "rotary"}
    model = modules.LanguageModel(53, mechanism=modules.SlidingWindowAttention(20), **sizes)
    tokens = torch.randint(0, 53, (B, N), generator=torch.Generator().manual_seed(0))
    count = partial(cost.language_model, N, vocabulary=53, mechanism=window, batch=B, **sizes)
    run = partial(model, tokens)
    assert count().parameters == count_parameters(model)
    assert count().matmul_flops == matmul_flops(torch.no_grad()(run), fused=False)
    assert count(training=True).matmul_flops == matmul_flops(run, training=True)


LIMITS = {
    "sliding_window.PIECE": 3000,
    "block_sparse.PIECE": 700,
    "block_sparse.GATHERED": 700,
    "linear_attention.CHUNK": 8,
    "linear_attention.SEGMENT": 2**12,
    "linear_attention.MOST_CHUNKS": 2,
}


@pytest.mark.parametrize("limit", LIMITS)
def test_what_is_counted_is_what_is_executed_under_any_limit(limit, monkeypatch):
    """Blocks, edges and segments are planned once, so a changed limit changes both alike."""
    name = limit.partition(".")[0]
    cases = [case for case in CASES if name.startswith(case.name)]
    before = [case.count() for case in cases]
    monkeypatch.setattr(f"attention_lib.plans.{limit}", LIMITS[limit])
    for case in cases:
        run = case.run([one.requires_grad_() for one in case.inputs()])
        assert matmul_flops(run, training=True) == case.count(training=True).matmul_flops
    assert [case.count() for case in cases] != before


@pytest.mark.parametrize(
    ("name", "n", "options", "device"),
    [
        ("sliding_window", 6007, {"window": 1499}, "meta"),
        ("sliding_window", 6007, {"window": 2200, "causal": True, "n_sinks": 3}, "meta"),
        # masks of many pieces: 800 rows, each of 5 blocks
        ("block_sparse", 5003, {"block_size": 800, "causal": True, "random_blocks": 0}, "cpu"),
        ("linear", 40_000, {"causal": True}, "meta"),
    ],
)
def test_products_in_many_pieces(name, n, options, device):
    """Long sequences; tensors on the device "meta" have shapes and no numbers."""
    inputs = [torch.zeros(1, n, 2, device=device) for _ in range(3)]
    made = partial(getattr(functional, f"{name}_attention"), *inputs, **options)
    counted = getattr(cost, f"{name}_attention")(n, d_key=2, **options)
    assert matmul_flops(made, fused=False) == counted.matmul_flops
