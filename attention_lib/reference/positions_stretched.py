"""Slower rotations, so that positions beyond the trained length look like trained ones."""

import math

import numpy as np

from ..checks import check_at_least, check_count, check_even, check_positive, check_real
from .positions import geometric_frequencies


def rotary_frequencies(d, *, base=10000.0):
    r"""By what angle each pair of `rotate` turns from one position to the next.

    $$\omega_i = \text{base}^{-2i / D}, \qquad i = 0, \ldots, D / 2 - 1$$

    A pair turns once in $2 \pi / \omega_i$ positions.

    Args:
        d: D, the width of one head, even.
        base: greater than 0; the larger it is, the slower the pairs turn.

    Returns:
        float64 `[D / 2]`, from the fastest pair to the slowest where base is above 1.

    Raises:
        TypeError, ValueError: d is not an even integer >= 2, base not a number above 0.

    Cost: D / 2 powers.
    Source: Su et al. (2021), section 3.2; their theta_i is our omega_i.
    Chapter: 04_2_longer.

    >>> rotary_frequencies(4).tolist()
    [1.0, 0.01]
    """
    check_even(d=d)
    check_positive(base=base)
    return geometric_frequencies(int(d), base)


def interpolated_frequencies(d, *, stretch, base=10000.0):
    r"""Position interpolation: every pair turns more slowly by the same factor.

    $$\omega'_i = \omega_i / s$$

    Position p then looks as position p / s did: s times the trained length fits into the angles
    that were trained, and neighbours stand s times closer.

    Args:
        d: D, the width of one head, even.
        stretch: s >= 1, the new length over the trained one.
        base: of the trained frequencies.

    Returns:
        float64 `[D / 2]`, for `rotate`.

    Raises:
        TypeError, ValueError: as `rotary_frequencies`; stretch not a number >= 1.

    Cost: D / 2 powers and quotients.
    Source: Chen et al. (2023), section 2.3; their L' / L is our s.
    Chapter: 04_2_longer.

    >>> interpolated_frequencies(4, stretch=4).tolist()
    [0.25, 0.0025]
    """
    frequencies = rotary_frequencies(d, base=base)
    check_at_least(1, stretch=stretch)
    return frequencies / float(stretch)


def ntk_frequencies(d, *, stretch, base=10000.0):
    r"""NTK-aware scaling: a larger base, so that slow pairs are slowed down more than fast ones.

    $$\omega'_i = (\text{base} \cdot s^{D / (D - 2)})^{-2i / D} = \omega_i \, s^{-2i / (D - 2)}$$

    The fastest pair, i = 0, keeps its speed; the slowest, i = D / 2 - 1, is divided by s.

    Args:
        d: D, the width of one head, even and at least 4.
        stretch: s >= 1, the new length over the trained one.
        base: of the trained frequencies.

    Returns:
        float64 `[D / 2]`, for `rotate`.

    Raises:
        TypeError, ValueError: as `interpolated_frequencies`; d below 4.

    Cost: D powers.
    Source: bloc97 (2023), a post; Peng et al. (2023), section 3.1.
    Chapter: 04_2_longer.

    >>> ntk_frequencies(4, stretch=4).tolist()
    [1.0, 0.0025]
    """
    check_count(minimum=4, d=d)
    frequencies = rotary_frequencies(d, base=base)
    check_at_least(1, stretch=stretch)
    # A power of s for each pair: the new base itself might not fit a float.
    return frequencies * float(stretch) ** (-np.arange(0, int(d), 2) / (int(d) - 2))


def yarn_frequencies(d, *, stretch, trained_length, base=10000.0, few_turns=1.0, many_turns=32.0):
    r"""YaRN's ramp: a pair is slowed down the more, the fewer turns it made in training.

    $$r_i = \frac{L \omega_i}{2 \pi}, \qquad \gamma_i = \min\left(1, \max\left(0,
    \frac{r_i - a}{b - a}\right)\right), \qquad
    \omega'_i = (1 - \gamma_i) \, \omega_i / s + \gamma_i \, \omega_i$$

    r_i counts the turns of pair i within the trained length L. A pair with b turns or more has seen
    all its angles many times and keeps its speed; one with a turns or fewer is interpolated; those
    between are blended.

    Args:
        d: D, the width of one head, even.
        stretch: s >= 1, the new length over the trained one.
        trained_length: L, an integer >= 1.
        base: of the trained frequencies.
        few_turns, many_turns: a and b, 0 <= a < b; the defaults are those for Llama models.

    Returns:
        float64 `[D / 2]`, for `rotate`. The temperature that belongs to it is `yarn_scale`.

    Raises:
        TypeError, ValueError: as `interpolated_frequencies`; trained_length not an integer >= 1,
            few_turns not a number >= 0, many_turns not a number above it.

    Cost: D / 2 powers and a few products.
    Source: Peng et al. (2023), section 3.2; their alpha and beta are our a and b.
    Chapter: 04_2_longer.

    >>> yarn_frequencies(4, stretch=4, trained_length=2048).round(5)
    array([1.     , 0.00305])
    """
    frequencies = rotary_frequencies(d, base=base)
    check_at_least(1, stretch=stretch)
    check_count(trained_length=trained_length)
    check_at_least(0, few_turns=few_turns)
    check_real(many_turns=many_turns)
    if not many_turns > few_turns:
        raise ValueError(
            f"many_turns must be greater than few_turns = {few_turns}, got {many_turns}"
        )
    turns = int(trained_length) * frequencies / (2 * math.pi)
    kept = np.clip((turns - float(few_turns)) / (float(many_turns) - float(few_turns)), 0.0, 1.0)
    return (1.0 - kept) * frequencies / float(stretch) + kept * frequencies


def yarn_scale(stretch):
    r"""YaRN's temperature: what to multiply rotated queries and keys by.

    $$\sqrt{1 / t} = 0.1 \ln s + 1$$

    A score is a product of the two, so it grows by the square: longer sequences have more keys, and
    larger scores keep the softmax from flattening over them.

    Args:
        stretch: s >= 1, the new length over the trained one.

    Returns:
        a float, 1.0 for s = 1.

    Raises:
        TypeError, ValueError: stretch is not a number >= 1.

    Cost: a logarithm.
    Source: Peng et al. (2023), section 3.4, fitted there to Llama models.
    Chapter: 04_2_longer.

    >>> round(yarn_scale(4), 4)
    1.1386
    """
    check_at_least(1, stretch=stretch)
    return 0.1 * math.log(stretch) + 1.0
