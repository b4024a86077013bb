"""When a run has nothing more to win."""

import copy
import math
from dataclasses import dataclass

from ..checks import check_choice, check_count, check_flag, check_not_negative


@dataclass(frozen=True, kw_only=True)
class EarlyStopping:
    """Stop a run of `fit` whose metric no longer gets better.

    Attributes:
        patience: the run ends after so many measurements in a row without a better one.
        mode: "max" if a larger metric is better, "min" if a smaller one is.
        min_delta: a measurement is better if it beats the best by more than this; one that beats it
            by less counts as none, so the best that `History` names has this as its error.
        restore_best: at the end of the run, early or not, give the model the weights of the best
            measurement instead of the last ones.

    Raises:
        TypeError, ValueError: patience < 1, mode unknown, min_delta < 0, restore_best no flag.

    Source: Prechelt (1998).

    >>> EarlyStopping(patience=3, mode="min").is_better(0.4, than=0.5)
    True
    """

    patience: int
    mode: str = "max"
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self):
        check_count(patience=self.patience)
        check_choice("mode", self.mode, ("max", "min"))
        check_not_negative(min_delta=self.min_delta)
        check_flag(restore_best=self.restore_best)

    def is_better(self, number, *, than):
        """`number` beats `than`, the best so far; anything beats None."""
        if than is None:
            return True
        gain = number - than if self.mode == "max" else than - number
        return gain > self.min_delta

    def judge(self, run):
        """Look at the last measurement of a `Run`: note it if it is the best, else count.

        Returns:
            True if patience has run out.

        Raises:
            FloatingPointError: the metric is NaN or infinite, and cannot be compared.
        """
        history = run.history
        step, number = history.metric_steps[-1], history.metrics[-1]
        if not math.isfinite(number):
            raise FloatingPointError(f"metric is {number} at step {step}")
        if self.is_better(number, than=history.best_metric):
            history.best_step, history.best_metric = step, number
            if self.restore_best:
                run.best_weights = copy.deepcopy(run.model.state_dict())
        waited = sum(later > history.best_step for later in history.metric_steps)
        return waited >= self.patience
