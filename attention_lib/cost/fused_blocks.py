"""Attention as many small problems in a fused kernel: what window and blocks have in common."""

from dataclasses import replace
from typing import NamedTuple

from .kernels import recomputed


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


def fused_blocks(heads, blocks):
    """The cost of these blocks, with the parts padding, cutting, gathering, blocks and joining.

    Queries, keys and values get the greatest of their widths, for the kernel wants one.
    """
    sequences, training = heads.sequences, heads.training
    width = max(heads.d_key, heads.d_value)
    rows, inputs = heads.rows * width, 2 * heads.query + heads.value
    padded = rows * (2 * (heads.d_key < width) + (heads.d_value < width))
    cut = sequences * blocks.cut * width
    keys, gathered, at_once = (
        2 * sequences * width * many
        for many in (blocks.seen, blocks.gathered, blocks.gathered_at_once)
    )
    seen = 2 * sequences * width * blocks.seen_at_once
    scores = sequences * blocks.pairs
    piece = 0 if training else sequences * blocks.piece * width
    sums = heads.rows * max(1, 4 // heads.itemsize)  # a logarithm a row, float32 at least
    parts = {}
    if padded:
        parts["padding"] = heads.elementwise(padded, 0, held=padded)
    if cut:
        parts["cutting"] = heads.in_pieces(heads.elementwise(3 * cut, 0), padded + 3 * cut)
    if gathered:
        copied = heads.elementwise(gathered, 0, held=gathered)
        parts["gathering"] = heads.in_pieces(copied, padded + 3 * cut + at_once)
    whole = heads.kernel(
        reads=rows + keys,
        writes=rows + training * sums,
        saves=rows + sums + gathered + cut + blocks.mask,
        held=rows + keys,
        live=0 if training else padded + 3 * cut + at_once + piece,
        mask_bytes=0 if training else blocks.mask_bytes,
        **recomputed(scores, width, width, masked=True),
    )
    if training:  # the gradients of query and output, of the keys of one call, and their sums
        peak = whole.held_bytes + heads.bytes(4 * rows + seen)
        whole = replace(whole, peak_bytes=peak)
    parts["blocks"] = whole
    if blocks.calls > 1 or not training:
        joining = heads.elementwise(rows, 0, held=rows if training else 0)
        parts["joining"] = heads.in_pieces(joining, rows + piece)
    if training and not blocks.dense:  # of the keys and values only copies are saved
        inputs = 0 if cut else rows
    elif training:
        inputs = 3 * rows
    return heads.with_inputs(parts, inputs)
