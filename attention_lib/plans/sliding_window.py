"""Which queries sliding-window attention computes together, and which keys they read."""

from typing import NamedTuple

from .pieces import PIECE


class Edge(NamedTuple):
    """Rows of queries in one call of the kernel, and the stretches of keys that they read."""

    rows: slice
    keys: tuple

    @property
    def n_rows(self):
        return self.rows.stop - self.rows.start

    @property
    def n_keys(self):
        return sum(one.stop - one.start for one in self.keys)


class Inner(NamedTuple):
    """Blocks of queries whose reach lies inside the sequence, side by side.

    first: row of the first query; count: blocks; block: queries of one; start: first key in reach
    of the first block; length: keys in reach of a block; group: blocks in one call of the kernel.
    """

    first: int
    count: int
    block: int
    start: int
    length: int
    group: int


class Plan(NamedTuple):
    """The rows of queries in their order: those that see no key, edge, inner blocks, edge."""

    blind: int
    before: list
    inner: Inner | None
    after: list


class Band(NamedTuple):
    """Which keys a query sees."""

    n_queries: int
    n_keys: int
    window: int
    causal: bool
    n_sinks: int

    @property
    def behind(self):
        """Keys before the position of the first query."""
        return self.n_keys - self.n_queries

    @property
    def ahead(self):
        return 0 if self.causal else self.window

    def visible(self, query, key):
        """Boolean `[T, S]` for these positions, arrays with one of each in a row of its own."""
        distance = query[:, None] - key
        near = (distance >= -self.ahead) & (distance <= self.window)
        sinks = key < self.n_sinks
        return near | (sinks & (distance >= 0) if self.causal else sinks)

    def plan(self, *, n_rows, width, n_masks, grad):
        """What is computed together.

        Args:
            n_rows, width: sequences, and numbers of a query and of a key.
            n_masks: masks of the keys: 0, 1, or one for each sequence.
            grad: a gradient is wanted.
        """
        # With T > S the first queries stand before the first key, and may be too far to see it.
        blind = 0 if self.n_sinks and not self.causal else max(0, -self.behind - self.ahead)
        block = self._block(grad)
        # A block of the inner rows has all its reach inside the sequence, and after the sinks.
        first = max(blind, self.window + self.n_sinks - self.behind)
        count = max(0, (self.n_queries - self.ahead - first) // block)
        first = first if count else self.n_queries
        inner = self._inner(first, count, block, n_rows * width, n_masks, grad) if count else None
        before = self._edges(blind, first, n_masks)
        return Plan(blind, before, inner, self._edges(first + count * block, None, n_masks))

    def _block(self, grad):
        """The kernel takes 32 queries at a time: smaller blocks compute less outside the band.

        Sinks and gradients make a copy of the keys in reach of a block: fewer, larger blocks then.
        """
        return min(max(self.window // 2, 32), 512) if grad or self.n_sinks else 32

    def _edges(self, start, stop, n_masks):
        """Rows start to stop, in parts if the mask would be large."""
        stop = self.n_queries if stop is None else stop
        reach = min(self.n_keys, stop - start + self.window + self.ahead) + self.n_sinks
        step, edges = max(1, PIECE // max(1, reach * max(1, n_masks))), []
        for begin in range(start, stop, step):
            end = min(begin + step, stop)
            lowest = max(0, begin + self.behind - self.window)
            highest = min(self.n_keys, end + self.behind + self.ahead)
            highest = highest if self.causal else max(highest, self.n_sinks)
            if lowest > self.n_sinks > 0:
                keys = (slice(0, self.n_sinks), slice(lowest, highest))
            else:  # no sinks, or they touch the reach
                keys = (slice(0 if self.n_sinks else lowest, highest),)
            edges.append(Edge(slice(begin, end), keys))
        return edges

    def _inner(self, first, count, block, row, n_masks, grad):
        """Row: numbers of one position of all sequences."""
        length = block + self.window + self.ahead
        seen = length + self.n_sinks
        each = n_masks * block * seen + (2 * row * seen if self.n_sinks else 0)
        if not grad:  # else every piece would have a gradient as long as the keys
            each = max(each, row * block)
        group = min(count, max(1, PIECE // each)) if each else count
        start = first + self.behind - self.window
        return Inner(first, count, block, start, length, group)
