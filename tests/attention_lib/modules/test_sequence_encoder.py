"""SequenceEncoder: what it computes from tokens and patches, padding, classes, its errors."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from attention_lib import modules
from attention_lib.modules import SequenceEncoder, TransformerEncoder
from attention_lib.training import seeded

SIZES = {"d_model": 12, "n_heads": 3, "n_layers": 2, "d_ff": 7, "max_length": 11}
POSITIONS = ("learned", "sinusoidal", "rotary", "alibi", "relative", None)
RNG = np.random.default_rng(0)
TOKENS = torch.from_numpy(RNG.integers(0, 13, size=(2, 5)))
PATCHES = torch.from_numpy(RNG.normal(size=(2, 5, 4)))
LENGTHS = torch.tensor([3, 5])


def built(vocabulary=13, **options):
    with seeded(0):
        return SequenceEncoder(vocabulary, **{**SIZES, **options}).double().eval()


def patched(**options):
    return built(None, patch_width=4, **options)


def inside(positions):
    return {
        "rotary": lambda: {"rotary": modules.RotaryPositionalEncoding(4)},
        "alibi": lambda: {"position_bias": modules.ALiBi(3)},
        "relative": lambda: {"position_bias": modules.RelativePositionBias(3)},
    }.get(positions, dict)()


@pytest.mark.parametrize("kind", ["tokens", "patches"])
@pytest.mark.parametrize("positions", POSITIONS)
def test_it_is_the_sum_of_its_parts(positions, kind):
    """Embedding, position, a stack that looks both ways; written out."""
    if kind == "tokens":
        model, inputs = built(positions=positions), TOKENS
        x = model.embedding.weight[TOKENS] * 12**0.5
    else:
        model, inputs = patched(positions=positions), PATCHES
        x = PATCHES @ model.embedding.weight.T + model.embedding.bias
    if positions == "sinusoidal":
        x = modules.SinusoidalPositionalEncoding(12)(x)
    elif positions == "learned":
        assert model.positions.weight.shape == (11, 12)
        x = x + model.positions.weight[:5]
    stack = TransformerEncoder(2, 12, 3, 7, **inside(positions)).double()
    stack.load_state_dict(model.stack.state_dict())
    assert_allclose(model(inputs).detach(), stack(x).detach(), rtol=1e-11, atol=1e-13)
    assert model.readout is None


def test_learned_positions_unless_told_otherwise():
    assert isinstance(built().positions, modules.LearnedPositionalEncoding)


def test_a_new_embedding_is_of_size_one():
    with seeded(0):
        model = SequenceEncoder(997, **{**SIZES, "d_model": 48})
    assert_allclose(model.embedding.weight.std().detach() * 48**0.5, 1, rtol=0.02)


@pytest.mark.parametrize("model", [built(), patched()], ids=["tokens", "patches"])
def test_padding_changes_nothing(model):
    inputs = TOKENS if model.patch_width is None else PATCHES
    together = model(inputs, LENGTHS).detach()
    alone = model(inputs[:1, :3]).detach()
    assert_allclose(together[0, :3], alone[0], rtol=1e-11, atol=1e-13)
    changed = inputs.clone()
    changed[0, 3:] = 1
    assert_allclose(model(changed, LENGTHS)[0, :3].detach(), alone[0], rtol=1e-11, atol=1e-13)
    assert not torch.allclose(model(inputs)[0, :3], together[0, :3])
    assert_allclose(model(inputs).detach(), model(inputs, torch.tensor([5, 5])).detach())


def test_a_class_is_read_from_the_mean_of_the_real_positions():
    model, plain = built(n_classes=7), built()
    plain.load_state_dict(model.state_dict(), strict=False)
    hidden = plain(TOKENS, LENGTHS)
    means = torch.stack([hidden[0, :3].mean(dim=0), hidden[1].mean(dim=0)])
    expected = means @ model.readout.weight.T + model.readout.bias
    assert_allclose(model(TOKENS, LENGTHS).detach(), expected.detach(), rtol=1e-11)
    expected = plain(TOKENS).mean(dim=1) @ model.readout.weight.T + model.readout.bias
    assert_allclose(model(TOKENS).detach(), expected.detach(), rtol=1e-11)
    first = plain(TOKENS[:, :1])[:, 0] @ model.readout.weight.T + model.readout.bias
    assert_allclose(model(TOKENS[:, :1]).detach(), first.detach(), rtol=1e-11)
    ones = torch.tensor([1, 1])
    assert_allclose(model(TOKENS, ones).detach(), first.detach(), rtol=1e-11)


def test_the_mean_over_no_position_is_zero():
    model = patched(n_classes=7)
    bias = model.readout.bias.detach()
    logits = model(PATCHES, torch.tensor([0, 5])).detach()
    assert_allclose(logits[0], bias, atol=1e-15)
    assert not torch.allclose(logits[1], bias)
    nothing = model(PATCHES[:, :0]).detach()
    assert_allclose(nothing, bias.expand(2, 7), atol=1e-15)


POOLINGS = ("mean", "first", "attention")


def weights_by_loops(pooling, query, hidden, lengths):
    """The weight of each position, one sequence after the other."""
    weights = np.zeros(hidden.shape[:2])
    for row, length in enumerate(lengths):
        for t in range(length):
            if pooling == "mean":
                weights[row, t] = 1 / length
            elif pooling == "first":
                weights[row, t] = t == 0
            else:
                weights[row, t] = np.exp(sum(query * hidden[row, t]))
        if length:
            weights[row] /= weights[row].sum()
    return weights


@pytest.mark.parametrize("lengths", [[3, 5], [1, 4], [0, 2], None])
@pytest.mark.parametrize("make", [built, patched])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_every_pooling_is_a_sum_written_as_a_loop(pooling, make, lengths):
    model, plain = make(n_classes=7, pooling=pooling), make()
    plain.load_state_dict(model.state_dict(), strict=False)
    inputs = TOKENS if make is built else PATCHES
    given = (inputs,) if lengths is None else (inputs, torch.tensor(lengths))
    hidden = plain(*given).detach().numpy()
    query = model.pooling_query.weight[0].detach().numpy() if pooling == "attention" else None
    weights = weights_by_loops(pooling, query, hidden, lengths or [5, 5])
    vectors = np.zeros((2, 12))
    for row in range(2):
        for t in range(5):
            if weights[row, t]:
                vectors[row] += weights[row, t] * hidden[row, t]
    expected = vectors @ model.readout.weight.detach().numpy().T + model.readout.bias.tolist()
    assert_allclose(model(*given).detach(), expected, rtol=1e-11, atol=1e-13)
    found = model.pooling_weights(*given).detach()
    assert found.dtype == torch.float64
    assert_allclose(found, weights, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_padding_changes_no_pooled_vector(pooling):
    model = patched(n_classes=7, pooling=pooling)
    alone = model(PATCHES[:1, :3]).detach()
    assert_allclose(model(PATCHES, LENGTHS)[:1].detach(), alone, rtol=1e-11, atol=1e-13)
    model.stack.final_norm = SpoilPadding(LENGTHS)
    clean = model(PATCHES, LENGTHS)
    weights = model.pooling_weights(PATCHES, LENGTHS)
    assert clean.isfinite().all()
    assert (weights[0, 3:] == 0).all()
    assert_allclose(weights.sum(dim=1).detach(), 1, rtol=1e-12, atol=1e-13)


class SpoilPadding(torch.nn.Module):
    """Write NaN where a sequence is over."""

    def __init__(self, lengths):
        super().__init__()
        self.lengths = lengths

    def forward(self, x):
        padding = torch.arange(x.shape[1]) >= self.lengths[:, None]
        return x.masked_fill(padding[..., None], torch.nan)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_nothing_real_is_pooled_to_zero_and_has_no_gradient(pooling):
    model = patched(n_classes=7, pooling=pooling)
    inputs = PATCHES.clone().requires_grad_()
    logits = model(inputs, torch.tensor([0, 5]))
    assert_allclose(logits[0].detach(), model.readout.bias.detach(), atol=1e-15)
    logits.sum().backward()
    assert (inputs.grad[0] == 0).all()
    assert (inputs.grad[1] != 0).any()
    nothing = model(PATCHES[:, :0]).detach()
    assert_allclose(nothing, model.readout.bias.detach().expand(2, 7), atol=1e-15)
    assert model.pooling_weights(PATCHES[:, :0]).shape == (2, 0)
    assert (model.pooling_weights(PATCHES, torch.tensor([0, 5]))[0] == 0).all()


def test_the_query_alone_is_added_to_the_parameters():
    """A model that reads from the mean has the parameters that it had before there was a choice."""
    mean, first, attention = (built(n_classes=7, pooling=pooling) for pooling in POOLINGS)
    assert (mean.pooling, built().pooling, attention.pooling) == ("mean", "mean", "attention")
    assert list(mean.state_dict()) == list(first.state_dict())
    assert not any("pooling" in name for name in mean.state_dict())
    added = set(attention.state_dict()) - set(mean.state_dict())
    assert added == {"pooling_query.weight"}
    assert attention.pooling_query.weight.shape == (1, 12)
    for name, tensor in mean.state_dict().items():  # and the same numbers, from the same seed
        assert torch.equal(tensor, attention.state_dict()[name])
    assert mean.pooling_query is None
    assert first.pooling_query is None


def test_a_query_of_zero_draws_the_mean():
    mean, attention = built(n_classes=7), built(n_classes=7, pooling="attention")
    with torch.no_grad():
        attention.pooling_query.weight.zero_()
    assert_allclose(attention(TOKENS, LENGTHS).detach(), mean(TOKENS, LENGTHS).detach())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_half_precision_pools_too(pooling, dtype):
    model = built(n_classes=7, pooling=pooling)
    expected = model(TOKENS, LENGTHS).detach()
    found = model.to(dtype)(TOKENS, LENGTHS)
    assert found.dtype == dtype
    assert_allclose(found.detach().double(), expected, atol=0.05)


def test_only_a_model_with_classes_has_pooling_weights():
    message = "^pooling_weights needs a model with n_classes, got n_classes=None$"
    with pytest.raises(ValueError, match=message):
        built().pooling_weights(TOKENS, LENGTHS)


def test_bad_inputs_of_the_pooling_weights_are_named():
    model = built(n_classes=7)
    with pytest.raises(ValueError, match=r"lengths must have shape \[2\]"):
        model.pooling_weights(TOKENS, torch.tensor([5]))
    with pytest.raises(TypeError, match="inputs must hold token ids of dtype int64"):
        model.pooling_weights(TOKENS.double())


@pytest.mark.parametrize(
    "mechanism",
    [
        modules.SlidingWindowAttention(1),
        modules.BlockSparseAttention(1, window_blocks=1, global_blocks=0, random_blocks=1),
        modules.LinearAttention(),
        modules.PerformerAttention(5),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_mechanism_takes_the_place_of_attention(mechanism):
    model = built(mechanism=mechanism)
    assert model.stack.layers[1].self_attention.mechanism is mechanism
    dense = built()
    dense.load_state_dict(model.state_dict(), strict=False)
    assert not torch.allclose(model(TOKENS), dense(TOKENS), rtol=1e-3)
    together, alone = model(TOKENS, LENGTHS).detach(), model(TOKENS[:1, :3]).detach()
    if not isinstance(mechanism, modules.BlockSparseAttention):  # whose draws depend on the length
        assert_allclose(together[0, :3], alone[0], rtol=1e-9, atol=1e-12)


def test_dropout_acts_in_training_only():
    model = built(dropout=0.5)
    assert model.stack.layers[0].dropout == 0.5
    assert_allclose(model(TOKENS).detach(), model(TOKENS).detach(), rtol=0)
    model.train()
    model.stack = torch.nn.Identity()
    model.stack.forward = lambda x, mask: x
    with seeded(1):
        dropped = (model(TOKENS) == 0).double().mean()
    assert 0.3 < dropped < 0.7


def test_options_reach_the_stack():
    model = built(norm_first=False, activation="gelu", bias=False, n_kv_heads=1)
    layer = model.stack.layers[0]
    assert not layer.norm_first
    assert layer.feed_forward.activation == "gelu"
    assert layer.self_attention.n_kv_heads == 1
    assert model.stack.final_norm is None
    assert (model.max_length, model.vocabulary, model.patch_width) == (11, 13, None)


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_sequence_of_max_length_is_the_longest(positions):
    model = built(positions=positions)
    assert model(torch.zeros(1, 11, dtype=torch.int64)).shape == (1, 11, 12)
    message = r"inputs must have at most max_length = 11 positions, got shape \(1, 12\)"
    with pytest.raises(ValueError, match=message):
        model(torch.zeros(1, 12, dtype=torch.int64))


@pytest.mark.parametrize("pooling", POOLINGS)
def test_it_learns(pooling):
    model = patched(n_classes=2, d_ff=16, pooling=pooling).train()
    with seeded(0):
        inputs = torch.randn(16, 5, 4, dtype=torch.float64)
        classes = (inputs[:, 0, 0] > 0).long()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(40):
        optimiser.zero_grad()
        losses.append(torch.nn.functional.cross_entropy(model(inputs), classes))
        losses[-1].backward()
        optimiser.step()
    assert all(one.grad is not None for one in model.parameters())
    assert losses[-1] < losses[0] / 3


GOOD = {"vocabulary": 13, **SIZES}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"patch_width": 4},
            ValueError,
            "^exactly one of vocabulary and patch_width must be given, got 13 and 4$",
        ),
        ({"vocabulary": None}, ValueError, "exactly one of .* got None and None"),
        ({"vocabulary": 0}, ValueError, "^vocabulary must be at least 1, got 0$"),
        (
            {"vocabulary": None, "patch_width": 2.0},
            TypeError,
            "^patch_width must be an integer, got float$",
        ),
        ({"max_length": 0}, ValueError, "^max_length must be at least 1, got 0$"),
        (
            {"max_length": 0, "positions": None},
            ValueError,
            "^max_length must be at least 1, got 0$",
        ),
        ({"d_model": 0}, ValueError, "^d_model must be at least 1, got 0$"),
        ({"n_heads": 0}, ValueError, "^n_heads must be at least 1, got 0$"),
        ({"n_heads": 5}, ValueError, "n_heads must divide d_model"),
        ({"n_classes": 0}, ValueError, "^n_classes must be at least 1, got 0$"),
        ({"positions": "wavy"}, ValueError, "positions must be one of 'sinusoidal', 'learned'"),
        (
            {"pooling": "max", "n_classes": 2},
            ValueError,
            "^pooling must be one of 'mean', 'first', 'attention', got 'max'$",
        ),
        (
            {"pooling": "first"},
            ValueError,
            "^pooling must be \"mean\" without n_classes, got 'first'$",
        ),
        (
            {"pooling": "attention"},
            ValueError,
            "^pooling must be \"mean\" without n_classes, got 'attention'$",
        ),
    ],
)
def test_bad_sizes_are_named(changes, error, message):
    with pytest.raises(error, match=message):
        SequenceEncoder(**{**GOOD, **changes})


@pytest.mark.parametrize(
    ("make", "inputs", "error", "message"),
    [
        (built, (TOKENS.double(),), TypeError, "inputs must hold token ids of dtype int64"),
        (built, (TOKENS[0],), ValueError, r"inputs must have shape \[B, length\]"),
        (built, (TOKENS + 13,), ValueError, r"inputs must hold token ids in 0\.\.12"),
        (patched, (PATCHES.float(),), TypeError, "inputs .*float32"),
        (patched, (PATCHES.tolist(),), TypeError, "inputs must be a torch.Tensor, got list"),
        (patched, (PATCHES[0],), ValueError, "inputs must have at least 3"),
        (patched, (PATCHES[..., :3],), ValueError, "inputs must have width 4"),
        (
            built,
            (TOKENS, torch.tensor([5, 5, 5])),
            ValueError,
            r"^lengths must have shape \[2\] like the rows of inputs, got \(3,\)$",
        ),
        (built, (TOKENS, torch.tensor([6, 5])), ValueError, "lengths must lie in 0..5"),
        (built, (TOKENS, [5, 5]), TypeError, "lengths must be a torch.Tensor, got list"),
    ],
)
def test_bad_inputs_are_named(make, inputs, error, message):
    with pytest.raises(error, match=message):
        make()(*inputs)
