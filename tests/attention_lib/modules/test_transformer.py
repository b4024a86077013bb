"""The whole Transformer: composed of its parts, its laws, its schemes, and that it learns."""

import math

import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from attention_lib.data.toy import reverse_task
from attention_lib.modules import (
    ALiBi,
    DecoderWeights,
    LayerNorm,
    LearnedPositionalEncoding,
    Memory,
    RelativePositionBias,
    RMSNorm,
    RotaryPositionalEncoding,
    SinusoidalPositionalEncoding,
    Transformer,
    TransformerWeights,
)
from attention_lib.modules.position_schemes import (
    POSITIONS,
    attention_positions,
    embedding_positions,
)
from attention_lib.training import fit, seeded, seq2seq_loss
from tests.helpers.transformer_example import built

B, T, S, C, H, F = 3, 5, 7, 12, 2, 11
SOURCE_VOCABULARY, TARGET_VOCABULARY = 19, 23
SIZES = {"d_model": C, "n_heads": H, "n_layers": 2, "d_ff": F}
SOURCE = torch.randint(SOURCE_VOCABULARY, (B, S), generator=torch.Generator().manual_seed(0))
LENGTHS = torch.tensor([7, 3, 1])
TARGET_IN = torch.randint(TARGET_VOCABULARY, (B, T), generator=torch.Generator().manual_seed(1))


def model(**options):
    if options.get("positions") == "learned":
        options = {"max_length": S, **options}
    return built(Transformer, SOURCE_VOCABULARY, TARGET_VOCABULARY, **SIZES | options)


@pytest.mark.parametrize("positions", POSITIONS)
def test_is_composed_of_its_parts(positions):
    ours = model(positions=positions)
    x = ours.source_embedding.weight[SOURCE] * math.sqrt(C)
    y = ours.target_embedding.weight[TARGET_IN] * math.sqrt(C)
    if positions in ("sinusoidal", "learned"):
        x, y = ours.source_positions(x), ours.target_positions(y)
    mask = (torch.arange(S) < LENGTHS[:, None])[:, None, None]
    states = ours.encoder(x, mask=mask) * mask[:, 0, 0, :, None]
    expected = ours.decoder(y, states, memory_mask=mask) @ ours.target_embedding.weight.T
    logits = ours(SOURCE, LENGTHS, TARGET_IN)
    assert logits.shape == (B, T, TARGET_VOCABULARY)
    assert_allclose(logits.detach(), expected.detach(), rtol=1e-9, atol=1e-10)
    memory = ours.encode(SOURCE, LENGTHS)
    assert isinstance(memory, Memory)
    assert_allclose(memory.states.detach(), states.detach(), rtol=1e-10, atol=1e-12)
    assert_array_equal(memory.mask, mask)
    assert_array_equal(ours.decode(TARGET_IN, memory).detach(), logits.detach())


def test_each_scheme_enters_at_its_place():
    kinds = {"sinusoidal": SinusoidalPositionalEncoding, "learned": LearnedPositionalEncoding}
    for positions in POSITIONS:
        ours = model(positions=positions)
        for one in (ours.source_positions, ours.target_positions):
            assert type(one) is kinds.get(positions, type(None))
        for stack, both in ((ours.encoder, True), (ours.decoder, False)):
            attention = stack.layers[0].self_attention
            rotary = RotaryPositionalEncoding if positions == "rotary" else type(None)
            assert type(attention.rotary) is rotary
            biases = {"alibi": ALiBi, "relative": RelativePositionBias}
            assert type(attention.position_bias) is biases.get(positions, type(None))
            if positions == "relative":
                assert attention.position_bias.bidirectional is both
                assert stack.layers[1].self_attention.position_bias is attention.position_bias
            if positions == "rotary":
                assert attention.rotary.d == C // H
    learned = model(positions="learned", max_length=17)
    assert learned.source_positions is not learned.target_positions
    assert learned.source_positions.weight.shape == (17, C)


def test_the_helpers_of_the_schemes():
    assert type(embedding_positions("sinusoidal", C)) is SinusoidalPositionalEncoding
    assert embedding_positions(None, C) is None
    assert attention_positions(None, C, H, bidirectional=True) == {}
    bias = attention_positions("alibi", C, H, bidirectional=True)["position_bias"]
    assert bias.n_heads == H


