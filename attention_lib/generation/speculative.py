"""Speculative decoding: a small model proposes tokens, the large one judges them in one call."""

from contextlib import ExitStack
from typing import NamedTuple, Protocol

import torch
from torch.nn import functional as F

from .. import functional
from ..checks import check_count, check_not_negative, check_top_p
from .acceptance import residual_core
from .decoding import (
    check_fed,
    check_ids,
    check_limits,
    check_prompts,
    claimed,
    log_probabilities,
)
from .stepwise import positioned


class Speculated(NamedTuple):
    """What two models wrote together after each prompt, and how often they agreed.

    Attributes:
        tokens, lengths, log_probability: as those of `Generated`; the log-probability is that of
            the large model.
        accepted: `[B]`, int64, how many of the tokens are proposals of the draft.
        judged: `[B]`, int64, how many proposals were looked at: the accepted ones and the refused
            ones, but none behind a refused one or behind the end of the row. accepted / judged is
            the acceptance rate.
        calls: `[B]`, int64, calls of the large model that added to the row; lengths / calls is how
            many tokens a call gave.
    """

    tokens: torch.Tensor
    lengths: torch.Tensor
    log_probability: torch.Tensor
    accepted: torch.Tensor
    judged: torch.Tensor
    calls: torch.Tensor


class SpeculativeState(Protocol):
    """A `DecodingState` that scores several tokens at once, and that can take tokens back.

    `decoding_state` makes one of a `LanguageModel` or a `Transformer`.
    """

    def advance(self, tokens):
        """As that of a `DecodingState`."""

    def reorder(self, rows):
        """As that of a `DecodingState`."""

    def score(self, tokens, count):
        """Read tokens `[R, T]`; logits `[R, count, V]` after each of the last `count` of them."""

    def cut(self, count):
        """Forget the last `count` tokens that were read, of each row."""


def speculative_sample(
    state,
    prompts,
    *,
    draft,
    draft_length,
    max_new_tokens,
    rng=None,
    temperature=1.0,
    top_k=None,
    top_p=None,
    prompt_lengths=None,
    end=None,
    padding=0,
):
    r"""Draw from a large model what a small one proposes, without changing the distribution.

    In each round the draft writes up to k tokens, one after the other. The large model reads them
    all in one call, which gives its own probabilities at k + 1 places. From the left on, each
    proposal stays or goes by the rule of `speculative_rule`. The first that goes is replaced by a
    token from the residual, and what stands behind it is forgotten; if all stay, the large model
    adds one more token. So a round writes 1 to k + 1 tokens, and each of them is distributed as if
    the large model had drawn it by itself. What both remember is cut back to what was written.

    Args:
        state: a `SpeculativeState` of the large model that has read nothing of the prompts.
        prompts, max_new_tokens, prompt_lengths, end, padding: as for `greedy_search`.
        draft: another such state, of the small model, with the same vocabulary.
        draft_length: k, at least 1.
        rng: a torch.Generator on the device of the logits; not needed at temperature 0.
        temperature, top_k, top_p: as for `sample`, applied to both models; temperature 0 takes the
            likeliest token of each model, and what is written is what `greedy_search` writes with
            the large one.

    Returns:
        `Speculated`. Rows may accept different numbers. A row that is ahead waits with the tokens
        that it has, as a row with a longer prompt does: the batch goes on from the shortest.

    Raises:
        TypeError: as `sample`; also when draft is no such state.
        ValueError: as `sample`; also when draft and state are one, when their vocabularies differ,
            when one of them cannot be cut back, draft_length below 1, temperature below 0.

    At temperature 0 and in low precision, a call that scores several tokens may round otherwise
    than one that scores a single one; of two tokens that are that close, either may be written.

    Cost: a round takes k steps of the draft and one call of the large model over k + 1 positions.
        If each proposal stays with probability a, it writes (1 - a^(k + 1)) / (1 - a) tokens on
        average, for a prompt alone.
    Source: Leviathan, Kalman and Matias (2023), algorithm 1 and equation 1; Chen et al. (2023),
        algorithm 2.

    >>> from attention_lib.modules import LanguageModel
    >>> from attention_lib.generation import decoding_state
    >>> large = LanguageModel(13, d_model=16, n_heads=2, n_layers=2, d_ff=32)
    >>> small = LanguageModel(13, d_model=8, n_heads=2, n_layers=1, d_ff=16)
    >>> state, draft = decoding_state(large), decoding_state(small)
    >>> prompts, rng = torch.tensor([[1, 5]]), torch.Generator().manual_seed(0)
    >>> found = speculative_sample(
    ...     state, prompts, draft=draft, draft_length=3, max_new_tokens=8, rng=rng
    ... )
    >>> found.tokens.shape
    torch.Size([1, 8])
    """
    _check_states(state, draft)
    prompt_lengths = check_prompts(prompts, prompt_lengths)
    check_limits(max_new_tokens, end, padding)
    check_count(draft_length=draft_length)
    check_not_negative(temperature=temperature)
    if top_k is not None:
        check_count(top_k=top_k)
    if top_p is not None:
        check_top_p(top_p)
    if not isinstance(rng, torch.Generator) and (temperature > 0 or rng is not None):
        raise TypeError(f"rng must be a torch.Generator, got {type(rng).__name__}")

    def probabilities(logits):
        wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
        options = {"top_k": top_k, "top_p": top_p}
        if temperature == 0:
            functional.next_token_probabilities(wide, **options)  # judges the options
            return F.one_hot(wide.argmax(dim=-1), wide.shape[-1]).to(wide.dtype)
        return functional.next_token_probabilities(wide, temperature=temperature, **options)

    with ExitStack() as both, torch.no_grad():
        both.enter_context(claimed(state))
        both.enter_context(claimed(draft))
        for one in (state, draft):
            check_fed(one, prompts[:, : int(prompt_lengths.min())])
        limits = (int(draft_length), int(max_new_tokens), end, padding)
        rng = rng if temperature > 0 else None
        return _write(state, draft, prompts, prompt_lengths, *limits, probabilities, rng)


