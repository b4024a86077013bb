"""Sliding-window attention: the band of the scores, and nothing outside it."""

import torch

from ..checks import check_count, check_scale, is_symbolic, plain_int
from ..plans.sliding_window import Band
from .attention import attention_core
from .folded import check_attended, flows, fold, fused, joined, output_shape_of
from .masks import window_mask
from .precision import check_device
from .transforms import known_size, rewritten


def sink_window_mask(n_queries, n_keys, *, window, n_sinks=0, causal=False, device=None):
    """Let each query see the keys at most `window` away, and the first `n_sinks` keys.

    Arguments, raises, cost and source as `attention_lib.reference.sink_window_mask`.

    >>> sink_window_mask(2, 5, window=1, n_sinks=1, causal=True).int()
    tensor([[1, 0, 1, 1, 0],
            [1, 0, 0, 1, 1]], dtype=torch.int32)
    """
    check_device(device)
    check_count(minimum=0, n_sinks=n_sinks)
    near = window_mask(n_queries, n_keys, window=window, causal=causal, device=device)
    key = torch.arange(n_keys, device=device)
    sinks = key < n_sinks
    if causal:
        query = torch.arange(n_queries, device=device)[:, None] + (
            plain_int(n_keys) - plain_int(n_queries)
        )
        sinks = sinks & (key <= query)
    return near | sinks


def streaming_positions(length, *, window, n_sinks=0, device=None):
    """The positions whose keys and values a streaming cache keeps after `length` positions.

    Arguments, raises and source as `attention_lib.reference.streaming_positions`.

    >>> streaming_positions(10, window=3, n_sinks=2)
    tensor([0, 1, 7, 8, 9])
    """
    check_device(device)
    check_count(minimum=0, length=length, window=window, n_sinks=n_sinks)
    recent = max(plain_int(length) - int(window), min(int(n_sinks), plain_int(length)))
    sinks = torch.arange(min(int(n_sinks), plain_int(length)), device=device)
    return torch.cat([sinks, torch.arange(recent, plain_int(length), device=device)])


def sliding_window_attention(
    query, key, value, *, window, causal=False, mask=None, n_sinks=0, scale=None
):
    """Attend to the keys at most `window` positions away, at a cost linear in their number.

    Queries in small blocks: a block and the keys in its reach are one small attention, and the keys
    of neighbouring blocks overlap, so they are strided views and not copies. All blocks whose reach
    lies inside the sequence are the same problem, with one small mask, and go into few calls of the
    fused kernel; the rows at both ends are computed apart. With a mask or sinks each block has a
    mask or a copy of its keys of its own, made for a few megabytes of blocks at a time.

    Args:
        query: `[..., T, D]`, float16, bfloat16, float32 or float64.
        key: `[..., S, D]`, same dtype.
        value: `[..., S, E]`, same dtype.
        window: w, integer >= 0: how far a query sees to each side, itself included.
        causal: no query sees a key after its own position; the last query is aligned with the last
            key, causal or not.
        mask: boolean tensor, broadcastable to `[..., 1, S]`: keys that may be attended to (padding
            is False), the same for every query.
        n_sinks: the first `n_sinks` keys are visible too, however far away.
        scale: a finite number; None means 1 / sqrt(D).

    Returns:
        output `[..., T, E]`, same dtype: that of `attention` under `sink_window_mask`. A query with
        nothing to attend to has a zero output and passes zero gradient. It can be differentiated
        once: the kernels have no second derivative.

    Raises:
        TypeError, ValueError: as `attention_lib.reference.sliding_window_attention`.

    Cost: 2 T (2 w + 32) (D + E) FLOPs, 2 T (w + 32) (D + E) if causal; with gradients or s sinks
    2 T (2.5 w + s) (D + E) and 2 T (1.5 w + s) (D + E). Memory beside the output: a few megabytes;
    with gradients, 2.5 (w + s) T numbers for a mask, and for sinks copies of the keys and values
    (5 + 2 s / w times their size).
    Source: `attention_lib.reference.sliding_window_attention`.

    >>> value = torch.tensor([[1.0], [3.0], [8.0]])
    >>> sliding_window_attention(torch.zeros(3, 2), torch.zeros(3, 2), value, window=1)
    tensor([[2.0000],
            [4.0000],
            [5.5000]])
    """
    check_attended(query, key, value, mask=mask, causal=causal)
    check_count(minimum=0, window=window, n_sinks=n_sinks)
    check_scale(scale)
    options = {"window": window, "causal": causal, "n_sinks": n_sinks}
    return sliding_window_attention_core(query, key, value, mask=mask, scale=scale, **options)


