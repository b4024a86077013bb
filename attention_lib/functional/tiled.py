"""Tiled attention: exact, block by block, forward and backward, and the online softmax in it."""

from typing import NamedTuple

import torch

from ..checks import (
    check_count,
    check_dimensions,
    check_flag,
    check_instance,
    check_one_device,
    check_query_key,
    check_scale,
    check_shape,
    check_value,
)
from ..plans.pieces import pieces
from ..plans.tiled import tiles
from .attention import closed_future
from .folded import output_shape_of
from .precision import check_tensors, check_torch_mask, widen, widen_core
from .transforms import rewritten


class OnlineSoftmax(NamedTuple):
    """What is known of a row of attention after some of its keys.

    maximum: `[..., T]`, the largest score so far; minus infinity before the first key.
    total: `[..., T]`, sum of exp(s_j - maximum) over the keys so far.
    weighted: `[..., T, E]`, sum of exp(s_j - maximum) v_j.
    """

    maximum: torch.Tensor
    total: torch.Tensor
    weighted: torch.Tensor

    def output(self):
        """The attention to the keys so far; zero for a row that has seen no key."""
        return self.weighted / self.total.masked_fill(self.total == 0, 1)[..., None]

    def log_sum_exp(self):
        """maximum + log total; minus infinity for a row that has seen no key."""
        return self.maximum + self.total.masked_fill(self.total == 0, 1).log()


def online_softmax(scores, value, state=None, *, mask=None):
    """Take one more block of keys into a softmax-weighted mean, without keeping the earlier ones.

    Args:
        scores: `[..., T, S]`, the scores of this block, finite or minus infinity; float16,
            bfloat16, float32 or float64.
        value: `[..., S, E]`, the values of this block, same dtype.
        state: what an earlier call returned; None before the first block.
        mask: boolean tensor, broadcastable to `[..., T, S]`; True = may attend.

    Returns:
        `OnlineSoftmax(maximum, total, weighted)`, float32 for float16 and bfloat16, else in the
        dtype of the scores. The maximum carries no gradient: it cancels.

    Raises, cost, formula and source: `attention_lib.reference.online_softmax`.

    >>> state = online_softmax(torch.tensor([[0.0]]), torch.tensor([[1.0]]))
    >>> online_softmax(torch.tensor([[0.0]]), torch.tensor([[3.0]]), state).output()
    tensor([[2.]])
    """
    _, scores, value = widen(scores=scores, value=value)
    check_dimensions(2, scores=scores)
    output_shape = check_value(value, scores.shape)
    check_torch_mask(mask, scores.shape, scores=scores)
    if state is not None:
        check_instance(OnlineSoftmax, state=state)
        _check_state(state, scores, output_shape)
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    block = softmax_of_block(scores, value)
    return block if state is None else merge(state, block)


def _check_state(state, scores, output_shape):
    """state is what blocks of such scores and values have left."""
    parts = {f"state.{name}": part for name, part in state._asdict().items()}
    check_tensors(**parts)
    check_one_device(scores=scores, **parts)
    check_shape("state.weighted", state.weighted, output_shape, "[..., T, E]")
    for name in ("maximum", "total"):
        check_shape(f"state.{name}", getattr(state, name), output_shape[:-1], "[..., T]")


def softmax_of_block(scores, value):
    """What is known after these keys alone."""
    if scores.shape[-1] == 0:
        total = scores.sum(dim=-1)
        return OnlineSoftmax(torch.full_like(total, -torch.inf), total, scores @ value)
    maximum = scores.detach().amax(dim=-1)  # [..., T]
    powers = (scores - _finite(maximum)[..., None]).exp_()
    return OnlineSoftmax(maximum, powers.sum(dim=-1), powers @ value)


