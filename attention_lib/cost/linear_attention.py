"""Linear attention: sums over the keys take the place of scores."""

from dataclasses import dataclass

from ..checks import check_count, check_flag
from ..plans.linear_attention import CHUNK, chunks, segment_size
from ..plans.pieces import pieces
from .kernels import Heads, in_pieces

FEATURE_FLOPS = 4  # minimum, maximum, exponential, sum: elu + 1; a Performer's feature has as many


def linear_attention(n, *, causal=False, n_features=None, **heads):
    r"""`functional.linear_attention`: M features of each query and key, and sums of M E numbers.

    $$\mathrm{FLOPs} = 4 \, B H n M E, \qquad
    2 \, B H n \, (2 M E + C (M + E)) + \dots \text{ causal}$$

    Causal, positions go in chunks of C = 64 with a small square of scores each. The dots are the
    products that sum up what the chunks before each chunk have left: counted too. The last chunk
    counts as full.

    Args:
        n: tokens; each is a query and a key.
        causal: as in the function.
        n_features: M, of a function as feature_map. None means a feature map with a name: M = D,
            and in training, unless causal, the features are computed anew and not saved.
        heads: as for `sliding_window_attention`. B H enters the size of the segments that the keys
            pass in, and so the causal FLOPs.

    Parts: features, sums and output, or features and chunks if causal. Products with a small
    constant matrix need one gradient and not two.

    Source: Katharopoulos et al. (2020), sections 3.2 and 3.3.

    >>> linear_attention(8192, d_key=64).matmul_flops
    134217728
    """
    check_flag(causal=causal)
    heads = Heads(n=n, **heads)
    check_count(n_features=heads.d_key if n_features is None else n_features)
    # A feature is a sum of two: both are saved, the exponential and the sum.
    features = Features(heads, n_features or heads.d_key, copies=2)
    if heads.training and not causal and n_features is None:
        return _recomputed(features)
    return features.cost(causal)


