"""An interrupted run that goes on ends as one that was never interrupted, to the last bit."""

import hashlib
import io
import json
import os
import pickle
import stat
import subprocess
import sys

import numpy as np
import pytest
import torch

from attention_book.pipeline.project import ROOT
from attention_lib import training
from attention_lib.functional import rotary_frequencies
from attention_lib.modules import LanguageModel, MultiHeadAttention, RotaryPositionalEncoding
from attention_lib.training import EarlyStopping, read_checkpoint, warmup_cosine
from attention_lib.training.checkpoints import Run
from attention_lib.training.history import History
from tests.helpers.interrupted_run import STEPS, batch_of_step, loss, make_model, outcome, train


class PowerCutError(Exception):
    pass


def stops_at(step, error=PowerCutError):
    """A loss that raises in the given step of the whole run (1, 2, ...)."""
    count = [0]

    def interrupted(model, batch):
        count[0] += 1
        if count[0] == step:
            raise error
        return loss(model, batch)

    return interrupted


def with_dropout(probability):
    model = make_model()
    model[1].p = probability
    return model


@pytest.fixture(scope="module")
def undisturbed():
    torch.set_num_threads(1)
    return outcome(*train())


def test_a_checkpoint_changes_no_number(tmp_path, undisturbed):
    assert outcome(*train(checkpoint=tmp_path / "run")) == undisturbed
    assert outcome(*train(checkpoint=str(tmp_path / "text"), checkpoint_every=1)) == undisturbed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "text"]


@pytest.mark.parametrize("error", [PowerCutError, KeyboardInterrupt])
@pytest.mark.parametrize("step", [1, 2, 3, 9, 13, STEPS])
def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path, undisturbed, step, error):
    path = tmp_path / "run"
    with pytest.raises(error):
        train(checkpoint=path, loss=stops_at(step, error))
    assert path.exists() is (step > 2)  # one checkpoint each two steps
    assert outcome(*train(checkpoint=path)) == undisturbed


def test_a_run_goes_on_with_a_model_that_was_left_half_trained(tmp_path, undisturbed):
    path, model = tmp_path / "run", make_model()
    with pytest.raises(PowerCutError):
        train(model, checkpoint=path, loss=stops_at(8))
    assert outcome(*train(model, checkpoint=path)) == undisturbed


def test_only_the_steps_after_the_checkpoint_are_taken_again(tmp_path):
    path, asked = tmp_path / "run", []
    with pytest.raises(PowerCutError):
        train(checkpoint=path, loss=stops_at(12), checkpoint_every=5)
    assert len(read_checkpoint(path)["history"]["losses"]) == 10

    def batches(step):
        asked.append(step)
        return batch_of_step(step)

    train(checkpoint=path, batches=batches)
    assert asked == list(range(10, STEPS))


