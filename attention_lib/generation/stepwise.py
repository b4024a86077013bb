"""Write one token after the other: the likeliest (greedy), or one that is drawn (sampling)."""

from typing import NamedTuple

import torch

from .. import functional
from ..checks import check_count, check_positive, check_top_p
from .decoding import (
    check_fed,
    check_ids,
    check_limits,
    check_prompts,
    check_state,
    claimed,
    log_probabilities,
)


class Generated(NamedTuple):
    """What a model wrote after each prompt.

    Attributes:
        tokens: `[B, T]`, int64, without the prompt; T is the largest of the lengths. The end token
            is there where it was written, and padding follows it.
        lengths: `[B]`, int64, how many tokens were written, the end token counted.
        log_probability: `[B]`, the sum of the log-probabilities that the model itself gives to
            these tokens (at temperature 1 and with nothing filtered, however they were found).
    """

    tokens: torch.Tensor
    lengths: torch.Tensor
    log_probability: torch.Tensor


def greedy_search(state, prompts, *, max_new_tokens, prompt_lengths=None, end=None, padding=0):
    """Take the likeliest token at each step.

    It need not find the likeliest sequence: a good first token may lead to poor ones.

    Args:
        state: a `DecodingState` that has read nothing of the prompts; one that `decoding_state`
            made serves a single search.
        prompts: `[B, T]`, int64 token ids; for an encoder-decoder model the start token.
        max_new_tokens: a row is finished when it has this many new tokens.
        prompt_lengths: `[B]`, int64 in 1..T, where the prompts differ in length; what stands after
            a prompt is never read. None: all are T long.
        end: id of the token that finishes a row; None: there is none.
        padding: id that fills the rows of the result after their end.

    Returns:
        `Generated`. Each row is what it would be if it were alone: finished rows leave the batch,
        and while a longer prompt is being read, rows with a shorter one already write. Of equally
        likely tokens the one with the smaller id is taken.

    Raises:
        TypeError: prompts or prompt_lengths not int64 tensors, a number not an integer, the state's
            logits not a floating tensor.
        ValueError: a prompt is empty, an id outside the vocabulary, a length outside 1..T,
            max_new_tokens below 1; a state of `decoding_state` that has been searched; logits of
            another shape, or with NaN, +inf or no token left.

    Cost: the first step reads the shortest prompt's length at once; then one step of the state for
        each position up to the longest prompt plus max_new_tokens.

    >>> from attention_lib.modules import LanguageModel
    >>> from attention_lib.generation import decoding_state
    >>> model = LanguageModel(13, d_model=8, n_heads=2, n_layers=1, d_ff=16)
    >>> state = decoding_state(model)
    >>> greedy_search(state, torch.tensor([[1, 5], [7, 2]]), max_new_tokens=3).tokens.shape
    torch.Size([2, 3])
    """
    limits = (max_new_tokens, end, padding)
    return _generate(state, prompts, prompt_lengths, *limits, lambda logits: logits.argmax(dim=-1))


