"""Every module under torch.compile: the numbers and the gradients of the module itself."""

import shutil

import pytest
import torch
from torch.testing import assert_close

from tests.helpers.module_calls import CALLS, inputs_of, module_of, tensors_of

# PyTorch does not record these as one program: it breaks off where a packed sequence is made, and
# at a generator.
BROKEN = {"Seq2Seq, None", "Seq2Seq, additive", "PointerNetwork", "HardAttention"}
QUICK = {"AdditiveAttention", "LinearAttention", "PerformerAttention", "SlidingWindowAttention"}
WHOLE = pytest.mark.whole
COMPILER = shutil.which("g++") or shutil.which("clang++")


@pytest.fixture(autouse=True)
def nothing_compiled():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def results_and_gradients(module, arguments, options, result):
    """All floating results, and the gradients of what is learned and what was given."""
    leaves = [one for one in module.parameters() if one.requires_grad]
    leaves += [one for one in arguments if torch.is_tensor(one) and one.requires_grad]
    results = tensors_of(result)
    loss = sum(one.square().sum() for one in results)
    if not loss.requires_grad:
        return results, []
    gradients = torch.autograd.grad(loss, leaves, allow_unused=True)
    return results, [
        torch.zeros_like(leaf) if one is None else one
        for leaf, one in zip(leaves, gradients, strict=True)
    ]


def judge(label, *, backend, fullgraph=True):
    module = module_of(label)
    found = []
    for call in (module, torch.compile(module, backend=backend, fullgraph=fullgraph)):
        arguments, options = inputs_of(label)
        result = call(*arguments, **options)
        found.append(results_and_gradients(module, arguments, options, result))
    eager, compiled = found
    assert_close(compiled, eager, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "label",
    [
        pytest.param(label, marks=[] if label in QUICK else WHOLE)
        for label in CALLS
        if label not in BROKEN
    ],
)
def test_one_program_gives_the_same_numbers(label):
    judge(label, backend="aot_eager")


@pytest.mark.whole
@pytest.mark.filterwarnings("ignore::UserWarning:torch")  # PyTorch says where it breaks off
@pytest.mark.parametrize("label", sorted(BROKEN))
def test_in_parts_the_others_give_the_same_numbers(label):
    judge(label, backend="eager", fullgraph=False)


@pytest.mark.whole
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # in PyTorch's own files
@pytest.mark.skipif(COMPILER is None, reason="inductor needs a C++ compiler, and there is none")
@pytest.mark.parametrize(
    "label",
    [
        "TransformerEncoderLayer",
        "PerformerAttention, causal",
    ],
)
def test_the_default_backend_gives_the_same_numbers(label):
    judge(label, backend="inductor")


def test_a_redrawn_performer_needs_no_new_program():
    label = "PerformerAttention"
    module = module_of(label)
    compiled = torch.compile(module, backend="aot_eager", fullgraph=True)
    arguments, options = inputs_of(label)
    before = compiled(*arguments, **options)
    module.redraw()
    after = compiled(*arguments, **options)
    assert_close(after, module(*arguments, **options))
    assert not torch.allclose(before, after)


@pytest.mark.whole
@pytest.mark.parametrize("label", ["LanguageModel, LinearAttention", "LanguageModel, alibi"])
def test_one_program_serves_all_lengths(label):
    module = module_of(label)
    compiled = torch.compile(module, backend="eager", fullgraph=True, dynamic=True)
    for batch, length in ((2, 5), (3, 7), (5, 29), (2, 67)):
        tokens = torch.randint(1, 19, (batch, length), generator=torch.Generator().manual_seed(0))
        assert_close(compiled(tokens), module(tokens), rtol=1e-4, atol=1e-5)
