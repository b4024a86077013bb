"""The peak of memory: known to the byte where the computation says what it allocates."""

import pytest
import torch


@pytest.fixture
def peak_bytes(load):
    return load("memory").peak_bytes


SLACK = 64  # a number that an operation wraps in a tensor of its own


@pytest.mark.parametrize(
    ("way", "tensors"),
    [
        (lambda x: x.clone(), 1),
        (lambda x: x.clone().clone(), 2),  # the first is given back when the second is there
        (lambda x: x.clone().clone().clone().clone(), 2),
        (lambda x: (x.clone(), x.clone(), x.clone()), 3),
        (lambda x: x.clone().add_(1), 1),
        (lambda x: x[:10], 0),
    ],
)
def test_the_peak_is_what_is_held_at_once(peak_bytes, way, tensors):
    x = torch.ones(250, 1000)
    assert 0 <= peak_bytes(lambda: way(x)) - tensors * 1_000_000 <= SLACK


def test_what_is_inside_a_kernel_counts(peak_bytes):
    x = torch.ones(100, 1000)
    sorted_with_places = 400_000 + 800_000
    assert peak_bytes(lambda: x.sort(dim=-1)) >= sorted_with_places


def test_the_gradients_count_and_every_run_gives_the_same(peak_bytes):
    x = torch.ones(1000, 250, requires_grad=True)
    ways = [lambda: torch.autograd.grad(x.exp().sum(), x)] * 2
    first, second = map(peak_bytes, ways)
    assert first == second
    assert first >= 2_000_000  # exp(x), and the gradient


def test_nothing_is_said_on_the_standard_error(peak_bytes, capfd):
    peak_bytes(lambda: torch.ones(3))
    assert capfd.readouterr().err == ""
