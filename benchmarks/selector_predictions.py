"""How good are the predicted times by which attention is chosen?

Calibrates this machine as a reader's first choice does, then measures each mechanism where nothing
was calibrated, forward and in training, causal and not:

1. at other lengths, between and beyond the calibrated ones, with the calibrated 8 heads of width 64
   and the options in the middle;
2. with other heads, widths, batches and options too.

A row says by what factor predicted and measured time differ at most, and how many points lie within
30%. With `--ship` the calibration becomes the one that is shipped with the library.
"""

from __future__ import annotations

import math

import torch
from paired import interleave
from rows import line, row
from study import options, save
from tqdm.auto import tqdm

from attention_lib import choose
from attention_lib.choose.calibration import LENGTHS, LONG, LONGEST, plan
from attention_lib.choose.files import DEFAULT
from attention_lib.choose.mechanisms import MECHANISMS
from attention_lib.choose.stopwatch import Stopwatch

FULL = {
    "rounds": 5,
    "attempts": 3,
    "shortest": 0.02,
    "longest": 1.0,
    "calibrated": {"lengths": list(LENGTHS), "long": LONG, "longest": LONGEST, "rounds": 3},
    "lengths": [199, 389, 787, 1543, 3001, 6007, 12007],
    "other_sizes": [
        {"n": 331, "n_heads": 12, "d_head": 48},
        {"n": 701, "n_heads": 4, "d_head": 96},
        {"n": 1201, "n_heads": 16, "d_head": 64},
        {"n": 1999, "n_heads": 4, "d_head": 32},
        {"n": 3301, "n_heads": 2, "d_head": 128},
        {"n": 499, "n_heads": 3, "d_head": 64, "batch": 5},
    ],
    "mechanisms": list(MECHANISMS),
    "tolerance": 1.3,
}
TINY = {
    **FULL,
    "rounds": 2,
    "attempts": 1,
    "shortest": 0.0,
    "calibrated": {"lengths": [128], "long": 256, "longest": 1e-9, "rounds": 1},
    "lengths": [199],
    "mechanisms": ["dense", "linformer"],
    "other_sizes": [{"n": 331, "n_heads": 2, "d_head": 8}],
}


def cases(name, mode, settings):
    """(place, setting, options) of everything to be measured in this mode."""
    mechanism, start = MECHANISMS[name], plan()[name, mode][0][0].at(d_head=64, n_heads=8)
    for n in settings["lengths"]:
        usual = mechanism.usual(n)
        if usual is not None:
            yield "other lengths", start.at(n=n), usual
    for place, sizes in enumerate(settings["other_sizes"]):
        grid = mechanism.options(sizes["n"])
        yield "other sizes and options", start.at(**sizes), grid[(1 + place) % len(grid)]


def measure(name, mode, selector, settings):
    """Predicted and measured seconds of all cases of a mode, and what the judge said of them."""
    watch, found, ways = Stopwatch(), [], {}
    for place, setting, how in cases(name, mode, settings):
        predicted, _ = selector.predict(name, setting, how)
        if predicted <= settings["longest"]:
            ways[len(found)] = watch.call(name, setting, how)
            found.append((place, setting, how, predicted))
    clock = {key: settings[key] for key in ("rounds", "attempts", "shortest")}
    timing = interleave(ways, **clock)
    points = [
        {
            "place": place,
            "mode": mode,
            **{key: getattr(setting, key) for key in ("n", "n_heads", "d_head", "batch")},
            "options": how,
            "predicted": predicted,
            "measured": timing.median(number),
            "ratio": predicted / timing.median(number),
        }
        for number, (place, setting, how, predicted) in enumerate(found)
    ]
    return points, timing


def judge(name, place, points, timings, settings):
    """One row: the largest factor between prediction and measurement, and how many are near."""
    factors = [math.exp(abs(math.log(one["ratio"]))) for one in points]
    near = sum(factor <= settings["tolerance"] for factor in factors)
    found = row(
        "factor",
        ours="predicted time",
        theirs="measured time",
        value=max(factors),
        target=settings["tolerance"] if place == "other lengths" else None,
        bound="at most",
        rounds=settings["rounds"],
        judge_spread=max(one.judge_spread for one in timings),
        attempts=max(one.attempts for one in timings),
        steady=all(one.steady for one in timings),
    )
    setting = {"mechanism": name, "at": place, "within 30%": f"{near} of {len(points)}"}
    return {"group": "prediction", "setting": setting, **found, "points": points}


def main():
    parser = options(__doc__)
    parser.add_argument("--attempts", type=int, help="how often rounds are run until it is quiet")
    parser.add_argument(
        "--ship", action="store_true", help="store the calibration as that of the library"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    settings = dict(TINY if arguments.tiny else FULL)
    settings["attempts"] = arguments.attempts or settings["attempts"]
    calibration = choose.calibrate(**settings["calibrated"])
    print(f"calibrated, judge {calibration.judge_spread:.0%}", flush=True)
    selector, results = choose.AttentionSelector(calibration), []
    bar = tqdm(settings["mechanisms"], desc="predictions")
    for name in bar:
        modes = [mode for other, mode in calibration.points if other == name]
        measured = [measure(name, mode, selector, settings) for mode in modes]
        every, timings = [one for points, _ in measured for one in points], [t for _, t in measured]
        for place in ("other lengths", "other sizes and options"):
            points = [one for one in every if one["place"] == place]
            results.append(judge(name, place, points, timings, settings))
            tqdm.write(line(results[-1]))
    settings["calibration_judge_spread"] = calibration.judge_spread
    if arguments.ship:
        if not calibration.steady:
            raise SystemExit("the machine was busy: this calibration is not to be shipped")
        choose.save(calibration, DEFAULT)
    path = save("selector_predictions", arguments=arguments, settings=settings, results=results)
    print(path)


if __name__ == "__main__":
    main()