def _write(state, draft, prompts, starts, most, max_new_tokens, end, padding, probabilities, rng):
    device = prompts.device
    text = positioned(prompts, starts, int(starts.max()), max_new_tokens, padding)
    everywhere = torch.arange(text.shape[1], device=device)
    result = _nothing(prompts, max_new_tokens, padding)
    # Of the prompts that are not finished: which they are, where they begin, all their tokens at
    # their positions, up to where these are settled, and what is counted of them.
    rows, known = torch.arange(len(prompts), device=device), starts
    counts = prompts.new_zeros(len(prompts), 3)  # accepted, judged, calls
    total = None
    read = drafted = 0  # tokens that the large model and the draft have read
    while True:
        first = int(known.min())  # of the positions that the round decides on
        ahead = min(most, int(starts.max()) + max_new_tokens - 1 - first)
        proposed, drafted = _propose(draft, text, known, drafted, first, ahead, probabilities, rng)
        logits = state.score(text[:, read : first + ahead], ahead + 1)  # [R, ahead + 1, V]
        gains = _gains(logits, len(rows), ahead + 1)
        if total is None:
            check_ids(prompts, starts, end, logits.shape[-1])
            total = gains.new_zeros(len(prompts))
            result = result._replace(log_probability=total)
        if ahead and proposed.shape != (len(rows), ahead, logits.shape[-1]):
            raise ValueError(
                f"draft must have the vocabulary of state, V = {logits.shape[-1]}, "
                f"got V = {proposed.shape[-1]}"
            )
        accepted, token = _judge(text, known, first, proposed, probabilities(logits), rng)
        at = first + accepted  # of the token that the large model itself has drawn
        settled = torch.where(at < known, text.gather(1, at[:, None])[:, 0], token)
        text = text.scatter(1, at[:, None], settled[:, None])
        reached = torch.minimum(torch.maximum(known, at + 1), starts + max_new_tokens)
        fresh = (everywhere >= known[:, None]) & (everywhere < reached[:, None])
        done = reached == starts + max_new_tokens
        if end is not None:
            ends = fresh & (text == end)
            ended = ends.any(dim=1)
            reached = torch.where(ended, ends.int().argmax(dim=1) + 1, reached)
            fresh &= everywhere < reached[:, None]
            done |= ended
        here = slice(first, first + ahead + 1)
        gain = gains.gather(2, text[:, here, None])[..., 0]
        total = total + gain.masked_fill(~fresh[:, here], 0).sum(dim=1)
        stayed = (fresh & (everywhere < at[:, None])).sum(dim=1)
        refused = (accepted < ahead) & (at < reached) & (at >= known)
        counts = counts + torch.stack([stayed, stayed + refused, fresh.any(dim=1)], dim=1)
        known, read = reached, first + ahead
        if done.any():
            _finish(result, rows[done], text[done], starts[done], known[done], total[done])
            for place, one in enumerate(result[3:]):
                one[rows[done]] = counts[done, place]
            going = ~done
            if not going.any():
                return result._replace(tokens=result.tokens[:, : int(result.lengths.max())])
            for one in (state, draft):
                one.reorder(going.nonzero()[:, 0])
            rows, starts, known, text = rows[going], starts[going], known[going], text[going]
            counts, total = counts[going], total[going]
        # The last settled token of the shortest row is read in the next round. Where that row has
        # left, those that stay may have longer prompts than what was read.
        keep = min(int(known.min()) - 1, read)
        state.cut(read - keep)
        draft.cut(max(drafted - keep, 0))
        read, drafted = keep, min(drafted, keep)


