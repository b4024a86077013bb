"""What must hold of the counts for all sizes, what they are for small ones, and what is refused."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attention_lib
from attention_lib import cost
from attention_lib.cost.kernels import SOFTMAX_FLOPS

SIZE = st.integers(1, 30)
MODEL = {"d_model": 24, "n_heads": 6}
LAYER = {**MODEL, "d_ff": 31}
LM = {**LAYER, "n_layers": 3, "vocabulary": 101}
MT = {**LAYER, "n_layers": 2, "source_vocabulary": 101, "target_vocabulary": 89}
READER = {**LAYER, "n_layers": 2}
LATENT = {**MODEL, "d_latent": 7, "d_rotary": 2}
RNN = {"source_vocab": 23, "target_vocab": 29, "width": 8}
SCORED = {"query_width": 5, "key_width": 7, "d_value": 3}
ADDITIVE = {**SCORED, "hidden_width": 11}
ALL = {
    "attention": (lambda **o: cost.attention(5, 7, d_key=3, **o)),
    "dot": (lambda **o: cost.dot_attention(5, 7, d_key=3, **o)),
    "general": (lambda **o: cost.general_attention(5, 7, **SCORED, **o)),
    "additive": (lambda **o: cost.additive_attention(5, 7, **ADDITIVE, **o)),
    "concat": (lambda **o: cost.concat_attention(5, 7, **ADDITIVE, **o)),
    "heads": (lambda **o: cost.multi_head_attention(5, **MODEL, **o)),
    "latent": (lambda **o: cost.multi_head_latent_attention(5, **LATENT, **o)),
    "feed-forward": (lambda **o: cost.feed_forward(5, d_model=6, d_ff=11, **o)),
    "layer norm": (lambda **o: cost.layer_norm(5, 6, **o)),
    "rms norm": (lambda **o: cost.rms_norm(5, 6, **o)),
    "encoder": (lambda **o: cost.encoder(5, n_layers=2, **LAYER, **o)),
    "decoder": (lambda **o: cost.decoder(5, 7, n_layers=2, **LAYER, **o)),
    "language model": (lambda **o: cost.language_model(5, **LM, **o)),
    "reader": (lambda **o: cost.sequence_encoder(5, vocabulary=7, max_length=5, **READER, **o)),
    "reader by a query": (
        lambda **o: cost.sequence_encoder(
            5, vocabulary=7, max_length=5, n_classes=3, pooling="attention", **READER, **o
        )
    ),
    "reader of the first": (
        lambda **o: cost.sequence_encoder(
            5, vocabulary=7, max_length=5, n_classes=3, pooling="first", **READER, **o
        )
    ),
    "transformer": (lambda **o: cost.transformer(5, 7, **MT, **o)),
    "lstm": (lambda **o: cost.lstm(5, 3, 7, bidirectional=True, **o)),
    "cell": (lambda **o: cost.lstm_cell(3, 7, **o)),
    "seq2seq": (lambda **o: cost.seq2seq(5, 7, attention="additive", **RNN, **o)),
    "pointer": (lambda **o: cost.pointer_network(5, 7, source_vocab=23, width=8, **o)),
}


@pytest.mark.parametrize("name", ALL)
def test_laws_of_all(name):
    count = ALL[name]
    one, three = count(batch=1), count(batch=3)
    assert three.parameters == one.parameters
    assert three.flops == 3 * one.flops
    assert three.peak_bytes == 3 * one.peak_bytes
    assert one.bytes_moved < three.bytes_moved <= 3 * one.bytes_moved
    assert count(batch=0).flops == 0
    trained = count(training=True)
    assert trained.parameters == one.parameters
    assert trained.flops == 3 * one.flops
    assert trained.bytes_moved >= 3 * one.bytes_moved
    assert 0 == one.held_bytes < trained.held_bytes < trained.peak_bytes
    assert count(batch=3, training=True).held_bytes == 3 * trained.held_bytes
    half = count(itemsize=2)
    assert 2 * half.weight_bytes == one.weight_bytes == 4 * one.parameters
    assert half.flops == one.flops
    assert half.peak_bytes * 2 <= one.peak_bytes + 2 * 8 * 12
    assert one.cache_bytes == 0
    for whole in (one, trained):
        for field in ("parameters", "matmul_flops", "elementwise_flops", "bytes_moved"):
            parts = [getattr(part, field) for part in whole.parts.values()]
            assert not parts or sum(parts) == getattr(whole, field)


@given(SIZE, SIZE, SIZE, SIZE)
def test_attention_by_formula(n_queries, n_keys, d_key, d_value):
    sizes = {"d_key": d_key, "d_value": d_value}
    one = cost.attention(n_queries, n_keys, **sizes)
    scores = n_queries * n_keys
    assert one.matmul_flops == 2 * scores * (d_key + d_value)
    assert one.elementwise_flops == scores * (1 + SOFTMAX_FLOPS)
    inputs = n_queries * d_key + n_keys * (d_key + d_value)
    output = n_queries * d_value
    assert one.bytes_moved == 4 * (inputs + 4 * scores + output)
    assert one.peak_bytes == 4 * (inputs + scores + max(scores, output))
    fused = cost.attention(n_queries, n_keys, fused=True, **sizes)
    assert fused.flops == one.flops
    assert fused.bytes_moved == fused.peak_bytes == 4 * (inputs + output)
    trained = cost.attention(n_queries, n_keys, training=True, **sizes)
    assert trained.held_bytes == 4 * (inputs + scores)
    trained = cost.attention(n_queries, n_keys, training=True, fused=True, **sizes)
    assert trained.held_bytes == 4 * (inputs + output + n_queries)
    assert trained.matmul_flops == 2 * scores * (4 * d_key + 3 * d_value)


@given(SIZE, SIZE)
def test_dense_attention_is_quadratic(n, d):
    for fused in (False, True):
        once, twice = (cost.attention(m, m, d_key=d, fused=fused) for m in (n, 2 * n))
        assert twice.flops == 4 * once.flops
    assert twice.bytes_moved == 2 * once.bytes_moved  # fused
    scores = [cost.attention(m, m, d_key=d).parts["softmax"].bytes_moved for m in (n, 2 * n)]
    assert scores[1] == 4 * scores[0]


@given(SIZE, SIZE)
def test_causal_pairs_are_those_of_the_mask(n_queries, n_keys):
    behind = n_keys - n_queries
    pairs = sum(j <= i + behind for i in range(n_queries) for j in range(n_keys))
    assert cost.causal_pairs(n_queries, n_keys) == pairs
    skipping = cost.attention(n_queries, n_keys, d_key=3, pairs=pairs, masked=True)
    assert skipping.matmul_flops == 12 * pairs
    assert skipping.elementwise_flops == (2 + SOFTMAX_FLOPS) * pairs


def test_a_mask_and_a_bias_are_read():
    sizes = {"d_key": 3, "n_heads": 2, "batch": 5}
    plain, scores = cost.attention(7, 11, **sizes), 5 * 2 * 7 * 11
    masked = cost.attention(7, 11, masked=True, **sizes)
    assert masked.matmul_flops == plain.matmul_flops
    assert masked.elementwise_flops - plain.elementwise_flops == scores
    assert masked.bytes_moved - plain.bytes_moved == 2 * 4 * scores + 77
    biased = cost.attention(7, 11, biased=True, **sizes)
    assert biased.bytes_moved - plain.bytes_moved == 2 * 4 * scores + 4 * 2 * 77
    sizes |= {"fused": True}
    plain = cost.attention(7, 11, **sizes)
    both = cost.attention(7, 11, masked=True, biased=True, **sizes)
    assert both.elementwise_flops - plain.elementwise_flops == 2 * scores
    assert both.bytes_moved - plain.bytes_moved == 77 + 4 * 2 * 77
    trained = [cost.attention(7, 11, masked=on, training=True, **sizes) for on in (False, True)]
    assert trained[1].held_bytes - trained[0].held_bytes == 77


def test_half_precision_keeps_its_sums_in_float32():
    held = [
        cost.attention(7, 7, d_key=3, fused=True, training=True, itemsize=size).held_bytes
        for size in (2, 4, 8)
    ]
    assert held == [2 * 4 * 21 + 4 * 7, 4 * 4 * 21 + 4 * 7, 8 * 4 * 21 + 8 * 7]


def test_heads_at_fixed_width_change_no_product():
    counted = [cost.multi_head_attention(13, d_model=24, n_heads=h) for h in (1, 2, 3, 4, 6, 12)]
    assert len({one.matmul_flops for one in counted}) == 1
    assert len({one.parameters for one in counted}) == 1
    softmax = [one.parts["attention"].parts["softmax"].elementwise_flops for one in counted]
    assert softmax == [softmax[0] * h for h in (1, 2, 3, 4, 6, 12)]


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_groups_shrink_the_cache_and_not_the_scores(groups):
    step = {"cache": True, "n_cached": 40, **MODEL}
    full = cost.multi_head_attention(1, **step)
    shared = cost.multi_head_attention(1, n_kv_heads=groups, **step)
    assert shared.cache_bytes * 6 == full.cache_bytes * groups
    assert full.cache_bytes == cost.kv_cache_bytes(41, n_kv_heads=6, d_key=4)
    attend = shared.parts["attention"], full.parts["attention"]
    assert attend[0].flops == attend[1].flops
    assert attend[0].bytes_moved < attend[1].bytes_moved
    assert attend[0].peak_bytes == attend[1].peak_bytes  # queries and scores: the cache is apart
    keys = shared.parts["key_projection"], full.parts["key_projection"]
    assert keys[0].parameters * 6 == keys[1].parameters * groups


def test_a_step_is_linear_in_the_length_of_the_cache():
    counted = [cost.language_model(1, cache=True, n_cached=n, **LM) for n in (10, 110, 210)]
    for field in ("flops", "matmul_flops", "bytes_moved", "cache_bytes", "peak_bytes"):
        first, second, third = (getattr(one, field) for one in counted)
        assert second - first == third - second > 0
    growth = counted[1].matmul_flops - counted[0].matmul_flops
    assert growth == 3 * 100 * 2 * 2 * 24  # layers, positions, score and average, 2 d_model
    without = cost.language_model(211, **LM)
    assert without.flops > 100 * counted[2].flops


def test_prompt_and_steps_make_the_products_of_the_whole():
    """With a cache nothing is computed twice; the steps also skip the masked half of the scores."""
    prompt = cost.multi_head_attention(10, cache=True, **MODEL)
    steps = [cost.multi_head_attention(1, cache=True, n_cached=n, **MODEL) for n in range(10, 15)]
    whole = cost.multi_head_attention(15, **MODEL)
    for name in ("query_projection", "key_projection", "value_projection", "output_projection"):
        made = [one.parts[name].matmul_flops for one in (prompt, *steps)]
        assert sum(made) == whole.parts[name].matmul_flops
    scored = sum(one.parts["attention"].matmul_flops for one in steps)
    assert scored == 2 * 48 * sum(range(11, 16))


def test_cross_attention_projects_the_memory_once():
    first = cost.multi_head_attention(1, 9, cache=True, **MODEL)
    later = cost.multi_head_attention(1, 9, cache=True, n_cached=9, **MODEL)
    assert first.matmul_flops - later.matmul_flops == 2 * 2 * 9 * 24 * 24
    assert first.cache_bytes == later.cache_bytes == 4 * 2 * 9 * 24
    assert first.parameters == later.parameters
    one = cost.decoder_layer(1, 9, cache=True, n_cached=3, **LAYER)
    assert one.parts["cross_attention"].flops == later.flops
    assert one.cache_bytes == first.cache_bytes + 4 * 2 * 4 * 24
    started = cost.transformer(9, 1, cache=True, **MT)
    going = cost.transformer(9, 1, cache=True, n_cached=3, **MT)
    assert set(started.parts) - set(going.parts) == {
        "source_embedding",
        "source_positions",
        "encoder",
    }
    assert going.flops < started.flops


@given(st.integers(2, 200))
def test_the_absorbed_form_pays_for_steps_and_not_for_prompts(n_cached):
    step = {"n_cached": n_cached, "cache": True, **LATENT}
    naive, absorbed = (
        cost.multi_head_latent_attention(1, absorbed=on, **step) for on in (False, True)
    )
    assert absorbed.matmul_flops < naive.matmul_flops
    assert absorbed == cost.multi_head_latent_attention(1, **step)
    assert naive.parameters == absorbed.parameters
    assert naive.cache_bytes == cost.latent_cache_bytes(n_cached + 1, d_latent=7, d_rotary=2)
    keys, scores = naive.parts["key_projection"], naive.parts["attention"]
    values = naive.parts["value_projection"]
    n = n_cached + 1
    assert keys.matmul_flops + values.matmul_flops == 2 * n * 7 * 6 * (4 + 4)
    assert scores.matmul_flops == 2 * n * 6 * (4 + 2 + 4)
    assert absorbed.parts["attention"].matmul_flops == 2 * n * 6 * (2 * 7 + 2)


def test_a_prompt_is_naive():
    prompt = cost.multi_head_latent_attention(50, **LATENT)
    assert prompt == cost.multi_head_latent_attention(50, absorbed=False, **LATENT)
    assert prompt.flops < cost.multi_head_latent_attention(50, absorbed=True, **LATENT).flops


def test_layers_share_one_memory():
    sizes = {**LAYER, "final_norm": False, "training": True}
    held = [cost.decoder(5, 7, n_layers=n, **sizes).held_bytes for n in (1, 2, 3)]
    alone = cost.decoder_layer(5, 7, **LAYER, training=True)
    assert held[0] == alone.held_bytes
    assert held[1] - held[0] == held[2] - held[1] == alone.held_bytes - 4 * 7 * 24
    inference = cost.decoder(5, 7, n_layers=1, **LAYER, final_norm=False)
    assert inference.peak_bytes == cost.decoder_layer(5, 7, **LAYER).peak_bytes


def test_inference_does_not_grow_with_depth_and_training_does():
    peaks = [cost.encoder(9, n_layers=n, **LAYER).peak_bytes for n in (2, 5)]
    assert peaks[0] == peaks[1]
    trained = [cost.encoder(9, n_layers=n, **LAYER, training=True) for n in (2, 5, 8)]
    differences = [trained[k + 1].peak_bytes - trained[k].peak_bytes for k in (0, 1)]
    assert (
        differences[0] == differences[1] == 3 * (trained[1].held_bytes - trained[0].held_bytes) / 3
    )


def test_six_flops_for_each_parameter_and_token():
    """Kaplan et al. (2020): 6 N a token in training, the scores apart."""
    sizes = {"vocabulary": 1000, "d_model": 768, "n_heads": 12, "n_layers": 12, "d_ff": 3072}
    model = cost.language_model(64, training=True, bias=False, **sizes)
    stack = model.parts["stack"]
    norms = 25 * 768  # gains only: no product
    scores = 12 * 3 * 2 * 64 * 64 * 2 * 768
    assert stack.matmul_flops - scores == 6 * (stack.parameters - norms) * 64
    assert scores / stack.matmul_flops < 0.02


def test_dearer_by_the_hidden_layer():
    """Additive scores: as many FLOPs a pair as dot scores of that width, far more bytes."""
    dot = cost.dot_attention(50, 50, d_key=8).parts["scores"]
    additive = cost.additive_attention(
        50, 50, query_width=8, key_width=8, hidden_width=8, d_value=8
    )
    assert additive.parts["scores"].matmul_flops == dot.matmul_flops
    hidden = additive.parts["hidden"]
    assert hidden.bytes_moved == 4 * (2 * 50 * 8 + 3 * 50 * 50 * 8)
    assert hidden.bytes_moved > 10 * dot.bytes_moved
    assert hidden.elementwise_flops == 2 * 50 * 50 * 8


@pytest.mark.parametrize("name", ["dot_attention", "general_attention", "additive_attention"])
@pytest.mark.parametrize("training", [False, True])
def test_keys_that_are_held_are_left_out(name, training):
    sizes = {
        "dot_attention": {"d_key": 5, "d_value": 3},
        "general_attention": SCORED,
        "additive_attention": ADDITIVE,
    }[name]
    own, held = (
        getattr(cost, name)(2, 7, keys_held=on, training=training, **sizes) for on in (False, True)
    )
    assert "key_projection" not in held.parts
    projection = own.parts.get("key_projection", cost.Cost())
    assert held.matmul_flops == own.matmul_flops - projection.matmul_flops
    assert held.parameters == own.parameters - projection.parameters
    assert own.peak_bytes > held.peak_bytes
    kept = {"dot_attention": 5, "general_attention": 7 + 5, "additive_attention": 7}[name]
    assert own.held_bytes - held.held_bytes == training * 4 * 7 * (kept + 3)


def test_what_is_alive_beside_a_projection():
    parts = cost.multi_head_attention(5, d_model=12, n_heads=3, d_key=7, d_value=2).parts
    x, query, value = 5 * 12, 5 * 3 * 7, 5 * 3 * 2
    assert parts["query_projection"].peak_bytes == 4 * (x + query)
    assert parts["key_projection"].peak_bytes == 4 * (x + 2 * query)
    assert parts["value_projection"].peak_bytes == 4 * (x + 2 * query + value)
    parts = cost.additive_attention(2, 13, **ADDITIVE).parts
    inputs, asked, offered = 2 * 5 + 13 * 7 + 13 * 3, 2 * 11, 13 * 11
    assert parts["query_projection"].peak_bytes == 4 * (inputs + asked)
    assert parts["key_projection"].peak_bytes == 4 * (inputs + asked + offered)
    assert parts["hidden"].peak_bytes == 4 * (inputs + 2 * 26 * 11)


def test_peak_of_the_backward_pass_of_attention():
    """Saved inputs and weights, the gradients of weights and scores while the softmax runs back."""
    trained = cost.attention(5, 5, d_key=2, training=True)
    assert trained.peak_bytes == 4 * (3 * 10 + 3 * 25)
    trained = cost.attention(5, 5, d_key=20, training=True)  # rather: of value, output and weights
    assert trained.peak_bytes == 4 * (3 * 100 + 2 * 25 + 2 * 100)


def test_elementwise_flops_of_the_rest():
    assert cost.layer_norm(5, 3).elementwise_flops == 7 * 15
    assert cost.layer_norm(5, 3, bias=False).elementwise_flops == 6 * 15
    assert cost.rms_norm(5, 3).elementwise_flops == 4 * 15
    flops = {
        name: cost.feed_forward(5, d_model=3, d_ff=7, activation=name).parts["activation"].flops
        for name in ("relu", "gelu", "gelu_tanh", "swiglu")
    }
    assert flops == {"relu": 35, "gelu": 5 * 35, "gelu_tanh": 9 * 35, "swiglu": 3 * 35}
    assert cost.sinusoidal_positions(5, 3, batch=2).flops == 30
    assert cost.sinusoidal_positions(5, 3, batch=2).bytes_moved == 4 * (2 * 30 + 15)
    assert cost.rotary_positions(7).bytes_moved == 56
    assert cost.alibi(5, 7, n_heads=3).flops == 105
    assert cost.relative_bias(5, 7, n_heads=3, n_buckets=32).flops == 0
    assert cost.lstm_cell(3, 7, batch=2).elementwise_flops == 2 * 7 * 21


def test_learned_positions_suffice_to_the_last():
    learned = {"positions": "learned", "max_length": 17}
    assert cost.language_model(2, cache=True, n_cached=15, **learned, **LM).flops > 0
    assert cost.transformer(17, 17, **learned, **MT).flops > 0
    step = cost.transformer(99, 1, cache=True, n_cached=16, **learned, **MT)  # the source was read
    assert step.flops > 0


def test_training_takes_6_flops_a_parameter_and_token_where_the_readout_counts():
    sizes = {"d_model": 768, "n_heads": 12, "n_layers": 12, "d_ff": 3072, "vocabulary": 50257}
    tied = cost.language_model(8, training=True, **sizes)
    apart = cost.language_model(8, training=True, tie_embeddings=False, **sizes)
    table = apart.parts["embedding"].parameters
    assert tied.parameters == apart.parameters - table
    assert tied.matmul_flops == apart.matmul_flops
    assert 1 <= tied.matmul_flops / (8 * 6 * tied.parameters) < 1.001
    assert 0.3 < table / tied.parameters < 0.32  # the share of the readout


def test_positions_of_a_model():
    models = {
        kind: cost.language_model(5, positions=kind, max_length=17, **LM)
        for kind in ("sinusoidal", "learned", "rotary", "alibi", "relative", None)
    }
    extra = {kind: one.parameters - models[None].parameters for kind, one in models.items()}
    assert extra == {
        "sinusoidal": 0,
        "learned": 17 * 24,
        "rotary": 0,
        "alibi": 0,
        "relative": 6 * 32,
        None: 0,
    }
    assert "rotary" in models["rotary"].parts["stack"].parts["self_attention"].parts
    assert "positions" not in models[None].parts
    tied, apart = (cost.language_model(5, tie_embeddings=on, **LM) for on in (True, False))
    assert apart.parameters - tied.parameters == 101 * 24
    assert apart.flops == tied.flops


def test_kv_cache_bytes():
    assert cost.kv_cache_bytes(7, n_kv_heads=3, d_key=5, d_value=2, n_layers=11, batch=13) == (
        4 * 7 * 3 * (5 + 2) * 11 * 13
    )
    assert cost.latent_cache_bytes(
        7, d_latent=3, d_rotary=2, n_layers=11, batch=13, itemsize=2
    ) == (2 * 7 * 5 * 11 * 13)
    model = cost.language_model(1, cache=True, n_cached=9, batch=2, itemsize=2, **LM)
    held = cost.kv_cache_bytes(10, n_kv_heads=6, d_key=4, n_layers=3, batch=2, itemsize=2)
    assert model.cache_bytes == held


def test_numpys_numbers_count_as_pythons():
    flags = {"masked": True, "biased": True, "pairs": 10**9}
    theirs = {name: np.asarray(flag)[()] for name, flag in flags.items()}
    sizes = (np.int32(50_000), np.int32(50_000))
    ours = cost.attention(50_000, 50_000, d_key=64, **flags)
    assert cost.attention(*sizes, d_key=np.int16(64), **theirs) == ours
    assert ours.matmul_flops > 2**31


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cost.attention(-1, 2, d_key=3), ValueError, "n_queries must be at least 0"),
        (lambda: cost.attention(1, 2.0, d_key=3), TypeError, "n_keys must be an integer"),
        (lambda: cost.attention(1, 2, d_key=0), ValueError, "d_key must be at least 1, got 0"),
        (
            lambda: cost.attention(1, 2, d_key=3, d_value=0),
            ValueError,
            "d_value must be at least 1",
        ),
        (
            lambda: cost.attention(1, 2, d_key=3, n_heads=6, n_kv_heads=4),
            ValueError,
            "n_kv_heads must divide n_heads, got n_kv_heads 4 and 6",
        ),
        (
            lambda: cost.attention(3, 2, d_key=3, pairs=7),
            ValueError,
            r"pairs must be at most n_queries \* n_keys = 6, got 7",
        ),
        (lambda: cost.attention(3, 2, d_key=3, pairs=-1), ValueError, "pairs must be at least 0"),
        (
            lambda: cost.attention(3, 2, d_key=3, masked=1),
            TypeError,
            "masked must be True or False",
        ),
        (lambda: cost.attention(3, 2, d_key=3, fused=1), TypeError, "fused must be True or False"),
        (
            lambda: cost.attention(3, 2, d_key=3, cached=True, training=True),
            ValueError,
            "cached must be off in training",
        ),
        (lambda: cost.attention(3, 2, d_key=3, batch=-1), ValueError, "batch must be at least 0"),
        (
            lambda: cost.attention(3, 2, d_key=3, itemsize=0),
            ValueError,
            "itemsize must be at least",
        ),
        (lambda: cost.causal_pairs(-1, 2), ValueError, "n_queries must be at least 0, got -1"),
        (lambda: cost.dot_attention(1, 2, d_key=0), ValueError, "d_key must be at least 1"),
        (
            lambda: cost.dot_attention(1, 2, d_key=1, keys_held=1),
            TypeError,
            "keys_held must be True or False",
        ),
        (
            lambda: cost.general_attention(1, 2, query_width=0, key_width=1, d_value=1),
            ValueError,
            "query_width must be at least 1",
        ),
        (
            lambda: cost.additive_attention(
                1, 2, query_width=1, key_width=1, hidden_width=0, d_value=1
            ),
            ValueError,
            "hidden_width must be at least 1",
        ),
        (
            lambda: cost.multi_head_attention(3, d_model=10, n_heads=3),
            ValueError,
            "n_heads must divide d_model, got n_heads 3 and 10",
        ),
        (
            lambda: cost.multi_head_attention(3, key_width=5, **MODEL),
            ValueError,
            "key_width and value_width need n_keys",
        ),
        (
            lambda: cost.multi_head_attention(3, cache=True, training=True, **MODEL),
            ValueError,
            "cache must be off in training",
        ),
        (
            lambda: cost.multi_head_attention(3, n_cached=2, **MODEL),
            ValueError,
            "n_cached must be 0 without a cache, got 2",
        ),
        (
            lambda: cost.multi_head_attention(3, 7, cache=True, n_cached=2, **MODEL),
            ValueError,
            "n_cached must be 0 or n_keys = 7 in cross-attention, got 2",
        ),
        (lambda: cost.multi_head_attention(3, rotary=1, **MODEL), TypeError, "rotary must be True"),
        (
            lambda: cost.multi_head_latent_attention(3, **{**LATENT, "d_rotary": 3}),
            ValueError,
            "d_rotary must be even, got 3",
        ),
        (
            lambda: cost.multi_head_latent_attention(3, absorbed=1, **LATENT),
            TypeError,
            "absorbed must be True or False",
        ),
        (
            lambda: cost.feed_forward(3, d_model=2, d_ff=3, activation="tanh"),
            ValueError,
            "activation must be one of 'relu', 'gelu', 'gelu_tanh', 'swiglu', got 'tanh'",
        ),
        (lambda: cost.feed_forward(3, d_model=2, d_ff=0), ValueError, "d_ff must be at least 1"),
        (lambda: cost.layer_norm(3, 0), ValueError, "d_model must be at least 1, got 0"),
        (
            lambda: cost.encoder_layer(3, norm="batch", **LAYER),
            ValueError,
            "norm must be one of 'layer', 'rms', None, got 'batch'",
        ),
        (
            lambda: cost.encoder_layer(3, norm_first=1, **LAYER),
            TypeError,
            "norm_first must be True",
        ),
        (lambda: cost.encoder_layer(3, banana=1, **LAYER), TypeError, "banana"),
        (lambda: cost.encoder(3, n_layers=0, **LAYER), ValueError, "n_layers must be at least 1"),
        (
            lambda: cost.encoder(3, n_layers=2, final_norm=1, **LAYER),
            TypeError,
            "final_norm must be True or False",
        ),
        (
            lambda: cost.encoder(3, n_layers=2, final_norm=True, norm=None, **LAYER),
            ValueError,
            "final_norm must be False or None where norm is None, got True",
        ),
        (
            lambda: cost.language_model(3, positions="learned", **LM),
            ValueError,
            'max_length must be given for positions="learned", got None',
        ),
        (
            lambda: cost.language_model(
                3, positions="learned", max_length=17, cache=True, n_cached=15, **LM
            ),
            ValueError,
            "^max_length must be at least 18, the tokens, got 17$",
        ),
        (
            lambda: cost.transformer(18, 2, positions="learned", max_length=17, **MT),
            ValueError,
            "max_length must be at least 18",
        ),
        (
            lambda: cost.transformer(2, 18, positions="learned", max_length=17, **MT),
            ValueError,
            "max_length must be at least 18",
        ),
        (
            lambda: cost.language_model(3, **{**LM, "d_model": 21, "n_heads": 3}),
            ValueError,
            "d_model must be even, got 21",
        ),
        (
            lambda: cost.transformer(3, 2, positions="rotary", **{**MT, "n_heads": 8}),
            ValueError,
            "d_model / n_heads must be even, got 3",
        ),
        (
            lambda: cost.language_model(3, positions="wavy", **LM),
            ValueError,
            "positions must be one of",
        ),
        (
            lambda: cost.sequence_encoder(18, vocabulary=5, max_length=17, **READER),
            ValueError,
            "^max_length must be at least 18, the tokens, got 17$",
        ),
        (
            lambda: cost.sequence_encoder(
                18, vocabulary=5, max_length=17, positions="rotary", **READER
            ),
            ValueError,
            "^max_length must be at least 18, the tokens, got 17$",
        ),
        (
            lambda: cost.sequence_encoder(3, max_length=17, **READER),
            ValueError,
            "exactly one of vocabulary and patch_width must be given, got None and None",
        ),
        (
            lambda: cost.sequence_encoder(3, vocabulary=0, max_length=17, **READER),
            ValueError,
            "^vocabulary must be at least 1, got 0$",
        ),
        (
            lambda: cost.sequence_encoder(3, patch_width=0, max_length=17, **READER),
            ValueError,
            "^patch_width must be at least 1, got 0$",
        ),
        (
            lambda: cost.sequence_encoder(3, patch_width=2, n_classes=0, max_length=17, **READER),
            ValueError,
            "^n_classes must be at least 1, got 0$",
        ),
        (
            lambda: cost.sequence_encoder(
                3, vocabulary=5, pooling="max", n_classes=2, max_length=17, **READER
            ),
            ValueError,
            "^pooling must be one of 'mean', 'first', 'attention', got 'max'$",
        ),
        (
            lambda: cost.sequence_encoder(
                3, vocabulary=5, pooling="first", max_length=17, **READER
            ),
            ValueError,
            "^pooling must be \"mean\" without n_classes, got 'first'$",
        ),
        (
            lambda: cost.transformer(3, 2, tie_embeddings=1, **MT),
            TypeError,
            "tie_embeddings must be True or False",
        ),
        (
            lambda: cost.transformer(3, 2, n_cached=1, **MT),
            ValueError,
            "n_cached must be 0 without",
        ),
        (lambda: cost.lstm(0, 2, 3), ValueError, "n_tokens must be at least 1, got 0"),
        (lambda: cost.lstm_cell(2, 0), ValueError, "d_hidden must be at least 1, got 0"),
        (
            lambda: cost.seq2seq(3, 2, **{**RNN, "width": 7}),
            ValueError,
            "width must be even, got 7",
        ),
        (
            lambda: cost.seq2seq(3, 2, attention="hard", **RNN),
            ValueError,
            "attention must be one of None, 'additive'",
        ),
        (
            lambda: cost.pointer_network(3, 2, source_vocab=5, width=7),
            ValueError,
            "width must be even, got 7",
        ),
        (
            lambda: cost.kv_cache_bytes(3, n_kv_heads=0, d_key=2),
            ValueError,
            "n_kv_heads must be at least 1",
        ),
        (
            lambda: cost.latent_cache_bytes(3, d_latent=0, d_rotary=2),
            ValueError,
            "d_latent must be at least 1",
        ),
        (lambda: cost.alibi(3, 2, n_heads=0), ValueError, "n_heads must be at least 1"),
        (
            lambda: cost.relative_bias(3, 2, n_heads=1, n_buckets=0),
            ValueError,
            "n_buckets must be at least 1",
        ),
        (
            lambda: cost.learned_positions(3, 2, max_length=-1),
            ValueError,
            "max_length must be at least 0",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_counting_needs_no_torch():
    source = """
import sys
sys.modules["torch"] = None
from attention_lib import cost
print(cost.attention(3, 5, d_key=7).matmul_flops)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", source],
        capture_output=True,
        text=True,
        cwd=Path(attention_lib.__file__).parent.parent,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("420\n", "")
