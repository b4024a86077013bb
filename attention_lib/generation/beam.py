"""Beam search: follow several beginnings at once and keep the best endings."""

import math
from typing import NamedTuple

import torch

from .. import functional
from ..checks import check_count, check_not_negative
from ..functional.positions import with_float64
from .decoding import (
    check_fed,
    check_ids,
    check_limits,
    check_prompts,
    check_state,
    claimed,
    log_probabilities,
)
from .stepwise import Generated


class Hypotheses(NamedTuple):
    """The best sequences that a beam search found for each prompt, the best first.

    Attributes:
        tokens: `[B, N, T]`, int64, without the prompt; padding after the end token.
        lengths: `[B, N]`, int64, the end token counted; 0 where fewer than N were found.
        log_probability: `[B, N]`, the sum over the tokens; -inf where fewer were found.
        score: `[B, N]`, float64, log_probability divided by the length penalty: what they are
            ranked by; -inf where fewer were found, else finite.
    """

    tokens: torch.Tensor
    lengths: torch.Tensor
    log_probability: torch.Tensor
    score: torch.Tensor


def beam_search(
    state,
    prompts,
    *,
    beam_width,
    max_new_tokens,
    length_penalty=0.0,
    n_best=None,
    prompt_lengths=None,
    end=None,
    padding=0,
):
    r"""Keep the `beam_width` likeliest beginnings at each step, and return the best ending.

    Each step extends every open beginning by every token and keeps the likeliest `beam_width` of
    all these. One that ends with the end token, or has max_new_tokens, is finished: it leaves the
    beam and is remembered with its score

    $$\mathrm{score}(y) = \frac{\log P(y)}{\mathrm{lp}(|y|)}, \qquad
    \mathrm{lp}(n) = \Big(\frac{5 + n}{6}\Big)^{\alpha}$$

    where |y| is the number of its new tokens. The search of a prompt stops when nothing is open, or
    when no open beginning can still win. Its log P is at most 0 and never rises, and lp is largest
    at max_new_tokens, so its score will never exceed its present log P / lp(max_new_tokens).

    Args:
        state, prompts, max_new_tokens, prompt_lengths, end, padding: as for `greedy_search`.
        beam_width: how many beginnings are kept; 1 gives what `greedy_search` gives, unless two
            tokens are so close that rounding log P makes them equal. With as many as there are
            sequences the search is exhaustive and the result the best of all; between the two, more
            is usually but not always better.
        length_penalty: alpha >= 0. 0 ranks by log P, which favours short sequences, since each
            further token lowers it; larger values favour longer ones. lp(max_new_tokens) must not
            be above 1e300.
        n_best: None, or N of 1 to beam_width: return the N best.

    Returns:
        `Generated` with the best sequence of each prompt, or `Hypotheses` if n_best is given. Each
        row is what it would be alone.

    Raises:
        TypeError, ValueError: as `greedy_search`; also when beam_width is not a positive integer,
            n_best not in 1..beam_width, length_penalty negative or too large for max_new_tokens.

    Cost: as `greedy_search`, with up to beam_width rows in the state for each prompt.
    Source: Wu et al. (2016), section 7, equation 14, without their coverage penalty; the beam as in
        Sutskever, Vinyals and Le (2014), section 3.2, save that its width does not shrink when a
        hypothesis is finished.

    >>> from attention_lib.modules import LanguageModel
    >>> from attention_lib.generation import decoding_state
    >>> state = decoding_state(LanguageModel(13, d_model=8, n_heads=2, n_layers=1, d_ff=16))
    >>> found = beam_search(
    ...     state, torch.tensor([[1, 5]]), beam_width=3, max_new_tokens=4, end=2, n_best=2
    ... )
    >>> found.score.shape
    torch.Size([1, 2])
    """
    check_state(state)
    prompt_lengths = check_prompts(prompts, prompt_lengths)
    check_limits(max_new_tokens, end, padding)
    check_count(beam_width=beam_width)
    check_not_negative(length_penalty=length_penalty)
    _check_penalty(length_penalty, max_new_tokens)
    wanted = _check_n_best(n_best, beam_width)
    with claimed(state), torch.no_grad():
        limits = (max_new_tokens, end, padding)
        best = _search(state, prompts, prompt_lengths, *limits, beam_width, wanted, length_penalty)
    best = best._replace(tokens=best.tokens[..., : int(best.lengths.max())])
    return best if n_best is not None else Generated(*(one[:, 0] for one in best[:3]))


