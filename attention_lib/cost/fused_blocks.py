"""Attention as many small problems in a fused kernel: what window and blocks have in common."""

from dataclasses import replace
from typing import NamedTuple

from ..checks import check_count, check_flag
from .kernels import SOFTMAX_FLOPS, elementwise, in_pieces, kernel, with_inputs

PIECE = 2**22  # numbers in one mask or one copy of keys, as in `attention_lib.functional`


class Blocks(NamedTuple):
    """What all calls of the kernel have together, for one sequence of queries, keys and values.

    pairs: of a query and a key that are computed.
    seen: rows of keys that are read, each as often as a block reads it.
    mask: numbers in all masks.
    mask_bytes: of the largest mask and of what it is made from.
    seen_at_once: rows of keys that the largest call reads.
    piece: rows of queries in the largest call. Without gradients its output is written to its place
        and given back before the next call; with them all are kept until they are joined.
    calls: of the kernel.
    gathered, gathered_at_once: rows of keys that are copied for the kernel, and those of one call.
    cut: rows of queries, of keys and of values that are copied to fill up the last block.
    dense: some rows read the keys where they lie.
    """

    pairs: int
    seen: int
    mask: int
    mask_bytes: int
    seen_at_once: int
    piece: int
    calls: int
    gathered: int = 0
    gathered_at_once: int = 0
    cut: int = 0
    dense: bool = True


def check_sizes(n, d_key, d_value, n_heads, batch, itemsize, training):
    """Sizes that all kinds of attention of one sequence to itself have; d_value, or d_key for None.

    >>> check_sizes(7, 3, None, 2, 1, 4, False)
    3
    """
    d_value = d_key if d_value is None else d_value
    check_count(minimum=0, n=n, batch=batch)
    check_count(d_key=d_key, d_value=d_value, n_heads=n_heads, itemsize=itemsize)
    check_flag(training=training)
    return d_value


def fused_blocks(n, blocks, *, d_key, d_value, n_heads, batch, itemsize, training):
    """The cost of these blocks, with the parts padding, cutting, gathering, blocks and joining.

    Queries, keys and values get the greatest of their widths, for the kernel wants one.
    """
    shared = {"itemsize": itemsize, "training": training}
    sequences, width = batch * n_heads, max(d_key, d_value)
    rows = sequences * n * width
    inputs = sequences * n * (2 * d_key + d_value)
    padded = rows * ((2 if d_key < width else 0) + (1 if d_value < width else 0))
    cut = sequences * blocks.cut * width
    keys, gathered, at_once = (
        2 * sequences * width * many
        for many in (blocks.seen, blocks.gathered, blocks.gathered_at_once)
    )
    seen = 2 * sequences * width * blocks.seen_at_once
    scores = sequences * blocks.pairs
    piece = 0 if training else sequences * blocks.piece * width
    sums = sequences * n * max(1, 4 // itemsize)  # a logarithm for each row, float32 at least
    parts = {}
    if padded:
        parts["padding"] = elementwise(padded, 0, held=padded, **shared)
    if cut:
        parts["cutting"] = in_pieces(elementwise(3 * cut, 0, **shared), padded + 3 * cut, **shared)
    if gathered:
        copied = elementwise(gathered, 0, held=gathered, **shared)
        parts["gathering"] = in_pieces(copied, padded + 3 * cut + at_once, **shared)
    parts["blocks"] = kernel(
        reads=rows + keys,
        writes=rows + training * sums,
        matmul=4 * scores * width,
        elementwise=scores * (2 + SOFTMAX_FLOPS),
        saves=rows + sums + gathered + cut + blocks.mask,
        held=rows + keys,
        live=0 if training else padded + 3 * cut + at_once + piece,
        mask_bytes=0 if training else blocks.mask_bytes,
        backward_matmul=10 * scores * width,
        **shared,
    )
    if training:  # the gradients of query and output, of the keys of one call, and their sums
        peak = parts["blocks"].held_bytes + (4 * rows + seen) * itemsize
        parts["blocks"] = replace(parts["blocks"], peak_bytes=peak)
    if blocks.calls > 1 or not training:
        joining = elementwise(rows, 0, held=rows if training else 0, **shared)
        parts["joining"] = in_pieces(joining, rows + piece, **shared)
    if training and not blocks.dense:  # of the keys and values only copies are saved
        inputs = 0 if cut else rows
    elif training:
        inputs = 3 * rows
    return with_inputs(parts, inputs, **shared)
