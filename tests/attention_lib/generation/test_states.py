"""The library's models behind a decoding state: with caches and without, alone and in a batch."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.generation import (
    Generated,
    Hypotheses,
    beam_search,
    decoding_state,
    generate,
    greedy_search,
    sample,
)
from attention_lib.modules import LanguageModel, LayerNorm, Seq2Seq, Transformer
from attention_lib.training import seeded

END = 11
POSITIONS = ("sinusoidal", "learned", "rotary", "alibi", "relative", None)
SIZES = {"d_model": 12, "n_heads": 3, "n_layers": 2, "d_ff": 7}
PROMPTS = torch.tensor([[1, 5, 3, 9, 4], [7, 99, 99, 99, 99], [3, 3, 8, 99, 99]])
LENGTHS = torch.tensor([5, 1, 3])
UNEVEN = {"prompt_lengths": LENGTHS}
SOURCE = torch.tensor([[4, 5, 6, 7, 8, 3, 3], [9, 5, 4, 0, 0, 0, 0], [7, 0, 0, 0, 0, 0, 0]])
SOURCE_LENGTHS = torch.tensor([7, 3, 1])
READ = {"source": SOURCE, "source_lengths": SOURCE_LENGTHS}
SEARCHES = [
    {"method": "greedy"},
    {"method": "beam", "beam_width": 3, "n_best": 3, "length_penalty": 0.6},
    {"method": "sample"},
]


def opinionated(make, *sizes, **options):
    """A model with weights so large that positions matter and no rounding turns a choice round."""
    if options.get("positions") == "learned":
        options["max_length"] = 10
    with seeded(0):
        model = make(*sizes, **options)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=0.8)
    return model.double().eval()


def language_model(positions="sinusoidal"):
    return opinionated(LanguageModel, 13, **SIZES, positions=positions, tie_embeddings=False)


def transformer(positions="sinusoidal"):
    return opinionated(Transformer, 10, 13, **SIZES, positions=positions, tie_embeddings=False)


def seq2seq(attention=None):
    return opinionated(Seq2Seq, 10, 13, 6, attention=attention)


MODELS = {f"LanguageModel, {one}": (lambda one=one: language_model(one), {}) for one in POSITIONS}
MODELS |= {f"Transformer, {one}": (lambda one=one: transformer(one), READ) for one in POSITIONS}
MODELS |= {f"Seq2Seq, {one}": (lambda one=one: seq2seq(one), READ) for one in (None, "additive")}


def written_by(model, prompts=PROMPTS, **options):
    if options["method"] == "sample":
        options["rng"] = torch.Generator().manual_seed(0)
    return generate(model, prompts, max_new_tokens=6, end=END, **options)


@pytest.mark.parametrize("search", SEARCHES[1:], ids=lambda one: one["method"])
@pytest.mark.parametrize("name", [one for one in MODELS if "Seq2Seq" not in one])
def test_caches_change_nothing(name, search):
    make, given = MODELS[name]
    with_caches = written_by(make(), **given, **UNEVEN, **search)
    without = written_by(make(), cached=False, **given, **UNEVEN, **search)
    assert_array_equal(with_caches.tokens, without.tokens)
    assert_array_equal(with_caches.lengths, without.lengths)
    assert_allclose(with_caches.log_probability, without.log_probability, rtol=1e-11)


@pytest.mark.parametrize("search", SEARCHES[:2], ids=lambda one: one["method"])
@pytest.mark.parametrize("name", MODELS)
def test_each_row_is_what_it_is_alone(name, search):
    make, given = MODELS[name]
    together = written_by(make(), **given, **UNEVEN, **search)
    for row in range(3):
        own = {}
        if given:
            length = SOURCE_LENGTHS[row]
            own = {"source": SOURCE[row : row + 1, :length], "source_lengths": length[None]}
        alone = written_by(make(), PROMPTS[row : row + 1, : LENGTHS[row]], **own, **search)
        width = alone.tokens.shape[-1]
        assert_array_equal(together.tokens[row, ..., :width], alone.tokens[0])
        assert_array_equal(together.tokens[row, ..., width:], 0)
        assert_array_equal(together.lengths[row], alone.lengths[0])
        assert_allclose(together.log_probability[row], alone.log_probability[0], rtol=1e-11)


def scored(model, prompt, tokens, given):
    """The log-probability of tokens after a prompt, from one call of the model."""
    fed = torch.cat([prompt, tokens[:-1]])[None]
    with torch.no_grad():
        logits = model(*given.values(), fed)
    rows = logits[0, len(prompt) - 1 :].log_softmax(dim=-1)
    return rows, rows.gather(-1, tokens[:, None]).sum()


@pytest.mark.parametrize("search", SEARCHES, ids=lambda one: one["method"])
@pytest.mark.parametrize("name", MODELS)
def test_log_probabilities_are_those_of_the_model_itself(name, search):
    make, given = MODELS[name]
    model = make()
    found = written_by(model, **given, **UNEVEN, **search)
    if "n_best" not in search:
        found = Generated(*(one[:, None] for one in found))
    for row in range(3):
        own = {key: one[row : row + 1] for key, one in given.items()}
        for place in range(found.lengths.shape[1]):
            tokens = found.tokens[row, place, : found.lengths[row, place]]
            rows, total = scored(model, PROMPTS[row, : LENGTHS[row]], tokens, own)
            assert_allclose(found.log_probability[row, place], total, rtol=1e-11)
            if search["method"] == "greedy":
                assert_array_equal(rows.argmax(dim=-1), tokens)


@pytest.mark.parametrize("kind", [None, "additive", "concat", "general", "dot"])
def test_greedy_search_of_a_seq2seq_is_its_own_generate(kind):
    model = seq2seq(kind)
    start = torch.ones(3, 1, dtype=torch.int64)
    found = generate(model, start, max_new_tokens=6, end=END, **READ)
    assert_array_equal(found.tokens, model.generate(SOURCE, SOURCE_LENGTHS, 6, 1, END))


def test_a_beam_as_wide_as_all_sequences_finds_more_than_greedy():
    model = language_model()
    greedy, beam = (
        generate(model, PROMPTS, max_new_tokens=3, **UNEVEN, **options)
        for options in ({}, {"method": "beam", "beam_width": 13**3})
    )
    # The two add up in another order: where they find the same, the last bit may differ.
    assert (beam.log_probability >= greedy.log_probability - 1e-12).all()
    assert (beam.log_probability > greedy.log_probability + 0.1).any()


@pytest.mark.parametrize(
    "name", ["LanguageModel, rotary", "Transformer, learned", "Seq2Seq, additive"]
)
def test_the_model_is_at_rest_inside_and_as_it_was_outside(name):
    make, given = MODELS[name]
    model = make()
    expected = written_by(model, method="greedy", **given, **UNEVEN)
    for module in model.modules():
        if isinstance(getattr(module, "dropout", None), float):
            module.dropout = 0.9
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.9
    model.train()
    apart = next(one for one in model.modules() if isinstance(one, (LayerNorm, torch.nn.Linear)))
    apart.eval()
    modes = [module.training for module in model.modules()]
    found = written_by(model, method="greedy", **given, **UNEVEN)
    assert_array_equal(found.tokens, expected.tokens)
    assert [module.training for module in model.modules()] == modes
    with pytest.raises(ValueError, match="prompts must hold token ids"):
        written_by(model, PROMPTS + 90, method="greedy", **given)
    assert [module.training for module in model.modules()] == modes


def test_the_mode_comes_back_after_an_error_inside_the_model():
    model = language_model("learned").train()
    state = decoding_state(model)
    with pytest.raises(ValueError, match=r"^tokens must have positions in 0\.\.9"):
        state.advance(torch.ones(1, 11, dtype=torch.int64))
    assert all(module.training for module in model.modules())


def test_a_state_works_where_gradients_are_on():
    model = language_model()
    assert not decoding_state(model).advance(PROMPTS[:, :1]).requires_grad
    assert not decoding_state(transformer(), SOURCE, SOURCE_LENGTHS).memory.states.requires_grad


def test_the_caches_take_just_the_memory_that_is_needed():
    model = language_model()
    assert [one.max_length for one in decoding_state(model, max_length=9).caches] == [9, 9]
    assert [one.max_length for one in decoding_state(model).caches] == [None, None]
    assert decoding_state(model, cached=False).caches is None
    asked = []
    new_caches = model.new_caches
    model.new_caches = lambda most=None: asked.append(most) or new_caches(most)
    generate(model, PROMPTS, max_new_tokens=4, **UNEVEN)
    assert asked == [8]  # five of the longest prompt and four new ones, the last of them not read


@pytest.mark.parametrize("name", ["LanguageModel, learned", "Transformer, learned"])
def test_learned_positions_are_used_to_the_last_and_no_further(name):
    make, given = MODELS[name]
    assert generate(make(), PROMPTS, max_new_tokens=6, **given, **UNEVEN).lengths.max() == 6
    with pytest.raises(
        ValueError,
        match=r"^max_new_tokens = 7 after prompts of up to 5 tokens takes 11 positions, "
        "and the model's max_length is 10$",
    ):
        generate(make(), PROMPTS, max_new_tokens=7, **given, **UNEVEN)
    # prompts of at most 3 tokens leave room for more
    given = {key: one[1:] for key, one in given.items()}
    generate(make(), PROMPTS[1:], max_new_tokens=8, prompt_lengths=LENGTHS[1:], **given)


@pytest.mark.parametrize(("make", "expected"), [(Transformer, 12), (LanguageModel, 0)])
def test_generate_fills_up_with_the_padding_of_the_model(make, expected):
    if make is Transformer:
        model, read = opinionated(Transformer, 10, 13, **SIZES, padding=12), READ
    else:
        model, read = language_model(), {}
    options = {"max_new_tokens": 6, **UNEVEN, **read}
    free = generate(model, PROMPTS, **options)
    options["end"] = int(free.tokens[0, 2])  # so that the first row ends within three tokens
    for given, filled in (({}, expected), ({"padding": 3}, 3)):
        written = generate(model, PROMPTS, **options, **given)
        after = torch.arange(written.tokens.shape[1]) >= written.lengths[:, None]
        assert after.any()
        assert (written.tokens[after] == filled).all()


@pytest.mark.parametrize("name", ["LanguageModel, alibi", "Transformer, rotary", "Seq2Seq, None"])
def test_a_state_serves_one_search(name):
    make, read = MODELS[name]
    searches = [
        greedy_search,
        lambda *args, **options: beam_search(*args, beam_width=2, **options),
        lambda *args, **options: sample(*args, rng=torch.Generator(), **options),
    ]
    for first in searches:
        state = decoding_state(make(), **read)
        with pytest.raises(ValueError, match="max_new_tokens must be at least 1"):
            first(state, PROMPTS, max_new_tokens=0, **UNEVEN)  # this is no search yet
        first(state, PROMPTS, max_new_tokens=2, **UNEVEN)
        for second in searches:
            with pytest.raises(ValueError, match=r"^state has served a search already"):
                second(state, PROMPTS, max_new_tokens=2, **UNEVEN)


def test_generate_passes_everything_on():
    model = language_model()
    options = {"prompt_lengths": LENGTHS, "end": END, "padding": 12, "max_new_tokens": 6}
    pairs = [
        (
            generate(model, PROMPTS, **options),
            greedy_search(decoding_state(model), PROMPTS, **options),
        ),
    ]
    beam = {"beam_width": 3, "length_penalty": 2.0, "n_best": 2}
    pairs.append(
        (
            generate(model, PROMPTS, method="beam", **options, **beam),
            beam_search(decoding_state(model), PROMPTS, **options, **beam),
        )
    )
    drawing = {"temperature": 0.7, "top_k": 5, "top_p": 0.9}
    first, second = (torch.Generator().manual_seed(3) for _ in range(2))
    pairs.append(
        (
            generate(model, PROMPTS, method="sample", rng=first, **options, **drawing),
            sample(decoding_state(model), PROMPTS, rng=second, **options, **drawing),
        )
    )
    for ours, expected in pairs:
        assert type(ours) is type(expected)
        for one, other in zip(ours, expected, strict=True):
            assert_array_equal(one, other)
    assert isinstance(pairs[1][0], Hypotheses)
    assert 12 in pairs[0][0].tokens[pairs[0][0].lengths < 6]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_models_in_lower_precision_write_too(dtype):
    for model, given in ((language_model(), {}), (transformer(), READ)):
        found = generate(model.to(dtype), PROMPTS, max_new_tokens=3, **given, **UNEVEN)
        assert found.log_probability.dtype == torch.float32
        assert found.lengths.tolist() == [3, 3, 3]


ONE = torch.tensor([[1, 5]])
TWO_SOURCES = {"source": SOURCE[:2], "source_lengths": SOURCE_LENGTHS[:2]}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: decoding_state(torch.nn.Linear(2, 2)),
            TypeError,
            "^model must be one of LanguageModel, Transformer, Seq2Seq, got Linear$",
        ),
        (
            lambda: decoding_state(language_model(), SOURCE),
            TypeError,
            "^source must be None for a LanguageModel, got Tensor$",
        ),
        (
            lambda: decoding_state(language_model(), None, LENGTHS),
            TypeError,
            "^source_lengths must be None for a LanguageModel, got Tensor$",
        ),
        (
            lambda: decoding_state(transformer()),
            TypeError,
            "^source must be given for a Transformer, got NoneType$",
        ),
        (
            lambda: decoding_state(seq2seq(), SOURCE),
            TypeError,
            "^source_lengths must be given for a Seq2Seq, got NoneType$",
        ),
        (
            lambda: decoding_state(language_model(), cached=None),
            TypeError,
            "^cached must be True or False, got NoneType$",
        ),
        (
            lambda: decoding_state(language_model(), max_length=0),
            ValueError,
            "^max_length must be at least 1, got 0$",
        ),
        (
            lambda: generate(transformer(), ONE, max_new_tokens=2, **TWO_SOURCES),
            ValueError,
            "^prompts must have 2 rows like source, got 1$",
        ),
        (
            lambda: generate(seq2seq(), ONE, max_new_tokens=2, **TWO_SOURCES),
            ValueError,
            "^prompts must have 2 rows like source, got 1$",
        ),
        (
            lambda: generate(language_model(), ONE + 12, max_new_tokens=2),
            ValueError,
            r"^prompts must hold token ids in 0\.\.12, got 13\.\.17$",
        ),
        (
            lambda: generate(transformer(), ONE[:, :0], max_new_tokens=2, **READ),
            ValueError,
            r"^prompts must have shape \[B, length\] with both at least 1, got \(1, 0\)$",
        ),
        (
            lambda: generate(language_model(), ONE, max_new_tokens=2, method="best"),
            ValueError,
            "^method must be one of 'greedy', 'beam', 'sample', 'speculative', got 'best'$",
        ),
        (
            lambda: generate(language_model(), ONE, max_new_tokens=0),
            ValueError,
            "^max_new_tokens must be at least 1, got 0$",
        ),
        (
            lambda: generate(language_model(), ONE, max_new_tokens=2, beam_width=3),
            TypeError,
            "unexpected keyword argument 'beam_width'",
        ),
        (
            lambda: generate(language_model(), ONE, max_new_tokens=2, end=13),
            ValueError,
            r"^end must be a token id in 0\.\.12, got 13$",
        ),
        (
            lambda: generate(language_model(), ONE, max_new_tokens=2, prompt_lengths=np.array([1])),
            TypeError,
            r"^prompt_lengths must be a torch\.Tensor, got ndarray$",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_model_with_nan_is_named():
    model = language_model()
    with torch.no_grad():
        model.embedding.weight[5] = torch.nan
    with pytest.raises(ValueError, match=r"logits must be finite.*got NaN in row 0 of the state"):
        generate(model, ONE, max_new_tokens=2)
