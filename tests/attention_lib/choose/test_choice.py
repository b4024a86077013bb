"""The choice follows from times, memories and errors, and says so."""

import re
from dataclasses import replace

import pytest
import torch

from attention_lib import choose, functional, modules
from attention_lib.choose.calibration import plan
from attention_lib.choose.mechanisms import MECHANISMS
from attention_lib.choose.rates import work

PLAIN = (1e-5, 1e-11, 1e-10, 5e-11, 1e-5, 2e-11)  # the rates of the selector `plain`
NORMAL = choose.normal_sample(600, 64)


def selector_of(machine, **special):
    """A selector whose mechanisms take what `special` says, the others what is plain."""
    measure = machine(**special)
    points = {
        (name, mode): [choose.Point(*case, measure(name, *case)) for case in cases]
        for (name, mode), cases in plan((128, 512, 2048)).items()
    }
    return choose.AttentionSelector(choose.Calibration(choose.Origin.here(), points))


def line_of(choice, name):
    return next(one for one in str(choice).splitlines() if name in one.split()[:2])


def test_the_fastest_that_fits_is_chosen(plain):
    choice = plain.choose(3001, tolerated_error=100, n_heads=3, d_model=21)
    fitting = [one for one in choice.candidates if one.fits]
    assert choice.seconds == min(one.seconds for one in fitting)
    assert {one.name for one in choice.candidates} == set(MECHANISMS)
    setting = choice.setting
    assert (setting.n, setting.n_heads, setting.d_head, setting.d_model) == (3001, 3, 7, 21)
    for one in fitting:
        expected = float(
            work(one.name, setting, one.options) @ [1e-5, 1e-11, 1e-10, 5e-11, 1e-5, 2e-11]
        )
        assert one.seconds == pytest.approx(expected, rel=0.01)
        peak = MECHANISMS[one.name].count(setting, one.options).peak_bytes
        assert one.peak_bytes == peak
        assert plain.predict(one.name, setting, one.options) == (one.seconds, peak)


def test_settings_reach_the_prediction(plain):
    usual = plain.choose(512).seconds
    for change in ({"batch": 3}, {"training": True}, {"d_model": 1024}, {"n_heads": 16}):
        assert plain.choose(512, **change).seconds > usual
    assert plain.choose(1024, causal=True).seconds < plain.choose(1024).seconds


@pytest.mark.parametrize("crossing", [700, 3000])
def test_the_crossover_is_where_the_law_puts_it(machine, crossing):
    """A window that takes a fixed time for each call loses until dense attention takes as long."""
    dense = work("dense", choose.Setting(n=crossing), {})[1] * 1e-11
    selector = selector_of(
        machine,
        dense=(0, 1e-11, 0, 0, 0, 0),
        sliding_window=(dense, 0, 0, 0, 0, 0),
        tiled=(1, 0, 0, 0, 0, 0),
    )
    pair = {"reach": 64, "mechanisms": ["dense", "sliding_window"]}
    assert selector.choose(round(crossing * 0.98), **pair).name == "dense"
    assert selector.choose(round(crossing * 1.02), **pair).name == "sliding_window"


def test_without_a_tolerated_error_only_what_is_exact_remains(plain):
    choice = plain.choose(8192)
    assert [one.name for one in choice.candidates if one.fits] == [choice.name, "tiled"]
    assert choice.name == "dense"
    assert choice.error == 0
    assert {one.problems for one in choice.candidates[2:]} == {("not exact",)}


