"""A machine that runs by a known law, in place of a clock."""

from functools import cache as remember

import numpy as np
import pytest

from attention_lib import choose
from attention_lib.choose.calibration import plan
from attention_lib.choose.rates import work

# seconds: of a call, of a FLOP in products, of any other, of a byte, of a round of a Python loop,
# and of a byte that is far
PLAIN = (1e-5, 1e-11, 1e-10, 5e-11, 1e-5, 2e-11)


class FakeMachine:
    """`measure` of `calibrate`: seconds by a law, every call counted."""

    def __init__(self, rates=PLAIN, **special):
        self.rates, self.special, self.calls = rates, special, []

    def __call__(self, name, setting, options):
        self.calls.append((name, setting, options))
        done = _work(name, setting, tuple(options.items()))
        return float(done @ np.array(self.special.get(name, self.rates)))


@remember
def _work(name, setting, options):
    return work(name, setting, dict(options))


@pytest.fixture
def machine():
    return FakeMachine


@pytest.fixture(scope="session")
def plain():
    """A selector of the machine whose mechanisms all work at the same rates."""
    measure = FakeMachine()
    points = {
        (name, mode): [choose.Point(*case, measure(name, *case)) for case in cases]
        for (name, mode), cases in plan((128, 512, 2048)).items()
    }
    return choose.AttentionSelector(choose.Calibration(choose.Origin.here(), points))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "attention_lib"
