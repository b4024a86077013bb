"""Integers of NumPy in the place of Python's: small ones overflow, unsigned ones know no minus."""

import contextlib
import dataclasses
import inspect
import io
from functools import partial

import numpy as np
import torch

from attention_lib import modules
from tests.helpers.argument_sweep import _copied
from tests.helpers.module_calls import CALLS, inputs_of

KINDS = (np.int8, np.uint8, np.int16, np.int32, np.uint64)


def differences(function, calls):
    """Where a function gives something else for an integer of NumPy, in words."""
    for given in calls[:2]:
        integers = {name: one for name, one in given.items() if type(one) is int}
        expected = _given(function, given) if integers else None
        for name, one in integers.items():
            for kind in KINDS:
                if np.iinfo(kind).min <= one <= np.iinfo(kind).max:
                    try:
                        found = _given(function, {**given, name: kind(one)})
                    except Exception as error:
                        yield f"{name} of {kind.__name__}: {type(error).__name__}: {error}"
                    else:
                        if not _same(expected, found):
                            yield f"{name} of {kind.__name__}: it gives something else"


def module_pairs(label):
    """(kind, what a module gives, what it gives made with integers of that kind)."""
    name, made, _, _ = CALLS[label]
    for kind in KINDS:
        results = []
        for change in (_kept, kind):
            torch.manual_seed(0)
            options = {key: _changed(_made(one), change) for key, one in made.items()}
            module = getattr(modules, name)(**options).eval()
            arguments, options = inputs_of(label)
            options = {key: _changed(one, change) for key, one in options.items()}
            results.append(module(*arguments, **options))
        yield kind.__name__, *results


def _kept(one):
    return one


def _made(one):
    return one() if isinstance(one, partial) else one


def _changed(one, kind):
    return kind(one) if type(one) is int else one


def _given(function, given):
    signature = inspect.signature(function)
    bound = signature.bind_partial()
    bound.arguments = {key: _copied(given[key]) for key in signature.parameters if key in given}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return function(*bound.args, **bound.kwargs)


def _same(one, other):
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(_same, one, other))
    if dataclasses.is_dataclass(one):
        return _same(list(vars(one).values()), list(vars(other).values()))
    plain = type(one).__eq__ is not object.__eq__
    return one == other if plain and not callable(one) else type(one) is type(other)