def sample(
    state,
    prompts,
    *,
    max_new_tokens,
    rng,
    temperature=1.0,
    top_k=None,
    top_p=None,
    prompt_lengths=None,
    end=None,
    padding=0,
):
    """Draw each token from what the model expects, sharpened, flattened or cut if asked.

    Args:
        state, prompts, max_new_tokens, prompt_lengths, end, padding: as for `greedy_search`.
        rng: a torch.Generator on the device of the logits; the same state, prompts and seed give
            the same tokens.
        temperature, top_k, top_p: as for `attention_lib.functional.next_token_probabilities`, from
            which each token is drawn.

    Returns:
        `Generated`.

    Raises:
        TypeError: as `greedy_search`; also when rng is not a torch.Generator, an option not a
            number.
        ValueError: as `greedy_search`; also when temperature is not above 0, top_k outside 1..V or
            top_p outside (0, 1].

    Cost: as `greedy_search`, V random numbers a token and what the filters cost.
    Source: `attention_lib.reference.top_k_logits` and `top_p_logits`.

    >>> from attention_lib.modules import LanguageModel
    >>> from attention_lib.generation import decoding_state
    >>> state = decoding_state(LanguageModel(13, d_model=8, n_heads=2, n_layers=1, d_ff=16))
    >>> rng = torch.Generator().manual_seed(0)
    >>> sample(state, torch.tensor([[1, 5]]), max_new_tokens=3, rng=rng, top_k=4).lengths
    tensor([3])
    """
    if not isinstance(rng, torch.Generator):
        raise TypeError(f"rng must be a torch.Generator, got {type(rng).__name__}")
    check_positive(temperature=temperature)
    if top_k is not None:
        check_count(top_k=top_k)
    if top_p is not None:
        check_top_p(top_p)

    def choose(logits):
        wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
        weights = functional.next_token_probabilities(
            wide, temperature=temperature, top_k=top_k, top_p=top_p
        )
        return functional.draw(weights, rng=rng)

    return _generate(state, prompts, prompt_lengths, max_new_tokens, end, padding, choose)


def _generate(state, prompts, prompt_lengths, max_new_tokens, end, padding, choose):
    check_state(state)
    prompt_lengths = check_prompts(prompts, prompt_lengths)
    check_limits(max_new_tokens, end, padding)
    with claimed(state), torch.no_grad():
        return _write(state, prompts, prompt_lengths, max_new_tokens, end, padding, choose)


def _write(state, prompts, prompt_lengths, max_new_tokens, end, padding, choose):
    tokens = prompts.new_full((len(prompts), max_new_tokens), padding)  # of each prompt
    lengths = torch.zeros_like(prompt_lengths)
    position, longest = int(prompt_lengths.min()), int(prompt_lengths.max())
    first_stop = position + max_new_tokens
    # Of the prompts that are not finished: which they are, where they begin, and all their tokens,
    # at their positions; they leave when they are finished, as their rows leave the state.
    rows, starts, total = torch.arange(len(prompts), device=prompts.device), prompt_lengths, None
    text = positioned(prompts, prompt_lengths, longest, max_new_tokens, padding)
    fed = text[:, :position]
    check_fed(state, fed)
    totals = None
    while True:
        logits = state.advance(fed)  # [R, V]
        gains = log_probabilities(logits, len(rows))  # [R, V], of each next token
        if totals is None:
            check_ids(prompts, prompt_lengths, end, logits.shape[-1])
            totals = gains.new_zeros(len(prompts))
            total = totals
        token = choose(logits)[:, None]  # [R, 1]
        gain = gains.gather(1, token)[:, 0]
        done = None if end is None else token[:, 0] == end
        if position < longest:  # a row that is still in its prompt takes the prompt's next token
            reads = position < starts
            token = torch.where(reads[:, None], text[:, position, None], token)
            gain = gain.masked_fill(reads, 0)
            done = None if done is None else done & ~reads
        text[:, position, None] = token
        total = total + gain
        position += 1
        if position >= first_stop:
            full = position - starts >= max_new_tokens
            done = full if done is None else done | full
        if done is not None and done.any():
            which = rows[done]
            lengths[which], totals[which] = position - starts[done], total[done]
            column = starts[done, None] + torch.arange(max_new_tokens, device=rows.device)
            tokens[which] = text[done].gather(1, column)
            going = ~done
            if not going.any():
                return Generated(tokens[:, : int(lengths.max())], lengths, totals)
            state.reorder(going.nonzero()[:, 0])
            rows, starts, total = rows[going], starts[going], total[going]
            text, token = text[going], token[going]
        fed = token


def positioned(prompts, lengths, longest, max_new_tokens, padding):
    """The prompts, each with padding behind it up to the last position that may be written."""
    text = prompts.new_full((len(prompts), longest + max_new_tokens), padding)
    known = torch.arange(longest, device=prompts.device) < lengths[:, None]
    text[:, :longest][known] = prompts[:, :longest][known]
    return text
