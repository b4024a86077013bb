"""Choosing attention by measured times, counted memory and measured errors."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import lru_cache

from ..checks import check_choice, check_count, check_divides, check_flag, check_instance, shown
from .calibration import Calibration, calibrate
from .choice import Candidate, Choice, options_text
from .demands import Demands
from .files import DEFAULT, cached_path, load, load_here, save
from .mechanisms import MECHANISMS, check_options
from .rates import work
from .setting import Setting


class NothingFitsError(ValueError):
    """No mechanism meets all demands. `candidates` are the nearest of each mechanism."""

    def __init__(self, message, candidates):
        super().__init__(message)
        self.candidates = candidates

    def __reduce__(self):
        """A copy of an exception is made from its arguments, and there are two."""
        return type(self), (str(self), self.candidates)


class AttentionSelector:
    """Chooses attention from a calibration: the fastest mechanism that meets the demands.

    `AttentionSelector.here()` uses what was measured on this machine, and measures if need be;
    `AttentionSelector.default()` takes the calibration shipped with the library.

    Args:
        calibration: a `Calibration`.

    Raises:
        TypeError: it is something else.

    >>> selector = AttentionSelector.default()
    >>> selector.choose(64, tolerated_error=0).name
    'dense'
    """

    def __init__(self, calibration):
        if not isinstance(calibration, Calibration):
            raise TypeError(f"calibration must be a Calibration, got {type(calibration).__name__}")
        self.calibration = calibration

    @classmethod
    def default(cls):
        """With the calibration shipped with the library, measured on another machine."""
        return cls(replace(load(DEFAULT), shipped=True))

    @classmethod
    def here(cls, *, progress=True):
        """With the calibration of this machine: the one in the cache folder, or a new one.

        A file that is broken, or from another machine, number of threads or version of torch or of
        this library, is not used: a warning says why, and it is measured anew.
        """
        path = cached_path()
        try:
            return cls(load_here(path))
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            warnings.warn(f"the calibration is not used and measured anew: {error}", stacklevel=2)
        return cls.calibrate(progress=progress)

    @classmethod
    def calibrate(cls, *, progress=True, measure=None):
        """Measure this machine now, keep the result in the cache folder and use it.

        Args:
            progress: show a progress bar.
            measure: as for `calibrate`.

        Where the cache folder cannot be written a warning says so; the calibration is used.
        """
        calibration = calibrate(progress=progress, measure=measure)
        try:
            save(calibration, cached_path())
        except OSError as error:
            warnings.warn(f"the calibration could not be kept: {error}", stacklevel=2)
        return cls(calibration)

    def predict(self, name, setting, options):
        """Seconds and bytes of a mechanism, without a choice.

        Args:
            name: of the mechanism.
            setting: `Setting`.
            options: of the mechanism, such as `{"window": 256}`.

        Returns:
            seconds, peak_bytes: of one call on heads; queries, keys, values and output included.

        Raises:
            TypeError, ValueError: no such mechanism, or it cannot serve the setting; setting is no
                `Setting`, options are others than the mechanism has.
        """
        check_choice("name", name, tuple(MECHANISMS))
        check_instance(Setting, setting=setting)
        mechanism = MECHANISMS[name]
        check_options(name, options)
        if mechanism.refuses(setting):
            raise ValueError(f"{name} is {mechanism.refuses(setting)}")
        seconds = self.calibration.law(name, setting).seconds(setting, options)
        return seconds, mechanism.count(setting, options).peak_bytes

    def choose(
        self,
        n,
        *,
        d_model=512,
        n_heads=8,
        batch=1,
        causal=False,
        training=False,
        memory_limit=None,
        tolerated_error=0.0,
        reach=None,
        sample=None,
        mechanisms=None,
    ):
        """The fastest mechanism that meets the demands; arguments as for `choose_attention`."""
        sizes = {"d_model": d_model, "n_heads": n_heads, "batch": batch}
        flags = {"causal": causal, "training": training}
        limits = {"memory_limit": memory_limit, "tolerated_error": tolerated_error, "reach": reach}
        demands, names = _judged(
            n, **sizes, **flags, **limits, sample=sample, mechanisms=mechanisms
        )
        setting = demands.setting
        found = [self._candidate(name, demands) for name in names]
        found.sort(key=lambda one: (not one.fits, one.options is None, one.seconds))
        if not found[0].fits:
            found.sort(key=_distance)
            nearest = "".join(
                f"\n- {one.name} ({options_text(one.options)}): {'; '.join(one.problems)}"
                for one in found
            )
            raise NothingFitsError(
                f"no mechanism serves {setting} with {demands}. The nearest:{nearest}",
                tuple(found),
            )
        return Choice(
            setting=setting,
            candidates=tuple(found),
            demands=str(demands)[:1].upper() + str(demands)[1:],
            judged_on=demands.judged_on,
            calibration=self.calibration,
        )

    def _candidate(self, name, demands):
        """The mechanism with the fastest options that fit, or those that come nearest."""
        mechanism, setting = MECHANISMS[name], demands.setting
        refusal = mechanism.refuses(setting)
        every = [] if refusal else mechanism.options(setting.n, demands.reach)
        if not every:
            refusal = refusal or f"{setting.n} tokens are too few: it would leave nothing out"
            return Candidate(name=name, problems=(refusal,))
        law = self.calibration.law(name, setting)
        counted = [_counted(name, setting, tuple(one.items())) for one in every]
        predicted = sorted((law.seconds_of(done), k) for k, (done, _) in enumerate(counted))
        nearest = None
        for seconds, k in predicted:
            options, peak_bytes = every[k], counted[k][1]
            error, certainty = demands.error(name, options)
            one = Candidate(
                name=name,
                options=options,
                seconds=seconds,
                extrapolated=not law.measured_at(setting.n),
                peak_bytes=peak_bytes,
                error=error,
                certainty=certainty,
                problems=demands.problems(peak_bytes, error, certainty),
            )
            if one.fits:
                return one
            if nearest is None or _distance(one) < _distance(nearest):
                nearest = one
        return nearest


def choose_attention(n, *, calibration=None, recalibrate=False, progress=True, **demands):
    """Choose the fastest attention for n tokens on this machine, explain it, and build it.

    The first call on a machine measures all mechanisms (seconds, with a progress bar) and keeps the
    result in the reader's cache folder.

    Args:
        n: tokens; each attends to the others.
        d_model, n_heads: width of a token and heads that share it; 512 and 8.
        batch: sequences at a time; 1.
        causal: no token sees a later one; False.
        training: forward and backward; else forward alone.
        memory_limit: the most bytes that attention may hold at once, queries, keys, values and
            output included; None is no limit.
        tolerated_error: relative error against exact attention, 0 or more; 0, the default, leaves
            what is exact. Measured for each mechanism by `relative_error`.
        reach: how many positions to each side a token needs to see, by your own statement; then
            what certainly sees so far counts as exact. None: all of them.
        sample: `(query, key, value)` `[..., N, d_model / n_heads]` of your own data to measure
            errors on; None means standard normal numbers, of which nothing is known in advance.
        mechanisms: names of those to consider; None means all: "dense", "tiled", "sliding_window",
            "block_sparse", "linear", "performer", "linformer", "lsh".
        calibration: None means that of this machine, "default" the one shipped with the library;
            or a `Calibration`.
        recalibrate: measure this machine again first.
        progress: show a progress bar while measuring.

    Returns:
        `Choice`.

    Raises:
        TypeError, ValueError: an argument that is not as described.
        NothingFitsError: no mechanism meets the demands; it lists the nearest of each.

    Cost: a tenth of a second for the predictions; with a tolerated error about a second for the
    errors. What is counted, and errors on normal numbers, are kept for the next call.

    >>> choice = choose_attention(16384, reach=256, calibration="default")
    >>> choice.name, choice.options
    ('sliding_window', {'window': 256})
    """
    check_flag(recalibrate=recalibrate, progress=progress)
    _judged(n, **demands)  # before anything is measured
    if recalibrate and calibration is not None:
        raise ValueError("recalibrate measures this machine: calibration must be None with it")
    if isinstance(calibration, str):
        check_choice("calibration", calibration, ("default",))
        selector = AttentionSelector.default()
    elif calibration is not None:
        selector = AttentionSelector(calibration)
    elif recalibrate:
        selector = AttentionSelector.calibrate(progress=progress)
    else:
        selector = AttentionSelector.here(progress=progress)
    return selector.choose(n, **demands)


def _judged(
    n,
    *,
    d_model=512,
    n_heads=8,
    batch=1,
    causal=False,
    training=False,
    mechanisms=None,
    **limits,
):
    """The arguments of a choice as `Demands` and the names to consider."""
    check_count(n=n, d_model=d_model, n_heads=n_heads, batch=batch)
    check_divides("n_heads", n_heads, "d_model", d_model)
    sizes = {"d_head": d_model // n_heads, "n_heads": n_heads, "batch": batch}
    setting = Setting(n=n, **sizes, causal=causal, training=training)
    return Demands(setting, **limits), _check_names(mechanisms)


def _check_names(mechanisms):
    """The names to consider, in the order of the table."""
    if mechanisms is None:
        return tuple(MECHANISMS)
    if isinstance(mechanisms, str) or not hasattr(mechanisms, "__iter__"):
        raise TypeError(f"mechanisms must be a list of names, got {shown(mechanisms)}")
    names = tuple(mechanisms)
    if not names:
        raise ValueError("mechanisms must name at least one, got none")
    for name in names:
        check_choice("mechanisms", name, tuple(MECHANISMS))
    return tuple(name for name in MECHANISMS if name in names)


@lru_cache(maxsize=4096)
def _counted(name, setting, options):
    """The `work` of one call and its peak in bytes: the same for every calibration and demand."""
    options = dict(options)
    return work(name, setting, options), MECHANISMS[name].count(setting, options).peak_bytes


def _distance(candidate):
    """How far from the demands: by the number of problems, then error, then memory."""
    error = float("inf") if candidate.error is None else candidate.error
    return candidate.options is None, len(candidate.problems), error, candidate.peak_bytes
