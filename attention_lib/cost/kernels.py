"""The steps that every mechanism is made of: one kernel, one product, one pass over numbers.

Their sizes are products of those that a reader gives, and may be any integers.
"""

import math
from dataclasses import dataclass, replace

from ..checks import check_count, check_flag, check_instance, check_mapping, told
from .ledger import Cost, combine

SOFTMAX_FLOPS = 5  # maximum, difference, exponential, sum, quotient


@dataclass(kw_only=True)
class Run:
    """How something is run; every cost takes these three by name.

    Attributes:
        batch: B, rows at a time.
        itemsize: bytes of a number.
        training: forward and backward; every input gets a gradient. Else forward only.

    The methods are the functions of this file, run in this way.
    """

    batch: int = 1
    itemsize: int = 4
    training: bool = False

    def __post_init__(self):
        check_count(minimum=0, batch=self.batch)
        check_count(itemsize=self.itemsize)
        check_flag(training=self.training)

    @classmethod
    def among(cls, options):
        """That of options in which others stand beside these."""
        return cls(**{name: options[name] for name in cls.__annotations__ if name in options})

    @property
    def each(self):
        """As `kernel` takes it."""
        return {"itemsize": self.itemsize, "training": self.training}

    @property
    def options(self):
        """As a mechanism takes it."""
        return {"batch": self.batch, **self.each}

    def bytes(self, numbers):
        return numbers * self.itemsize

    def kept(self, numbers):
        """Numbers that training saves, and nothing else; free at inference."""
        size = self.training * self.bytes(numbers)
        return Cost(held_bytes=size, peak_bytes=size)

    def kernel(self, **numbers):
        return kernel(**numbers, **self.each)

    def linear(self, *sizes, **numbers):
        return linear(*sizes, **numbers, **self.each)

    def elementwise(self, *sizes, **numbers):
        return elementwise(*sizes, **numbers, **self.each)

    def with_inputs(self, parts, numbers):
        return with_inputs(parts, numbers, **self.each)

    def in_pieces(self, cost, numbers):
        return in_pieces(cost, numbers, **self.each)


@dataclass(kw_only=True)
class Heads(Run):
    """A `Run` of one sequence that attends to itself; n is given before the options.

    Attributes:
        n: tokens; each is a query and a key.
        d_key, d_value: D and E; None means D.
        n_heads: H; each head has keys of its own.
    """

    n: int
    d_key: int
    d_value: int | None = None
    n_heads: int = 1

    def __post_init__(self):
        super().__post_init__()
        self.d_value = self.d_key if self.d_value is None else self.d_value
        check_count(minimum=0, n=self.n)
        check_count(d_key=self.d_key, d_value=self.d_value, n_heads=self.n_heads)

    @property
    def sizes(self):
        """All but n, by name."""
        widths = {"d_key": self.d_key, "d_value": self.d_value, "n_heads": self.n_heads}
        return widths | self.options

    @property
    def sequences(self):
        return self.batch * self.n_heads

    @property
    def rows(self):
        return self.sequences * self.n

    @property
    def query(self):
        """Numbers of the queries, and as many of the keys."""
        return self.rows * self.d_key

    @property
    def value(self):
        """Numbers of the values, and as many of the output."""
        return self.rows * self.d_value


