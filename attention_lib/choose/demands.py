"""What the reader demands beside speed: memory, error, and how far a token has to see."""

from __future__ import annotations

from dataclasses import dataclass

from ..checks import check_count, check_not_negative
from ..cost import readable
from .errors import LONGEST, check_sample, normal_error, relative_error
from .mechanisms import MECHANISMS
from .setting import Setting


@dataclass(frozen=True)
class Demands:
    """Judges a candidate. Arguments as for `choose_attention`.

    >>> str(Demands(Setting(n=7), memory_limit=2000))
    'at most 2.00 kB, exact'
    """

    setting: Setting
    memory_limit: int | None = None
    tolerated_error: float = 0.0
    reach: int | None = None
    sample: tuple | None = None

    def __post_init__(self):
        if self.memory_limit is not None:
            check_count(memory_limit=self.memory_limit)
        check_not_negative(tolerated_error=self.tolerated_error)
        if self.reach is not None:
            check_count(minimum=0, reach=self.reach)
        if self.sample is not None:
            check_sample(self.sample, self.setting.d_head)
            if not self.tolerated_error:
                raise ValueError(
                    "sample is used to measure errors: tolerated_error must be greater than 0 with "
                    "it, got 0"
                )

    @property
    def judged_length(self):
        """Tokens of the sample."""
        if self.sample is not None:
            return self.sample[0].shape[-2]
        return min(self.setting.n, LONGEST)

    @property
    def judged_on(self):
        """What errors are measured on, in words."""
        if not self.tolerated_error:
            return ""
        kind = "standard normal numbers" if self.sample is None else "the given sample"
        return f"{kind} of {self.judged_length:,} tokens"

    def error(self, name, options):
        """The error of a mechanism, and how it is known; None where it is not."""
        mechanism = MECHANISMS[name]
        if mechanism.exact:
            return 0.0, "exact"
        if self.reach is not None and mechanism.sees(options) >= self.reach:
            return 0.0, "by reach"
        if not self.tolerated_error or not mechanism.partial(self.judged_length, options):
            return None, "unknown"
        n, d_head, causal = self.judged_length, self.setting.d_head, self.setting.causal
        if self.sample is None:
            return normal_error(name, tuple(options.items()), n, d_head, causal), "measured"
        return relative_error(name, options, self.sample, causal=causal), "measured"

    def problems(self, peak_bytes, error, certainty):
        """Why something of these bytes and this error does not fit; empty if it does."""
        found = []
        if self.memory_limit is not None and peak_bytes > self.memory_limit:
            more = readable(peak_bytes - self.memory_limit, "B")
            found.append(f"{readable(peak_bytes, 'B')} are {more} above the limit")
        if certainty == "unknown":
            few = f"{self.judged_length:,} tokens of the sample are too few to judge it"
            found.append(few if self.tolerated_error else "not exact")
        elif not error <= self.tolerated_error:
            found.append(f"error {error:.2g} above {self.tolerated_error:g}")
        return tuple(found)

    def __str__(self):
        """In words, as the rest of a sentence."""
        parts = []
        if self.memory_limit is not None:
            parts.append(f"at most {readable(self.memory_limit, 'B')}")
        error = f"error up to {self.tolerated_error:g}" if self.tolerated_error else "exact"
        parts.append(error)
        if self.reach is not None:
            parts.append(f"a token needs to see {self.reach:,} positions to each side")
        return ", ".join(parts)
