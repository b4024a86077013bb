"""LanguageModel: what it computes, what it cannot see, its caches and positions, its errors."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib import modules
from attention_lib.modules import LanguageModel, TransformerEncoder
from attention_lib.training import seeded

POSITIONS = ("sinusoidal", "learned", "rotary", "alibi", "relative", None)
SIZES = {"d_model": 12, "n_heads": 3, "n_layers": 2, "d_ff": 7}
TOKENS = torch.from_numpy(np.random.default_rng(0).integers(0, 13, size=(2, 5)))


def built(positions="sinusoidal", *, sizes=SIZES, **options):
    if positions == "learned":
        options = {"max_length": 7} | options
    with seeded(0):
        return LanguageModel(13, **sizes, positions=positions, **options).double().eval()


@pytest.mark.parametrize("positions", POSITIONS)
def test_it_is_the_sum_of_its_parts(positions):
    """Embedding times sqrt(C), position, causal stack, readout; written out."""
    model = built(positions)
    x = model.embedding.weight[TOKENS] * math.sqrt(12)
    if positions == "sinusoidal":
        x = modules.SinusoidalPositionalEncoding(12)(x)
    elif positions == "learned":
        x = x + model.positions.weight[:5]
    options = {
        "rotary": lambda: {"rotary": modules.RotaryPositionalEncoding(4)},
        "alibi": lambda: {"position_bias": modules.ALiBi(3)},
        "relative": lambda: {"position_bias": modules.RelativePositionBias(3, bidirectional=False)},
    }.get(positions, dict)()
    stack = TransformerEncoder(2, 12, 3, 7, **options).double()
    stack.load_state_dict(model.stack.state_dict())
    hidden, weights = stack(x, causal=True, return_weights=True)
    logits, our_weights = model(TOKENS, return_weights=True)
    assert_allclose(
        logits.detach(), (hidden @ model.readout.weight.T).detach(), rtol=1e-11, atol=1e-13
    )
    assert len(our_weights) == 2
    for ours, expected in zip(our_weights, weights, strict=True):
        assert ours.shape == (2, 3, 5, 5)
        assert_allclose(ours.detach(), expected.detach(), rtol=1e-11, atol=1e-13)
    assert_allclose(model(TOKENS).detach(), logits.detach(), rtol=1e-11, atol=1e-13)
    assert_allclose(model.hidden_states(TOKENS).detach(), hidden.detach(), rtol=1e-11, atol=1e-13)


def test_the_stack_is_the_encoder_of_torch_with_a_causal_mask():
    with seeded(0):
        layer = torch.nn.TransformerEncoderLayer(12, 3, 7, 0.0, batch_first=True, norm_first=True)
        norm = torch.nn.LayerNorm(12)
        theirs = torch.nn.TransformerEncoder(layer, 2, norm, enable_nested_tensor=False)
    theirs.double().eval()
    model = built(None)
    model.stack = TransformerEncoder.from_torch(theirs)
    x = model.embedding(TOKENS) * 12**0.5
    hidden = theirs(x, mask=torch.ones(5, 5).triu(1).bool())
    logits = hidden @ model.embedding.weight.T
    assert_allclose(model(TOKENS).detach(), logits.detach(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("positions", POSITIONS)
def test_the_future_and_the_neighbours_change_nothing(positions):
    model = built(positions)
    before = model(TOKENS).detach()
    for place in range(5):
        changed = TOKENS.clone()
        changed[0, place:] = (changed[0, place:] + 1) % 13
        after = model(changed).detach()
        assert_allclose(after[0, :place], before[0, :place], rtol=1e-12, atol=1e-13)
        assert_allclose(after[1], before[1], rtol=1e-12, atol=1e-13)
        assert not torch.allclose(after[0, place], before[0, place], rtol=1e-6)


@pytest.mark.parametrize("positions", POSITIONS)
def test_what_stands_further_back_reaches_the_end(positions):
    model = built(positions)
    changed = TOKENS.clone()
    changed[:, 0] = (changed[:, 0] + 1) % 13
    assert not torch.allclose(model(changed)[:, -1], model(TOKENS)[:, -1], rtol=1e-6)


@pytest.mark.parametrize("positions", [one for one in POSITIONS if one])
def test_positions_tell_the_order_even_with_one_layer(positions):
    model = built(positions, sizes=SIZES | {"n_layers": 1})
    if positions == "relative":
        torch.nn.init.normal_(model.stack.layers[0].self_attention.position_bias.weight)
    swapped = TOKENS[:, [1, 0, 2, 3, 4]]
    assert not torch.allclose(model(swapped)[:, -1], model(TOKENS)[:, -1], rtol=1e-6)


def test_one_layer_without_positions_does_not_know_the_order():
    model = built(None, sizes=SIZES | {"n_layers": 1})
    swapped = model(TOKENS[:, [1, 0, 3, 2, 4]]).detach()
    assert_allclose(swapped[:, -1], model(TOKENS)[:, -1].detach(), rtol=1e-11)


@pytest.mark.parametrize("chunks", [(5,), (1, 1, 1, 1, 1), (2, 3), (3, 1, 1)])
@pytest.mark.parametrize("positions", POSITIONS)
def test_with_caches_it_computes_what_it_computes_without(positions, chunks):
    model = built(positions, n_kv_heads=1)
    caches = model.new_caches()
    assert len(caches) == 2
    with torch.no_grad():
        expected, expected_weights = model(TOKENS, return_weights=True)
        pieces = []
        for tokens in TOKENS.split(chunks, dim=1):
            logits, weights = model(tokens, caches=caches, return_weights=True)
            pieces.append(logits)
    assert_allclose(torch.cat(pieces, dim=1), expected, rtol=1e-11, atol=1e-12)
    last = weights[1][:, :, -1]
    assert_allclose(last, expected_weights[1][:, :, -1], rtol=1e-11, atol=1e-12)
    assert [cache.length for cache in caches] == [5, 5]


def test_new_caches_hold_what_was_asked_for():
    model = built()
    assert [cache.max_length for cache in model.new_caches(7)] == [7, 7]
    assert [cache.max_length for cache in model.new_caches()] == [None, None]


def test_one_matrix_reads_and_scores_unless_told_otherwise():
    tied, untied = built(), built(tie_embeddings=False)
    assert tied.readout.weight is tied.embedding.weight
    count = sum(one.numel() for one in untied.parameters())
    assert sum(one.numel() for one in tied.parameters()) == count - 13 * 12
    assert tied.readout.bias is None
    assert not torch.equal(untied.readout.weight, untied.embedding.weight)
    with torch.no_grad():
        untied.readout.weight.copy_(untied.embedding.weight)
        untied.stack.load_state_dict(tied.stack.state_dict())
        untied.embedding.load_state_dict(tied.embedding.state_dict())
        untied.readout.load_state_dict(tied.readout.state_dict())
    assert_array_equal(tied(TOKENS).detach(), untied(TOKENS).detach())


def test_a_new_model_has_vectors_and_logits_of_size_one():
    with seeded(0):
        model = LanguageModel(512, d_model=64, n_heads=4, n_layers=1, d_ff=64, positions=None)
        assert_allclose(model.embedding.weight.std().detach(), 1 / 8, rtol=0.02)
        logits = model(torch.arange(512)[None])
    assert_allclose(logits.std().detach(), 1, atol=0.4)


def test_positions_are_sinusoidal_unless_told_otherwise():
    with seeded(0):
        model = LanguageModel(13, **SIZES).double().eval()
    assert_array_equal(model(TOKENS).detach(), built("sinusoidal")(TOKENS).detach())


def test_learned_positions_end_at_max_length_and_the_caches_count():
    model = built("learned")
    caches = model.new_caches()
    with torch.no_grad():
        model(TOKENS, caches=caches)
        model(TOKENS[:, :2], caches=caches)
        with pytest.raises(ValueError, match=r"^tokens must have positions .*0\.\.6 .*7\.\.7$"):
            model(TOKENS[:, :1], caches=caches)


def test_every_layer_shares_the_relative_bias_and_it_looks_back_only():
    model = built("relative")
    first, second = (layer.self_attention.position_bias for layer in model.stack.layers)
    assert first is second
    assert not first.bidirectional


def test_options_reach_the_stack():
    model = built(norm="rms", norm_first=False, activation="gelu", bias=False, n_kv_heads=1)
    layer = model.stack.layers[1]
    assert isinstance(layer.self_attention_norm, modules.RMSNorm)
    assert not layer.norm_first
    assert layer.self_attention.n_kv_heads == 1
    assert layer.self_attention.query_projection.bias is None
    assert layer.feed_forward.activation == "gelu"
    assert model.stack.final_norm is None


def test_dropout_acts_in_training_only_on_the_sum_and_in_the_stack():
    model = built(dropout=0.5)
    assert {layer.dropout for layer in model.stack.layers} == {0.5}
    assert model.dropout.p == 0.5
    assert_array_equal(model(TOKENS).detach(), built(dropout=0.0)(TOKENS).detach())
    heard = []
    model.stack.register_forward_pre_hook(lambda module, inputs: heard.append(inputs[0]))
    with seeded(0):
        model.train()(TOKENS)
    dropped = heard[0] == 0
    assert 0.3 < dropped.double().mean() < 0.7
    plain = []
    model.eval().stack.register_forward_pre_hook(lambda module, inputs: plain.append(inputs[0]))
    model(TOKENS)
    assert_allclose(
        heard[0][~dropped].detach(), 2 * plain[0][~dropped].detach(), rtol=1e-12, atol=1e-13
    )


def test_gradients_reach_every_parameter():
    for positions in POSITIONS:
        model = built(positions).train()
        model(TOKENS).square().mean().backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None, name
            if "key_projection.bias" not in name and "position_bias" not in name:
                assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_it_works_in_every_dtype(dtype):
    tolerance = {torch.float16: 2e-2, torch.bfloat16: 2e-1, torch.float32: 1e-5}[dtype]
    for positions in POSITIONS:
        model = built(positions)
        expected = model(TOKENS).detach()
        logits = model.to(dtype)(TOKENS).detach()
        assert logits.dtype == dtype
        assert_allclose(logits.double(), expected, atol=tolerance * expected.abs().max())


def given(**change):
    return lambda: LanguageModel(**{"vocabulary": 13, **SIZES, "positions": None} | change)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (given(vocabulary=0), ValueError, "^vocabulary must be at least 1, got 0$"),
        (given(d_model=1.0), TypeError, "^d_model must be an integer, got float$"),
        (given(n_heads=0), ValueError, "^n_heads must be at least 1, got 0$"),
        (given(n_layers=0), ValueError, "^n_layers must be at least 1, got 0$"),
        (given(d_ff=0), ValueError, "d_ff must be at least 1, got 0"),
        (
            given(positions="rotary", d_model=10, n_heads=2),
            ValueError,
            "^d_model / n_heads must be even, got 5$",
        ),
        (
            given(positions="rotary", d_model=7, n_heads=2),
            ValueError,
            "^n_heads must divide d_model, got n_heads 2 and 7$",
        ),
        (
            given(positions="rope"),
            ValueError,
            "^positions must be one of 'sinusoidal', 'learned', 'rotary', 'alibi', 'relative', "
            "None, got 'rope'$",
        ),
        (given(tie_embeddings=1), TypeError, "^tie_embeddings must be True or False, got int$"),
        (given(dropout=1.0), ValueError, r"^dropout must lie in \[0, 1\), got 1.0$"),
        (
            given(positions="learned"),
            ValueError,
            '^max_length must be given for positions="learned" and for no other, '
            "got positions='learned' and max_length=None$",
        ),
        (given(max_length=7), ValueError, "got positions=None and max_length=7$"),
        (lambda: built()(TOKENS.int()), TypeError, "^tokens must hold token ids of dtype int64"),
        (lambda: built()(TOKENS[0]), ValueError, r"^tokens must have shape \[B, length\]"),
        (lambda: built()(TOKENS + 5), ValueError, r"^tokens must hold token ids in 0\.\.12, got"),
        (
            lambda: built()(TOKENS, return_weights=None),
            TypeError,
            "^return_weights must be True or False, got NoneType$",
        ),
        (
            lambda: built()(TOKENS, caches=built().new_caches()[:1]),
            ValueError,
            "caches must hold one cache for each of the 2 layers, got 1",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