def kernel(
    *,
    reads,
    writes,
    parameters=0,
    matmul=0,
    elementwise=0,
    saves=0,
    held=0,
    live=0,
    mask_bytes=0,
    backward_matmul=None,
    itemsize=4,
    training=False,
):
    r"""One step that reads its operands once and writes its result once.

    Forward it moves reads + writes + parameters numbers. Training adds the backward pass, counted
    as twice the forward one. For a product $C = AB$ that is exact, in FLOPs and in bytes:
    $\partial A = \partial C B^\top$ and $\partial B = A^\top \partial C$ are two products of the
    same size, each moving the same three matrices. For elementwise steps it is an estimate.

    Args:
        reads, writes, parameters: how many numbers it reads, writes, and reads as parameters.
        matmul, elementwise: FLOPs of the forward pass.
        saves: numbers that training keeps for backward, except those that an earlier kernel keeps.
        held: how many of the numbers read are counted elsewhere, as held or as a cache.
        live: numbers alive meanwhile that this kernel neither reads nor writes.
        mask_bytes: bytes of a boolean mask that it reads, and in training saves.
        backward_matmul: FLOPs of products in the backward pass; None means twice the forward ones.
        itemsize, training: of a `Run`.

    Returns:
        `Cost`. The peak is reads - held + writes + live. In training it is that of the backward
        pass, which is never less: saves + live + the gradients of all that was read and written.

    Raises:
        TypeError, ValueError: a count is not an integer of at least 0.

    >>> kernel(reads=6, writes=2, matmul=24, saves=6, training=True).matmul_flops
    72
    """
    counts = {"reads": reads, "writes": writes, "parameters": parameters, "matmul": matmul}
    counts |= {"elementwise": elementwise, "saves": saves, "held": held, "live": live}
    check_count(minimum=0, limit=math.inf, **counts, mask_bytes=mask_bytes)
    check_count(itemsize=itemsize)
    check_flag(training=training)
    reads, writes, parameters, matmul, elementwise, saves, held, live = map(int, counts.values())
    mask_bytes, itemsize = int(mask_bytes), int(itemsize)
    moved, peak, passes = reads + writes + parameters, reads - held + writes, 1
    if training:
        backward = 2 * matmul if backward_matmul is None else backward_matmul
        check_count(minimum=0, limit=math.inf, backward_matmul=backward)
        matmul, peak, passes = matmul + backward, saves + reads + writes, 3
    return Cost(
        parameters=parameters,
        matmul_flops=matmul,
        elementwise_flops=passes * elementwise,
        bytes_moved=passes * (moved * itemsize + mask_bytes),
        weight_bytes=parameters * itemsize,
        held_bytes=saves * itemsize + mask_bytes if training else 0,
        peak_bytes=(peak + live) * itemsize + mask_bytes,
    )


def linear(rows, d_in, d_out, *, bias=True, tied=False, held=0, live=0, **each):
    """A learned linear map of `rows` vectors: x W + b, `nn.Linear`.

    2 rows d_in d_out FLOPs and rows d_out additions for the bias. Training saves the input, except
    for the `held` numbers of it that an earlier kernel holds; `live` as for `kernel`. `tied`: the
    parameters are read, but belong to another part.

    >>> linear(10, 3, 5).parameters, linear(10, 3, 5).matmul_flops
    (20, 300)
    """
    check_count(minimum=0, limit=math.inf, rows=rows, held=held, live=live)
    check_count(limit=math.inf, d_in=d_in, d_out=d_out)
    check_flag(bias=bias, tied=tied)
    if held > rows * d_in:
        raise ValueError(f"held must be at most rows * d_in = {rows * d_in}, got {told(held)}")
    cost = kernel(
        reads=rows * d_in,
        writes=rows * d_out,
        parameters=d_in * d_out + bias * d_out,
        matmul=2 * rows * d_in * d_out,
        elementwise=bias * rows * d_out,
        saves=rows * d_in - held,
        held=held,
        live=live,
        **each,
    )
    return replace(cost, parameters=0, weight_bytes=0) if tied else cost


def elementwise(numbers, flops=1, *, operands=1, **more):
    """A pass over `numbers` numbers that writes as many, with `flops` operations for each.

    `operands` arrays of that size are read; saves, held, live, itemsize and training as for
    `kernel`.

    >>> elementwise(10, operands=2).bytes_moved  # the sum of two arrays
    120
    """
    check_count(minimum=0, limit=math.inf, numbers=numbers, flops=flops, operands=operands)
    work = {"reads": operands * numbers, "writes": numbers, "elementwise": flops * numbers}
    return kernel(**work, **more)


