"""A law is found again from the times of a machine that runs by it."""

import numpy as np
import pytest

from attention_lib import choose, cost
from attention_lib.choose.calibration import plan
from attention_lib.choose.mechanisms import MECHANISMS
from attention_lib.choose.rates import TERMS, fit, work

# sizes of which none was measured
ELSEWHERE = [
    {"n": 197, "d_head": 48, "n_heads": 5},
    {"n": 3001, "d_head": 96, "n_heads": 3, "batch": 2},
    {"n": 20011, "d_head": 16, "n_heads": 1},
]
RATES = [
    (1e-4, 1e-11, 1e-10, 5e-11, 2e-5, 0.0),
    (0.0, 3e-11, 0.0, 0.0, 0.0, 0.0),
    (2e-3, 0.0, 0.0, 4e-10, 0.0, 0.0),
]


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize(("name", "mode"), plan())
def test_predictions_elsewhere_follow_the_law(machine, name, mode, rates):
    measure = machine(rates)
    cases = plan()[name, mode]
    law = fit(name, [choose.Point(*case, measure(name, *case)) for case in cases])
    assert law.spread == pytest.approx(1, abs=1e-3)
    for sizes in ELSEWHERE:
        setting = cases[0][0].at(**sizes)
        options = MECHANISMS[name].options(setting.n)[0]
        expected = measure(name, setting, options)
        assert law.seconds(setting, options) == pytest.approx(expected, rel=0.01)


def test_work_is_what_cost_counts():
    setting = choose.Setting(n=300, d_head=7, n_heads=3, batch=2, training=True)
    sizes = {"d_key": 7, "n_heads": 3, "batch": 2, "training": True}
    counted = cost.tiled_attention(300, block_size=128, **sizes)
    moved = counted.bytes_moved
    expected = (1, counted.matmul_flops, counted.elementwise_flops, moved, 9, 0)
    assert work("tiled", setting, {"block_size": 128}).tolist() == list(expected)
    assert len(TERMS) == len(expected)


def test_bytes_are_far_where_more_is_in_use_than_16_mebibytes():
    setting = choose.Setting(n=10**5)
    counted = MECHANISMS["linear"].count(setting, {})
    assert counted.peak_bytes > 2**25
    share = 1 - 2**24 / counted.peak_bytes
    assert work("linear", setting, {})[-1] == pytest.approx(share * counted.bytes_moved)
    assert work("linear", choose.Setting(n=100), {})[-1] == 0


def test_a_causal_kernel_computes_whole_blocks_of_keys():
    for n, pairs in ((1, 1), (100, 100**2), (512, 512**2), (1024, 512 * 512 + 512 * 1024)):
        setting = choose.Setting(n=n, d_head=1, n_heads=1, causal=True)
        assert MECHANISMS["dense"].count(setting, {}).matmul_flops == 4 * pairs
    # the block of rows 512 to 576 is the first that sees a part of the second block of keys
    setting = choose.Setting(n=576, d_head=1, n_heads=1, causal=True)
    assert MECHANISMS["dense"].count(setting, {}).matmul_flops == 4 * (512 * 512 + 64 * 576)


def test_no_rate_is_below_zero_where_times_scatter():
    rng = np.random.default_rng(0)
    points = [
        choose.Point(choose.Setting(n=n), {}, 1e-9 * n**2 * rng.uniform(0.5, 2))
        for n in (128, 256, 512, 1024, 2048)
    ]
    law = fit("dense", points)
    assert min(law.seconds_each) >= 0
    ratios = [law.seconds(one.setting, one.options) / one.seconds for one in points]
    assert np.median(ratios) == pytest.approx(1)
    assert law.spread == pytest.approx(max(max(ratios), 1 / min(ratios)))


def test_a_trace_of_far_bytes_makes_no_rate():
    def law_of(longest):
        settings = [choose.Setting(n=n) for n in (512, 1024, 2048, longest)]
        return fit("linear", [choose.Point(one, {}, seconds(one)) for one in settings])

    def seconds(setting):
        done = work("linear", setting, {})
        return 1e-10 * done[3] + 5e-10 * done[-1]

    near, far = (work("linear", choose.Setting(n=n), {}) for n in (3000, 9000))
    assert 0 < near[-1] < near[3] / 2 < near[3]
    assert far[-1] > far[3] / 2
    assert law_of(3000).seconds_each[-1] == 0
    assert law_of(9000).seconds_each[-1] == pytest.approx(5e-10, rel=0.01)


def test_a_single_point_is_met():
    point = choose.Point(choose.Setting(n=100), {}, 0.5)
    law = fit("linear", [point])
    assert law.seconds(point.setting, {}) == pytest.approx(0.5)
    assert (law.shortest, law.longest, law.spread) == (100, 100, pytest.approx(1))


def test_a_law_knows_where_it_was_measured():
    points = [choose.Point(choose.Setting(n=n), {}, n) for n in (300, 100, 200)]
    law = fit("dense", points)
    assert [law.measured_at(n) for n in (99, 100, 300, 301)] == [False, True, True, False]
