"""What the tables of complexity list: each mechanism, how its cost is counted, what it cannot do.

Every number of the tables comes from `attention_lib.cost` or from an object of the library; here
stand only the sizes to ask for and the words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from attention_lib import cost
from attention_lib.mechanisms import MECHANISMS
from attention_lib.reference import LinearAttentionState

WIDTH = 64  # of a head: D = E
BYTES = 4  # of a number


@dataclass(frozen=True, kw_only=True)
class Row:
    """One mechanism.

    Attributes:
        name: as the book calls it.
        count: of n tokens, the width of a head and the knob: its Cost.
        knob: the letter of its knob and what it means; "" where there is none.
        setting: the value of the knob in the tables.
        gives: exact, estimate, or another function.
        equals: when it is equal to softmax attention over all keys.
        cannot: what it cannot do.
        chapter: the page that teaches it.
        kept: of n tokens: the bytes that one head keeps between two steps of writing; None where
            the library has no such form.
        listed: its name in `attention_lib.mechanisms`; "" where it is none of these.
        causal: whether it has a causal form; None means as listed.
    """

    name: str
    count: Callable
    gives: str
    equals: str
    cannot: str
    chapter: str
    knob: str = ""
    setting: int = 1
    kept: Callable | None = None
    listed: str = ""
    causal: bool | None = None

    @property
    def is_causal(self) -> bool:
        return MECHANISMS[self.listed].causal if self.causal is None else self.causal

    def at(self, n, *, width=WIDTH, times=1):
        """The cost of n tokens, with a knob `times` as large."""
        return self.count(n, width, self.setting * times)


def cache(n):
    """Bytes of the keys and values of n tokens of one head."""
    return cost.kv_cache_bytes(n, n_kv_heads=1, d_key=WIDTH, itemsize=BYTES)


def state(n):
    """Bytes of the state of linear attention, as the library holds it, after n tokens."""
    held, row = LinearAttentionState(), np.ones((1, WIDTH), dtype=np.float32)
    held.append(row, row, row)
    return held.numerator.nbytes + held.normaliser.nbytes


def matrix(n):
    """Bytes of a state without a normaliser: a number for each channel of a key and of a value."""
    return np.empty((WIDTH, WIDTH), dtype=np.float32).nbytes


def _dense(n, width, knob, **options):
    return cost.attention(n, n, d_key=width, **options)


def _knobbed(function, name, **options):
    """A count whose knob is the argument of this name."""

    def counted(n, width, knob):
        return function(n, d_key=width, **{name: knob}, **options)

    return counted


def _free(function, **options):
    return lambda n, width, knob: function(n, d_key=width, **options)


ROWS = (
    Row(
        name="dense, scores written",
        count=_dense,
        gives="exact",
        equals="always",
        cannot="keep to the memory of its inputs: scores and weights are n² numbers each",
        chapter="02_worked_example",
        kept=cache,
        listed="dense",
    ),
    Row(
        name="dense, fused",
        count=partial(_dense, fused=True),
        gives="exact",
        equals="always",
        cannot="return its weights, or save operations",
        chapter="08_4_traffic",
        kept=cache,
        listed="dense",
    ),
    Row(
        name="tiled",
        count=_knobbed(cost.tiled_attention, "block_size"),
        knob="b, the side of a tile",
        setting=128,
        gives="exact",
        equals="always",
        cannot="save traffic unless a tile stays in fast memory",
        chapter="08_4_traffic",
        kept=cache,
        listed="tiled",
    ),
    Row(
        name="window",
        count=_knobbed(cost.sliding_window_attention, "window"),
        knob="w, the keys to each side",
        setting=256,
        gives="exact within its reach",
        equals="if w ≥ n − 1",
        cannot="see further than w in a layer, N w in N layers",
        chapter="08_1_windows",
        kept=lambda n: cache(min(n, 256 + 1)),
        listed="sliding_window",
    ),
    Row(
        name="blocks (BigBird)",
        count=_knobbed(cost.block_sparse_attention, "block_size"),
        knob="b, the tokens of a block",
        setting=64,
        gives="exact on the chosen pairs",
        equals="if all blocks are chosen",
        cannot="be sure to see a given far token in one layer",
        chapter="08_1_windows",
        listed="block_sparse",
    ),
    Row(
        name="LSH (Reformer)",
        count=_knobbed(cost.lsh_attention, "n_hashes", bucket_size=64),
        knob="r, the rounds of hashing",
        setting=4,
        gives="estimate, of attention with shared queries and keys",
        equals="never; with one bucket its own softmax",
        cannot="have keys of its own, or find weight that is spread over many keys",
        chapter="08_3_estimates",
        listed="lsh",
    ),
    Row(
        name="Linformer",
        count=_knobbed(cost.linformer_attention, "n_projected"),
        knob="R, the mixtures of keys",
        setting=256,
        gives="estimate",
        equals="if R = n and nothing is mixed",
        cannot="be causal, or read a text longer than its projection",
        chapter="08_3_estimates",
        listed="linformer",
    ),
    Row(
        name="Performer",
        count=_knobbed(cost.performer_attention, "n_features"),
        knob="M, the random features",
        setting=256,
        gives="estimate",
        equals="never; nearer with more features",
        cannot="be sharp: its error grows exponentially with the size of the scores",
        chapter="08_3_estimates",
        listed="performer",
    ),
    Row(
        name="linear",
        count=_free(cost.linear_attention),
        gives="another function",
        equals="never",
        cannot="take the place of softmax in a trained model, or hold many pairs apart",
        chapter="08_2_state",
        kept=state,
        listed="linear",
    ),
    Row(
        name="linear, with a decay",
        count=_knobbed(cost.decayed_linear_attention, "chunk_size"),
        knob="C, the tokens of a chunk",
        setting=64,
        gives="another function",
        equals="never",
        cannot="keep one old pair and drop another: all fade together",
        chapter="08_2_state",
        kept=matrix,
        causal=True,
    ),
    Row(
        name="delta rule",
        count=_knobbed(cost.delta_rule_attention, "chunk_size"),
        knob="C, the tokens of a chunk",
        setting=64,
        gives="another function",
        equals="never",
        cannot="hold more pairs than its keys have channels without mixing them",
        chapter="08_2_state",
        kept=matrix,
        causal=True,
    ),
)

MODEL = 512  # C, the width of the model in the tables of whole layers
HEADS = 8
DESIGNS = {  # the design: G, its key and value heads; None is the latent
    "multi-head (MHA)": HEADS,
    "grouped-query (GQA)": 2,
    "multi-query (MQA)": 1,
    "multi-head latent (MLA)": None,
}
LATENT = {"d_latent": 128, "d_rotary": 32}


def layer(design: str, n: int, **options):
    """One layer of self-attention over n tokens, all heads and projections."""
    shared = DESIGNS[design]
    sizes = {"d_model": MODEL, "n_heads": HEADS, "bias": False, **options}
    if shared is None:
        sizes.pop("bias")
        return cost.multi_head_latent_attention(n, **sizes, **LATENT)
    return cost.multi_head_attention(n, n_kv_heads=shared, **sizes)


SCORES = {  # the four scores of chapter 01
    "dot": partial(cost.dot_attention, d_key=WIDTH),
    "general": partial(cost.general_attention, query_width=WIDTH, key_width=WIDTH, d_value=WIDTH),
    "additive": partial(
        cost.additive_attention,
        query_width=WIDTH,
        key_width=WIDTH,
        hidden_width=WIDTH,
        d_value=WIDTH,
    ),
    "concat": partial(
        cost.concat_attention, query_width=WIDTH, key_width=WIDTH, hidden_width=WIDTH, d_value=WIDTH
    ),
}


def positions(n: int) -> dict:
    """Each way to say where, for one layer of the model over n tokens."""
    return {
        "sinusoidal": cost.sinusoidal_positions(n, MODEL),
        "learned": cost.learned_positions(n, MODEL, max_length=n),
        "clipped distances, 16 to a side": cost.relative_bias(n, n, n_heads=HEADS, n_buckets=33),
        "T5's buckets, 32": cost.relative_bias(n, n, n_heads=HEADS, n_buckets=32),
        "ALiBi": cost.alibi(n, n, n_heads=HEADS),
        "RoPE, queries and keys": cost.rotary_positions(2 * n * MODEL),
    }


SEQUENTIAL = {  # a whole layer of width C: what it costs, and how many steps wait for each other
    "self-attention, fused": (
        lambda n: cost.multi_head_attention(n, d_model=MODEL, n_heads=HEADS, fused=True),
        lambda n: 1,
    ),
    "LSTM": (lambda n: cost.lstm(n, MODEL, MODEL), lambda n: n),
}