def _propose(draft, text, known, drafted, first, ahead, probabilities, rng):
    """Let the draft write at `ahead` positions from `first` on, where nothing is settled yet.

    Returns its probabilities `[R, ahead, V]` and how many tokens it has read.
    """
    found = []
    for place in range(first, first + ahead):
        logits = draft.advance(text[:, drafted:place])
        log_probabilities(logits, len(text))  # judges them
        found.append(probabilities(logits))
        token = _drawn(found[-1], rng)
        text[:, place] = torch.where(place < known, text[:, place], token)
        drafted = place
    return torch.stack(found, dim=1) if found else None, drafted


def _judge(text, known, first, proposed, target, rng):
    """How many proposals of each row stay, and the token that the large model puts after them."""
    if proposed is None:
        return torch.zeros_like(known), _drawn(target[:, 0], rng)
    ahead = proposed.shape[1]
    token = text[:, first : first + ahead, None]
    chance = target[:, :-1].gather(2, token) / proposed.gather(2, token)
    settled = torch.arange(first, first + ahead, device=text.device) < known[:, None]
    stays = settled | _happens(chance[..., 0], rng)
    accepted = stays.long().cumprod(dim=1).sum(dim=1)  # [R]
    # Behind the last proposal there is none to be refused: there the residual is the target.
    proposed = torch.cat([proposed, torch.zeros_like(proposed[:, :1])], dim=1)
    row = torch.arange(len(text), device=text.device)
    return accepted, _drawn(residual_core(target[row, accepted], proposed[row, accepted]), rng)


def _happens(chance, rng):
    """True with the given probabilities; without rng they are 0 or 1."""
    if rng is None:
        return chance > 0
    return torch.rand(chance.shape, generator=rng, dtype=chance.dtype, device=rng.device) < chance


def _drawn(weights, rng):
    return weights.argmax(dim=-1) if rng is None else functional.draw(weights, rng=rng)


def _gains(logits, rows, count):
    """Log-probabilities `[R, count, V]` of the large model, whose logits are judged."""
    if getattr(logits, "ndim", 3) != 3 or len(logits) != rows or logits.shape[1] != count:
        raise ValueError(
            f"logits of score must have shape [R, count, V] with R = {rows} rows and count = "
            f"{count}, got {tuple(logits.shape)}"
        )
    return torch.stack([log_probabilities(one, rows) for one in logits.unbind(dim=1)], dim=1)


def _finish(result, which, text, starts, known, total):
    """Enter the rows that are finished."""
    column = torch.arange(result.tokens.shape[1], device=text.device)
    written = text.gather(1, starts[:, None] + column)
    lengths = known - starts
    result.tokens[which] = written.where(column < lengths[:, None], result.tokens[which])
    result.lengths[which], result.log_probability[which] = lengths, total


def _nothing(prompts, max_new_tokens, padding):
    tokens = prompts.new_full((len(prompts), max_new_tokens), padding)
    counts = (prompts.new_zeros(len(prompts)) for _ in range(4))
    lengths, *others = counts
    return Speculated(tokens, lengths, None, *others)


def _check_states(state, draft):
    for name, one in {"state": state, "draft": draft}.items():
        asked = ("advance", "reorder", "score", "cut")
        missing = [method for method in asked if not callable(getattr(one, method, None))]
        if missing or isinstance(one, type):
            raise TypeError(
                f"{name} must be a SpeculativeState, with advance, reorder, score and cut, "
                f"got {type(one).__name__}"
            )
        if hasattr(one, "check_cut"):
            one.check_cut(name)
    if state is draft:
        raise ValueError("draft must be a state of its own, got the one that state is")
    sizes = [getattr(one, "vocabulary_size", None) for one in (state, draft)]
    if None not in sizes and sizes[0] != sizes[1]:
        raise ValueError(
            f"draft must have the vocabulary of state, V = {sizes[0]}, got V = {sizes[1]}"
        )
