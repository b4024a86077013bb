"""Slower rotations, so that positions beyond the trained length look like trained ones."""

import math

import torch

from ..checks import check_at_least, check_count, check_even, check_positive, check_real
from .positions import geometric_frequencies
from .precision import check_device


def rotary_frequencies(d, *, base=10000.0, device=None):
    """By what angle each pair of `rotate` turns from one position to the next: base^(-2i / D).

    Args:
        d: D, the width of one head, even.
        base: greater than 0; the larger it is, the slower the pairs turn.
        device: None means PyTorch's default.

    Returns:
        float64 `[D / 2]`; on the CPU where the device has no float64.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.rotary_frequencies`.

    Cost, formula and source: `attention_lib.reference.rotary_frequencies`. Chapter: 04_2_longer.

    >>> rotary_frequencies(4).tolist()
    [1.0, 0.01]
    """
    check_device(device)
    check_even(d=d)
    check_positive(base=base)
    device = torch.empty(0).device if device is None else torch.device(device)
    return geometric_frequencies(int(d), base, device)


def interpolated_frequencies(d, *, stretch, base=10000.0, device=None):
    """Position interpolation: every pair turns more slowly by the same factor, the stretch.

    Args:
        d: D, the width of one head, even.
        stretch: s >= 1, the new length over the trained one.
        base: of the trained frequencies.
        device: None means PyTorch's default.

    Returns:
        float64 `[D / 2]`, for `rotate`; on the CPU where the device has no float64.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.interpolated_frequencies`.

    Cost, formula and source: `attention_lib.reference.interpolated_frequencies`.
    Chapter: 04_2_longer.

    >>> interpolated_frequencies(4, stretch=4).tolist()
    [0.25, 0.0025]
    """
    frequencies = rotary_frequencies(d, base=base, device=device)
    check_at_least(1, stretch=stretch)
    return frequencies / float(stretch)


def ntk_frequencies(d, *, stretch, base=10000.0, device=None):
    """NTK-aware scaling: the base grows to base s^(D / (D - 2)), which slows the slow pairs most.

    The fastest pair keeps its speed, the slowest is divided by s.

    Args:
        d: D, the width of one head, even and at least 4.
        stretch: s >= 1, the new length over the trained one.
        base: of the trained frequencies.
        device: None means PyTorch's default.

    Returns:
        float64 `[D / 2]`, for `rotate`; on the CPU where the device has no float64.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.ntk_frequencies`.

    Cost, formula and source: `attention_lib.reference.ntk_frequencies`. Chapter: 04_2_longer.

    >>> ntk_frequencies(4, stretch=4).tolist()
    [1.0, 0.0025]
    """
    check_count(minimum=4, d=d)
    frequencies = rotary_frequencies(d, base=base, device=device)
    check_at_least(1, stretch=stretch)
    # A power of s for each pair: the new base itself might not fit a float.
    steps = torch.arange(0, int(d), 2, device=frequencies.device).double()
    return frequencies * float(stretch) ** (-steps / (int(d) - 2))


def yarn_frequencies(
    d, *, stretch, trained_length, base=10000.0, few_turns=1.0, many_turns=32.0, device=None
):
    """YaRN's ramp: a pair is slowed down the more, the fewer turns it made in training.

    Pairs with many turns within the trained length keep their speed, pairs with few are divided by
    the stretch, and those between are blended in proportion.

    Args:
        d: D, the width of one head, even.
        stretch: s >= 1, the new length over the trained one.
        trained_length: an integer >= 1.
        base: of the trained frequencies.
        few_turns, many_turns: 0 <= few_turns < many_turns; the defaults are those for Llama models.
        device: None means PyTorch's default.

    Returns:
        float64 `[D / 2]`, for `rotate`; on the CPU where the device has no float64. The temperature
        that belongs to it is `yarn_scale`.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.yarn_frequencies`.

    Cost, formula and source: `attention_lib.reference.yarn_frequencies`. Chapter: 04_2_longer.

    >>> yarn_frequencies(4, stretch=4, trained_length=2048)
    tensor([1.0000, 0.0030], dtype=torch.float64)
    """
    frequencies = rotary_frequencies(d, base=base, device=device)
    check_at_least(1, stretch=stretch)
    check_count(trained_length=trained_length)
    check_at_least(0, few_turns=few_turns)
    check_real(many_turns=many_turns)
    if not many_turns > few_turns:
        raise ValueError(
            f"many_turns must be greater than few_turns = {few_turns}, got {many_turns}"
        )
    turns = frequencies * int(trained_length) / (2 * math.pi)
    few, many = float(few_turns), float(many_turns)
    kept = ((turns - few) / (many - few)).clamp(0.0, 1.0)
    return torch.lerp(frequencies / float(stretch), frequencies, kept)


def yarn_scale(stretch):
    """YaRN's temperature: what to multiply rotated queries and keys by, 0.1 ln(s) + 1.

    Args:
        stretch: s >= 1, the new length over the trained one.

    Returns:
        a float, 1.0 for s = 1.

    Raises:
        TypeError, ValueError: stretch is not a number >= 1.

    Cost and source: `attention_lib.reference.yarn_scale`. Chapter: 04_2_longer.

    >>> round(yarn_scale(4), 4)
    1.1386
    """
    check_at_least(1, stretch=stretch)
    return 0.1 * math.log(stretch) + 1.0