def test_reach_makes_a_window_exact_and_no_smaller_one(plain):
    choice = plain.choose(8192, reach=300)
    assert (choice.name, choice.options, choice.error) == ("sliding_window", {"window": 300}, 0)
    assert line_of(choice, "sliding_window").split()[-3:] == ["by", "reach", "chosen"]
    blocks = next(one for one in choice.candidates if one.name == "block_sparse")
    assert blocks.fits
    assert MECHANISMS["block_sparse"].sees(blocks.options) >= 300
    assert blocks.options["window_blocks"] == 2 * -(-300 // blocks.options["block_size"]) + 1
    none = plain.choose(8192, reach=8191)  # as good as no reach
    assert none.name == "dense"


@pytest.mark.parametrize("options", MECHANISMS["block_sparse"].grid(100), ids=str)
def test_blocks_see_as_far_as_they_say(options):
    sees, size = MECHANISMS["block_sparse"].sees(options), options["block_size"]
    n = size * 30
    many = options.get("window_blocks", 3)
    alone = {"window_blocks": many, "global_blocks": 0, "random_blocks": 0}
    pattern = functional.block_sparse_pattern(30, **alone)
    mask = functional.block_sparse_mask(pattern, n, block_size=size)
    position = torch.arange(n)
    distance = (position[:, None] - position).abs()
    assert mask[distance <= sees].all()
    assert not mask[distance <= sees + 1].all()


def test_errors_are_measured_on_the_sample(plain):
    choice = plain.choose(600, tolerated_error=50, sample=NORMAL)
    for one in choice.candidates:
        if one.certainty == "measured":
            expected = choose.relative_error(one.name, one.options, NORMAL)
            assert one.error == pytest.approx(expected)
    assert "Errors: on the given sample of 600 tokens." in str(choice)
    local = NORMAL[0] * 0, NORMAL[1], NORMAL[2] * 0 + 1  # every value is the same
    choice = plain.choose(600, tolerated_error=1e-4, sample=local)
    assert choice.name not in ("dense", "tiled")
    assert choice.error <= 1e-4


def test_the_default_sample_has_the_length_and_the_direction(plain):
    choice = plain.choose(300, tolerated_error=0.99, n_heads=2, d_model=22, causal=True)
    sample = choose.normal_sample(300, 11)
    measured = [one for one in choice.candidates if one.certainty == "measured"]
    assert len(measured) == 5
    for one in measured:
        expected = choose.relative_error(one.name, one.options, sample, causal=True)
        assert one.error == pytest.approx(expected)
    assert "Errors: on standard normal numbers of 300 tokens." in str(choice)


def test_long_sequences_are_judged_at_a_bounded_length(plain):
    choice = plain.choose(
        10**6, tolerated_error=9, n_heads=1, d_model=2, mechanisms=["linear", "dense"]
    )
    assert "standard normal numbers of 4,096 tokens" in str(choice)


def test_the_cheapest_options_that_meet_the_error_are_taken(plain):
    errors = {
        window: choose.relative_error("sliding_window", {"window": window}, NORMAL)
        for window in (64, 128, 256, 512)
    }
    assert errors[512] < errors[256] < errors[128]
    for window in (128, 256, 512):
        tolerated = errors[window] * 1.001
        choice = plain.choose(
            600, tolerated_error=tolerated, sample=NORMAL, mechanisms=["sliding_window"]
        )
        assert choice.options == {"window": window}


def test_a_sample_that_is_too_short_judges_no_large_window(plain):
    short = choose.normal_sample(100, 64)
    with pytest.raises(choose.NothingFitsError) as caught:
        plain.choose(5000, tolerated_error=1e-6, sample=short, mechanisms=["sliding_window"])
    assert caught.value.candidates[0].options["window"] < 99
    windows = {"mechanisms": ["sliding_window"], "tolerated_error": 99, "sample": short}
    assert plain.choose(5000, **windows).error > 0
    tiny = choose.normal_sample(20, 64)
    with pytest.raises(ValueError, match="20 tokens of the sample are too few to judge it"):
        plain.choose(5000, **{**windows, "sample": tiny})


def test_memory_has_a_limit(plain):
    dense, tiled = (
        plain.predict(name, choose.Setting(n=4096), options)[1]
        for name, options in (("dense", {}), ("tiled", {"block_size": 128}))
    )
    assert dense < tiled
    choice = plain.choose(4096, memory_limit=dense)
    assert choice.name == "dense"
    assert choice.peak_bytes == dense
    beyond = next(one for one in choice.candidates if one.name == "tiled")
    assert not beyond.fits
    assert re.fullmatch(r"[\d.]+ MB are [\d.]+ MB above the limit", beyond.problems[0])
    with pytest.raises(choose.NothingFitsError, match="no mechanism serves 4,096 tokens"):
        plain.choose(4096, memory_limit=dense - 1)


def test_memory_and_speed_may_disagree(machine):
    """The fastest does not fit, the next does."""
    selector = selector_of(machine, dense=(9, 0, 0, 0, 0, 0), sliding_window=(1, 0, 0, 0, 0, 0))
    free = selector.choose(2000, reach=500, mechanisms=["dense", "sliding_window"])
    assert free.name == "sliding_window"
    tight = selector.choose(
        2000,
        reach=500,
        mechanisms=["dense", "sliding_window"],
        memory_limit=free.peak_bytes - 1,
    )
    assert tight.name == "dense"


def test_nothing_fits_and_the_nearest_are_listed(plain):
    with pytest.raises(choose.NothingFitsError) as caught:
        plain.choose(4096, causal=True, memory_limit=1000)
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "no mechanism serves 4,096 tokens, 8 heads of width 64, causal, inference with "
        "at most 1.00 kB, exact. The nearest:"
    )
    assert lines[1].startswith("- dense (-): ")
    assert lines[2].startswith("- tiled (block_size=128): ")
    assert lines[-1] == (
        "- linformer (-): not causal: each projected key mixes all positions, the future among them"
    )
    assert len(lines) == 1 + len(MECHANISMS) == 1 + len(caught.value.candidates)
    assert isinstance(caught.value, ValueError)