@pytest.mark.whole
def test_a_run_that_was_killed_at_any_moment_goes_on_bit_for_bit(tmp_path, undisturbed):
    """Killed with SIGKILL at lines of the training package, in the midst of a write, at times."""
    command = [
        sys.executable,
        str(ROOT / "tests" / "helpers" / "interrupted_run.py"),
        str(tmp_path / "run"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout)
    assert ended["deaths"] == [True] * 10
    assert ended["outcome"] == undisturbed


@pytest.mark.parametrize("broken", ["os.fsync", "os.replace", "pathlib.Path.open", "torch.save"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_write_that_fails_leaves_the_last_checkpoint(
    tmp_path, undisturbed, monkeypatch, broken, error
):
    path = tmp_path / "run"
    with pytest.raises(PowerCutError):
        train(checkpoint=path, loss=stops_at(6))
    before = path.read_bytes()

    def fails(*_, **__):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(broken, fails)
        with pytest.raises(error):
            train(checkpoint=path)
    assert path.read_bytes() == before
    assert outcome(*train(checkpoint=path)) == undisturbed
    assert [one.name for one in tmp_path.iterdir()] == ["run"]


def test_the_new_file_is_on_the_disk_before_the_old_one_goes(tmp_path, monkeypatch):
    path, calls = tmp_path / "run", []
    fsync, replace = os.fsync, os.replace

    def kind(descriptor):
        return "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"

    monkeypatch.setattr("os.fsync", lambda d: (calls.append(f"sync {kind(d)}"), fsync(d))[1])
    monkeypatch.setattr("os.replace", lambda *a: (calls.append("replace"), replace(*a))[1])
    train(checkpoint=path, checkpoint_every=STEPS)
    assert calls == ["sync file", "replace", "sync folder"]


def test_a_run_that_has_ended_returns_at_once(tmp_path, undisturbed):
    path = tmp_path / "run"
    train(checkpoint=path)
    before = path.stat().st_mtime_ns
    again = train(checkpoint=path, loss=stops_at(1), batches=iter(()))
    assert outcome(*again) == undisturbed
    assert path.stat().st_mtime_ns == before


def test_a_run_that_stopped_early_goes_on_to_where_it_stopped(tmp_path):
    path, options = tmp_path / "run", {"early_stopping": EarlyStopping(patience=2, mode="min")}
    expected = train(**options)
    assert expected[1].stopped_early
    ended = len(expected[1].losses)
    assert 9 <= ended < STEPS
    with pytest.raises(PowerCutError):
        train(checkpoint=path, loss=stops_at(ended - 1), **options)
    assert outcome(*train(checkpoint=path, **options)) == outcome(*expected)
    again = train(checkpoint=path, loss=stops_at(1), **options)
    assert outcome(*again) == outcome(*expected)


def test_the_last_checkpoint_is_written_wherever_the_run_ends(tmp_path):
    _, history = train(checkpoint=tmp_path / "long", checkpoint_every=1000)
    assert read_checkpoint(tmp_path / "long")["history"]["losses"] == history.losses
    options = {"early_stopping": EarlyStopping(patience=2, mode="min"), "checkpoint_every": 1000}
    _, history = train(checkpoint=tmp_path / "short", **options)
    assert read_checkpoint(tmp_path / "short")["history"]["stopped_early"] is True


def shuffled_batches():
    """Its order is drawn from the global generator when the iteration starts."""
    rows = torch.cat([batch_of_step(step) for step in range(STEPS)])
    return torch.utils.data.DataLoader(rows, batch_size=4, shuffle=True)


@pytest.mark.parametrize(
    "batches",
    [lambda: [batch_of_step(s) for s in range(STEPS)], shuffled_batches],
    ids=["list", "DataLoader"],
)
def test_an_iterable_is_read_forward_to_where_the_run_stopped(tmp_path, batches):
    path, expected = tmp_path / "run", outcome(*train(batches=batches()))
    with pytest.raises(PowerCutError):
        train(checkpoint=path, batches=batches(), loss=stops_at(10))
    assert outcome(*train(checkpoint=path, batches=batches())) == expected


def test_batches_that_end_too_soon_are_named_after_a_break_too(tmp_path):
    path = tmp_path / "run"
    few = [batch_of_step(step) for step in range(12)]
    for batches in (few, few, few[:7]):
        with pytest.raises(ValueError, match=f"batches must give {STEPS} batches, got"):
            train(checkpoint=path, batches=batches)
    with pytest.raises(ValueError, match=f"batches must give {STEPS} batches, got 7"):
        train(checkpoint=path, batches=few[:7])


def test_the_metric_of_a_resumed_run_draws_what_it_always_draws(tmp_path):
    path, seen = tmp_path / "run", []

    def metric(model):
        seen.append(torch.rand(1).item())
        return 0.0

    with pytest.raises(PowerCutError):
        train(checkpoint=path, metric=metric, loss=stops_at(9))
    train(checkpoint=path, metric=metric)
    assert len(seen) == 2 + 6  # before the break at 4, 8, after it at 12, 16, 20, 24, 28, 30
    assert len(set(seen)) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 31, "learning_rate": 0.1}, "steps was 30, is 31"),
        ({"learning_rate": 0.1}, r"learning_rate at step 1 was 0\.0166\d+, is 0\.1"),
        (
            {"learning_rate": warmup_cosine(0.05, warmup=3, steps=STEPS, floor=0.01)},
            r"learning_rate at step 4 was 0\.0498\d+, is 0\.0498",
        ),
        ({"betas": (0.9, 0.999)}, r"beta_2 was 0\.98, is 0\.999"),
        ({"betas": (0.8, 0.98)}, r"beta_1 was 0\.9, is 0\.8"),
        ({"weight_decay": 0.2}, r"weight_decay was 0\.1, is 0\.2"),
        ({"clip": None}, r"clip was 1\.0, is None"),
        ({"seed": 6}, "seed was 5, is 6"),
        ({"metric_every": 5}, "metric_every was 4, is 5"),
        ({"metric": None, "early_stopping": None}, "metric_every was 4, is None"),
        ({"early_stopping": None}, r"early_stopping was \{'patience': 100.*\}, is None"),
        (
            {"early_stopping": EarlyStopping(patience=100, mode="min")},
            "early_stopping mode was max, is min",
        ),
        (
            {"model": make_model(width=7)},
            r"model 0.weight was \[5, 3\] float32 trained, is \[7, 3\] float32 trained",
        ),
        (
            {"model": make_model().double()},
            r"model 0.weight was \[5, 3\] float32 trained, is \[5, 3\] float64 trained",
        ),
        (
            {"model": make_model().requires_grad_(False)},
            r"model 0.weight was \[5, 3\] float32 trained, is \[5, 3\] float32$",
        ),
        ({"model": make_model()[:1]}, r"model 2.weight was \[1, 5\] float32 trained, is None"),
        (
            {"model": torch.nn.Sequential(*make_model(), torch.nn.Linear(1, 1))},
            r"model 3.weight was None, is \[1, 1\] float32 trained",
        ),
        (
            {"model": with_dropout(0.4)},
            r"model 1 was Dropout\(inplace=False, p=0\.5\), is Dropout\(inplace=False, p=0\.4\)",
        ),
        (
            {"model": torch.nn.Sequential(make_model()[0], torch.nn.ReLU(), make_model()[2])},
            r"model 1 was Dropout\(inplace=False, p=0\.5\), is ReLU\(inplace=False\)",
        ),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_with_the_difference(tmp_path, options, message):
    path = tmp_path / "run"
    with pytest.raises(PowerCutError):
        train(checkpoint=path, loss=stops_at(3))
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"run is the checkpoint of another run: {message}"):
        train(checkpoint=path, **options)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"n_heads": 4},
        {"norm_first": False, "final_norm": True},
        {"activation": "gelu"},
        {"dropout": 0.3},
        {"positions": "rotary"},
        {"positions": "alibi"},
        {"positions": None},
    ],
)
def test_a_model_with_like_parameters_and_other_options_is_another_run(tmp_path, change):
    tokens = torch.randint(0, 9, (2, 5), generator=torch.Generator().manual_seed(0))

    def run(**options):
        sizes = {"d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 6, **options}
        return training.fit(
            LanguageModel(9, **sizes),
            lambda step: tokens,
            training.language_model_loss,
            steps=2,
            learning_rate=0.1,
            checkpoint=tmp_path / "run",
            progress=False,
        )

    run()
    with pytest.raises(ValueError, match="is the checkpoint of another run: model "):
        run(**change)
    run(dropout=np.float64(0.0), n_heads=np.int64(2))


def test_other_frequencies_of_a_rotation_make_another_run(tmp_path):
    def run(base):
        frequencies = rotary_frequencies(4, base=base)
        return training.fit(
            MultiHeadAttention(8, 2, rotary=RotaryPositionalEncoding(4, frequencies=frequencies)),
            lambda step: torch.ones(1, 3, 8),
            lambda model, x: model(x).square().mean(),
            steps=1,
            learning_rate=0.1,
            checkpoint=tmp_path / "run",
            progress=False,
        )

    run(100.0)
    with pytest.raises(ValueError, match=r"another run: model rotary was .*=\(1\.0, 0\.1"):
        run(50.0)
    run(100.0)


def test_numbers_of_numpy_are_settings_like_any_other(tmp_path, undisturbed):
    path = tmp_path / "run"
    with pytest.raises(PowerCutError):
        train(checkpoint=path, loss=stops_at(5))
    options = {"steps": np.int64(STEPS), "seed": np.int64(5), "weight_decay": np.float64(0.1)}
    assert outcome(*train(checkpoint=path, **options)) == undisturbed


def test_every_damage_is_found(tmp_path):
    path = tmp_path / "run"
    with pytest.raises(PowerCutError):
        train(checkpoint=path, loss=stops_at(3))
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    places = [0, 31, 32, len(whole) - 1, *rng.integers(0, len(whole), 30)]
    flipped = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
    cut = [whole[:end] for end in (0, 1, 32, len(whole) // 2, len(whole) - 1)]
    for content in [*flipped, *cut, whole + b"\0", b"something else"]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match="run is damaged, or no checkpoint of fit; delete it"):
            train(checkpoint=path)
        assert path.read_bytes() == content


def sealed(content):
    buffer = io.BytesIO()
    torch.save(content, buffer)
    payload = content if isinstance(content, bytes) else buffer.getvalue()
    return hashlib.sha256(payload).digest() + payload


class Code:
    def __reduce__(self):
        return (print, ("this must not run",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no archive", "run is no checkpoint of fit: "),
        (pickle.dumps(Code(), protocol=2), "run is no checkpoint of fit: "),
        ({"model": Code()}, "run is no checkpoint of fit: "),
        ({"model": {}}, "run is no checkpoint of fit, or one of another version"),
        ([1, 2], "run is no checkpoint of fit, or one of another version"),
    ],
)
def test_a_foreign_file_is_refused_and_none_of_its_code_runs(tmp_path, capsys, content, message):
    path = tmp_path / "run"
    path.write_bytes(sealed(content))
    with pytest.raises(ValueError, match=message):
        train(checkpoint=path)
    assert "this must not run" not in capsys.readouterr().out


def test_a_file_with_this_seal_and_format_is_read(tmp_path):
    """So that the refusals above are for what stands in the file."""
    path = tmp_path / "run"
    train(checkpoint=path)
    state = read_checkpoint(path)
    path.write_bytes(sealed(state))
    assert read_checkpoint(path)["settings"] == state["settings"]
    assert set(state) == {
        "format",
        "settings",
        "model",
        "optimizer",
        "history",
        "best_weights",
        "generator",
        "cuda_generators",
    }
    with pytest.raises(FileNotFoundError):
        read_checkpoint(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("checkpoint", "error", "message"),
    [
        (5, TypeError, "checkpoint must be a path, got int"),
        ("", ValueError, "checkpoint must be a file in a folder that exists, got"),
        ("missing/run", ValueError, "file in a folder that exists, got .*run"),
    ],
)
def test_a_checkpoint_that_cannot_be_written_is_named_before_training(
    tmp_path, checkpoint, error, message
):
    place = tmp_path / checkpoint if isinstance(checkpoint, str) else checkpoint
    with pytest.raises(error, match=message):
        train(checkpoint=place, loss=stops_at(1))


def test_the_generators_of_every_device_are_kept(monkeypatch):
    """A machine with a GPU has a generator there too; here one is acted."""
    given = [torch.tensor([3], dtype=torch.uint8)]
    taken = []
    model = make_model()
    run = Run(model, torch.optim.Adam(model.parameters()), History())
    assert run.state()["cuda_generators"] == [] or torch.cuda.is_available()
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_rng_state_all", lambda: given)
    monkeypatch.setattr("torch.cuda.set_rng_state_all", taken.append)
    state = run.state()
    assert state["cuda_generators"] == given
    run.load(state)
    assert taken == [given]
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    run.load(state)
    assert taken == [given]


def test_a_closed_folder_is_told_before_the_first_step(tmp_path, monkeypatch):
    asked = []

    def closed(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.touch", closed)
    with pytest.raises(
        ValueError, match=r"checkpoint must be a file that can be written, got .*run"
    ):
        train(checkpoint=tmp_path / "run", loss=lambda *_: asked.append(1))
    assert not asked


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state["history"].update(losses=[1.0] * 3),
        lambda state: state["history"].update(losses="many"),
        lambda state: state["history"].update(surprise=1),
        lambda state: state["history"].update(metric_steps=[1], metrics=[]),
        lambda state: state["history"].update(best_step=10**6, best_metric=1.0),
        lambda state: state.update(history=[1, 2]),
        lambda state: state["model"].popitem(),
        lambda state: state["optimizer"].update(param_groups=[]),
        lambda state: state.update(generator=torch.zeros(3)),
    ],
)
def test_a_whole_file_with_wrong_contents_is_named_and_changes_nothing(tmp_path, change):
    path = tmp_path / "run"
    with pytest.raises(PowerCutError):
        train(checkpoint=path, loss=stops_at(3))
    state = read_checkpoint(path)
    change(state)
    path.write_bytes(sealed(state))
    with pytest.raises(ValueError, match="run is not a checkpoint of this run: "):
        train(checkpoint=path)
    del state["generator"]
    path.write_bytes(sealed(state))
    with pytest.raises(ValueError, match="run is no checkpoint of fit: it has no generator"):
        read_checkpoint(path)