def test_defaults():
    ours = model()
    assert ours.readout.weight is ours.target_embedding.weight
    assert (ours.padding, ours.dropout, ours.d_model) == (0, 0.0, C)
    assert type(ours.source_positions) is SinusoidalPositionalEncoding
    assert (len(ours.encoder.layers), len(ours.decoder.layers)) == (2, 2)
    assert isinstance(ours.encoder.final_norm, LayerNorm)
    assert ours.readout.bias is None
    assert ours.source_embedding.weight.shape == (SOURCE_VOCABULARY, C)


def test_options_reach_the_stacks():
    options = {"norm": "rms", "activation": "gelu", "dropout": 0.2, "n_decoder_layers": 3}
    ours = model(**options, padding=22)
    assert (len(ours.encoder.layers), len(ours.decoder.layers), ours.padding) == (2, 3, 22)
    for layer in (*ours.encoder.layers, *ours.decoder.layers):
        assert isinstance(layer.feed_forward_norm, RMSNorm)
        assert layer.feed_forward.activation == "gelu"
        assert layer.dropout == 0.2
        assert layer.self_attention.n_heads == H
        assert layer.feed_forward.up_projection.weight.shape == (F, C)


def test_an_untied_readout_has_a_matrix_of_its_own():
    tied, untied = model(), model(tie_embeddings=False)
    assert untied.readout.weight is not untied.target_embedding.weight
    memory = untied.encode(SOURCE, LENGTHS)
    x = untied.target_positions(untied.target_embedding(TARGET_IN) * math.sqrt(C))
    h = untied.decoder(x, memory.states, memory_mask=memory.mask)
    expected = h @ untied.readout.weight.T
    assert_allclose(untied.decode(TARGET_IN, memory).detach(), expected.detach(), rtol=1e-10)
    count = [sum(one.numel() for one in each.parameters()) for each in (tied, untied)]
    assert count[1] - count[0] == TARGET_VOCABULARY * C


def test_the_start_is_of_size_one():
    with seeded(0):
        ours = Transformer(500, 500, d_model=64, n_heads=4, n_layers=1, d_ff=64)
        tokens = torch.randint(500, (8, 11))
    for embedding in (ours.source_embedding, ours.target_embedding):
        assert 0.95 < float(embedding.weight.detach().std()) * 8 < 1.05
    logits = ours(tokens, torch.full((8,), 11), tokens).detach()
    assert 0.8 < float(logits.std()) < 1.3


@pytest.mark.parametrize("positions", POSITIONS)
def test_padding_of_the_source_changes_nothing(positions):
    ours = model(positions=positions)
    real = torch.arange(S) < LENGTHS[:, None]
    changed = torch.where(real, SOURCE, (SOURCE + 5) % SOURCE_VOCABULARY)
    before, after = ours(SOURCE, LENGTHS, TARGET_IN), ours(changed, LENGTHS, TARGET_IN)
    assert_allclose(after.detach(), before.detach(), rtol=1e-9, atol=1e-11)
    alone = ours(SOURCE[1:2, :3], LENGTHS[1:2], TARGET_IN[1:2])
    assert_allclose(before[1:2].detach(), alone.detach(), rtol=1e-9, atol=1e-11)
    assert_array_equal(ours.encode(SOURCE, LENGTHS).states[~real].detach(), torch.zeros(10, C))


@pytest.mark.parametrize("positions", POSITIONS)
def test_no_token_sees_a_later_one(positions):
    ours = model(positions=positions)
    changed = TARGET_IN.clone()
    changed[:, 3:] = (changed[:, 3:] + 5) % TARGET_VOCABULARY
    before, after = (ours(SOURCE, LENGTHS, one).detach() for one in (TARGET_IN, changed))
    assert_allclose(after[:, :3], before[:, :3], rtol=1e-9, atol=1e-11)
    assert not torch.allclose(after[:, 3:], before[:, 3:])