def test_a_window_that_covers_all_is_no_candidate(plain):
    choice = plain.choose(30)
    window = next(one for one in choice.candidates if one.name == "sliding_window")
    assert window.options is None
    assert window.problems == ("30 tokens are too few: it would leave nothing out",)
    assert plain.choose(1).name == "dense"


def test_the_explanation_says_everything(plain):
    choice = plain.choose(300, tolerated_error=0.5, memory_limit=10**8, causal=True, batch=2)
    text = choice.explanation
    assert text == str(choice)
    lines = text.splitlines()
    assert lines[0] == ("Attention for 300 tokens, 8 heads of width 64, batch 2, causal, inference")
    assert lines[1] == "At most 100 MB, error up to 0.5"
    assert lines[2].split() == ["mechanism", "options", "time", "memory", "error"]
    assert lines[3].startswith(f"->  {choice.name} ")
    assert lines[3].endswith("chosen")
    assert sum(line.startswith("->") for line in lines) == 1
    assert "not causal: each projected key" in line_of(choice, "linformer")
    assert re.search(r"error [\d.]+ above 0\.5$", line_of(choice, "performer"))
    assert f"Times: measured on {plain.calibration.origin}." in lines
    assert "Not here" not in text
    assert "busy" not in text
    assert "*" not in text


def test_lengths_that_were_not_measured_are_marked(plain):
    text = str(plain.choose(10_000))
    assert re.search(r"dense .* s\* ", text)
    assert "* longer or shorter than what was measured: by the counted work" in text


def test_losers_are_told_by_how_much(machine):
    selector = selector_of(machine, dense=(1, 0, 0, 0, 0, 0), tiled=(1.2, 0, 0, 0, 0, 0))
    pair = {"mechanisms": ["tiled", "dense"]}
    text = str(selector.choose(512, **pair))
    assert text.count("1.2 times as long, too close to be sure") == 1
    selector = selector_of(machine, dense=(1e-3, 0, 0, 0, 0, 0), tiled=(25, 0, 0, 0, 0, 0))
    assert line_of(selector.choose(512, **pair), "tiled").endswith("exact  25,000 times as long")


def test_a_calibration_from_elsewhere_is_told(plain):
    origin = replace(plain.calibration.origin, threads=77)
    foreign = replace(plain.calibration, origin=origin, shipped=True, judge_spread=0.5)
    text = str(choose.AttentionSelector(foreign).choose(64))
    assert "Times: shipped with the library, measured on " in text
    assert ", 77 threads of " in text
    assert re.search(
        r"Not here \(threads 77 instead of \d+\): AttentionSelector.calibrate\(\)", text
    )
    assert "The machine was busy then: a product of matrices varied by 50%." in text


def test_the_shipped_default_explains_itself():
    text = str(choose.choose_attention(512, calibration="default"))
    assert "Times: shipped with the library, measured on " in text


@pytest.mark.parametrize("name", MECHANISMS)
@pytest.mark.parametrize("training", [False, True])
def test_the_built_module_computes_the_mechanism(plain, name, training):
    choice = plain.choose(
        300, n_heads=2, d_model=22, tolerated_error=1e9, mechanisms=[name], training=training
    )
    assert choice.name == name
    module = choice.build()
    assert module.training == training
    x = torch.randn(2, 300, 22, generator=torch.Generator().manual_seed(0))
    output = module(x)
    assert output.shape == x.shape
    assert module.output_projection.bias is not None
    if name in ("linformer", "lsh"):
        kind = {"linformer": modules.LinformerAttention, "lsh": modules.LSHAttention}[name]
        assert type(module) is kind
        options = {key: getattr(module, key) for key in choice.options}
        assert options == choice.options
    else:
        assert type(module) is modules.MultiHeadAttention
        split = (
            functional.split_heads(layer(x), 2)
            for layer in (module.query_projection, module.key_projection, module.value_projection)
        )
        heads = MECHANISMS[name].run(*split, False, choice.options)
        expected = module.output_projection(functional.merge_heads(heads))
        torch.testing.assert_close(output, expected)
    assert choice.build(bias=False).output_projection.bias is None


@pytest.mark.parametrize("name", sorted(set(MECHANISMS) - {"linformer"}))
def test_the_built_module_works_causally(plain, name):
    choice = plain.choose(
        300, n_heads=2, d_model=22, tolerated_error=1e9, mechanisms=[name], causal=True
    )
    x = torch.randn(1, 300, 22, generator=torch.Generator().manual_seed(0))
    assert choice.build()(x, causal=True).shape == x.shape