@dataclass
class Features:
    """Features of queries and keys, and what is made of them.

    Attributes:
        heads: sizes of what they are made from.
        width: M.
        copies: arrays of that size that training saves of each.
        made: FLOPs in products that make the features of a token, of constants.
        widest: of what a segment has to hold beside queries, keys and values.
    """

    heads: Heads
    width: int
    copies: int
    made: int = 0
    widest: int = 1

    @property
    def numbers(self):
        """Of the queries, and as many of the keys."""
        return self.heads.rows * self.width

    @property
    def state(self):
        """Numbers of the sums of features times values, and of the features."""
        return self.heads.sequences * self.width * (self.heads.d_value + 1)

    @property
    def size(self):
        """Positions of a segment of one sequence."""
        heads = self.heads
        widths = (self.widest, heads.d_key, heads.d_value)
        return min(heads.n, segment_size(heads.sequences, *widths))

    @property
    def segment(self):
        """Positions of a segment of all sequences."""
        return self.heads.sequences * self.size

    @property
    def products(self):
        """FLOPs of the features times the values, or times the sums."""
        return 2 * self.numbers * self.heads.d_value

    def cost(self, causal):
        """Without knowing how the features are made: they are saved."""
        heads, output = self.heads, self.heads.value
        made = heads.kernel(
            reads=2 * heads.query,
            writes=2 * self.numbers,
            matmul=2 * heads.rows * self.made,
            elementwise=2 * self.numbers * FEATURE_FLOPS,
            saves=2 * self.copies * self.numbers,
            held=2 * heads.query,
            backward_matmul=2 * heads.rows * self.made,  # random features are constants
        )
        alive, short = output + self.state, self.segment * self.width
        parts = {"features": heads.in_pieces(made, alive + 2 * short)}
        if causal:
            parts["chunks"] = self.in_chunks()
        else:
            parts["sums"] = heads.in_pieces(self.sums(), 2 * self.state + 2 * short)
            alive += 2 * short + self.segment * (heads.d_value + 1)
            parts["output"] = heads.in_pieces(self.ratio(output + 2 * heads.rows), alive)
        # Products with random features, which are constant, save no query; the square of a key
        # does.
        once = heads.training and self.made
        return heads.with_inputs(parts, (1 if once else 2) * heads.query + heads.value)

    def sums(self, saves=0):
        """The sums of features times values, and of the features."""
        heads = self.heads
        return heads.kernel(
            reads=self.numbers + heads.value,
            writes=self.state,
            matmul=self.products,
            elementwise=self.numbers,
            saves=saves,
            held=heads.value + self.numbers * heads.training,
        )

    def ratio(self, saves, more=0):
        """The features of the queries times the sums, and the quotient; `more` FLOPs backward."""
        heads = self.heads
        return heads.kernel(
            reads=self.numbers + self.state,
            writes=heads.value,
            matmul=self.products,
            elementwise=2 * self.numbers + heads.value,
            saves=saves,
            held=self.numbers * heads.training,
            backward_matmul=2 * self.products + more,
        )

    def in_chunks(self):
        """Products in the chunks, and of the sums that all the chunks before have left."""
        heads, width, d_value = self.heads, self.width, self.heads.d_value
        count, tokens, among, squares, copied = self._in_all_chunks()
        state = width * (d_value + 1)
        inside, across = 2 * squares * (width + d_value), 4 * tokens * width * d_value
        before = 2 * among * state  # with a constant matrix: one gradient, of the same size
        matmul, numbers = inside + across + before, tokens * (2 * width + d_value)
        saved = squares + count * state + tokens * (d_value + 2) + copied
        alive = max(1, self.segment) * (4 * width + 2 * d_value + CHUNK)
        alive += 4 * self.state * (-(-max(1, self.size) // CHUNK))
        cost = heads.kernel(
            reads=heads.sequences * numbers,
            writes=heads.value,
            matmul=heads.sequences * matmul,
            elementwise=heads.sequences * (2 * squares + numbers + tokens * d_value),
            saves=heads.sequences * saved,
            held=heads.sequences * numbers,
            backward_matmul=heads.sequences * (2 * matmul - before),
        )
        return heads.in_pieces(cost, heads.value + alive)

    def _in_all_chunks(self):
        """Of one sequence: chunks; their tokens, with those that fill the last ones; pairs of
        chunks of one segment; squares of their tokens; numbers copied for them."""
        n, d_value = self.heads.n, self.heads.d_value
        count = tokens = among = squares = copied = 0
        for part in pieces(n, max(1, self.size)) if n else ():
            length = part.stop - part.start
            many, chunk = chunks(length)
            filled = many * chunk
            count, tokens, among = count + many, tokens + filled, among + many**2
            squares += many * chunk**2
            if filled > length:  # filled up: all three are copied
                copied += filled * (2 * self.width * (2 - self.copies) + d_value)
            elif n > self.size:  # values of a segment, once for each product
                copied += 2 * length * d_value
        return count, tokens, among, squares, copied


def _recomputed(features):
    """In training, with a feature map whose gradient is known: segment by segment both ways."""
    heads, numbers, short = features.heads, features.numbers, features.segment * features.width
    made = heads.kernel(
        reads=2 * numbers,
        writes=2 * numbers,
        elementwise=2 * numbers * FEATURE_FLOPS,
        held=2 * numbers,
    )
    # Beside both gradients of the keys' sums: one of the sum of the features, a product too.
    ratio = features.ratio(heads.value, more=2 * numbers)
    inputs, state = 2 * numbers + heads.value, features.state
    working = inputs + state + 4 * short + 2 * features.segment * heads.d_value
    steps = {
        "features": (made, 2 * short),
        "sums": (features.sums(saves=state), 2 * state),
        "output": (ratio, heads.value + working),
    }
    size = {"itemsize": heads.itemsize}
    parts = {name: in_pieces(*step, **size) for name, step in steps.items()}
    return heads.with_inputs(parts, inputs)