@pytest.mark.parametrize("positions", POSITIONS)
def test_cached_equals_uncached(positions):
    ours = model(positions=positions)
    with torch.no_grad():
        memory = ours.encode(SOURCE, LENGTHS)
        expected, expected_weights = ours.decode(TARGET_IN, memory, return_weights=True)
        caches, outputs = ours.new_caches(), []
        for one in TARGET_IN.split(1, dim=1):
            logits, weights = ours.decode(one, memory, caches=caches, return_weights=True)
            outputs.append(logits)
        assert_allclose(torch.cat(outputs, dim=1), expected, rtol=1e-8, atol=1e-10)
        for one, other in zip(weights[1], expected_weights[1], strict=True):
            assert_allclose(one, other[:, :, -1:], rtol=1e-8)
        # The rows go on in another order, one of them twice.
        caches, rows = ours.new_caches(max_length=T), torch.tensor([2, 0, 2])
        ours.decode(TARGET_IN[:, :2], memory, caches=caches)
        for cache in caches:
            cache.reorder(rows)
        chosen = memory.reorder(rows)
        logits = ours.decode(TARGET_IN[rows, 2:], chosen, caches=caches)
        assert_allclose(logits, expected[rows, 2:], rtol=1e-8, atol=1e-10)
    assert caches[1].self_attention.max_length == T


def test_a_single_layer_is_cached_too():
    ours = model(n_decoder_layers=1)
    with torch.no_grad():
        memory, caches = ours.encode(SOURCE, LENGTHS), ours.new_caches()
        outputs = [ours.decode(one, memory, caches=caches) for one in TARGET_IN.split(2, dim=1)]
        expected = ours.decode(TARGET_IN, memory)
    assert_allclose(torch.cat(outputs, dim=1), expected, rtol=1e-8, atol=1e-10)


def test_memory_is_reordered_as_a_whole():
    memory = model().encode(SOURCE, LENGTHS).reorder(torch.tensor([2, 1]))
    assert isinstance(memory, Memory)
    expected = model().encode(SOURCE[[2, 1]], LENGTHS[[2, 1]])
    assert_allclose(memory.states.detach(), expected.states.detach(), rtol=1e-10)
    assert_array_equal(memory.mask, expected.mask)


def test_weights_of_all_layers():
    ours = model()
    logits, weights = ours(SOURCE, LENGTHS, TARGET_IN, return_weights=True)
    assert isinstance(weights, TransformerWeights)
    expected = ours(SOURCE, LENGTHS, TARGET_IN).detach()
    assert_allclose(logits.detach(), expected, rtol=1e-9, atol=1e-11)
    assert [tuple(one.shape) for one in weights.encoder] == [(B, H, S, S)] * 2
    assert all(isinstance(one, DecoderWeights) for one in weights.decoder)
    assert [tuple(one.self_attention.shape) for one in weights.decoder] == [(B, H, T, T)] * 2
    assert [tuple(one.cross_attention.shape) for one in weights.decoder] == [(B, H, T, S)] * 2
    assert_array_equal(
        weights.decoder[1].cross_attention[2, :, :, 1:].detach(), torch.zeros(H, T, 6)
    )
    memory, reading = ours.encode(SOURCE, LENGTHS, return_weights=True)
    assert_allclose(reading[1].detach(), weights.encoder[1].detach(), rtol=1e-10)
    _, writing = ours.decode(TARGET_IN, memory, return_weights=True)
    assert_allclose(
        writing[1].cross_attention.detach(),
        weights.decoder[1].cross_attention.detach(),
        rtol=1e-9,
    )


def test_dropout_acts_on_the_embeddings_in_training_only():
    ours = model(dropout=0.4, norm=None)
    rested = ours(SOURCE, LENGTHS, TARGET_IN)
    assert_array_equal(ours(SOURCE, LENGTHS, TARGET_IN).detach(), rested.detach())
    for layer in (*ours.encoder.layers, *ours.decoder.layers):
        for one in (layer, layer.self_attention, layer.feed_forward):
            one.dropout = 0.0
    ours.train()
    seen = []
    ours.encoder.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    with seeded(3):
        ours.encode(SOURCE, LENGTHS)
    x = ours.source_positions(ours.source_embedding(SOURCE) * math.sqrt(C))
    with seeded(3):
        expected = nn.functional.dropout(x, p=0.4)
    assert_allclose(seen[0].detach(), expected.detach(), rtol=1e-12, atol=1e-13)


