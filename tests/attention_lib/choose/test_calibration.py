"""What a calibration measures, when it stops, and what it keeps: on machines without a clock."""

import io
import time
from contextlib import redirect_stderr

import pytest
import torch

from attention_lib import choose
from attention_lib.choose.calibration import LONG, plan
from attention_lib.choose.mechanisms import MECHANISMS
from attention_lib.choose.stopwatch import Stopwatch

SHORT = (128, 256)


def quiet(measure, **options):
    return choose.calibrate(measure=measure, progress=False, **options)


def test_every_mechanism_is_measured_in_every_mode_it_has():
    modes = {"full forward", "full training", "causal forward", "causal training"}
    for name, mechanism in MECHANISMS.items():
        found = {mode for other, mode in plan() if other == name}
        assert found == (modes if mechanism.causal else {"full forward", "full training"})
    assert not MECHANISMS["linformer"].causal


def test_what_is_measured_can_be_computed_and_leaves_something_out():
    for (name, mode), cases in plan().items():
        mechanism = MECHANISMS[name]
        for setting, options in cases:
            assert setting.mode == mode
            assert mechanism.partial(setting.n, options)
            assert set(options) == set(mechanism.grid()[0])
        assert [setting.n for setting, _ in cases][:2] in ([128, 256], [256, 512])
        others = {(one.d_head, one.n_heads, one.batch) for one, _ in cases}
        assert {(64, 8, 1), (32, 8, 1), (128, 8, 1), (64, 1, 1), (64, 4, 8)} <= others
        if len(mechanism.grid()) > 1:
            assert len({str(options) for _, options in cases}) >= 3


def test_the_plan_begins_with_the_given_lengths():
    cases = plan((7, 11))["dense", "causal training"]
    expected = choose.Setting(n=7, causal=True, training=True)
    assert cases[0] == (expected, {})
    assert cases[1] == (expected.at(n=11), {})


def test_each_point_is_the_shortest_of_the_rounds():
    times = {}

    def measure(name, setting, options):
        key = (name, setting, str(options))
        times[key] = times.get(key, -1) + 1
        return [9.0, 3.0, 8.0, 7.0, 1.0, 2.0][times[key]] * 1e-3

    calibration = quiet(measure, lengths=SHORT)
    first, second, *_ = calibration.points["dense", "full forward"]
    # of 3, 7 and 2: each round begins with a call that does not count
    assert (first.setting.n, first.seconds) == (128, pytest.approx(2e-3))
    assert (second.setting.n, second.seconds) == (256, pytest.approx(3e-3))  # of 9, 3 and 8


def test_rounds_are_as_many_as_asked_for(machine):
    measure = machine()
    quiet(measure, rounds=1, lengths=SHORT, longest=9)
    cases = sum(len(cases) for cases in plan(SHORT).values())
    approximate = sum(not MECHANISMS[name].exact for name, _ in plan())
    # one more of each kind does not count, and the long ones come twice
    assert len(measure.calls) == cases + len(plan()) + 2 * approximate


def test_larger_inputs_are_left_out_after_a_long_call():
    def measure(name, setting, options):
        return setting.numbers / 512 * 1e-4

    calibration = quiet(measure, longest=0.05)
    for (name, _), points in calibration.points.items():
        short = [one for one in points if one.setting.n < LONG]
        assert max(one.setting.numbers for one in short) == 512 * 8 * 64
        assert len(points) - len(short) == (not MECHANISMS[name].exact)


def test_the_long_length_is_one_point_unless_it_takes_too_long():
    for whole, expected in ((1.0, 1), (1.3, 0)):
        second = whole / choose.Setting(n=LONG).numbers
        points = quiet(lambda _, setting, __, second=second: setting.numbers * second).points
        long = [one for one in points["lsh", "causal training"] if one.setting.n == LONG]
        assert [one.seconds for one in long] == [pytest.approx(whole)] * expected
    assert not any(setting.n == LONG for setting, _ in plan(SHORT)["lsh", "causal training"])


def test_no_long_length_on_request(machine):
    calibration = quiet(machine(), rounds=1, lengths=SHORT, long=None)
    points = [one for points in calibration.points.values() for one in points]
    assert max(one.setting.n for one in points) == 2048


