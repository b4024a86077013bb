"""Read a caption word by word, and after each word look at the regions of a picture."""

import torch
from torch import nn

from .. import functional
from ..checks import check_count, check_flag, check_kind, check_size, shown
from .dtypes import check_like
from .seq2seq import check_tokens


class PictureReader(nn.Module):
    r"""Name what a caption asks for, by cross-attention of its words over regions of a picture.

    A region says what it shows by probabilities $p_i$ of N names, and where it is by its row and
    its column. The names are the first N words, so that a region is described in the vectors of the
    words. A question $u_t$ holds the words up to t; each look adds what it read:

    $$r_i = p_i E + a_\mathrm{row} + b_\mathrm{col}, \qquad
    u_t = f_0\Big(\sum_{s \le t} E[w_s]\Big)$$

    $$c_t = \mathrm{attention}(u_t W^Q, r W^K, r W^V), \qquad u_t \leftarrow u_t + f([u_t; c_t])$$

    $f_0(x) = x + f(x)$; each f has a hidden layer of 2 C with ReLU. Queries come from the words,
    keys and values from the picture. W^Q and W^K of a look are initialised alike: at first a word
    scores highest where the picture has something like it.

    Args:
        words: number of word ids.
        names: N, how many of them, from 0 on, are names of what a region can show.
        grid: (rows, columns) of the regions.
        width: C.
        looks: how many times the picture is read, each time with matrices of its own.
        extra: further numbers that describe a region, besides the N probabilities.
        attends: whether the looks attend. False: each takes the plain mean of
            $W_2\,\mathrm{relu}(W_1 r_i)$, with a hidden layer of 1.5 C, and as many parameters.

    Called with
        regions: `[B, S, N + extra]`, S = rows times columns, row after row.
        tokens: `[B, T]`, int64, the caption.
        return_weights: also return the weights.

    Returns:
        logits `[B, T, N]`, what would be answered after each word, or (logits, weights
        `[B, looks, T, S]`), 1 / S where it does not attend.

    Raises:
        TypeError, ValueError: a size is not a positive integer, width odd without attention,
            tensors that do not fit.

    Cost: O(B (S + T) C^2 looks + B T S C looks).
    Source: cross-attention of words over regions: Xu et al. (2015), where the words are written;
        several looks at one memory: Sukhbaatar et al. (2015).
    Chapter: 03_3_pictures_words.

    >>> reader = PictureReader(words=21, names=10, grid=(3, 3), width=8, looks=2)
    >>> regions, tokens = torch.full((1, 9, 10), 0.1), torch.tensor([[16, 11, 7]])
    >>> logits, weights = reader(regions, tokens, return_weights=True)
    >>> logits.shape, weights.shape
    (torch.Size([1, 3, 10]), torch.Size([1, 2, 3, 9]))
    """

    def __init__(self, *, words, names, grid, width, looks=1, extra=0, attends=True):
        super().__init__()
        check_count(looks=looks)
        check_size(words=words, names=names, width=width)
        rows, columns = _check_grid(grid)
        width = int(width)  # NumPy's small integers would overflow
        check_count(minimum=0, extra=extra)
        check_flag(attends=attends)
        if names > words:
            raise ValueError(f"names must be at most words = {words}, got {names}")
        if width % 2 and not attends:
            raise ValueError(f"width must be even without attention, got {width}")
        self.names, self.attends = names, attends
        self.embedding = nn.Embedding(words, width)
        self.row = nn.Parameter(torch.randn(rows, 1, width))
        self.column = nn.Parameter(torch.randn(1, columns, width))
        self.extra = nn.Linear(extra, width, bias=False) if extra else None
        self.first = _hidden_layer(width, 2 * width, width)
        self.query, self.key, self.value, self.join = (nn.ModuleList() for _ in range(4))
        for _ in range(looks):
            self._add_look(width)
        self.readout = nn.Linear(width, names)

    def _add_look(self, width):
        if self.attends:
            self.query.append(nn.Linear(width, width))
            self.key.append(nn.Linear(width, width))
            self.key[-1].weight.data.copy_(self.query[-1].weight.data)
            self.value.append(nn.Linear(width, width))
        else:
            self.value.append(_hidden_layer(width, 3 * width // 2, width))
        self.join.append(_hidden_layer(2 * width, 2 * width, width))

    def forward(self, regions, tokens, *, return_weights=False):
        self._check_call(regions, tokens, return_weights)
        described = self._describe(regions)  # [B, S, C]
        question = self.embedding(tokens).cumsum(dim=1)  # [B, T, C]
        question = question + self.first(question)
        kept = []
        for look in range(len(self.join)):
            context, weights = self._look(look, question, described)  # [B, T, C], [B, T, S]
            question = question + self.join[look](torch.cat([question, context], dim=-1))
            kept.append(weights)
        logits = self.readout(question)
        return (logits, torch.stack(kept, dim=1)) if return_weights else logits

    def _describe(self, regions):
        shown = regions[..., : self.names] @ self.embedding.weight[: self.names]
        if self.extra is not None:
            shown = shown + self.extra(regions[..., self.names :])
        return shown + (self.row + self.column).flatten(0, 1)

    def _look(self, look, question, described):
        value = self.value[look](described)
        if self.attends:
            query, key = self.query[look](question), self.key[look](described)
            return functional.attention(query, key, value, return_weights=True)
        shape = (*question.shape[:2], described.shape[1])
        weights = described.new_full(shape, 1 / shape[-1])
        return value.mean(dim=1, keepdim=True).expand_as(question), weights

    def _check_call(self, regions, tokens, return_weights):
        check_kind("torch", regions=regions)
        check_like(self.embedding.weight, regions=regions)
        check_tokens("tokens", tokens, self.embedding.num_embeddings, self.embedding)
        check_flag(return_weights=return_weights)
        n_regions = self.row.shape[0] * self.column.shape[1]
        n_numbers = self.names + (0 if self.extra is None else self.extra.in_features)
        expected = (tokens.shape[0], n_regions, n_numbers)
        if tuple(regions.shape) != expected:
            raise ValueError(f"regions must have shape {expected}, got {tuple(regions.shape)}")


def _check_grid(grid):
    if not isinstance(grid, tuple) or len(grid) != 2:
        raise ValueError(f"grid must be a tuple (rows, columns), got {shown(grid)}")
    check_size(**{"grid[0]": grid[0], "grid[1]": grid[1]})
    return grid


def _hidden_layer(inputs, hidden, outputs):
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