def merge(one, other):
    """What is known after the keys of both."""
    maximum = torch.maximum(one.maximum, other.maximum)
    shrink, shrink_other = ((part.maximum - _finite(maximum)).exp() for part in (one, other))
    return OnlineSoftmax(
        maximum,
        shrink * one.total + shrink_other * other.total,
        shrink[..., None] * one.weighted + shrink_other[..., None] * other.weighted,
    )


def tiled_attention(
    query,
    key,
    value,
    *,
    causal=False,
    mask=None,
    scale=None,
    block_size=128,
    return_log_sum_exp=False,
):
    """Compute exactly what `attention` computes, one block of queries and keys at a time.

    Forward and backward pass never make a `[T, S]` tensor: the backward pass computes each block of
    weights again from the log-sum-exp of its rows. It has a first derivative only. This is the
    algorithm in the open, in plain torch: the fused kernels behind `attention` do the same faster.

    Args:
        query: `[..., T, D]`, float16, bfloat16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        causal: no query sees a key after its own position; the last query is aligned with the last
            key.
        mask: boolean tensor, broadcastable to `[..., T, S]`; True = may attend.
        scale: None means 1 / sqrt(D).
        block_size: integer >= 1, number of queries and of keys in a block.
        return_log_sum_exp: also return the log-sum-exp of each row; gradients reach it.

    Returns:
        output `[..., T, E]`, or (output, log_sum_exp `[..., T]`; float32 for float16 and bfloat16).
        A query with nothing to attend to has a zero output, a log-sum-exp of minus infinity, and
        passes zero gradient. Scores that overflow to infinity make NaN.

    Raises:
        TypeError, ValueError: as `attention`; block_size not an integer >= 1.
        RuntimeError: differentiated twice.

    Cost and source: `attention_lib.reference.tiled_attention`.

    >>> x = torch.tensor([[1.0], [2.0], [3.0]])
    >>> tiled_attention(x, x, x, causal=True, block_size=2)
    tensor([[1.0000],
            [1.8808],
            [2.9480]])
    """
    check_tensors(query=query, key=key, value=value)
    shape = check_query_key(query, key)
    check_value(value, shape)
    check_torch_mask(mask, shape, query=query)
    check_flag(causal=causal, return_log_sum_exp=return_log_sum_exp)
    check_scale(scale)
    check_count(block_size=block_size)
    options = {"causal": causal, "mask": mask, "scale": scale, "block_size": block_size}
    output, log_sum_exp = tiled_attention_core(query, key, value, **options)
    return (output, log_sum_exp) if return_log_sum_exp else output


def tiled_attention_core(query, key, value, *, block_size, causal=False, mask=None, scale=None):
    """Output and log-sum-exp of `tiled_attention` for arguments that were checked."""
    leading = output_shape_of(query, key, value)[:-2]
    dtype, query, key, value = widen_core(query, key, value)
    scale = query.shape[-1] ** -0.5 if scale is None else float(scale)
    if rewritten():
        output, log_sum_exp = _at_once(query, key, value, mask, causal, scale)
        return output.to(dtype), log_sum_exp
    # Outside the Function, so that autograd sums the gradients of what was repeated here.
    wide = [one.expand(*leading, *one.shape[-2:]).contiguous() for one in (query, key, value)]
    if mask is not None:
        mask = mask.expand(*leading, query.shape[-2], key.shape[-2])  # a view: nothing is copied
    output, log_sum_exp = _Tiled.apply(*wide, mask, bool(causal), scale, int(block_size))
    return output.to(dtype), log_sum_exp


def _at_once(query, key, value, mask, causal, scale):
    """Output and log-sum-exp with all scores in one block, in steps that PyTorch can rewrite."""
    with torch.autocast(query.device.type, enabled=False):
        scores = (query * scale) @ key.mT
        mask = closed_future(mask, query, key) if causal else mask
        scores = scores if mask is None else scores.masked_fill(~mask, -torch.inf)
        state = softmax_of_block(scores, value)
    return state.output(), state.log_sum_exp()


