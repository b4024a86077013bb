"""Speculative decoding with the library's models: caches cut back, greedy search to the letter."""

import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from attention_lib.generation import decoding_state, generate, speculative_sample
from attention_lib.modules import (
    LanguageModel,
    LinearAttention,
    Seq2Seq,
    SlidingWindowAttention,
    Transformer,
)
from attention_lib.training import seeded

END = 11
POSITIONS = ("sinusoidal", "learned", "rotary", "alibi", "relative", None)
SIZES = {"n_heads": 3, "d_ff": 7}
PROMPTS = torch.tensor([[1, 5, 3, 9, 4], [7, 99, 99, 99, 99], [3, 3, 8, 99, 99]])
LENGTHS = torch.tensor([5, 1, 3])
UNEVEN = {"prompt_lengths": LENGTHS}
SOURCE = torch.tensor([[4, 5, 6, 7, 8, 3, 3], [9, 5, 4, 0, 0, 0, 0], [7, 0, 0, 0, 0, 0, 0]])
READ = {"source": SOURCE, "source_lengths": torch.tensor([7, 3, 1])}
MOST = 6


def opinionated(kind, seed=0, **options):
    """A model with weights so large that no rounding turns a choice round."""
    options = {**SIZES, "d_model": 12, "n_layers": 2, "tie_embeddings": False, **options}
    if options.get("positions") == "learned":
        options["max_length"] = 10
    sizes = (13,) if kind is LanguageModel else (10, 13)
    with seeded(seed):
        model = kind(*sizes, **options)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=0.8)
    return model.double().eval()


def near(model, seed=5, spread=0.1):
    """A draft that mostly agrees: the model itself, with noise on its weights."""
    kind = type(model)
    rng = torch.Generator().manual_seed(seed)
    positions = getattr(model, "_positions_name", "sinusoidal")
    draft = opinionated(kind, positions=positions)
    with torch.no_grad():
        for one in draft.parameters():
            one.add_(spread * torch.randn(one.shape, generator=rng, dtype=one.dtype))
    return draft


def models(kind, positions):
    model = opinionated(kind, positions=positions)
    model._positions_name = positions
    return model, near(model)


CASES = [(kind, positions) for kind in (LanguageModel, Transformer) for positions in POSITIONS]


def given_for(kind):
    return {} if kind is LanguageModel else READ


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize(("kind", "positions"), CASES)
def test_greedy_to_the_last_token(kind, positions, cached):
    model, draft = models(kind, positions)
    options = {"max_new_tokens": MOST, "end": END, **UNEVEN, **given_for(kind)}
    greedy = generate(model, PROMPTS, **options)
    for draft_length in (1, 3):
        found = generate(
            model,
            PROMPTS,
            method="speculative",
            draft=draft,
            draft_length=draft_length,
            temperature=0,
            cached=cached,
            **options,
        )
        assert_array_equal(found.tokens, greedy.tokens)
        assert_array_equal(found.lengths, greedy.lengths)
        assert_allclose(found.log_probability, greedy.log_probability, rtol=1e-10)
        assert 0 < found.accepted.sum() < found.judged.sum()


@pytest.mark.parametrize("kind", [LanguageModel, Transformer])
def test_rows_accept_different_numbers_and_are_what_they_are_alone(kind):
    model, draft = models(kind, "rotary")
    options = {"max_new_tokens": 12, "method": "speculative", "draft": draft, "draft_length": 3}
    together = generate(model, PROMPTS, temperature=0, **options, **UNEVEN, **given_for(kind))
    assert len(set(together.accepted.tolist())) > 1
    for row in range(3):
        own = {name: one[row : row + 1] for name, one in given_for(kind).items()}
        prompt = PROMPTS[row : row + 1, : LENGTHS[row]]
        alone = generate(model, prompt, temperature=0, **options, **own)
        assert_array_equal(together.tokens[row], alone.tokens[0])


@pytest.mark.parametrize("kind", [LanguageModel, Transformer])
def test_caches_change_nothing_when_it_draws(kind):
    model, draft = models(kind, "alibi")
    options = {"max_new_tokens": 8, "method": "speculative", "draft": draft, "draft_length": 3}
    options |= {"end": END, "temperature": 1.3, "top_p": 0.95, **UNEVEN, **given_for(kind)}
    with_caches, without = (
        generate(model, PROMPTS, rng=torch.Generator().manual_seed(2), cached=cached, **options)
        for cached in (True, False)
    )
    for one, other in zip(with_caches, without, strict=True):
        assert_allclose(one, other, rtol=1e-10)


