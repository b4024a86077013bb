"""Numbers in few bits: as fine as asked, right where they are printed, and read back alike."""

import numpy as np
import pytest

from attention_book.explorables import Lines, sweep
from attention_book.explorables.pack import BITS, Part, as_bytes, decimals, pack
from tests.helpers import explorable_examples as examples
from tests.helpers.explorable_numbers import result_at

RANDOM = np.random.default_rng(0)


def unpacked(numbers, part):
    """What a reader of the bytes finds, through the same helper as the tests of the pictures."""
    found = pack(numbers, part)

    class Box:
        class view:  # noqa: N801
            data = found.data
            spec = {"sizes": [len(numbers)], "lead": 0, "parts": [found.state()]}  # noqa: RUF012

    return found, np.stack([result_at(Box, [k]) for k in range(len(numbers))])


@pytest.mark.parametrize("bits", BITS)
def test_whole_numbers_are_exact_in_the_bits_they_need(bits):
    numbers = RANDOM.integers(0, 2**bits, size=(5, 7)).astype(float) - 3
    numbers[0, :2] = -3, 2**bits - 4
    found, again = unpacked(numbers, Part(7))
    assert found.bits == bits
    np.testing.assert_array_equal(again, numbers)


def test_several_numbers_share_a_byte_from_its_low_end():
    assert as_bytes(np.array([1, 0, 1, 1, 0, 0, 0, 0, 1]), 1) == bytes([0b00001101, 1])
    assert as_bytes(np.array([3, 1]), 4) == bytes([0x13])
    assert as_bytes(np.array([258]), 16) == bytes([2, 1])


@pytest.mark.parametrize("shown", [0, 1, 2, 3])
@pytest.mark.parametrize("levels", [1, 100, 5000])
@pytest.mark.parametrize("span", [0.01, 0.3, 1.0, 7.0, 250.0])
def test_what_is_printed_equals_pythons_rounding(shown, levels, span):
    numbers = RANDOM.uniform(-0.4 * span, 0.6 * span, size=(40, 30))
    found, again = unpacked(numbers, Part(30, levels, shown))
    assert found.prints == shown
    expected = [format(v, f"z.{shown}f") for v in numbers.ravel()]
    assert [format(v, f"z.{shown}f") for v in again.ravel()] == expected
    assert abs(again - numbers).max() <= max(span / levels, 10.0**-shown)


@pytest.mark.parametrize("levels", [20, 100, 500, 5000])
@pytest.mark.parametrize("span", [0.013, 0.3, 1.0, 66.0, 3e7])
def test_steps_are_as_fine_as_the_picture(levels, span):
    numbers = RANDOM.uniform(0, span, size=(40, 30))
    found, again = unpacked(numbers, Part(30, levels))
    step = found.mantissa * 10.0**-found.decimals
    assert step <= span / levels * (1 + 1e-9)
    assert abs(again - numbers).max() <= 1.5 * step
    assert found.bits <= (8 if levels <= 100 else 16)
    shown = [round(v, found.prints) for v in again.ravel().tolist()]
    assert shown == [round(v, found.prints) for v in numbers.ravel().tolist()]


def test_numbers_just_beside_a_tie_print_as_they_are():
    numbers = np.array([[0.12499999, 0.12500001, 0.125, 0.0049999, 0.0050001, 2.0]])
    _, again = unpacked(numbers, Part(6, 500, 2))
    assert [f"{v:.2f}" for v in again[0]] == ["0.12", "0.13", "0.12", "0.00", "0.01", "2.00"]


@pytest.mark.parametrize("short", [0, 1e-12, 5e-11, 1e-10, 1e-9, 1e-8])
def test_a_span_a_hair_below_a_round_one_has_a_step(short):
    numbers = np.array([[0.0, 1 - short, 1 / 3]])
    found, again = unpacked(numbers, Part(3, 100))
    assert abs(again - numbers).max() <= 0.01
    assert found.bits == 8


def test_numbers_too_far_apart_are_refused():
    with pytest.raises(
        ValueError, match=r"span 0.0005 to 1e\+12; expected at most .* steps of 0.001"
    ):
        pack(np.array([[0.0005, 1e12]]), Part(2, 1, 3))


@pytest.mark.parametrize("name", examples.ALL)
def test_no_example_takes_more_bits_than_the_picture_can_show(name):
    assert max(bits for _, bits, *_ in examples.ALL[name]().view.spec["parts"]) <= 16


def test_a_result_is_stored_to_the_error_that_its_kind_states():
    x = np.linspace(0, 1, 50)
    box = sweep(
        lambda a: [np.sin(a * x)],
        {"a": [1.0, 2.0, 3.0]},
        view=Lines(x=x, series=["s"], y_range=(-1, 1)),
        title="",
        caption="",
    )
    for k, a in enumerate([1.0, 2.0, 3.0]):
        assert abs(result_at(box, [k]) - np.sin(a * x)).max() <= 1 / 5000


def test_decimals_that_print_exactly():
    assert [decimals(np.array(v), 3) for v in ([1, 2], [0.5], [0.25, 1.5], [1 / 3])] == [0, 1, 2, 3]
