"""What a training run leaves behind, apart from the weights."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from numbers import Real


@dataclass
class History:
    """Loss and learning rate of each step, the metric and the steps it was taken at.

    Attributes:
        losses, learning_rates: one entry a step.
        metric_steps, metrics: one entry a measurement.
        best_step, best_metric: the best measurement, as the `EarlyStopping` of the run judged it;
            None without one.
        stopped_early: True if early stopping ended the run before its last step.
    """

    losses: list = field(default_factory=list)
    learning_rates: list = field(default_factory=list)
    metric_steps: list = field(default_factory=list)
    metrics: list = field(default_factory=list)
    best_step: int | None = None
    best_metric: float | None = None
    stopped_early: bool = False

    @property
    def steps(self):
        return list(range(1, len(self.losses) + 1))

    def to_dict(self):
        return {"steps": self.steps, **asdict(self)}

    @classmethod
    def from_dict(cls, record):
        """What `to_dict` wrote, judged.

        Raises:
            TypeError, ValueError: no mapping, an unknown entry, lists that do not fit each other,
                or something else than numbers.
        """
        if not isinstance(record, Mapping):
            raise TypeError(f"history must be a mapping, got {type(record).__name__}")
        known = [one.name for one in fields(cls)]
        unknown = [name for name in record if name not in (*known, "steps")]
        if unknown:
            raise ValueError(f"history must have the entries {', '.join(known)}, got {unknown[0]}")
        history = cls(**{name: record[name] for name in known if name in record})
        history.check()
        return history

    def check(self, longest=math.inf):
        """Raise unless this is the history of a run of at most so many steps."""
        for name in ("losses", "learning_rates", "metric_steps", "metrics"):
            numbers = getattr(self, name)
            if not isinstance(numbers, list) or not all(map(_is_number, numbers)):
                raise TypeError(f"history.{name} must be a list of numbers")
        steps, measured = len(self.losses), self.metric_steps
        if len(self.learning_rates) != steps or len(self.metrics) != len(measured):
            raise ValueError(
                "history must have one learning rate a step and one metric a measurement"
            )
        rising = all(one < other for one, other in pairwise(measured))
        if not rising or not all(0 < step <= steps for step in measured):
            raise ValueError(f"history.metric_steps must rise within 1..{steps}")
        if not steps <= longest:
            raise ValueError(f"history must have at most {longest} steps, got {steps}")
        if (self.best_step is None) != (self.best_metric is None):
            raise ValueError("history must have both best_step and best_metric, or neither")
        if self.best_step is not None and self.best_step not in measured:
            raise ValueError("history.best_step must be among history.metric_steps")
        if not isinstance(self.stopped_early, bool):
            raise TypeError("history.stopped_early must be True or False")

    def __repr__(self):
        last = f", last loss {self.losses[-1]:.4f}" if self.losses else ""
        metric = f", metric {self.metrics[-1]:.4f}" if self.metrics else ""
        best = f", best {self.best_metric:.4f} at step {self.best_step}" if self.best_step else ""
        return f"History({len(self.losses)} steps{last}{metric}{best})"


def _is_number(one):
    return isinstance(one, Real) and not isinstance(one, bool)
