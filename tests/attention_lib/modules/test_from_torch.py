"""Layers and stacks that take over torch's: the same outputs and the same gradients."""

import copy
import warnings

import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from attention_lib.modules import (
    LayerNorm,
    RMSNorm,
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from attention_lib.training import seeded
from tests.helpers.transformer_example import (
    B,
    C,
    S,
    T,
    gradients_of,
    normal,
    perturbed,
    torch_layer,
    turned,
)

X, MEMORY = normal(B, T, C), normal(B, S, C, seed=1)
REAL = torch.arange(T) < torch.tensor([5, 2, 3])[:, None]  # [B, T]
REAL_MEMORY = torch.arange(S) < torch.tensor([7, 4, 1])[:, None]
SEEN = torch.ones(T, T).tril(2).bool()
LAYERS = [
    {},
    {"norm_first": True},
    {"activation": "gelu", "batch_first": True},
    {"bias": False, "norm_first": True, "batch_first": True, "activation": "gelu"},
    {"bias": False, "layer_norm_eps": 0.3},
]


def same_gradients(ours, theirs, output, expected, tolerance=1e-10):
    """Two losses on real positions only: the gradient of every parameter of ours is theirs."""
    weight = normal(*output.shape, seed=9).to(output.dtype)
    theirs.zero_grad()
    (output * weight).sum().backward()
    (expected * weight).sum().backward()
    for name, one in ours.named_parameters():
        gradient = gradients_of(theirs, name)
        assert_allclose(one.grad, gradient, rtol=tolerance, atol=tolerance, err_msg=name)
    count = sum(one.numel() for one in theirs.parameters())
    assert sum(one.numel() for one in ours.parameters()) == count


@pytest.mark.parametrize("options", LAYERS)
@pytest.mark.parametrize("training", [True, False])
def test_encoder_layer(options, training):
    theirs = torch_layer(nn.TransformerEncoderLayer, **options).train(training)
    ours = TransformerEncoderLayer.from_torch(theirs)
    assert ours.training is training
    expected = theirs(
        turned(X, theirs), src_mask=~SEEN, src_key_padding_mask=~REAL, is_causal=False
    )
    expected = turned(expected, theirs)[REAL]
    output = ours(X, mask=SEEN & REAL[:, None, None])[REAL]
    assert_allclose(output.detach(), expected.detach(), rtol=1e-10, atol=1e-10)
    same_gradients(ours, theirs, output, expected)


@pytest.mark.parametrize("options", LAYERS[:4])
@pytest.mark.parametrize("norm", [None, nn.LayerNorm, nn.RMSNorm])
def test_encoder(options, norm):
    layer = torch_layer(nn.TransformerEncoderLayer, **options)
    norm = None if norm is None else norm(C, dtype=torch.float64)
    theirs = nn.TransformerEncoder(layer, 2, norm=norm, enable_nested_tensor=False)
    perturbed(theirs)
    ours = TransformerEncoder.from_torch(theirs)
    assert type(ours.final_norm) is {None: type(None), nn.LayerNorm: LayerNorm}.get(
        norm if norm is None else type(norm), RMSNorm
    )
    causal = nn.Transformer.generate_square_subsequent_mask(T, dtype=torch.float64)
    expected = turned(theirs(turned(X, theirs), mask=causal, is_causal=True), theirs)
    output = ours(X, causal=True)
    assert_allclose(output.detach(), expected.detach(), rtol=1e-9, atol=1e-10)
    same_gradients(ours, theirs, output, expected)


@pytest.mark.parametrize("options", LAYERS)
@pytest.mark.parametrize("training", [True, False])
def test_decoder_layer(options, training):
    theirs = torch_layer(nn.TransformerDecoderLayer, **options).train(training)
    ours = TransformerDecoderLayer.from_torch(theirs)
    assert ours.training is training
    causal = torch.ones(T, T).tril().bool()
    expected = theirs(
        turned(X, theirs),
        turned(MEMORY, theirs),
        tgt_mask=~causal,
        tgt_key_padding_mask=~REAL,
        memory_key_padding_mask=~REAL_MEMORY,
    )
    expected = turned(expected, theirs)[REAL]
    output = ours(X, MEMORY, mask=REAL[:, None, None], memory_mask=REAL_MEMORY[:, None, None])
    output = output[REAL]
    assert_allclose(output.detach(), expected.detach(), rtol=1e-10, atol=1e-10)
    same_gradients(ours, theirs, output, expected)


@pytest.mark.parametrize("options", LAYERS[:4])
@pytest.mark.parametrize("norm", [True, False])
def test_decoder(options, norm):
    layer = torch_layer(nn.TransformerDecoderLayer, **options)
    norm = nn.LayerNorm(C, dtype=torch.float64) if norm else None
    theirs = perturbed(nn.TransformerDecoder(layer, 2, norm=norm)).eval()
    ours = TransformerDecoder.from_torch(theirs)
    assert not ours.training
    assert not ours.layers[1].self_attention.training
    assert (ours.final_norm is None) == (norm is None)
    expected = turned(theirs(turned(X, theirs), turned(MEMORY, theirs)), theirs)
    output = ours(X, MEMORY, causal=False)
    assert_allclose(output.detach(), expected.detach(), rtol=1e-9, atol=1e-10)
    same_gradients(ours, theirs, output, expected)


def test_a_stack_of_one_layer():
    theirs = nn.TransformerDecoder(torch_layer(nn.TransformerDecoderLayer), 1)
    assert len(TransformerDecoder.from_torch(theirs).layers) == 1


def test_float32_agrees_to_its_own_precision():
    theirs = torch_layer(nn.TransformerEncoderLayer, batch_first=True).float().eval()
    ours = TransformerEncoderLayer.from_torch(theirs)
    x = X.float()
    output, expected = ours(x), theirs(x)
    assert output.dtype == torch.float32
    assert_allclose(output.detach(), expected.detach(), rtol=1e-5, atol=1e-5)
    same_gradients(ours, theirs, output, expected, tolerance=1e-4)


def test_the_fast_path_of_torch_says_the_same():
    theirs = torch_layer(nn.TransformerEncoderLayer, batch_first=True).eval()
    ours = TransformerEncoderLayer.from_torch(theirs)
    with torch.no_grad():
        assert_allclose(ours(X), theirs(X), rtol=1e-10, atol=1e-11)


def test_dropout_is_taken_over_and_stands_where_theirs_stands():
    theirs = torch_layer(nn.TransformerDecoderLayer, dropout=0.4, batch_first=True).train()
    theirs.dropout.p, theirs.self_attn.dropout = 0.3, 0.2
    ours = TransformerDecoderLayer.from_torch(theirs)
    assert (ours.dropout, ours.feed_forward.dropout) == (0.4, 0.3)
    assert (ours.self_attention.dropout, ours.cross_attention.dropout) == (0.2, 0.4)
    # Dropout draws in the order of memory: the two agree for one row, attention weights left out.
    theirs.self_attn.dropout = theirs.multihead_attn.dropout = 0.0
    ours = TransformerDecoderLayer.from_torch(theirs)
    with seeded(3):
        expected = theirs(X[:1], MEMORY[:1])
    with seeded(3):
        output = ours(X[:1], MEMORY[:1], causal=False)
    assert_allclose(output.detach(), expected.detach(), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize(
    ("activation", "name"),
    [
        (nn.functional.relu, "relu"),
        (torch.relu, "relu"),
        (nn.ReLU(), "relu"),
        (nn.functional.gelu, "gelu"),
        (nn.GELU(), "gelu"),
        (nn.GELU(approximate="tanh"), "gelu_tanh"),
    ],
)
def test_activations(activation, name):
    theirs = torch_layer(nn.TransformerEncoderLayer, activation=activation).train()
    ours = TransformerEncoderLayer.from_torch(theirs)
    assert ours.feed_forward.activation == name
    expected = turned(theirs(turned(X, theirs)), theirs)
    assert_allclose(ours(X).detach(), expected.detach(), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize(
    ("make", "theirs"),
    [
        (TransformerEncoderLayer, torch_layer(nn.TransformerEncoderLayer)),
        (TransformerDecoder, nn.TransformerDecoder(torch_layer(nn.TransformerDecoderLayer), 2)),
    ],
)
def test_copies_are_independent_and_complete(make, theirs):
    ours = make.from_torch(theirs)
    before = copy.deepcopy(ours.state_dict())
    with torch.no_grad():
        for one in theirs.parameters():
            one.add_(1)
    for name, one in ours.state_dict().items():
        assert_array_equal(one, before[name])
    assert all(one.requires_grad and one.device.type == "cpu" for one in ours.parameters())


def broken(change, kind=nn.TransformerEncoderLayer):
    theirs = torch_layer(kind)
    change(theirs)
    return theirs


def gelu_of_another_kind(theirs):
    theirs.activation = nn.SiLU()


def uneven_dropout(theirs):
    theirs.dropout1.p = 0.3


def another_norm(theirs):
    theirs.norm2 = nn.BatchNorm1d(C)


ENCODER_LAYER = torch_layer(nn.TransformerEncoderLayer)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: TransformerEncoderLayer.from_torch(nn.Linear(2, 2)),
            TypeError,
            r"^module must be a torch\.nn\.TransformerEncoderLayer, got Linear$",
        ),
        (
            lambda: TransformerDecoderLayer.from_torch(ENCODER_LAYER),
            TypeError,
            r"^module must be a torch\.nn\.TransformerDecoderLayer, got TransformerEncoderLayer$",
        ),
        (
            lambda: TransformerEncoder.from_torch(ENCODER_LAYER),
            TypeError,
            r"^module must be a torch\.nn\.TransformerEncoder, got TransformerEncoderLayer$",
        ),
        (
            lambda: TransformerDecoder.from_torch(ENCODER_LAYER),
            TypeError,
            r"^module must be a torch\.nn\.TransformerDecoder, got TransformerEncoderLayer$",
        ),
        (
            lambda: TransformerEncoderLayer.from_torch(broken(gelu_of_another_kind)),
            ValueError,
            "^the activation of module must be ReLU or GELU, got SiLU$",
        ),
        (
            lambda: TransformerEncoderLayer.from_torch(
                torch_layer(nn.TransformerEncoderLayer, activation=nn.functional.silu)
            ),
            ValueError,
            "^the activation of module must be ReLU or GELU, got silu$",
        ),
        (
            lambda: TransformerEncoderLayer.from_torch(broken(uneven_dropout)),
            ValueError,
            r"^the dropouts of module on the stream must be equal, "
            r"got dropout1 0\.3, dropout2 0\.0$",
        ),
        (
            lambda: TransformerDecoderLayer.from_torch(
                broken(uneven_dropout, nn.TransformerDecoderLayer)
            ),
            ValueError,
            r"got dropout1 0\.3, dropout2 0\.0, dropout3 0\.0$",
        ),
        (
            lambda: TransformerEncoderLayer.from_torch(broken(another_norm)),
            TypeError,
            r"^a norm must be a torch\.nn\.LayerNorm or torch\.nn\.RMSNorm, got BatchNorm1d$",
        ),
        (
            lambda: TransformerEncoder.from_torch(
                nn.TransformerEncoder(ENCODER_LAYER, 0, enable_nested_tensor=False)
            ),
            ValueError,
            "^module must have at least one layer, got none$",
        ),
    ],
)
def test_what_cannot_be_represented_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


