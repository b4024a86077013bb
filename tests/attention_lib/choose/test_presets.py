"""TransformerConfig: its counts against the models that it builds, and what it refuses."""

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, replace

import numpy as np
import pytest
import torch

from attention_lib import modules
from attention_lib.choose import TransformerConfig
from attention_lib.choose.preset_settings import ATTENTIONS
from attention_lib.choose.presets import PRESETS
from attention_lib.cost import readable
from attention_lib.training import seeded
from tests.helpers.torch_counts import count_parameters, matmul_flops, peak_bytes

SIZES = {  # d_model, n_heads, d_ff, n_layers, max_length
    "nlp": (768, 12, 3072, 12, 512),
    "vision": (512, 8, 2048, 6, 196),
    "long_seq": (512, 8, 2048, 12, 16384),
}
SMALL = {"d_model": 24, "n_heads": 3, "d_ff": 40, "n_layers": 2, "max_length": 300}
SMALL_SETTINGS = {
    "sliding_window": {"window": 9},
    "block_sparse": {"block_size": 8},
    "performer": {"n_features": 11},
}


def small(task, **changes):
    end = {"patch_width": 5} if task == "vision" else {"vocabulary": 31}
    if task == "long_seq":
        changes = {"attention_settings": SMALL_SETTINGS["block_sparse"]} | changes
    return TransformerConfig.for_task(task, **{**SMALL, **end, **changes})


def inputs_of(config, n, batch=1, device="cpu"):
    with seeded(0):
        if config.vocabulary is None:
            return torch.randn(batch, n, config.patch_width, device=device)
        return torch.randint(0, config.vocabulary, (batch, n), device=device)


@pytest.mark.parametrize("task", SIZES)
def test_the_presets_at_full_size(task):
    config = TransformerConfig.for_task(task)
    sizes = ("d_model", "n_heads", "d_ff", "n_layers", "max_length")
    assert tuple(getattr(config, name) for name in sizes) == SIZES[task]
    assert config.attention == ("block_sparse" if task == "long_seq" else "dense")
    with torch.device("meta"):  # shapes without numbers
        model = config.build()
    assert isinstance(model, modules.SequenceEncoder)
    assert config.parameter_count() == count_parameters(model)


def test_what_a_bert_of_the_base_size_has():
    """All but the embedding of the two sentences, the norm after it and the last layer."""
    sentences, norm, last = 2 * 768, 2 * 768, 768 * 768 + 768
    published = 109_482_240  # of the released uncased model
    ours = TransformerConfig.for_task("nlp").parameter_count()
    assert ours + sentences + norm + last == published


@pytest.mark.parametrize("task", SIZES)
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_counts_of_the_model_that_is_built(task, attention):
    config = small(
        task,
        attention=attention,
        attention_settings=SMALL_SETTINGS.get(attention, {}),
        n_classes=7 if task == "vision" else None,
        dropout=0.0,
    )
    model, n = config.build(), 211
    inputs = inputs_of(config, n, batch=2)

    def run():
        return model(inputs)

    assert config.parameter_count() == count_parameters(model)
    assert config.flops(n, batch=2) == matmul_flops(torch.no_grad()(run))
    assert config.flops(n, batch=2, training=True) == matmul_flops(run, training=True) + (
        _unseen(config, n)
    )
    weights = 4 * config.parameter_count()
    taken = inputs.nbytes * inputs.is_floating_point()
    measured = weights + peak_bytes(run) + taken
    # a window folds batch and heads into one axis: a copy where there are several of both
    assert 0.9 <= measured / config.memory(n, batch=2) <= 1.5
    model.zero_grad()
    measured = 3 * weights + taken + peak_bytes(run, training=True)  # two moments
    assert 0.9 <= measured / config.memory(n, batch=2, training=True) <= 1.3


def _unseen(config, n):
    """Patches get no gradient, which the count has, as for every input of a linear map."""
    return 0 if config.patch_width is None else 2 * 2 * n * config.patch_width * config.d_model


@pytest.mark.parametrize("task", SIZES)
def test_a_small_model_trains_a_step(task):
    config = small(task, n_classes=3, dropout=0.1)
    with seeded(0):
        model = config.build()
    inputs, classes = inputs_of(config, 37, batch=5), torch.tensor([0, 1, 2, 0, 1])
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    before = [one.clone() for one in model.parameters()]
    with seeded(0):
        losses = []
        for _ in range(12):
            optimiser.zero_grad()
            logits = model(inputs, torch.tensor([37, 31, 29, 2, 37]))
            losses.append(torch.nn.functional.cross_entropy(logits, classes))
            losses[-1].backward()
            optimiser.step()
    assert logits.shape == (5, 3)
    assert losses[-1] < losses[0]
    for old, new in zip(before, model.parameters(), strict=True):
        assert not torch.equal(old, new)