def _search(state, prompts, prompt_lengths, max_new_tokens, end, padding, width, wanted, alpha):
    # W beginnings for each prompt; those of log-probability -inf are not there. tokens is
    # [B, W, max_new_tokens], is_open and total, the log-probability of each, are [B, W]. W is 1
    # at first, then `width`, or less as long as there are not so many.
    tokens = prompts.new_full((len(prompts), 1, max_new_tokens), padding)
    is_open = torch.ones_like(prompts[:, :1], dtype=torch.bool)
    total = best = None
    position = int(prompt_lengths.min())  # of the token that is written next
    fed = prompts[:, :position]
    check_fed(state, fed)
    while True:
        logits = state.advance(fed)  # [R, V], a row for each open beginning
        gains = log_probabilities(logits, len(fed))  # [R, V], of each next token
        if best is None:
            check_ids(prompts, prompt_lengths, end, logits.shape[-1])
            total = gains.new_zeros(len(prompts), 1)
            best = _nothing(tokens.expand(-1, wanted, -1), gains)
        column = position - prompt_lengths  # [B]; negative while the prompt is not over
        known = prompts[:, min(position, prompts.shape[1] - 1)]  # next of a prompt that is not over
        table = _table(gains, is_open, certain=torch.where(column < 0, known, -1))
        total, slot, token = _extend(total, table, width)  # [B, W]; slot: the beginning extended
        tokens = _write(tokens, slot, token, column)
        ends = (column == max_new_tokens - 1)[:, None].expand(total.shape)
        if end is not None:
            ends = ends | ((column >= 0)[:, None] & (token == end))
        finished = total.masked_fill(~ends, -torch.inf)
        best = _better(best, tokens, column + 1, finished, alpha)
        total = total.masked_fill(ends, -torch.inf)
        # The most that any open beginning can still reach, against the last of the N best endings.
        limit = _score(total.amax(dim=1, keepdim=True), max_new_tokens, alpha)
        total = total.masked_fill(limit <= best.score[:, -1:], -torch.inf)
        # The state has rows for open beginnings only: the row of one is how many come before it.
        row = (is_open.flatten().cumsum(0) - 1).view(is_open.shape).gather(1, slot)
        is_open = total > -torch.inf
        if not is_open.any():
            return best
        state.reorder(row[is_open])
        fed = token[is_open][:, None]
        position += 1


def _table(gains, is_open, certain):
    """Log-probabilities `[B, W, V]` of each next token; one that is certain has 0, the others -inf.

    `certain` `[B]` holds that token for the prompts that are still being read, -1 for the others.
    """
    table = gains.new_full((*is_open.shape, gains.shape[-1]), -torch.inf)
    table[is_open] = gains
    reads = certain >= 0
    table[reads] = -torch.inf
    table[reads, :, certain[reads]] = 0
    return table


def _extend(total, table, width):
    """The likeliest extensions: their log-probabilities, the beginnings they extend, the tokens."""
    vocabulary = table.shape[-1]
    candidates = (total[..., None] + table).flatten(1)  # [B, W V]
    count = min(width, candidates.shape[-1])
    # Of equal candidates the first is kept and comes first, which topk alone does not promise.
    index = functional.top_k_logits(candidates, count).topk(count, dim=-1).indices
    index = index.sort(dim=-1).values
    values, order = candidates.gather(1, index).sort(dim=-1, descending=True, stable=True)
    index = index.gather(1, order)  # [B, new W]
    return values, index // vocabulary, index % vocabulary


def _write(tokens, slot, token, column):
    """Each new beginning: the one that it extends, with its token at the column of its prompt."""
    tokens = tokens.gather(1, slot[..., None].expand(-1, -1, tokens.shape[-1]))
    writes = (column >= 0) & (column < tokens.shape[-1])
    tokens[writes, :, column[writes]] = token[writes]
    return tokens


def _score(log_probability, lengths, alpha):
    """In float64, where the penalty neither overflows nor takes a score below what there is."""
    log_probability = log_probability.to(with_float64(log_probability.device)).double()
    penalty = ((5 + torch.as_tensor(lengths).to(log_probability)) / 6) ** float(alpha)
    return log_probability / penalty


def _better(best, tokens, lengths, log_probability, alpha):
    """The best N of those so far and the new ones `[B, W]`; of equal ones the earlier."""
    lengths = lengths[:, None].expand(log_probability.shape)
    score = _score(log_probability, lengths.clamp(min=1), alpha)
    new = Hypotheses(tokens, lengths, log_probability, score)
    tokens, *rest = (torch.cat(pair, dim=1) for pair in zip(best, new, strict=True))
    order = rest[-1].sort(dim=1, descending=True, stable=True).indices
    order = order[:, : best.score.shape[1]]
    tokens = tokens.gather(1, order[..., None].expand(-1, -1, tokens.shape[-1]))
    return Hypotheses(tokens, *(one.gather(1, order) for one in rest))


def _nothing(tokens, like):
    """The best N before anything is finished: `[B, N]` of length 0 and log-probability -inf."""
    never = like.new_full(tokens.shape[:2], -torch.inf)
    return Hypotheses(tokens, torch.zeros_like(tokens[..., 0]), never, _score(never, 1, 0))


def _check_penalty(alpha, longest):
    most = 300 * math.log(10) / math.log((5 + longest) / 6) if longest > 1 else math.inf
    if alpha > most:
        raise ValueError(
            f"length_penalty must be at most {most:.4g} for max_new_tokens = {longest}, got {alpha}"
        )


def _check_n_best(n_best, beam_width):
    if n_best is None:
        return 1
    check_count(n_best=n_best)
    if n_best > beam_width:
        raise ValueError(f"n_best must be at most beam_width = {beam_width}, got {n_best}")
    return n_best
