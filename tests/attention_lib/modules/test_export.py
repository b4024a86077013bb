"""Modules under torch.export with an open batch and open lengths: the numbers at other sizes."""

import inspect

import pytest
import torch
from packaging.version import Version
from torch.export import Dim, export
from torch.testing import assert_close

from tests.helpers.module_calls import CALLS, B, S, T, inputs_of, module_of, tensors_of

# PyTorch cannot export packed sequences and generators.
APART = {"Seq2Seq, None", "Seq2Seq, additive", "PointerNetwork", "HardAttention"}
LATER = {"MultiHeadAttention, grouped"}
# What an open length has to stay below; LSH fixes it, and opens the batch alone.
LONGEST = {"LearnedPositionalEncoding": 9, "LinformerAttention": 11, "SequenceEncoder": 11}
NAMES = {B: "batch", T: "length", S: "source"}
SIZES = [(2, 2, 2), (5, 9, 7), (4, 150, 67)]  # batch, length, source


def axes_of(label, one):
    """The axes of an input that are left open, by their names."""
    if not torch.is_tensor(one):
        return {}
    rows = range(one.ndim - (1 if one.is_floating_point() else 0))
    named = {axis: NAMES[one.shape[axis]] for axis in rows if one.shape[axis] in NAMES}
    if label.startswith("LSH"):
        return {axis: name for axis, name in named.items() if axis == 0}
    return {axis: name for axis, name in named.items() if axis == 0 or name != "batch"}


def resized(label, one, sizes):
    """An input like this one, of other sizes."""
    if not torch.is_tensor(one):
        return one
    open_axes = axes_of(label, one)
    shape = [sizes.get(open_axes.get(axis), size) for axis, size in enumerate(one.shape)]
    generator = torch.Generator().manual_seed(1)
    if one.is_floating_point():
        return torch.randn(shape, generator=generator)
    if one.dtype == torch.bool:
        return torch.rand(shape, generator=generator) > 0.3
    highest = int(one.max()) if one.ndim > 1 else min(sizes["length"], sizes["source"])
    return torch.randint(1, highest + 1, shape, generator=generator)


@pytest.mark.whole
@pytest.mark.parametrize(
    "label",
    [label for label in CALLS if label not in APART],
)
def test_the_exported_program_gives_the_same_numbers_at_other_sizes(label):
    if label in LATER and Version(torch.__version__) < Version("2.13"):
        pytest.skip("torch before 2.13 cannot tell which of 3 n and 6 n is smaller")
    module = module_of(label).eval()
    arguments, options = inputs_of(label)
    arguments = [one.detach() if torch.is_tensor(one) else one for one in arguments]
    longest = LONGEST.get(CALLS[label][0], 31 if "learned" in label else 1000)
    names = list(inspect.signature(module.forward).parameters)
    given = dict(zip(names, arguments, strict=False)) | options
    dims = {name: Dim(name, min=2, max=longest) for name in ("length", "source")}
    dims["batch"] = Dim("batch", min=2, max=1000)
    shapes = {
        name: {axis: dims[dim] for axis, dim in axes_of(label, one).items()} or None
        for name, one in given.items()
    }
    program = export(
        module, tuple(arguments), options, dynamic_shapes=shapes, strict=False
    ).module()
    for numbers in SIZES:
        batch, length, source = (min(one, longest) for one in numbers)
        sizes = {"batch": batch, "length": length, "source": source}
        other = [resized(label, one, sizes) for one in arguments]
        others = {name: resized(label, one, sizes) for name, one in options.items()}
        expected = tensors_of(module(*other, **others))
        found = tensors_of(program(*other, **others))
        assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.whole
def test_a_redrawn_performer_is_exported_with_its_seed():
    module = module_of("PerformerAttention").eval()
    arguments, _ = inputs_of("PerformerAttention")
    arguments = tuple(one.detach() for one in arguments)
    module.redraw()
    program = export(module, arguments, strict=False).module()
    assert_close(program(*arguments), module(*arguments))