SIZES = {"num_encoder_layers": 2, "num_decoder_layers": 3, "dim_feedforward": 11, "dropout": 0.0}
SOURCE = torch.tensor([[3, 2, 1, 4, 5, 6, 7]] * B) % 11
TARGET = torch.tensor([[1, 5, 4, 2, 6]] * B) % 11


def torch_transformer(width=C, **options):
    """PyTorch's Transformer; it warns of what it will not do with batches of unequal lengths."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Transformer(width, 2, **{**SIZES, **options})


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", None])
@pytest.mark.parametrize("options", [*LAYERS, {"num_decoder_layers": 1}])
@pytest.mark.parametrize("training", [True, False])
def test_transformer(options, positions, training):
    """Behind our embeddings and before our readout PyTorch's module computes the same."""
    with torch.no_grad():
        theirs = perturbed(torch_transformer(**{**options, "batch_first": True}))
    theirs.double().train(training)
    length = max(SOURCE.shape[1], TARGET.shape[1]) if positions == "learned" else None
    ours = Transformer.from_torch(theirs, 11, 11, positions=positions, max_length=length)
    assert (ours.training, ours.encoder.layers[0].training) == (training, training)
    lengths = torch.tensor([7, 4, 1])
    padding = torch.arange(SOURCE.shape[1]) >= lengths[:, None]
    embedded = [
        ours._embed(SOURCE, ours.source_embedding, ours.source_positions, 0),
        ours._embed(TARGET, ours.target_embedding, ours.target_positions, 0),
    ]
    masks = {"src_key_padding_mask": padding, "memory_key_padding_mask": padding}
    future = torch.ones(TARGET.shape[1], TARGET.shape[1]).triu(1).bool()
    expected = ours.readout(theirs(*embedded, tgt_mask=future, **masks))
    output = ours(SOURCE, lengths, TARGET)
    assert_allclose(output.detach(), expected.detach(), rtol=1e-9, atol=1e-11)


