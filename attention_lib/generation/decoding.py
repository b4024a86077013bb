"""What every search asks of a model, and the checks that they share."""

from contextlib import contextmanager
from typing import Protocol

import torch
from torch.nn import functional as F

from ..checks import check_count, check_floating, check_kind
from ..modules.seq2seq import check_tokens


class DecodingState(Protocol):
    """A model in the middle of writing: it has read some tokens of each row and waits for more.

    The searches know a model by these two methods alone. What lies behind them, a cache, a
    recurrent state or a table, is the state's own business.

    >>> class Favourite:  # a state for which token 2 is always the likeliest
    ...     def advance(self, tokens):
    ...         return torch.tensor([0.0, 1.0, 3.0]).expand(len(tokens), 3)
    ...
    ...     def reorder(self, rows):
    ...         pass
    >>> from attention_lib.generation import greedy_search
    >>> greedy_search(Favourite(), torch.tensor([[0]]), max_new_tokens=3).tokens
    tensor([[2, 2, 2]])
    """

    def advance(self, tokens):
        """Read tokens `[R, T]` (int64), the next ones of each of the R rows.

        Returns:
            logits `[R, V]` of the token that follows, floating; -inf for a token that may not.
        """

    def reorder(self, rows):
        """Make row r what row rows[r] was; rows `[R']` (int64) picks, repeats and drops rows."""


def check_state(state):
    missing = [name for name in ("advance", "reorder") if not callable(getattr(state, name, None))]
    if missing or isinstance(state, type):
        raise TypeError(
            f"state must be a DecodingState, with advance and reorder, got {type(state).__name__}"
        )


@contextmanager
def claimed(state):
    """A state of the library serves one search: a second would go on where the first stopped.

    A search that fails leaves it as it was.
    """
    if not hasattr(state, "claimed"):  # another's, who has to know
        yield
        return
    if state.claimed:
        raise ValueError("state has served a search already: make a new one with decoding_state")
    state.claimed, mark = True, state.mark()
    try:
        yield
    except BaseException:
        state.claimed = False
        state.rewind(mark)
        raise


def check_fed(state, prompts):
    """A state that knows its model judges the prompts by their name, before it reads them."""
    judge = getattr(state, "check_fed", None)
    if judge is not None:
        judge("prompts", prompts)


def check_prompts(prompts, prompt_lengths):
    """Judge prompts `[B, T]`; returns their lengths `[B]`, T each where None is given."""
    check_tokens("prompts", prompts)
    if prompts.is_meta:
        raise ValueError("prompts must hold token ids, got a tensor without any, on device meta")
    batch, width = prompts.shape
    if prompt_lengths is None:
        return torch.full((batch,), width, device=prompts.device)
    check_kind("torch", prompts=prompts, prompt_lengths=prompt_lengths)
    if prompt_lengths.dtype != torch.int64:
        raise TypeError(f"prompt_lengths must have dtype int64, got {prompt_lengths.dtype}")
    if prompt_lengths.shape != (batch,):
        raise ValueError(
            f"prompt_lengths must have shape [B] = {(batch,)}, got {tuple(prompt_lengths.shape)}"
        )
    if prompt_lengths.min() < 1 or prompt_lengths.max() > width:
        raise ValueError(
            f"prompt_lengths must lie in 1..{width}, "
            f"got {int(prompt_lengths.min())}..{int(prompt_lengths.max())}"
        )
    return prompt_lengths


def check_limits(max_new_tokens, end, padding):
    check_count(max_new_tokens=max_new_tokens)
    check_count(minimum=0, padding=padding)
    if end is not None:
        check_count(minimum=0, end=end)


def check_ids(prompts, lengths, end, vocabulary):
    """The tokens of the prompts and `end` are ids; what stands after a prompt does not matter."""
    there = torch.arange(prompts.shape[1], device=prompts.device) < lengths[:, None]
    first, last = int(prompts[there].min()), int(prompts[there].max())
    if first < 0 or last >= vocabulary:
        raise ValueError(f"prompts must hold token ids in 0..{vocabulary - 1}, got {first}..{last}")
    if end is not None and end >= vocabulary:
        raise ValueError(f"end must be a token id in 0..{vocabulary - 1}, got {end}")


def log_probabilities(logits, rows):
    """Judge what a state returned; returns the log-probabilities `[R, V]`, float32 or wider."""
    check_kind("torch", logits=logits)
    check_floating(logits=logits)
    if logits.ndim != 2 or len(logits) != rows or 0 in logits.shape:
        raise ValueError(
            f"logits must have shape [R, V] with R = {rows} rows and at least one token, "
            f"got {tuple(logits.shape)}"
        )
    gains = F.log_softmax(logits.to(torch.promote_types(logits.dtype, torch.float32)), dim=-1)
    if gains[:, 0].isnan().any():  # then the whole row is NaN, and only then
        _name_bad_row(logits.amax(dim=-1))
    return gains


def _name_bad_row(top):
    row = int((~top.isfinite()).nonzero()[0])
    found = {"nan": "NaN", "inf": "+inf", "-inf": "-inf for every token"}[str(float(top[row]))]
    raise ValueError(
        "logits must be finite, or -inf for a token that may not follow, and leave one that may; "
        f"got {found} in row {row} of the state"
    )
