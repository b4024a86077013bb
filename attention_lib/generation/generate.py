"""The one way from a model and a prompt to new tokens."""

from ..checks import check_choice, check_count
from .beam import beam_search
from .decoding import check_prompts
from .speculative import speculative_sample
from .states import decoding_state, reads_source, state_of
from .stepwise import greedy_search, sample

SEARCHES = {
    "greedy": greedy_search,
    "beam": beam_search,
    "sample": sample,
    "speculative": speculative_sample,
}


def generate(
    model,
    prompts,
    *,
    max_new_tokens,
    method="greedy",
    source=None,
    source_lengths=None,
    prompt_lengths=None,
    end=None,
    padding=None,
    cached=True,
    **options,
):
    """Let a model go on from each prompt.

    Args:
        model: a `LanguageModel`, `Transformer` or `Seq2Seq`, compiled or wrapped as
            `decoding_state` says; left in its mode (train or eval).
        prompts: `[B, T]`, int64 token ids; for an encoder-decoder model at least the start token.
        max_new_tokens: a row is finished when it has this many new tokens.
        method: "greedy", "beam", "sample" or "speculative"; what they do: `greedy_search`,
            `beam_search`, `sample`, `speculative_sample`.
        source, source_lengths: `[B, S]` and `[B]`, int64, for an encoder-decoder model.
        prompt_lengths: `[B]`, where the prompts differ in length; what stands after a prompt is
            never read.
        end: id of the token that finishes a row, or None.
        padding: id that fills the rows of the result after their end; None means the model's own,
            0 for a `LanguageModel`.
        cached: False computes every position again at each step, for comparison.
        options: those of the search: beam_width, length_penalty, n_best for "beam"; rng,
            temperature, top_k, top_p for "sample"; for "speculative" these, draft_length and draft,
            the small model itself, which reads the same source.

    Returns:
        `Generated`: tokens `[B, T']` without the prompts, lengths, log_probability. With n_best
        `Hypotheses`, with method "speculative" `Speculated`.

    Raises:
        TypeError: as the search and `decoding_state`; an option that the search does not have.
        ValueError: as they, method unknown, more positions than the model has.

    Cost: as the search.

    >>> import torch
    >>> from attention_lib.modules import LanguageModel
    >>> model = LanguageModel(13, d_model=8, n_heads=2, n_layers=1, d_ff=16)
    >>> generate(model, torch.tensor([[1, 5], [7, 2]]), max_new_tokens=3).tokens.shape
    torch.Size([2, 3])
    """
    check_choice("method", method, tuple(SEARCHES))
    longest = int(check_prompts(prompts, prompt_lengths).max())
    check_count(max_new_tokens=max_new_tokens)
    n_positions = longest + max_new_tokens - 1  # the last token is not read
    state = decoding_state(model, source, source_lengths, cached=cached, max_length=n_positions)
    states = {"model": state}
    if method == "speculative" and "draft" in options:
        draft, given = options["draft"], (source, source_lengths)
        given = given if reads_source("draft", draft) else (None, None)
        options["draft"] = states["draft"] = state_of("draft", draft, *given, cached, n_positions)
    for name, one in states.items():
        if one.max_length is not None and n_positions > one.max_length:
            raise ValueError(
                f"max_new_tokens = {max_new_tokens} after prompts of up to {longest} tokens takes "
                f"{n_positions} positions, and the {name}'s max_length is {one.max_length}"
            )
    return SEARCHES[method](
        state,
        prompts,
        max_new_tokens=max_new_tokens,
        prompt_lengths=prompt_lengths,
        end=end,
        padding=getattr(state.model, "padding", 0) if padding is None else padding,
        **options,
    )