def test_a_transformer_is_a_copy_that_can_be_trained_alone():
    theirs = torch_transformer(dtype=torch.float64)
    ours = Transformer.from_torch(theirs, 11, 13, tie_embeddings=False, padding=2, dropout=0.25)
    assert {one.dtype for one in ours.parameters()} == {torch.float64}
    assert (ours.padding, ours.dropout, ours.readout.out_features) == (2, 0.25, 13)
    shared = {one.data_ptr() for one in theirs.parameters()}
    assert not shared & {one.data_ptr() for one in ours.parameters()}


@pytest.mark.parametrize(
    ("make", "options", "error", "message"),
    [
        (
            lambda: nn.Linear(2, 2),
            {},
            TypeError,
            r"^module must be a torch\.nn\.Transformer, got Linear$",
        ),
        (
            lambda: torch_transformer(custom_encoder=nn.Identity()),
            {},
            TypeError,
            r"^module must be a torch\.nn\.TransformerEncoder, got Identity$",
        ),
        (
            lambda: torch_transformer(custom_decoder=nn.Identity()),
            {},
            TypeError,
            r"^module must be a torch\.nn\.TransformerDecoder, got Identity$",
        ),
        (
            lambda: torch_transformer(
                custom_encoder=torch_transformer(2 * C).encoder,
            ),
            {},
            ValueError,
            rf"^module must have an encoder and a decoder of one width, got {2 * C} and {C}$",
        ),
        (
            lambda: torch_transformer(activation=torch.tanh),
            {},
            ValueError,
            "^the activation of module must be ReLU or GELU, got tanh$",
        ),
        (
            lambda: torch_transformer(),
            {"positions": "rotary"},
            ValueError,
            "^positions must be one of 'sinusoidal', 'learned', None, got 'rotary'$",
        ),
    ],
)
def test_a_transformer_that_has_no_like_is_named(make, options, error, message):
    with pytest.raises(error, match=message):
        Transformer.from_torch(make(), 11, 11, **options)
