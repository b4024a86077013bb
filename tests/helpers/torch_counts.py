"""What PyTorch itself counts while real code runs: FLOPs, saved bytes, live bytes."""

from contextlib import nullcontext

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import (
    FlopCounterMode,
    sdpa_backward_flop_count,
    sdpa_flop_count,
)

aten = torch.ops.aten


# FlopCounterMode knows the fused kernels of CUDA but not that of the CPU (of the same formula), and
# products of matrices, but not of a matrix and a vector.
UNKNOWN = {
    aten._scaled_dot_product_flash_attention_for_cpu: (
        lambda query, key, value, *_, out_shape=None, **__: sdpa_flop_count(query, key, value)
    ),
    aten._scaled_dot_product_flash_attention_for_cpu_backward: (
        lambda gradient, query, key, value, *_, out_shape=None, **__: sdpa_backward_flop_count(
            gradient, query, key, value
        )
    ),
    aten.mv: lambda matrix, vector, out_shape=None: 2 * matrix[0] * matrix[1],
}


def kernel_choice(*, fused):
    return nullcontext() if fused else sdpa_kernel(SDPBackend.MATH)


class _NoTracker:
    """Counts without names of modules: the hooks for these keep modules off their short ways."""

    def __init__(self):
        self.parents = {"Global"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def matmul_flops(run, *, training=False, fused=True):
    """FLOPs of the matrix products of `run()`, and of its backward pass in training."""
    counter = FlopCounterMode(display=False, custom_mapping=UNKNOWN)
    counter.mod_tracker = _NoTracker()
    with kernel_choice(fused=fused), counter:
        output = run()
        if training:
            total(output).backward()
    return counter.get_total_flops()


def saved_bytes(run, module=None, *, fused=True):
    """Bytes that autograd keeps after `run()`, each storage once, parameters left out."""
    own = {one.untyped_storage().data_ptr() for one in module.parameters()} if module else set()
    storages = {}

    def keep(tensor):
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with (
        kernel_choice(fused=fused),
        torch.autograd.graph.saved_tensors_hooks(keep, lambda one: one),
    ):
        output = run()
    del output
    return sum(size for address, size in storages.items() if address not in own)


def peak_bytes(run, *, fused=True, training=False):
    """The most that `run()` has allocated at once, on top of what there was.

    In training backward runs too, and the gradients it leaves behind count.
    """
    with kernel_choice(fused=fused), torch.set_grad_enabled(training):
        run()  # what is made once and kept, such as tables
        options = {"profile_memory": True, "acc_events": True}
        with profile(activities=[ProfilerActivity.CPU], **options) as profiler:
            output = run()
            if training:
                total(output).backward()
    del output
    events = [one for one in profiler.profiler.kineto_results.events() if one.name() == "[memory]"]
    live = most = 0
    for event in sorted(events, key=lambda one: one.start_ns()):
        live += event.nbytes()
        most = max(most, live)
    return most


def total(output):
    return output[0].sum() if isinstance(output, tuple) else output.sum()


def count_parameters(module):
    return sum(one.numel() for one in module.parameters())
