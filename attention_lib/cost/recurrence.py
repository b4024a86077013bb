"""Attention whose state forgets or corrects itself: chunks with squares, a state between them."""

from dataclasses import dataclass, replace

from ..checks import FORMS, check_choice, check_count, check_flag
from ..plans.recurrence import CHUNK, chunks, doubled
from .kernels import Heads


def decayed_linear_attention(n, *, per_channel=False, form="chunked", chunk_size=CHUNK, **heads):
    r"""`functional.decayed_linear_attention` that begins with an empty state and returns none.

    $$\mathrm{FLOPs} = B H \left( n (C - 1) D + 2 n C E + 4 (n - C) D E \right) + \dots$$

    in products of matrices, for n a multiple of the chunk C, a power of two. The dots are products
    number by number. "parallel" is one chunk of n positions; "recurrent" has no squares and reads
    and writes the state in each step.

    Args:
        n: tokens; each is a query and a key.
        per_channel: a decay for each channel of the keys, not one for each step.
        form, chunk_size: as in the function.
        heads: as for `sliding_window_attention`.

    Parts: weights and chunks, or steps if recurrent.

    Source: Yang et al. (2024a), section 4.

    >>> decayed_linear_attention(8192, d_key=64).matmul_flops
    233308160
    """
    check_flag(per_channel=per_channel)
    check_choice("form", form, FORMS)
    check_count(chunk_size=chunk_size)
    heads = Heads(n=n, **heads)
    gate = heads.rows * (heads.d_key if per_channel else 1)
    inputs = 2 * heads.query + heads.value + gate
    state = heads.d_key * heads.d_value
    if form == "recurrent":
        return heads.with_inputs({"steps": _steps(heads, inputs, 2 * state, 3 * state, 0)}, inputs)
    plan = Chunks(heads, heads.n if form == "parallel" else chunk_size)
    parts = {"weights": plan.weights(2 * heads.query + gate), "chunks": plan.passed()}
    return heads.with_inputs(parts, inputs)


def delta_rule_attention(n, *, form="chunked", chunk_size=CHUNK, **heads):
    r"""`functional.delta_rule_attention` that begins with an empty state and returns none.

    $$\mathrm{FLOPs} = B H \left( n C (5 D + 3 E) + 6 (n - C) D E \right) + \dots$$

    for n a multiple of the chunk C. Of these the C (D + E) a token of the triangular equations are
    counted beside the products of matrices, as PyTorch does; their gradient solves once more and
    multiplies once. The dots are steps number by number.

    Args:
        n: tokens; each is a query and a key.
        form, chunk_size: as in the function, with keys as they are.
        heads: as for `sliding_window_attention`.

    Parts: equations and chunks, or steps if recurrent.

    Source: Yang et al. (2024b), section 3.

    >>> delta_rule_attention(8192, d_key=64).matmul_flops
    401080320
    """
    check_choice("form", form, [one for one in FORMS if one != "parallel"])
    check_count(chunk_size=chunk_size)
    heads = Heads(n=n, **heads)
    inputs = 2 * heads.query + heads.value + heads.rows
    width, d_value = heads.d_key, heads.d_value
    state = width * d_value
    if form == "recurrent":
        # The first state is no variable: one gradient less.
        steps = _steps(heads, inputs, 4 * state, 2 * state + width + d_value, 2 * state)
        return heads.with_inputs({"steps": steps}, inputs)
    plan = Chunks(heads, chunk_size)
    parts = {"equations": plan.equations(inputs - heads.query), "chunks": plan.corrected()}
    return heads.with_inputs(parts, inputs)


def _steps(heads, inputs, matmul, elementwise, constant):
    """One position after the other; `constant`: FLOPs of the first that have no gradient."""
    state = heads.sequences * heads.d_key * heads.d_value
    matmul, steps = heads.rows * matmul, heads.n
    cost = heads.kernel(
        reads=inputs + steps * state,
        writes=heads.value + steps * state,
        matmul=matmul,
        elementwise=heads.rows * elementwise,
        saves=steps * state,
        backward_matmul=2 * matmul - heads.sequences * constant * (steps > 0),
    )
    # Few states are alive at once, but for those that training keeps.
    alive = 2 * heads.value + 3 * state
    if heads.training:
        alive = steps * state + inputs + heads.value
    return replace(cost, peak_bytes=alive * heads.itemsize)


@dataclass
class Chunks:
    """Chunks of all sequences."""

    heads: Heads
    chunk_size: int

    @property
    def plan(self):
        """How many chunks, and positions of one."""
        return chunks(self.heads.n, max(1, self.chunk_size))

    @property
    def tokens(self):
        """Of all sequences, with those that fill the last chunk."""
        count, chunk = self.plan
        return self.heads.sequences * count * chunk * (self.heads.n > 0)

    @property
    def squares(self):
        """Numbers of the squares of tokens."""
        return self.tokens * self.plan[1]

    @property
    def filled(self):
        """Tokens with those that make each chunk a power of two."""
        return self.tokens // self.plan[1] * doubled(self.plan[1])

    @property
    def states(self):
        """Numbers of the states between the chunks; the one after the last is not needed."""
        heads, between = self.heads, self.plan[0] - 1
        return heads.sequences * between * heads.d_key * heads.d_value

    @property
    def values(self):
        """Numbers of the values, filled up."""
        return self.tokens * self.heads.d_value

    def weights(self, inputs):
        """Squares put together from halves, whose queries and keys shrink level by level."""
        heads, side, filled = self.heads, doubled(self.plan[1]), self.filled
        levels, vectors = side.bit_length() - 1, filled * heads.d_key
        return heads.kernel(
            reads=inputs,
            writes=filled * side + 2 * vectors,
            matmul=vectors * (side - 1),
            elementwise=vectors * (3 + levels),
            saves=vectors * (2 * levels + 1),
            held=inputs,
            live=filled * side * 3 // 2 + 2 * vectors,
        )

    def passed(self):
        """The squares times the values, and the state from chunk to chunk."""
        heads, reads = self.heads, self.squares + 2 * self.tokens * self.heads.d_key + self.values
        return heads.kernel(
            reads=reads + self.states,
            writes=heads.value + self.states,
            matmul=2 * self.squares * heads.d_value + 4 * self.states * self.plan[1],
            elementwise=3 * self.states,
            saves=self.filled * doubled(self.plan[1]) + self.states,  # of squares a part is read
            held=self.values + 2 * self.tokens * heads.d_key * heads.training,
        )

    def equations(self, inputs):
        """Products of the keys with each other, and the values that they correct."""
        heads, width = self.heads, self.heads.d_key
        right = self.values + self.tokens * width
        solved = self.plan[1] * right
        matmul = 2 * self.squares * width
        return heads.kernel(
            reads=inputs,
            writes=self.squares + right,
            matmul=matmul,
            elementwise=right + self.squares + solved,
            saves=self.squares + right + self.tokens * width,
            held=inputs,
            live=self.squares + 2 * right,
            backward_matmul=2 * matmul + 2 * solved,
        )

    def corrected(self):
        """Products of queries and keys times the corrected values, and the state between chunks."""
        heads, vectors = self.heads, self.tokens * self.heads.d_key
        among = 2 * self.squares * (heads.d_key + heads.d_value)
        return heads.kernel(
            reads=3 * vectors + self.values + self.states,
            writes=self.squares + heads.value + self.states,
            matmul=among + 6 * self.states * self.plan[1],
            elementwise=self.squares + self.states + 2 * self.values,
            saves=self.squares + self.values + self.states,
            held=2 * vectors + (vectors + self.values) * heads.training,
            live=self.squares,
        )