def sliding_window_attention_core(
    query, key, value, *, window, causal=False, mask=None, n_sinks=0, scale=None
):
    """`sliding_window_attention` for arguments that were checked."""
    output_shape = output_shape_of(query, key, value)
    n_queries, n_keys = query.shape[-2], key.shape[-2]
    if 0 in (*output_shape, n_keys):
        return attention_core(query, key[..., :0, :], value[..., :0, :])
    if is_symbolic(n_queries) or is_symbolic(n_keys):
        return _under_mask(query, key, value, mask, scale, window, n_sinks, causal)
    if mask is None and window >= max(n_queries, n_keys) - 1:
        return attention_core(query, key, value, causal=causal, scale=scale)
    *folded, scale = fold(query, key, value, mask, scale, output_shape[:-2])
    window, n_sinks = min(int(window), max(n_queries, n_keys)), min(int(n_sinks), n_keys)
    band = Band(n_queries, n_keys, window, bool(causal), n_sinks)
    grad = flows(query, key, value)
    output = joined(_pieces(*folded, scale, band), n_queries, grad=grad)
    return output[..., : output_shape[-1]].reshape(output_shape)


def _under_mask(query, key, value, mask, scale, window, n_sinks, causal):
    """For lengths that are left open: all scores, and a mask over them."""
    sizes = {"window": window, "n_sinks": n_sinks, "causal": causal, "device": query.device}
    near = sink_window_mask(query.shape[-2], key.shape[-2], **sizes)
    near = near if mask is None else near & mask
    return attention_core(query, key, value, mask=near, scale=scale)


def _pieces(query, key, value, mask, scale, band):
    """The output in pieces `[N, M, rows, W]`, from the first row to the last."""
    n_rows, _, width = query.shape
    n_masks = 0 if mask is None else known_size(mask.shape[0])
    grad = flows(query, key, value)
    plan = band.plan(n_rows=known_size(n_rows), width=width, n_masks=n_masks, grad=grad)
    given = (query, key, value, mask, scale, band)
    if plan.blind:
        yield query.new_zeros(1).expand(n_rows, 1, plan.blind, width)
    for edge in plan.before:
        yield _edge(*given, edge)
    if plan.inner:
        yield from _inner(*given, plan.inner)
    for edge in plan.after:
        yield _edge(*given, edge)


def _edge(query, key, value, mask, scale, band, edge):
    """Rows of queries, with the keys that they reach."""
    near = [torch.arange(one.start, one.stop, device=query.device) for one in edge.keys]
    rows = torch.arange(edge.rows.start, edge.rows.stop, device=query.device) + band.behind
    visible = band.visible(rows, torch.cat(near))
    if mask is not None:
        visible = visible & _columns(mask, edge.keys)[:, None, None]
    keys, values = (_columns(one, edge.keys)[:, None] for one in (key, value))
    return fused(query[:, None, edge.rows], keys, values, visible, scale, full_rows=mask is None)


def _columns(array, parts):
    chosen = [array[:, one] for one in parts]
    return torch.cat(chosen, dim=1) if len(chosen) > 1 else chosen[0]


def _inner(query, key, value, mask, scale, band, inner):
    """Blocks side by side, a group of them at a time."""
    first, count, block, start, length, group = inner
    positions = torch.arange(start, start + length, device=query.device)
    sinks = torch.arange(band.n_sinks, device=query.device)
    rows = torch.arange(first, first + block, device=query.device) + band.behind
    visible = band.visible(rows, torch.cat([sinks, positions]))  # the same for every block
    for done in range(0, count, group):
        blocks = min(group, count - done)
        place = (start + done * block, length, block, blocks)
        overlapping = _copied_windows if rewritten() else _Overlapping.apply
        keys, values = (overlapping(one, *place) for one in (key, value))
        if band.n_sinks:
            keys, values = (
                torch.cat([one[:, None, : band.n_sinks].expand(-1, blocks, -1, -1), near], dim=2)
                for one, near in ((key, keys), (value, values))
            )
        seen = visible
        if mask is not None:
            near = _windows(mask[..., None], *place)[..., 0]  # [N or 1, blocks, length]
            always = mask[:, None, : band.n_sinks].expand(-1, blocks, -1)
            seen = visible & torch.cat([always, near], dim=2)[:, :, None]
        begin = first + done * block
        queries = query[:, begin : begin + blocks * block].unflatten(1, (blocks, block))
        yield fused(queries, keys, values, seen, scale, full_rows=mask is None)


def _windows(x, start, length, step, count):
    """The rows start + i step to start + i step + length of x `[N, S, W]` as a view.

    Returns `[N, count, length, W]`.
    """
    stretch = x[:, start : start + (count - 1) * step + length]
    return stretch.unfold(1, length, step).transpose(-1, -2)


def _copied_windows(x, start, length, step, count):
    """`_windows` as a copy: what PyTorch can map and differentiate in every way."""
    place = torch.arange(start, start + count * step, step, device=x.device)[:, None]
    place = place + torch.arange(length, device=x.device)
    return x.index_select(1, place.flatten()).unflatten(1, (count, length))


class _Overlapping(torch.autograd.Function):
    """`_windows`, whose gradient is summed one step's width at a time: no row twice at once."""

    @staticmethod
    def forward(ctx, x, start, length, step, count):
        ctx.shape, ctx.place = x.shape, (start, length, step, count)
        return _windows(x, start, length, step, count)

    @staticmethod
    def backward(ctx, grad):
        start, length, step, count = ctx.place
        total = grad.new_zeros(ctx.shape)
        for shift in range(0, length, step):
            part = grad[:, :, shift : shift + step]
            _windows(total, start + shift, part.shape[2], step, count).add_(part)
        return total, None, None, None, None
