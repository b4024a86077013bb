"""The answer: which mechanism, what it is predicted to cost, why the others lost."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..checks import check_flag, check_mapping
from ..cost import readable
from .mechanisms import MECHANISMS
from .origin import Origin
from .setting import Setting

CLOSE = 1.3  # predictions are that good: what differs by less may be the other way round


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One mechanism with the options that suit it best.

    Attributes:
        name: of the mechanism.
        options: of it; None where none is possible.
        seconds: predicted for one call on heads, the projections left out.
        extrapolated: the length lies outside those that were measured.
        peak_bytes: predicted by `attention_lib.cost`; queries, keys, values and output included.
            At lengths of 500 and 1,000 PyTorch took 0.75 to 1.6 times as much.
        error: relative to exact attention; None where it was not asked for.
        certainty: where the error comes from: "exact", "by reach", "measured" or "unknown".
        problems: why it does not fit, in words; empty if it does.
    """

    name: str
    options: dict | None = None
    seconds: float = float("inf")
    extrapolated: bool = False
    peak_bytes: int = 0
    error: float | None = None
    certainty: str = "unknown"
    problems: tuple = ()

    @property
    def fits(self):
        return not self.problems


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The fastest mechanism that fits. `print(choice)` explains it.

    Attributes:
        setting: what was asked for, a `Setting`.
        name, options: of the mechanism.
        seconds, peak_bytes: predicted for one call on heads, the projections left out.
        error: relative to exact attention on the sample; 0 where it is exact, also by reach.
        candidates: a `Candidate` of each mechanism, the fastest first, those that do not fit last.
        demands: memory limit, tolerated error and reach, in words.
        judged_on: what the errors were measured on, in words; "" where none was measured.
        calibration: where the times come from.
    """

    setting: Setting
    candidates: tuple
    demands: str
    judged_on: str
    calibration: object = field(repr=False)

    @property
    def _best(self):
        return self.candidates[0]

    @property
    def name(self):
        return self._best.name

    @property
    def options(self):
        return self._best.options

    @property
    def seconds(self):
        return self._best.seconds

    @property
    def peak_bytes(self):
        return self._best.peak_bytes

    @property
    def error(self):
        return self._best.error

    def build(self, *, bias=True):
        """The module: `MultiHeadAttention`, with a mechanism unless dense, or one of its kind.

        Linformer and LSH have projections of their own: `LinformerAttention` for up to n tokens,
        `LSHAttention`. In evaluation mode unless the setting is training. Call it with
        `causal=True` if the setting is causal.

        Args:
            bias: whether its projections add a bias.

        Returns:
            a module from `[B, n, d_model]` to `[B, n, d_model]`.
        """
        check_flag(bias=bias)
        module = MECHANISMS[self.name].build(self.setting, self.options, bias)
        return module.train(self.setting.training)

    @property
    def explanation(self):
        """The table of all candidates, and what its numbers rest on."""
        return explain(self)

    def __str__(self):
        return self.explanation

    def __repr__(self):
        options = "".join(f", {name}={value}" for name, value in self.options.items())
        return f"Choice({self.name}{options}: {seconds_text(self.seconds)})"


def explain(choice):
    """A choice in words."""
    best = choice.candidates[0]
    rows = [("", "mechanism", "options", "time", "memory", "error", "")]
    for one in choice.candidates:
        rows.append(("->" if one is best else "", *_cells(one), _verdict(one, best)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    right = (3, 4, 5)
    table = [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([f"Attention for {choice.setting}", choice.demands, *table, *_notes(choice)])


def seconds_text(seconds):
    """Three digits and a unit.

    Raises:
        TypeError: seconds is no number.

    >>> seconds_text(0.01234), seconds_text(2.5), seconds_text(3e-5), seconds_text(12345)
    ('12.3 ms', '2.5 s', '30 us', '12,345 s')
    """
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise TypeError(f"seconds must be a number, got {type(seconds).__name__}")
    if seconds >= 1e15:
        return f"{seconds:.3g} s"
    if seconds >= 1000:
        return f"{seconds:,.0f} s"
    for unit, name in ((1, "s"), (1e-3, "ms")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds * 1e6:.3g} us"


def options_text(options):
    """Options as they are written in a call; "-" for none.

    Raises:
        TypeError: options is no mapping and not None.

    >>> options_text({"bucket_size": 64, "n_hashes": 2})
    'bucket_size=64, n_hashes=2'
    """
    if options is None:
        return "-"
    check_mapping("names to values", options=options)
    if not options:
        return "-"
    return ", ".join(f"{name}={value}" for name, value in options.items())


def _cells(one):
    if one.options is None:
        return one.name, "-", "-", "-", "-"
    time = seconds_text(one.seconds) + ("*" if one.extrapolated else "")
    error = {"exact": "exact", "by reach": "by reach", "unknown": "not 0"}.get(one.certainty)
    error = f"{one.error:.2g}" if error is None else error
    return one.name, options_text(one.options), time, readable(one.peak_bytes, "B"), error


def _verdict(one, best):
    if one is best:
        return "chosen"
    if not one.fits:
        return "; ".join(one.problems)
    ratio = one.seconds / best.seconds if best.seconds else float("inf")
    close = ", too close to be sure" if ratio < CLOSE else ""
    return f"{ratio:,.0f} times as long" if ratio >= 10 else f"{ratio:.1f} times as long{close}"


def _notes(choice):
    calibration = choice.calibration
    if any(one.extrapolated for one in choice.candidates):
        yield "* longer or shorter than what was measured: by the counted work"
    shipped = "shipped with the library, " if calibration.shipped else ""
    yield f"Times: {shipped}measured on {calibration.origin}."
    differences = calibration.origin.differences(Origin.here())
    if differences:
        yield f"Not here ({differences}): AttentionSelector.calibrate() measures here."
    if not calibration.steady:
        yield (
            f"The machine was busy then: a product of matrices varied by "
            f"{calibration.judge_spread:.0%}. AttentionSelector.calibrate() measures again."
        )
    yield "Time and memory: attention on the heads; the projections around it are the same for all."
    if choice.judged_on:
        yield f"Errors: on {choice.judged_on}."