def test_the_caches_hold_what_was_accepted():
    """After each cut, the caches are those of a state that has read the settled tokens alone."""
    model, draft = models(LanguageModel, "sinusoidal")
    states = [decoding_state(one) for one in (model, draft)]
    seen = []
    for state in states:
        cut = state.cut

        def watched(count, state=state, cut=cut):
            cut(count)
            seen.append((state, [one.clone() for one in state.caches[1].held()]))

        state.cut = watched
    prompt = torch.tensor([[1, 5, 3]])
    found = speculative_sample(
        states[0], prompt, draft=states[1], draft_length=3, max_new_tokens=9, temperature=0
    )
    text = torch.cat([prompt, found.tokens], dim=1)
    assert len(seen) > 2
    for state, held in seen:
        fresh = decoding_state(state.model)
        fresh.advance(text[:, : held[0].shape[2]])
        for one, other in zip(held, fresh.caches[1].held(), strict=True):
            assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_score_is_advance_at_every_place():
    for kind in (LanguageModel, Transformer):
        model, _ = models(kind, "relative")
        tokens = PROMPTS.clamp(max=12)
        for cached in (True, False):
            one, other = (decoding_state(model, **given_for(kind), cached=cached) for _ in "ab")
            one.advance(tokens[:, :2])
            found = one.score(tokens[:, 2:], 3)
            expected = [other.advance(tokens[:, :2]), other.advance(tokens[:, 2:3])]
            expected += [other.advance(tokens[:, place : place + 1]) for place in (3, 4)]
            assert_allclose(found, torch.stack(expected[1:], dim=1), rtol=1e-9)
            one.cut(2)
            assert_allclose(one.advance(tokens[:, 3:4]), expected[2], rtol=1e-9)


def test_a_language_model_may_draft_for_a_translator():
    model, draft = opinionated(Transformer), opinionated(LanguageModel)
    options = {"max_new_tokens": 5, **UNEVEN, **READ}
    greedy = generate(model, PROMPTS, **options)
    found = generate(
        model, PROMPTS, method="speculative", draft=draft, draft_length=2, temperature=0, **options
    )
    assert_array_equal(found.tokens, greedy.tokens)


def test_learned_positions_are_used_to_the_last_and_no_further():
    model, draft = models(LanguageModel, "learned")
    options = {"method": "speculative", "draft_length": 4, "temperature": 0, **UNEVEN}
    generate(model, PROMPTS, draft=draft, max_new_tokens=6, **options)
    with pytest.raises(ValueError, match=r"and the model's max_length is 10$"):
        generate(model, PROMPTS, draft=draft, max_new_tokens=7, **options)
    endless = opinionated(LanguageModel)
    with pytest.raises(ValueError, match=r"and the draft's max_length is 10$"):
        generate(endless, PROMPTS, draft=draft, max_new_tokens=7, **options)


def test_a_failed_search_leaves_both_states_unused():
    model, draft = models(LanguageModel, "rotary")
    state, small = decoding_state(model), decoding_state(draft)
    options = {"draft": small, "draft_length": 2, "max_new_tokens": 3, "temperature": 0}
    with pytest.raises(ValueError, match="end must be a token id"):
        speculative_sample(state, PROMPTS[:1], end=13, **options)
    assert state.caches[0].length == small.caches[0].length == 0
    speculative_sample(state, PROMPTS[:1], **options)
    with pytest.raises(ValueError, match=r"^state has served a search already"):
        speculative_sample(state, PROMPTS[:1], **options)


ONE = torch.tensor([[1, 5]])


def mechanism(make):
    return opinionated(LanguageModel, positions=None, n_heads=2, d_ff=8, mechanism=make)


@pytest.mark.parametrize(
    ("draft", "error", "message"),
    [
        (lambda: Seq2Seq(10, 13, 6), TypeError, "^source must be given|^draft must be"),
        (lambda: torch.nn.Linear(2, 2), TypeError, "^draft must be one of LanguageModel"),
        (
            lambda: LanguageModel(12, d_model=6, n_heads=1, n_layers=1, d_ff=3),
            ValueError,
            "^draft must have the vocabulary of state, V = 13, got V = 12$",
        ),
        (
            lambda: mechanism(SlidingWindowAttention(window=2)),
            ValueError,
            "^draft cannot be cut back in a cache that drops positions, got window = 2$",
        ),
        (
            lambda: mechanism(LinearAttention()),
            ValueError,
            "^draft must keep every position, to be cut back, got a LinearCache: "
            "make the state with cached=False$",
        ),
    ],
)
def test_a_draft_that_cannot_serve_is_named(draft, error, message):
    options = {"draft_length": 2, "max_new_tokens": 3, "temperature": 0}
    with pytest.raises(error, match=message):
        generate(opinionated(LanguageModel), ONE, method="speculative", draft=draft(), **options)


@pytest.mark.parametrize("make", [SlidingWindowAttention(window=2), LinearAttention()])
def test_other_mechanisms_serve_without_caches(make):
    model = mechanism(make)
    greedy = generate(model, ONE, max_new_tokens=5)
    options = {"method": "speculative", "draft": near(model), "draft_length": 2, "temperature": 0}
    found = generate(model, ONE, max_new_tokens=5, cached=False, **options)
    assert_array_equal(found.tokens, greedy.tokens)
