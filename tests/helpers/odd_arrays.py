"""Arrays and tensors that are wrong in place, layout, kind, dtype or shape, in the place of each
that a good call has.

The calls are those of `bad_module_calls` and of `argument_sweep`: a new function or module is
tried without a line here.
"""

import contextlib
import inspect
import io
import re
from collections.abc import Mapping

import numpy as np
import torch

from tests.helpers.argument_sweep import _copied
from tests.helpers.module_calls import inputs_of, module_of

# What is refused by the name of the argument itself, wherever it is given.
TAKEN = "it is taken"
ALWAYS = {"sparse", "nested", "masked entries", "matrix", "complex", "float8", "objects"}
# (module or function, argument): what it takes, though it is odd
MOVED = {"complex", "float8", "objects"}  # nothing is computed of them
TAKES = {
    ("SinusoidalPositionalEncoding", "x"): {"elsewhere"},  # offsets on the CPU come to it
    **{
        (f"{part}.{name}_heads", "x"): MOVED
        for part in ("functional", "reference")
        for name in ("split", "merge")
    },
}


def odd(one):
    """label -> what may stand in the place of an array or tensor, or of one in a list or dict."""
    if isinstance(one, (list, tuple)) and one and odd(one[0]):
        return {label: [first, *one[1:]] for label, first in odd(one[0]).items()}
    if isinstance(one, Mapping):
        return {
            f"{kind} of {key}": {**one, key: value}
            for key, array in one.items()
            for kind, value in odd(array).items()
        }
    if torch.is_tensor(one):
        return {**_odd_tensors(one), **_odd_shapes(one.shape, torch.ones, one.dtype)}
    if isinstance(one, np.ndarray):
        return {**_odd_arrays(one), **_odd_shapes(one.shape, np.ones, one.dtype)}
    return {}


def _odd_tensors(one):
    ones = torch.ones(one.shape)
    made = {
        "elsewhere": one.to("meta"),
        "complex": ones.to(torch.complex64),
        "float8": ones.to(torch.float8_e4m3fn),
        "boolean": ones.bool(),
        "int32": ones.int(),
        "uint8": ones.byte(),
        "double": ones.double(),
        "half": ones.half(),
        "minus one": (-ones).to(one.dtype),
        "an array": ones.numpy(),
    }
    if one.ndim:
        made |= {"sparse": one.to_sparse(), "nested": torch.nested.nested_tensor([ones[0]])}
    return made


def _odd_arrays(one):
    ones = np.ones(one.shape)
    made = {
        "masked entries": np.ma.array(one),
        "complex": ones.astype(complex),
        "objects": np.full(one.shape, object(), dtype=object),
        "boolean": ones.astype(bool),
        "integers": ones.astype(int),
        "texts": np.full(one.shape, "a"),
        "longdouble": ones.astype(np.longdouble),
        "half": ones.astype(np.float16),
        "dates": ones.astype("M8[s]"),
        "number": np.float64(1),
        "tensor": torch.ones(one.shape),
    }
    return made | ({"matrix": np.matrix(one)} if one.ndim == 2 else {})


def _odd_shapes(shape, ones, dtype):
    shapes = {"no axes": (), "one axis": (3,), "empty": (0,), "six axes": (1,) * 6}
    if shape:
        shapes["wider"] = (*shape[:-1], shape[-1] + 1)
        shapes["of no width"] = (*shape[:-1], 0)
        shapes["more rows"] = (shape[0] + 3, *shape[1:])
    if len(shape) > 1:
        shapes["longer"] = (*shape[:-2], shape[-2] + 2, shape[-1])
        shapes["of no length"] = (*shape[:-2], 0, shape[-1])
    return {label: ones(one, dtype=dtype) for label, one in shapes.items()}


def module_faults(label):
    """What is wrong with how a module takes odd tensors in a call of `module_calls`, in words."""
    module = module_of(label)
    signature = inspect.signature(module.forward)
    arguments, options = inputs_of(label)
    called = with_patterns(signature, signature.bind(*arguments, **options).arguments, torch.ones)
    alone = not any(one.ndim for one in module.parameters()) and _tensors(called) < 2
    for argument, one in called.items():
        for kind, value in odd(one).items():
            given = {**inputs_again(signature, label, called), argument: value}
            words = _fault(lambda given=given: module(**given), argument, given, kind, alone)
            taken = kind in TAKES.get((type(module).__name__, argument), ())
            if words and not (taken and words == TAKEN):
                yield f"{argument} {kind}: {words}"


def inputs_again(signature, label, called):
    """The arguments of a call, those that are used up made anew."""
    arguments, options = inputs_of(label)
    return {**called, **signature.bind(*arguments, **options).arguments}


def with_patterns(signature, given, ones):
    """The arguments of a call, with masks and a bias that say nothing where there could be one."""
    patterns = {"mask": bool, "memory_mask": bool, "bias": None}
    made = {
        name: ones((1, 1)) if dtype is None else ones((1, 1), dtype=dtype)
        for name, dtype in patterns.items()
        if name in signature.parameters and name not in given
    }
    return {**given, **made}


def function_faults(name, function, calls):
    """What is wrong with how a function takes odd arrays in its recorded calls, in words."""
    signature = inspect.signature(function)
    for given in calls[:2]:
        ones = torch.ones if _tensors(given) else np.ones
        given = with_patterns(signature, given, ones)
        for argument, one in given.items():
            taken = TAKES.get((name, argument), ())
            for label, value in odd(one).items():
                changed = {key: _copied(other) for key, other in given.items()}
                bound = signature.bind_partial()
                bound.arguments = {**changed, argument: value}
                words = _fault(
                    lambda bound=bound: function(*bound.args, **bound.kwargs),
                    argument,
                    given,
                    label,
                    _tensors(given) < 2,
                )
                if words and not (label in taken and words == TAKEN):
                    yield f"{argument} {label}: {words}"


def _tensors(given):
    """How many tensors with axes a call has."""
    found = [one for one in given.values() if torch.is_tensor(one)]
    found += [one for many in given.values() if isinstance(many, (list, tuple)) for one in many]
    return sum(torch.is_tensor(one) and one.ndim > 0 for one in found)


def _fault(call, argument, given, label, alone):
    """alone: nothing says on which device the argument has to be."""
    label = label.partition(" of ")[0]
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            call()
    except (TypeError, ValueError) as error:
        names = [argument] if label in {*ALWAYS, "elsewhere"} else [*given, "mask"]
        named = any(re.search(rf"(?<![A-Za-z]){one}(?![A-Za-z])", str(error)) for one in names)
        return "" if named else f"{type(error).__name__}: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    refused = label in ALWAYS or (label == "elsewhere" and not alone)
    return TAKEN if refused else ""
