"""Models that are made without memory and filled later are the models that they should be."""

import pytest
import torch
from numpy.testing import assert_array_equal
from torch import nn

from attention_lib.modules import (
    ALiBi,
    GlimpseReader,
    LanguageModel,
    LinformerAttention,
    MultiHeadAttention,
    MultiHeadLatentAttention,
    PerformerAttention,
    PointerNetwork,
    Seq2Seq,
    SequenceEncoder,
    Transformer,
)
from attention_lib.training import seeded

V, C = 7, 8
SIZES = {"d_model": C, "n_heads": 2, "n_layers": 2, "d_ff": 5}
TOKENS = torch.tensor([[3, 2, 1], [0, 5, 6]])
READ = (TOKENS, torch.tensor([3, 2]), TOKENS)
with seeded(0):
    X = torch.randn(2, 4, C)
CASES = {}
for scheme in ("sinusoidal", "learned", "rotary", "alibi", "relative", None):
    options = {"positions": scheme, **SIZES, **({"max_length": 9} if scheme == "learned" else {})}
    CASES[f"language model, {scheme}"] = (lambda o=options: LanguageModel(V, **o), (TOKENS,))
    CASES[f"transformer, {scheme}"] = (lambda o=options: Transformer(V, V, **o), READ)
    options = {**options, "max_length": 9, "n_classes": 3}
    CASES[f"sequence encoder, {scheme}"] = (lambda o=options: SequenceEncoder(V, **o), READ[:2])
options = {**SIZES, "max_length": 9, "n_classes": 3, "pooling": "attention"}
CASES["pooling"] = (lambda o=options: SequenceEncoder(V, **o), READ[:2])
for kind in (None, "additive", "concat", "general", "dot"):
    CASES[f"seq2seq, {kind}"] = (lambda kind=kind: Seq2Seq(V, V, 6, attention=kind), READ)
for kind in ("none", "heads", "key_value"):
    CASES[f"linformer, {kind}"] = (
        lambda kind=kind: LinformerAttention(5, C, 2, 3, sharing=kind),
        (X,),
    )
CASES |= {
    "pointer": (lambda: PointerNetwork(V, 6), (*READ[:2], TOKENS % 2)),
    "glimpse": (lambda: GlimpseReader(V, 6, attention="hard"), READ[:2]),
    "latent": (lambda: MultiHeadLatentAttention(C, 2, d_latent=3, d_rotary=2), (X,)),
    "performer": (
        lambda: MultiHeadAttention(C, 2, mechanism=PerformerAttention(3, seed=5)),
        (X,),
    ),
}


def first(result):
    return result[0] if isinstance(result, tuple) else result


def without_memory(make):
    with torch.device("meta"):
        return make().eval()


@pytest.mark.parametrize("way", ["assign", "assign copies", "to_empty"])
@pytest.mark.parametrize("name", CASES)
@torch.no_grad()
def test_a_model_made_without_memory_is_filled(name, way):
    make, inputs = CASES[name]
    source, made = make().eval(), without_memory(make)
    numbers = source.state_dict()
    if way == "to_empty":
        made.to_empty(device="cpu")
    if way == "assign copies":
        numbers = {key: one.clone() for key, one in numbers.items()}
    made.load_state_dict(numbers, assign=way != "to_empty")
    assert_array_equal(first(made(*inputs)), first(source(*inputs)))
    assert len(list(made.parameters())) == len(list(source.parameters()))
    assert not any(one.is_meta for one in [*made.parameters(), *made.buffers()])


class Around(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner


@pytest.mark.parametrize("name", ["language model, alibi", "transformer, alibi"])
def test_a_tie_holds_inside_another_model_and_where_a_name_is_missing(name):
    make, inputs = CASES[name]
    source, made = make().eval(), Around(without_memory(make))
    numbers = {f"inner.{key}": one for key, one in source.state_dict().items()}
    del numbers["inner.readout.weight"]
    missing = made.load_state_dict(numbers, strict=False, assign=True).missing_keys
    assert missing == ["inner.readout.weight"]
    assert_array_equal(made.inner(*inputs).detach(), source(*inputs).detach())
    embedding = getattr(made.inner, "embedding", None) or made.inner.target_embedding
    assert made.inner.readout.weight is embedding.weight


def test_the_last_of_two_numbers_for_one_name_stays_as_where_they_are_copied():
    made = [LanguageModel(V, **SIZES), LanguageModel(V, **SIZES)]
    numbers = LanguageModel(V, **SIZES, tie_embeddings=False).state_dict()
    for model, assign in zip(made, (False, True), strict=True):
        model.load_state_dict(numbers, assign=assign)
        assert_array_equal(model.embedding.weight.detach(), numbers["readout.weight"])
        assert model.readout.weight is model.embedding.weight


def test_what_was_not_tied_stays_apart():
    model = LanguageModel(V, **SIZES, tie_embeddings=False)
    model.load_state_dict(model.state_dict(), assign=True)
    assert model.readout.weight is not model.embedding.weight
    untied = LanguageModel(V, **SIZES)
    untied.readout.weight = nn.Parameter(untied.readout.weight.detach().clone())
    untied.load_state_dict(untied.state_dict(), assign=True)
    assert untied.readout.weight is not untied.embedding.weight


def test_the_slopes_are_there_wherever_the_module_comes_from():
    for made in (without_memory(lambda: ALiBi(3)), ALiBi(3).to("meta").to_empty(device="cpu")):
        assert_array_equal(made.slopes, ALiBi(3).slopes)
        assert_array_equal(made(2, 5), ALiBi(3)(2, 5))
    assert ALiBi(3).to("meta").slopes.is_meta
    assert_array_equal(ALiBi(3).half().float().slopes, ALiBi(3).slopes)