MODEL = model()
MEMORY = MODEL.encode(SOURCE, LENGTHS)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: Transformer(0, 5, **SIZES),
            ValueError,
            "^source_vocabulary must be at least 1, got 0$",
        ),
        (
            lambda: Transformer(5, 0, **SIZES),
            ValueError,
            "^target_vocabulary must be at least 1, got 0$",
        ),
        (lambda: model(d_model=0), ValueError, "^d_model must be at least 1, got 0$"),
        (lambda: model(n_heads=0), ValueError, "^n_heads must be at least 1, got 0$"),
        (
            lambda: model(n_heads=0, positions="rotary"),
            ValueError,
            "^n_heads must be at least 1, got 0$",
        ),
        (lambda: model(n_layers=0), ValueError, "must be at least 1, got 0$"),
        (
            lambda: model(n_decoder_layers=0),
            ValueError,
            "^n_decoder_layers must be at least 1, got 0$",
        ),
        (lambda: model(padding=-1), ValueError, "^padding must be at least 0, got -1$"),
        (
            lambda: model(padding=23),
            ValueError,
            r"^padding must be a target token id in 0\.\.22, got 23$",
        ),
        (
            lambda: model(tie_embeddings=1),
            TypeError,
            "^tie_embeddings must be True or False, got int$",
        ),
        (lambda: model(dropout=1.0), ValueError, r"^dropout must lie in \[0, 1\), got 1\.0$"),
        (
            lambda: model(positions="rope"),
            ValueError,
            "^positions must be one of 'sinusoidal', 'learned', 'rotary', 'alibi', 'relative', "
            "None, got 'rope'$",
        ),
        (
            lambda: model(positions="learned", max_length=None),
            ValueError,
            '^max_length must be given for positions="learned" and for no other, '
            "got positions='learned' and max_length=None$",
        ),
        (
            lambda: model(max_length=7),
            ValueError,
            "got positions='sinusoidal' and max_length=7$",
        ),
        (
            lambda: model(positions="learned", max_length=0),
            ValueError,
            "^max_length must be at least 1, got 0$",
        ),
        (lambda: embedding_positions("rope", C), ValueError, "^positions must be one of"),
        (lambda: attention_positions("rope", C, H, bidirectional=True), ValueError, "^positions"),
        (lambda: model(norm_last=True), TypeError, "norm_last"),
        (lambda: MODEL(SOURCE.float(), LENGTHS, TARGET_IN), TypeError, "^source must hold token"),
        (
            lambda: MODEL(SOURCE + 19, LENGTHS, TARGET_IN),
            ValueError,
            r"^source must hold token ids in 0\.\.18, got",
        ),
        (lambda: MODEL(SOURCE, LENGTHS + 1, TARGET_IN), ValueError, r"lie in 1\.\.7, got 2\.\.8$"),
        (
            lambda: MODEL(SOURCE, LENGTHS, TARGET_IN + 23),
            ValueError,
            r"^target_in must hold token ids in 0\.\.22, got",
        ),
        (
            lambda: MODEL(SOURCE, LENGTHS, TARGET_IN[:2]),
            ValueError,
            r"^target_in must have 3 rows like the source, got shape \(2, 5\)$",
        ),
        (
            lambda: MODEL(SOURCE, LENGTHS, TARGET_IN, return_weights=1),
            TypeError,
            "^return_weights must be True or False, got int$",
        ),
        (
            lambda: MODEL.decode(TARGET_IN, MEMORY.states),
            TypeError,
            "^memory must be a Memory, got Tensor$",
        ),
        (
            lambda: MODEL.decode(TARGET_IN, MEMORY, caches=MODEL.new_caches()[:1]),
            ValueError,
            "^caches must hold one cache for each of the 2 layers, got 1$",
        ),
        (
            lambda: MODEL.decode(TARGET_IN, MEMORY, caches=3),
            TypeError,
            "^caches must be a list, one for each layer, got int$",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.whole
def test_it_learns_to_reverse_and_does_so_again():
    def batch(step):
        lengths = {"min_length": 3, "max_length": 5}
        return reverse_task(32, vocabulary=7, seed=step, **lengths)

    def run():
        with seeded(0):
            ours = Transformer(11, 11, d_model=16, n_heads=2, n_layers=1, d_ff=32)
        history = fit(
            ours, batch, seq2seq_loss, steps=40, learning_rate=1e-2, seed=0, progress=False
        )
        return history.losses

    first, second = run(), run()
    assert first == second
    assert first[0] > 2
    assert sum(first[-5:]) / 5 < 0.8 * first[0]