def recomputed(scores, d_key, d_value, *, masked=False, biased=False):
    """FLOPs of attention that keeps no scores and computes them anew backward, for `kernel`."""
    return {
        "matmul": 2 * scores * (d_key + d_value),
        "backward_matmul": 2 * scores * (3 * d_key + 2 * d_value),
        "elementwise": scores * (1 + SOFTMAX_FLOPS + masked + biased),
    }


def with_inputs(parts, numbers, *, itemsize=4, training=False):
    """The sum of named parts whose inputs, `numbers` numbers in all, stay alive until the end.

    Training saves them, once, in the first part. The parts themselves count them as `held`.

    >>> with_inputs({"step": elementwise(10, held=10)}, 10).peak_bytes
    80
    """
    check_mapping("names to costs", parts=parts)
    check_count(minimum=0, limit=math.inf, numbers=numbers)
    check_count(itemsize=itemsize)
    check_flag(training=training)
    inputs = numbers * itemsize
    if training:
        (name, first), *rest = parts.items()
        return combine({name: Cost(held_bytes=inputs, peak_bytes=inputs) + first, **dict(rest)})
    return combine({name: part.beside(inputs) for name, part in parts.items()})


def in_pieces(cost, numbers, *, itemsize=4, training=False):
    """The same step done piece by piece: without gradients `numbers` numbers are alive at once.

    With gradients every piece is kept, and the cost stays as it is.

    >>> in_pieces(elementwise(1000), 20).peak_bytes
    80
    """
    check_instance(Cost, cost=cost)
    check_count(minimum=0, limit=math.inf, numbers=numbers)
    check_count(itemsize=itemsize)
    check_flag(training=training)
    return cost if training else replace(cost, peak_bytes=numbers * itemsize)


def embedding(rows, vocabulary, d_model, *, scaled=False, itemsize=4, training=False):
    """One row of a learned table for each of `rows` token ids, `nn.Embedding`.

    No product: the rows are copied; `scaled` multiplies them by a constant. Training saves the ids
    (8 bytes each) and writes a gradient as large as the table.

    >>> embedding(10, 97, 6).parameters
    582
    """
    check_count(minimum=0, limit=math.inf, rows=rows)
    check_count(limit=math.inf, vocabulary=vocabulary, d_model=d_model, itemsize=itemsize)
    check_flag(scaled=scaled, training=training)
    size, ids = rows * d_model * itemsize, rows * 8
    table = vocabulary * d_model * itemsize
    copies = 2 + 2 * scaled
    return Cost(
        parameters=vocabulary * d_model,
        elementwise_flops=scaled * rows * d_model * (3 if training else 1),
        bytes_moved=(ids + copies * size) * (3 if training else 1) + table * training,
        weight_bytes=table,
        held_bytes=ids * training,
        peak_bytes=ids + (1 + scaled) * size,
    )


def owning(cost, parameters, *, itemsize=4):
    """The same cost with `parameters` learned numbers more, of which few may be read."""
    return replace(
        cost,
        parameters=cost.parameters + parameters,
        weight_bytes=cost.weight_bytes + parameters * itemsize,
    )


def optimiser(parameters, *, states=2, itemsize=4):
    """One step of an optimiser that keeps `states` numbers for each parameter: 2 for Adam, 0 for
    plain SGD.

    Adds the gradients and the states to weight_bytes. Moves the parameter, its gradient and its
    states in, the parameter and its states out. Operations: 2 a parameter and 5 for each state, an
    estimate.

    >>> optimiser(1000).weight_bytes  # gradient and two moments, 4 bytes each
    12000
    """
    check_count(minimum=0, limit=math.inf, parameters=parameters, states=states)
    check_count(itemsize=itemsize)
    return Cost(
        elementwise_flops=(2 + 5 * states) * parameters,
        bytes_moved=(3 + 2 * states) * parameters * itemsize,
        weight_bytes=(1 + states) * parameters * itemsize,
    )
