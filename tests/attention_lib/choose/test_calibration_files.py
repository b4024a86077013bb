"""Calibrations on disk: kept, read again, and never used where they do not belong."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import attention_lib
from attention_lib import choose
from attention_lib.choose import files
from attention_lib.choose.calibration import plan


@pytest.fixture
def record(plain, tmp_path):
    """The JSON of a calibration as a dict, to be broken."""
    path = tmp_path / "whole.json"
    choose.save(plain.calibration, path)
    return json.loads(path.read_text())


def written(record, tmp_path):
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(record))
    return path


def test_what_is_saved_is_loaded(plain, tmp_path):
    path = tmp_path / "a" / "b" / "c.json"
    choose.save(plain.calibration, path)
    loaded = choose.load(path)
    assert loaded.origin == plain.calibration.origin
    assert loaded.judge_spread == plain.calibration.judge_spread
    assert set(loaded.points) == set(plain.calibration.points)
    for key, points in plain.calibration.points.items():
        for one, other in zip(points, loaded.points[key], strict=True):
            assert one[:2] == other[:2]
            assert one.seconds == pytest.approx(other.seconds, rel=1e-3)
    assert [one.name for one in path.parent.iterdir()] == ["c.json"]


def test_a_calibration_that_cannot_be_written_leaves_nothing(plain, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        choose.save(plain.calibration, tmp_path / "file" / "c.json")


def break_format(record):
    record["format"] = 0


def drop_a_mechanism(record):
    del record["points"]["lsh"]


def drop_a_mode(record):
    del record["points"]["lsh"]["causal training"]


def empty_a_mode(record):
    record["points"]["lsh"]["causal training"] = []


def shorten_a_row(record):
    record["points"]["dense"]["full forward"][0].pop()


def turn_time_back(record):
    record["points"]["dense"]["full forward"][0][-1] = -1


def write_infinity(record):
    record["points"]["dense"]["full forward"][0][-1] = float("inf")


def write_words(record):
    record["points"]["dense"]["full forward"][0][-1] = "fast"


def take_no_tokens(record):
    record["points"]["dense"]["full forward"][0][0] = 0


def rename_an_option(record):
    record["points"]["sliding_window"]["full forward"][0][4] = {"width": 3}


def look_backwards(record):
    record["points"]["sliding_window"]["full forward"][0][4] = {"window": -1}


def write_an_option_in_words(record):
    record["points"]["performer"]["full forward"][0][4] = {"n_features": "many"}


def nearly_stop_time(record):
    record["points"]["dense"]["full forward"][0][-1] = 1e-320


def drop_the_threads(record):
    del record["origin"]["threads"]


def write_threads_in_words(record):
    record["origin"]["threads"] = "two"


def drop_the_judge(record):
    del record["judge_spread"]


def deny_the_judge(record):
    record["judge_spread"] = -1


BROKEN = [
    (break_format, "it must have format 1"),
    (drop_a_mechanism, "it must have the mechanisms dense, tiled, .*, lsh"),
    (drop_a_mode, "'causal training'"),
    (empty_a_mode, "there is no measurement of lsh, causal training"),
    (shorten_a_row, "is not a calibration"),
    (turn_time_back, "seconds must be greater than 0, got -1"),
    (write_infinity, "seconds must be finite, got inf"),
    (write_words, "seconds must be a real number, got str"),
    (take_no_tokens, "n must be at least 1, got 0"),
    (rename_an_option, "sliding_window has other options than {'width': 3}"),
    (look_backwards, "window must be at least 0, got -1"),
    (write_an_option_in_words, "n_features must be an integer, got str"),
    (nearly_stop_time, r"seconds must lie in \[1e-09, 1000000000.0\], got 1e-320"),
    (drop_the_threads, "origin must have the entries processor, cores, threads"),
    (write_threads_in_words, "origin.threads must be of .*int.*, got 'two'"),
    (drop_the_judge, "'judge_spread'"),
    (deny_the_judge, "judge_spread must be at least 0, got -1"),
]


@pytest.mark.parametrize(("change", "message"), BROKEN, ids=[one.__name__ for one, _ in BROKEN])
def test_a_broken_file_is_told(record, change, message, tmp_path):
    change(record)
    path = written(record, tmp_path)
    with pytest.raises(ValueError, match=message) as caught:
        choose.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[]", b"3"])
def test_what_is_no_calibration_at_all_is_told(content, tmp_path):
    path = tmp_path / "c.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"c\.json is not"):
        choose.load(path)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        choose.load(tmp_path / "c.json")


FOREIGN = [
    ("processor", "another one"),
    ("cores", 1001),
    ("threads", 1001),
    ("torch", "0.1"),
    ("library", "0.0"),
]


@pytest.mark.parametrize(("name", "value"), FOREIGN)
def test_a_calibration_of_another_machine_is_told_and_measured_anew(
    plain, machine, cache, monkeypatch, name, value
):
    origin = replace(plain.calibration.origin, **{name: value})
    choose.save(replace(plain.calibration, origin=origin), files.cached_path())
    monkeypatch.setattr("attention_lib.choose.calibration.Stopwatch", machine)
    expected = f"measured anew: .* was measured elsewhere: {name} {value} instead of"
    with pytest.warns(UserWarning, match=expected):
        selector = choose.AttentionSelector.here(progress=False)
    assert selector.calibration.origin == choose.Origin.here()
    assert choose.load(files.cached_path()).origin == choose.Origin.here()


def test_a_broken_file_in_the_cache_is_told_and_measured_anew(machine, cache, monkeypatch):
    cache.mkdir()
    files.cached_path().write_text("{")
    monkeypatch.setattr("attention_lib.choose.calibration.Stopwatch", machine)
    with pytest.warns(UserWarning, match=r"measured anew: .*\.json is not JSON"):
        choose.AttentionSelector.here(progress=False)
    choose.load(files.cached_path())


@pytest.mark.parametrize("change", [look_backwards, nearly_stop_time])
def test_a_wrong_file_of_valid_json_is_told_and_measured_anew(
    record, change, machine, cache, monkeypatch
):
    change(record)
    cache.mkdir()
    files.cached_path().write_text(json.dumps(record))
    monkeypatch.setattr("attention_lib.choose.calibration.Stopwatch", machine)
    with pytest.warns(UserWarning, match=r"measured anew: .*\.json is not a calibration"):
        choice = choose.choose_attention(512, progress=False)
    assert choice.name in {one.name for one in choice.candidates}
    choose.load(files.cached_path())


def test_each_point_has_a_line_of_its_own(plain, tmp_path):
    choose.save(plain.calibration, tmp_path / "c.json")
    lines = (tmp_path / "c.json").read_text().splitlines()
    points = sum(len(one) for one in plain.calibration.points.values())
    assert points < len(lines) < 1.5 * points


def test_the_first_choice_measures_and_the_second_reads(machine, cache, monkeypatch):
    made = []

    def watch():
        made.append(machine())
        return made[-1]

    monkeypatch.setattr("attention_lib.choose.calibration.Stopwatch", watch)
    first = choose.choose_attention(512, progress=False)
    second = choose.choose_attention(512, progress=False)
    assert len(made) == 1
    assert files.cached_path().parent == cache
    assert first.name == second.name
    choose.choose_attention(512, recalibrate=True, progress=False)
    assert len(made) == 2
    choose.AttentionSelector.calibrate(progress=False)
    assert len(made) == 3


def test_another_date_python_or_numpy_is_no_reason_to_measure_again():
    here = choose.Origin.here()
    assert replace(here, date="2000-01-01", python="3.0", numpy="0.1").differences(here) == ""


def test_a_cache_that_cannot_be_written_is_told_and_the_times_used(machine, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="the calibration could not be kept: .*file"):
        selector = choose.AttentionSelector.calibrate(measure=machine(), progress=False)
    assert selector.choose(64).name == "dense"


def test_each_number_of_threads_has_a_file_of_its_own(cache):
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert files.cached_path() == cache / "calibration_1.json"
        torch.set_num_threads(2)
        assert files.cached_path() == cache / "calibration_2.json"
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "house/.cache/attention_lib"),
        ("linux", {"XDG_CACHE_HOME": "elsewhere"}, "elsewhere/attention_lib"),
        ("darwin", {}, "house/Library/Caches/attention_lib"),
        ("darwin", {"XDG_CACHE_HOME": "elsewhere"}, "elsewhere/attention_lib"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/attention_lib"),
        ("win32", {}, "house/.cache/attention_lib"),
        ("linux", {"LOCALAPPDATA": "local"}, "house/.cache/attention_lib"),
    ],
)
def test_the_folder_is_where_the_system_wants_it(platform, variables, expected, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("house"))
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert choose.cache_folder() == Path(expected)


def test_the_shipped_calibration_is_complete():
    shipped = choose.AttentionSelector.default().calibration
    assert set(shipped.points) == set(plan())
    assert shipped.shipped
    assert shipped.steady
    assert shipped.origin.library == attention_lib.__version__
    for key, law in shipped.laws.items():
        assert law.spread < 2, key
        assert len(shipped.points[key]) >= 5


def nest_the_points(record):
    record["points"]["dense"] = [1, 2]


def count_in_truths(record):
    record["points"]["dense"]["full forward"][0][-1] = True


@pytest.mark.parametrize("change", [nest_the_points, count_in_truths])
def test_other_wrong_files_are_named_too(record, change, tmp_path):
    change(record)
    path = written(record, tmp_path)
    with pytest.raises(ValueError, match="is not a calibration: ") as caught:
        choose.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", ["[" * 100_000, '{"format": 1' + "0" * 5000 + "}"])
def test_what_json_itself_refuses_is_named(tmp_path, content):
    path = tmp_path / "file.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"file\.json is not JSON: "):
        choose.load(path)


def test_arguments_are_judged_before_anything_is_measured(cache, monkeypatch):
    def measures():
        raise AssertionError("it measures")

    monkeypatch.setattr("attention_lib.choose.calibration.Stopwatch", measures)
    for arguments in ({"n": "x"}, {"n": 7, "reach": -1}, {"n": 7, "mechanisms": ["none"]}):
        with pytest.raises((TypeError, ValueError), match="must"):
            choose.choose_attention(**arguments)
    with pytest.raises(TypeError, match="nonsense"):
        choose.choose_attention(7, nonsense=1)
