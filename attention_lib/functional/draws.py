"""What is drawn by NumPy, as operators of PyTorch, for programs that are recorded.

A recorded program calls the operator when it runs: it draws from the seed that it finds then. To
run such a program elsewhere, import `attention_lib.functional` first.
"""

import numpy as np
import torch


def drawn_operator(name, draw, shape_of, dtype):
    """A custom operator that gives what `draw` gives, an array, as a tensor.

    draw: gives the array for a seed and a list of integers; shape_of: its shape, for these.
    """

    def run(seed, sizes):
        return torch.from_numpy(np.ascontiguousarray(draw(int(seed), [int(n) for n in sizes])))

    # The schema is written out: what PyTorch reads from annotations differs between its versions.
    schema = "(Tensor seed, SymInt[] sizes) -> Tensor"
    operator = torch.library.custom_op(
        f"attention_lib::{name}", run, mutates_args=(), schema=schema
    )

    @operator.register_fake
    def _(seed, sizes):
        return torch.empty(shape_of(sizes), dtype=dtype)

    return lambda seed, sizes: operator(torch.as_tensor(seed), sizes)
