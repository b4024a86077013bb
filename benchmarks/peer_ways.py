"""What the peers compute, as functions of query, key and value `[1, H, n, D]`.

Each gets the tensors in the order of memory that it reads without a copy, and what a model prepares
once for all its layers (masks, random features) is prepared here, before the clock starts.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import textwrap
from functools import partial

import torch
from torch.nn import functional as F

dense = F.scaled_dot_product_attention
causal_dense = partial(dense, is_causal=True)


def local_attention(window, *, causal=False):
    """local-attention, with the window exactly as wide as asked for; n a multiple of it."""
    from local_attention import LocalAttention

    return LocalAttention(
        window, causal=causal, exact_windowsize=True, use_rotary_pos_emb=False, dropout=0.0
    )


def longformer(window, n, heads, width):
    """The attention of Hugging Face's Longformer without its projections; n a multiple of 2 w.

    The steps of `LongformerSelfAttention.forward` between the projections and the output, without
    global tokens and padding. It scales the query in place, after the projection; here the scale is
    left to a product that makes a new tensor, for the inputs are used again.
    """
    from transformers.models.longformer.modeling_longformer import (
        LongformerConfig,
        LongformerSelfAttention,
    )

    config = LongformerConfig(
        hidden_size=heads * width, num_attention_heads=heads, attention_window=[2 * window]
    )
    module = LongformerSelfAttention(config, 0).eval()
    masked = torch.zeros(1, n, dtype=torch.bool)

    def core(query, key, value):
        query, key, value = (one.transpose(1, 2) for one in (query, key, value))  # [1, n, H, D]
        scores = module._sliding_chunks_query_key_matmul(query / width**0.5, key, window)
        closed = masked[:, :, None, None]
        padding = closed.type_as(query).masked_fill(closed, torch.finfo(query.dtype).min)
        scores += module._sliding_chunks_query_key_matmul(
            padding.new_ones(padding.shape), padding, window
        )
        weights = scores.softmax(dim=-1, dtype=torch.float32)
        weights = weights.masked_fill(closed, 0.0).type_as(scores)
        output = module._sliding_chunks_matmul_attn_probs_value(weights, value, window)
        return output.transpose(1, 2)

    return core


def big_bird(n, heads, width, *, block, random_blocks, writes_weights=True, seed=0):
    """The attention of Hugging Face's BigBird without its projections: window 3, global 2 blocks.

    In evaluation it puts block 0 in the place of every random block, at the same cost; its second
    global block is the last one. At its end it writes all weights into one tensor `[1, H, n, n]`,
    whether they are asked for or not; writes_weights=False leaves this step out.
    """
    from transformers.models.big_bird.modeling_big_bird import (
        BigBirdBlockSparseAttention,
        BigBirdConfig,
        BigBirdModel,
    )

    config = BigBirdConfig(
        hidden_size=heads * width,
        num_attention_heads=heads,
        block_size=block,
        num_random_blocks=random_blocks,
        max_position_embeddings=n,
    )
    module = BigBirdBlockSparseAttention(config, seed=seed).eval()
    attend = BigBirdBlockSparseAttention.bigbird_block_sparse_attention
    attend = attend if writes_weights else without(attend, "attention_probs")
    blocked, band, rows, columns = BigBirdModel.create_masks_for_block_sparse_attn(
        torch.ones(1, n), block
    )
    masks = (band, rows, columns, blocked, blocked)
    sizes = (heads, random_blocks, width, block, block, 1, n, n)
    plan = {"seed": seed, "plan_from_length": None, "plan_num_rand_blocks": None}

    def core(query, key, value):
        return attend(module, query, key, value, *masks, *sizes, **plan)[0].transpose(1, 2)

    return core


def without(function, name):
    """The function without its statements from the one that makes `name` up to the return."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    body = tree.body[0].body
    made = [index for index, line in enumerate(body) if ast.unparse(line).startswith(f"{name} = ")]
    body[made[0] : -1] = ast.parse(f"{name} = None").body
    names = dict(vars(inspect.getmodule(function)))
    exec(compile(ast.fix_missing_locations(tree), function.__name__, "exec"), names)
    return names[function.__name__]


def linear_attention(*, causal=False):
    """linear-attention-transformer: softmax of the queries and of the keys for features."""
    from linear_attention_transformer import linear_attention_transformer as package

    return package.causal_linear_attn if causal else package.linear_attn


def performer(features, *, causal=False):
    """performer-pytorch with the given features `[M, D]`."""
    from performer_pytorch import FastAttention

    with contextlib.redirect_stdout(io.StringIO()):  # it says that it has no code for a GPU
        module = FastAttention(features.shape[1], nb_features=len(features), causal=causal)
    module.projection_matrix = features
    return module.eval()


def performer_without_epsilon(features):
    """The same features of performer-pytorch with nothing added to them, in float64."""
    from performer_pytorch.performer_pytorch import linear_attention, softmax_kernel

    options = {"projection_matrix": features.double(), "eps": 0.0}

    def exact(query, key, value):
        query, key, value = (one.double() for one in (query, key, value))
        mapped = softmax_kernel(query, is_query=True, **options)
        return linear_attention(mapped, softmax_kernel(key, is_query=False, **options), value)

    return exact


def linformer(n, heads, width, *, n_projected):
    """The module of the linformer package, a function of x `[1, n, H D]`."""
    from linformer import LinformerSelfAttention

    return LinformerSelfAttention(heads * width, n, k=n_projected, heads=heads).eval()


def reformer(*, bucket_size, n_hashes, as_ours):
    """reformer-pytorch, a function of query_key and value `[N, n, D]`.

    as_ours: pairs in different buckets are left out and no pair counts twice, as in the paper; its
    defaults leave both in.
    """
    from reformer_pytorch import LSHAttention

    module = LSHAttention(
        bucket_size=bucket_size,
        n_hashes=n_hashes,
        attend_across_buckets=not as_ours,
        allow_duplicate_attention=not as_ours,
    ).eval()
    return lambda query_key, value: module(query_key, value)[0]
