"""Predicted bytes against what PyTorch allocates while the mechanism runs."""

import pytest
import torch

from attention_lib import choose
from attention_lib.choose.calibration import plan
from attention_lib.choose.mechanisms import MECHANISMS
from tests.helpers.torch_counts import peak_bytes

RANGE = (0.75, 1.6)  # allocated / predicted, as the docstring of `Candidate` says
SIZES = [
    {"n": 521, "n_heads": 3, "d_head": 17},
    {"n": 1031, "n_heads": 2, "d_head": 32, "batch": 2},
]


@pytest.fixture(autouse=True)
def one_thread():
    """The kernel has a workspace for each thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("sizes", SIZES, ids=["521", "1031"])
@pytest.mark.parametrize(("name", "mode"), plan())
def test_memory_is_as_predicted(name, mode, sizes, plain):
    causal, training = mode.startswith("causal"), mode.endswith("training")
    setting = choose.Setting(**sizes, causal=causal, training=training)
    mechanism, options = MECHANISMS[name], MECHANISMS[name].usual(setting.n)
    shape = (setting.batch, setting.n_heads, setting.n, setting.d_head)
    rng = torch.Generator().manual_seed(0)
    inputs = [torch.randn(shape, generator=rng, requires_grad=training) for _ in range(3)]

    ready = mechanism.ready(options, inputs[1])

    def run():
        for one in inputs:
            one.grad = None
        return mechanism.run(*inputs, causal, ready)

    allocated = peak_bytes(run, training=training) + sum(one.nbytes for one in inputs)
    _, predicted = plain.predict(name, setting, options)
    low, high = RANGE
    assert low * predicted <= allocated <= high * predicted