class _Tiled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, query, key, value, mask, *options):
        output = query.new_zeros(*query.shape[:-1], value.shape[-1])
        log_sum_exp = query.new_full(query.shape[:-1], -torch.inf)
        with torch.autocast(query.device.type, enabled=False):
            for rows, blocks in _tiles(query, key, mask, *options):
                state = None
                for columns, scores in blocks:
                    block = softmax_of_block(scores, value[..., columns, :])
                    state = block if state is None else merge(state, block)
                if state is not None:
                    output[..., rows, :] = state.output()
                    log_sum_exp[..., rows] = state.log_sum_exp()
        ctx.save_for_backward(query, key, value, mask, output, log_sum_exp)
        ctx.options = options
        return output, log_sum_exp

    @staticmethod
    def backward(ctx, grad_output, grad_log_sum_exp):
        gradients = _TiledBackward.apply(
            *ctx.saved_tensors, grad_output, grad_log_sum_exp, *ctx.options
        )
        return *gradients, None, None, None, None


class _TiledBackward(torch.autograd.Function):
    """A function of its own, so that a second derivative meets an error and not a wrong number."""

    @staticmethod
    def forward(
        ctx, query, key, value, mask, output, log_sum_exp, grad_output, grad_log_sum_exp, *options
    ):
        scale = options[1]
        grad_query, grad_key, grad_value = (torch.zeros_like(one) for one in (query, key, value))
        # d score_ij = weight_ij (grad_i . v_j - mean_i), and weight_ij more for each log-sum-exp
        mean = (grad_output * output).sum(dim=-1, keepdim=True) - grad_log_sum_exp[..., None]
        with torch.autocast(query.device.type, enabled=False):
            for rows, blocks in _tiles(query, key, mask, *options):
                grad, shift = grad_output[..., rows, :], _finite(log_sum_exp[..., rows, None])
                for columns, scores in blocks:
                    weights = scores.sub_(shift).exp_()
                    grad_value[..., columns, :] += weights.mT @ grad
                    grad_scores = grad @ value[..., columns, :].mT
                    grad_scores = grad_scores.sub_(mean[..., rows, :]).mul_(weights).mul_(scale)
                    grad_query[..., rows, :] += grad_scores @ key[..., columns, :]
                    grad_key[..., columns, :] += grad_scores.mT @ query[..., rows, :]
        return grad_query, grad_key, grad_value

    @staticmethod
    def backward(ctx, *gradients):
        raise RuntimeError(
            "tiled_attention can be differentiated once only; "
            "use attention(..., return_weights=True) for second derivatives"
        )


def _tiles(query, key, mask, causal, scale, block_size):
    """For each block of queries: its rows, and the blocks of keys that these may see."""
    n_queries, n_keys = query.shape[-2], key.shape[-2]
    for rows, seen in tiles(n_queries, n_keys, block_size=block_size, causal=causal):
        columns = pieces(seen, block_size) if seen else []
        yield rows, _scores(rows, columns, query, key, mask, causal, scale)


def _scores(rows, blocks, query, key, mask, causal, scale):
    """(columns, scores) of each block of keys; what is closed is at minus infinity."""
    part, behind = query[..., rows, :] * scale, key.shape[-2] - query.shape[-2]
    for columns in blocks:
        scores = part @ key[..., columns, :].mT
        if mask is not None:
            scores.masked_fill_(~mask[..., rows, columns], -torch.inf)
        if causal and columns.stop - 1 > rows.start + behind:
            position = torch.arange(rows.start, rows.stop, device=query.device)[:, None] + behind
            future = torch.arange(columns.start, columns.stop, device=query.device) > position
            scores.masked_fill_(future, -torch.inf)
        yield columns, scores


def _finite(maximum):
    """Zero in place of minus infinity: exp(-inf - 0) is the zero that an unseen row needs."""
    return maximum.masked_fill(maximum == -torch.inf, 0)
