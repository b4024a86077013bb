"""The position-wise feed-forward network as a module."""

import torch  # noqa: F401  (the doctest uses it)
from torch import nn
from torch.nn import functional as F

from ..checks import ACTIVATIONS, check_choice, check_flag, check_probability, check_size
from ..functional.feed_forward import bend_core
from .calling import is_plain_linear, linear
from .scored import check_layer_input


class PositionwiseFeedForward(nn.Module):
    r"""Pass each position through the same small network: widen, bend, narrow.

    $$y = W_\downarrow \, \phi(W_\uparrow x + b_\uparrow) + b_\downarrow, \qquad
    \text{SwiGLU: } y = W_\downarrow \big(\mathrm{silu}(W_g x + b_g) \odot
    (W_\uparrow x + b_\uparrow)\big) + b_\downarrow$$

    phi is the activation, applied to each number. SwiGLU has a third matrix, the gate: it says for
    each inner number how much of it passes.

    Args:
        d_model: C, the width of input and output.
        d_ff: F, the inner width.
        activation: "relu", "gelu", "gelu_tanh" or "swiglu". Because of its third matrix "swiglu"
            has as many parameters as the others if its d_ff is two thirds of theirs.
        dropout: probability with which a number of the inner layer is dropped in training.
        bias: whether the linear layers have biases.

    Layers: up_projection, down_projection and, for "swiglu", gate_projection; else it is None.

    Called with x `[..., C]`; returns the same shape and dtype. No position sees another.

    Raises:
        TypeError, ValueError: a size is not a positive integer, activation unknown, dropout not in
            [0, 1), x that does not fit.

    Cost and source: `attention_lib.reference.feed_forward`.

    >>> PositionwiseFeedForward(3, 7, activation="gelu")(torch.ones(2, 5, 3)).shape
    torch.Size([2, 5, 3])
    """

    def __init__(self, d_model, d_ff, *, activation="relu", dropout=0.0, bias=True):
        super().__init__()
        check_size(d_model=d_model, d_ff=d_ff)
        check_choice("activation", activation, ACTIVATIONS)
        check_probability(dropout=dropout)
        check_flag(bias=bias)
        self.d_model = d_model
        self.activation = activation
        self.dropout = dropout
        self.up_projection = nn.Linear(d_model, d_ff, bias=bias)
        self.down_projection = nn.Linear(d_ff, d_model, bias=bias)
        gated = activation == "swiglu"
        self.gate_projection = nn.Linear(d_model, d_ff, bias=bias) if gated else None

    def forward(self, x):
        self.check_call(x)
        return self.forward_core(x)

    def check_call(self, x):
        """Refuse what a call would refuse."""
        check_layer_input("x", x, self.up_projection, self.d_model, n_axes=1)

    def forward_core(self, x):
        """A call for vectors that were checked."""
        gated = self.gate_projection is not None
        inner = bend_core(
            linear(self.up_projection, x),  # [..., F]
            F.silu(linear(self.gate_projection, x)) if gated else None,
            self.activation,
            # In place saves memory and time, where nobody else can see what the layer gave.
            own=is_plain_linear(self.up_projection),
        )
        if self.training and self.dropout > 0:
            inner = F.dropout(inner, p=self.dropout)
        return linear(self.down_projection, inner)

    def extra_repr(self):
        return f"activation={self.activation!r}, dropout={self.dropout}"
