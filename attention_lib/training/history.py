"""What a training run leaves behind, apart from the weights."""

from dataclasses import asdict, dataclass, field


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

    def __repr__(self):
        last = f", last loss {self.losses[-1]:.4f}" if self.losses else ""
        metric = f", metric {self.metrics[-1]:.4f}" if self.metrics else ""
        best = f", best {self.best_metric:.4f} at step {self.best_step}" if self.best_step else ""
        return f"History({len(self.losses)} steps{last}{metric}{best})"