def test_a_call_that_was_long_by_accident_is_measured_again():
    seen = set()

    def measure(name, setting, options):
        first = (name, setting) not in seen
        seen.add((name, setting))
        return 1.0 if setting.n == 256 and first else 1e-3

    calibration = quiet(measure, lengths=(128, 256, 512), longest=0.05)
    assert all(law.longest >= 1024 for law in calibration.laws.values())
    assert all(one.seconds == 1e-3 for points in calibration.points.values() for one in points)


def test_the_judge_tells_a_busy_machine_from_a_quiet_one(machine):
    measure = machine()
    times = iter([1.0, 2.0] * 1000)
    measure.judge = lambda: 1.0
    calm = quiet(measure, rounds=1, lengths=SHORT)
    assert (calm.judge_spread, calm.steady) == (0, True)
    measure.judge = lambda: next(times)
    busy = quiet(measure, rounds=1, lengths=SHORT)
    assert busy.judge_spread == pytest.approx(1)  # from 1 to 2, the median is 1
    assert not busy.steady


def test_a_bar_shows_the_progress_unless_it_is_unwanted(machine):
    shown, hidden = io.StringIO(), io.StringIO()
    with redirect_stderr(shown):
        choose.calibrate(measure=machine(), rounds=1, lengths=SHORT)
    with redirect_stderr(hidden):
        quiet(machine(), rounds=1, lengths=SHORT)
    assert "measuring attention" in shown.getvalue()
    assert hidden.getvalue() == ""


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rounds": 0}, ValueError, "rounds must be at least 1, got 0"),
        ({"rounds": 1.5}, TypeError, "rounds must be an integer, got float"),
        ({"long": 0}, ValueError, "long must be at least 1, got 0"),
        ({"lengths": (128, 0)}, ValueError, r"lengths\[1\] must be at least 1, got 0"),
    ],
)
def test_wrong_options_are_refused(machine, options, error, message):
    with pytest.raises(error, match=message):
        quiet(machine(), **options)


@pytest.mark.whole
def test_a_small_real_calibration_predicts_every_mechanism(monkeypatch):
    """Real calls, timed; how long they take is not judged."""
    monkeypatch.setattr("attention_lib.choose.calibration.OTHER_SIZES", ({"n": 300, "n_heads": 1},))
    monkeypatch.setattr("attention_lib.choose.calibration.OPTION_LENGTHS", (300,))
    monkeypatch.setattr("attention_lib.choose.stopwatch.SHORTEST", 0.0)
    calibration = choose.calibrate(rounds=1, lengths=(), long=None, progress=False)
    assert set(calibration.points) == set(plan())
    assert calibration.origin == choose.Origin.here()
    for (name, mode), law in calibration.laws.items():
        setting = calibration.points[name, mode][0].setting
        options = MECHANISMS[name].options(300)[0]
        assert 0 < law.seconds(setting, options) < float("inf")


@pytest.mark.parametrize("name", MECHANISMS)
@pytest.mark.parametrize("training", [False, True])
def test_the_stopwatch_runs_what_the_setting_says(name, training, monkeypatch):
    mechanism, seen = MECHANISMS[name], []
    real = type(mechanism).run

    def run(self, query, key, value, causal, options):
        output = real(self, query, key, value, causal, options)
        seen.append((query.shape, causal, options, output.requires_grad))
        return output

    monkeypatch.setattr(type(mechanism), "run", run)
    setting = choose.Setting(n=101, d_head=7, n_heads=3, batch=2, training=training)
    options = mechanism.options(101)[0] if mechanism.options(101) else mechanism.grid()[0]
    assert Stopwatch()(name, setting, options) > 0
    ready = mechanism.ready(options, torch.empty(101, 7))
    assert len(seen) >= 1
    for shape, causal, used, gradient in seen:
        assert (tuple(shape), causal, gradient) == ((2, 3, 101, 7), False, training)
        assert str(used) == str(ready)


def test_the_clock_is_that_of_the_processor_only_for_one_thread():
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert Stopwatch().clock is time.process_time
        torch.set_num_threads(2)
        assert Stopwatch().clock is time.perf_counter
    finally:
        torch.set_num_threads(threads)


def test_short_calls_are_repeated():
    clock = iter(range(10**6))
    watch = Stopwatch()
    watch.clock = lambda: next(clock) * 1e-4
    calls = []
    assert watch._seconds(lambda: calls.append(1)) == pytest.approx(1e-4 / 20)
    assert len(calls) == 21  # one, which took 0.1 ms, then 20 to fill 2 ms