@pytest.mark.whole
def test_long_seq_reads_a_long_sequence():
    """One of its twelve layers, at its width, over 4,096 tokens."""
    config = TransformerConfig.for_task("long_seq", n_layers=1)
    with torch.no_grad(), seeded(0):
        model = config.build().eval()
        hidden = model(inputs_of(config, 4096))
    assert hidden.shape == (1, 4096, 512)
    assert hidden.isfinite().all()
    mechanism = model.stack.layers[0].self_attention.mechanism
    assert isinstance(mechanism, modules.BlockSparseAttention)
    assert mechanism.block_size == 64


def test_long_seq_costs_less_than_dense_attention():
    sparse = TransformerConfig.for_task("long_seq")
    dense = replace(sparse, attention="dense", attention_settings={})
    assert dense.parameter_count() == sparse.parameter_count()
    assert dense.flops() > 4 * sparse.flops()
    ours, theirs = (sparse.flops(2 * n) / sparse.flops(n) for n in (4096, 8192))
    assert max(ours, theirs) < 2.1


def test_changes_take_the_place_of_a_preset():
    config = TransformerConfig.for_task("nlp", n_layers=2, dropout=0.0, norm_first=True)
    assert (config.n_layers, config.dropout, config.norm_first, config.task) == (
        2,
        0.0,
        True,
        "nlp",
    )
    layer = config.build().stack.layers[1]
    assert layer.norm_first
    assert layer.dropout == 0.0
    patches = TransformerConfig.for_task("nlp", patch_width=9)
    assert (patches.vocabulary, patches.patch_width) == (None, 9)
    tokens = TransformerConfig.for_task("vision", vocabulary=9)
    assert (tokens.vocabulary, tokens.patch_width) == (9, None)
    assert small("nlp", positions="alibi").flops(7) == small("nlp", positions=None).flops(7)


def test_settings_of_an_attention_are_filled_in():
    window = TransformerConfig.for_task(
        "long_seq", attention="sliding_window", attention_settings={"n_sinks": 4}
    )
    assert window.attention_settings == {"window": 256, "n_sinks": 4}
    assert window.build().stack.layers[0].self_attention.mechanism.n_sinks == 4
    blocks = TransformerConfig.for_task("long_seq").attention_settings
    assert blocks == {
        "block_size": 64,
        "window_blocks": 3,
        "global_blocks": 2,
        "random_blocks": 3,
        "seed": 0,
    }
    assert TransformerConfig.for_task("nlp").attention_settings == {}


def test_it_is_a_value():
    one, same = small("long_seq"), small("long_seq")
    assert one == same
    assert hash(one) == hash(same)
    assert one != replace(one, dropout=0.2)
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one
    assert TransformerConfig(**asdict(one)) == one
    with pytest.raises(FrozenInstanceError):
        one.n_layers = 3


def test_defaults():
    config = TransformerConfig(
        task="vision", d_model=8, n_heads=2, d_ff=9, n_layers=1, max_length=7, vocabulary=3
    )
    assert (config.attention, config.positions, config.activation) == ("dense", "learned", "gelu")
    assert (config.norm_first, config.dropout, config.n_classes) == (True, 0.0, None)
    assert config.cost() == config.cost(7, batch=1, training=False, itemsize=4)
    assert config.flops() == config.cost().matmul_flops
    assert config.memory(itemsize=2) < config.memory() == config.cost().memory_bytes
    trained = config.cost(training=True)
    assert config.memory(training=True) == trained.memory_bytes + 3 * 4 * trained.parameters


def test_sizes_of_numpy_s_small_integers_do_not_overflow():
    sizes = {"d_model": 96, "n_heads": 3, "d_ff": 120, "n_layers": 2, "max_length": 127}
    ends, settings = {"vocabulary": 126, "n_classes": 101}, {"window": 100, "n_sinks": 0}
    expected = TransformerConfig(
        task="nlp", attention="sliding_window", attention_settings=settings, **sizes, **ends
    )
    sizes, ends, settings = (
        {name: np.int8(size) for name, size in one.items()} for one in (sizes, ends, settings)
    )
    config = TransformerConfig(
        task="nlp", attention="sliding_window", attention_settings=settings, **sizes, **ends
    )
    assert repr(config) == repr(expected)
    given = {"n": np.int8(125), "batch": np.int8(99), "training": True, "itemsize": np.int8(4)}
    assert config.memory(**given) == expected.memory(125, batch=99, training=True)


@pytest.mark.parametrize(
    ("config", "lines"),
    [
        (
            small("vision", n_classes=7),
            [
                "task                vision",
                "reads               up to 300 patches of 5 numbers",
                "gives               logits of 7 classes",
                "width               24, 40 inside",
                "layers              2, pre-LN",
                "heads               3 of width 8",
                "attention           dense",
                "positions           learned",
                "activation          gelu, dropout 0.1",
            ],
        ),
        (
            small("nlp", attention="sliding_window"),
            [
                "reads               up to 300 tokens, 31 different",
                "gives               vectors",
                "layers              2, post-LN",
                "attention           sliding_window (window=256, n_sinks=0)",
            ],
        ),
    ],
)
def test_the_table_is_readable(config, lines):
    shown = config.describe().splitlines()
    assert str(config) == config.describe()
    assert [line for line in shown if line in lines] == lines
    assert shown[-3] == f"parameters          {config.parameter_count():,}"
    for line, training in ((shown[-2], False), (shown[-1], True)):
        flops, memory = config.flops(training=training), config.memory(training=training)
        assert readable(flops, "FLOP") in line
        assert line.endswith(f"{readable(memory, 'B')} at 300")