def test_a_choice_is_short_in_a_list(plain):
    assert re.fullmatch(r"Choice\(dense: [\d.]+ ms\)", repr(plain.choose(512)))
    windowed = repr(plain.choose(8192, reach=100))
    assert windowed.startswith("Choice(sliding_window, window=100: ")


WRONG = [
    ({"n": 0}, ValueError, "n must be at least 1, got 0"),
    ({"n": 3.0}, TypeError, "n must be an integer, got float"),
    ({"d_model": 30}, ValueError, "n_heads must divide d_model"),
    ({"n_heads": 0}, ValueError, "n_heads must be at least 1, got 0"),
    ({"batch": 0}, ValueError, "batch must be at least 1, got 0"),
    ({"causal": 1}, TypeError, "causal must be True or False, got int"),
    ({"training": None}, TypeError, "training must be True or False, got NoneType"),
    ({"memory_limit": 0}, ValueError, "memory_limit must be at least 1, got 0"),
    ({"memory_limit": 1e9}, TypeError, "memory_limit must be an integer, got float"),
    ({"tolerated_error": -0.1}, ValueError, "tolerated_error must be .* got -0.1"),
    ({"tolerated_error": "0"}, TypeError, "tolerated_error must be a .*number, got str"),
    ({"reach": -1}, ValueError, "reach must be at least 0, got -1"),
    ({"mechanisms": "dense"}, TypeError, "mechanisms must be a list of names, got 'dense'"),
    ({"mechanisms": 3}, TypeError, "mechanisms must be a list of names, got 3"),
    ({"mechanisms": []}, ValueError, "mechanisms must name at least one, got none"),
    ({"mechanisms": ["flash"]}, ValueError, "mechanisms must be one of 'dense', .*'lsh', got 'fl"),
    ({"sample": NORMAL}, ValueError, "tolerated_error must be greater than 0 with it, got 0"),
]
SAMPLES = [
    (NORMAL[0], TypeError, r"sample must be a tuple \(query, key, value\), got Tensor"),
    (NORMAL[:2], TypeError, r"sample must be .* got tuple of 2"),
    ((*NORMAL[:2], [1]), TypeError, "sample value must be a torch.Tensor, got list"),
    ((*NORMAL[:2], NORMAL[2].double()), TypeError, "share one dtype"),
    (tuple(one.int() for one in NORMAL), TypeError, "sample query must have a floating dtype"),
    (tuple(one[0] for one in NORMAL), ValueError, "sample query must have at least 2 dim"),
    (tuple(one[:, :32] for one in NORMAL), ValueError, r"sample query .*\(600, 64\), got \(600, 3"),
    ((*NORMAL[:2], NORMAL[2][:5]), ValueError, r"sample value must have shape .* got \(5, 64\)"),
    (tuple(one[:0] for one in NORMAL), ValueError, "the length of sample must be at least 1, got"),
]
WRONG += [({"sample": one, "tolerated_error": 1}, *rest) for one, *rest in SAMPLES]


@pytest.mark.parametrize(("change", "error", "message"), WRONG)
def test_wrong_demands_are_refused(plain, change, error, message):
    demands = {"n": 512, **change}
    with pytest.raises(error, match=message):
        plain.choose(**demands)


def test_wrong_calibrations_are_refused(plain):
    with pytest.raises(TypeError, match="calibration must be a Calibration, got int"):
        choose.choose_attention(64, calibration=3)
    with pytest.raises(ValueError, match="calibration must be one of 'default', got 'mine'"):
        choose.choose_attention(64, calibration="mine")
    with pytest.raises(ValueError, match="calibration must be None with it"):
        choose.choose_attention(64, calibration=plain.calibration, recalibrate=True)
    with pytest.raises(TypeError, match="recalibrate must be True or False, got str"):
        choose.choose_attention(64, recalibrate="yes")
    with pytest.raises(TypeError, match="bias must be True or False, got int"):
        plain.choose(64).build(bias=1)


def test_predictions_of_what_does_not_exist_are_refused(plain):
    with pytest.raises(ValueError, match=r"name must be one of 'dense', .* got 'flash'"):
        plain.predict("flash", choose.Setting(n=64), {})
    with pytest.raises(ValueError, match="linformer is not causal: each projected key mixes"):
        plain.predict("linformer", choose.Setting(n=64, causal=True), {"n_projected": 3})


def test_a_token_that_needs_to_see_itself_alone():
    choice = choose.choose_attention(512, reach=0, calibration="default")
    assert choice.name in {"sliding_window", "block_sparse"}
    window = next(one for one in choice.candidates if one.name == "sliding_window")
    assert (window.options, window.certainty) == ({"window": 0}, "by reach")
