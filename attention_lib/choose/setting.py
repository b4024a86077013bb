"""What attention is to be computed: sizes, direction, and whether gradients are needed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..checks import check_count, check_flag


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The problem that every mechanism is asked to solve: self-attention on heads, in float32.

    Attributes:
        n: tokens; each is a query and a key.
        d_head: width of the queries, keys and values of one head.
        n_heads, batch: heads, and sequences at a time.
        causal: no token sees a later one.
        training: forward and backward; else forward alone.

    Raises:
        TypeError, ValueError: a size is not an integer of at least 1, a flag is not True or False.

    >>> Setting(n=512, causal=True).numbers
    262144
    """

    n: int
    d_head: int = 64
    n_heads: int = 8
    batch: int = 1
    causal: bool = False
    training: bool = False

    def __post_init__(self):
        sizes = {name: getattr(self, name) for name in ("n", "d_head", "n_heads", "batch")}
        check_count(**sizes)
        check_flag(causal=self.causal, training=self.training)
        for name, size in sizes.items():
            object.__setattr__(self, name, int(size))

    @property
    def d_model(self):
        """Width of a token: the heads side by side."""
        return self.n_heads * self.d_head

    @property
    def numbers(self):
        """How many numbers the queries are, and the keys, the values and the output as well."""
        return self.batch * self.n_heads * self.n * self.d_head

    @property
    def mode(self):
        """The name of what a calibration measures apart: its rates differ."""
        return f"{'causal' if self.causal else 'full'} {'training' if self.training else 'forward'}"

    def at(self, **changes):
        """The same with other sizes."""
        return replace(self, **changes)

    def __str__(self):
        rows = f"{self.n:,} tokens, {self.n_heads} heads of width {self.d_head}"
        batch = f", batch {self.batch}" if self.batch > 1 else ""
        direction = "causal" if self.causal else "not causal"
        return f"{rows}{batch}, {direction}, {'training' if self.training else 'inference'}"