GOOD = {"task": "nlp", **SMALL, "vocabulary": 31}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"task": "audio"},
            ValueError,
            "^task must be one of 'nlp', 'vision', 'long_seq', got 'audio'$",
        ),
        ({"n_heads": 5}, ValueError, "n_heads must divide d_model, got n_heads 5 and 24"),
        ({"d_model": 0}, ValueError, "^d_model must be at least 1, got 0$"),
        ({"n_layers": 2.0}, TypeError, "^n_layers must be an integer, got float$"),
        ({"max_length": 0}, ValueError, "^max_length must be at least 1, got 0$"),
        ({"d_ff": -1}, ValueError, "^d_ff must be at least 1, got -1$"),
        (
            {"attention": "sparse"},
            ValueError,
            "^attention must be one of 'dense', 'sliding_window', 'block_sparse', 'linear', "
            "'performer', got 'sparse'$",
        ),
        (
            {"attention": "sliding_window", "attention_settings": {"window": 2.5}},
            TypeError,
            "^window must be an integer, got float$",
        ),
        (
            {"attention": "sliding_window", "attention_settings": {"window": -1}},
            ValueError,
            "^window must be at least 0, got -1$",
        ),
        (
            {"attention": "sliding_window", "attention_settings": {"width": 3}},
            ValueError,
            r"^attention_settings must be among those of 'sliding_window' \(window, n_sinks\), "
            "got 'width'$",
        ),
        (
            {"attention_settings": {"window": 3}},
            ValueError,
            r"^attention_settings must be among those of 'dense' \(it has none\), got 'window'$",
        ),
        (
            {"attention_settings": 256},
            TypeError,
            "^attention_settings must map names to values, got int$",
        ),
        (
            {"attention": "block_sparse", "attention_settings": {"window_blocks": 2}},
            ValueError,
            "^window_blocks must be odd, got 2$",
        ),
        (
            {"attention": "linear", "positions": "alibi"},
            ValueError,
            "^positions with attention='linear' must be one of 'sinusoidal', 'learned', 'rotary', "
            "None, got 'alibi'$",
        ),
        (
            {"positions": "wavy"},
            ValueError,
            "^positions with attention='dense' must be one of 'sinusoidal', 'learned', 'rotary', "
            "'alibi', 'relative', None, got 'wavy'$",
        ),
        (
            {"positions": "sinusoidal", "d_model": 21},
            ValueError,
            "^d_model with positions='sinusoidal' must be even, got 21$",
        ),
        (
            {"positions": "rotary", "n_heads": 8},
            ValueError,
            "^d_model / n_heads with positions='rotary' must be even, got 3$",
        ),
        (
            {"activation": "tanh"},
            ValueError,
            "^activation must be one of 'relu', 'gelu', 'gelu_tanh', 'swiglu', got 'tanh'$",
        ),
        ({"norm_first": 1}, TypeError, "^norm_first must be True or False, got int$"),
        ({"dropout": 1.0}, ValueError, r"^dropout must lie in \[0, 1\), got 1.0$"),
        ({"n_classes": 0}, ValueError, "^n_classes must be at least 1, got 0$"),
        ({"vocabulary": 0}, ValueError, "^vocabulary must be at least 1, got 0$"),
        (
            {"patch_width": 4},
            ValueError,
            r"^exactly one of vocabulary \(for tokens\) and patch_width \(for patches\) must be "
            "given, got 31 and 4$",
        ),
        ({"vocabulary": None}, ValueError, "exactly one of .* got None and None$"),
    ],
)
def test_impossible_settings_are_named(changes, error, message):
    with pytest.raises(error, match=message):
        TransformerConfig(**{**GOOD, **changes})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: TransformerConfig.for_task("audio"),
            ValueError,
            "^task must be one of 'nlp', 'vision', 'long_seq', got 'audio'$",
        ),
        (
            lambda: TransformerConfig.for_task("nlp", width=3),
            ValueError,
            "^setting must be one of 'd_model', 'n_heads', 'd_ff', .*, got 'width'$",
        ),
        (
            lambda: small("nlp").flops(301),
            ValueError,
            "^n must be at most max_length = 300, got 301$",
        ),
        (lambda: small("nlp").memory(0), ValueError, "^n must be at least 1, got 0$"),
        (lambda: small("nlp").cost(3, batch=0), ValueError, "^batch must be at least 1, got 0$"),
        (
            lambda: small("nlp").build()(torch.zeros(1, 301, dtype=torch.int64)),
            ValueError,
            "inputs must have at most max_length = 300 positions",
        ),
    ],
)
def test_bad_calls_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_every_setting_of_a_preset_is_a_field():
    for preset in PRESETS.values():
        assert set(preset) <= set(asdict(small("nlp")))
