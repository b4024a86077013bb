"""Every public function with an example in its docstring, and its arguments made useless in turn.

The examples say how a function is called; a new function is swept without a line here.
"""

import contextlib
import copy
import doctest
import importlib
import inspect
import io
import math
import pkgutil
import re
from fractions import Fraction

import numpy as np

import attention_lib
from attention_lib import choose, cost, data, functional, generation, reference, training

PARTS = (choose, cost, functional, generation, reference, training)


class Useless:
    """An argument that nothing can take."""


FITS_A_FLOAT = "of 71 bits"  # a real number like others, though no integer of a tensor
BAD = {
    "useless": Useless(),
    "none": None,
    "text": "text",
    "nan": math.nan,
    "infinity": math.inf,
    "fraction": Fraction(1, 2),
    "large": 10**5000,
    FITS_A_FLOAT: 2**70,
    "complex": 1j,
    "empty": [],
    "nested": [[1], [2, 3]],
    "array": np.full(2, "a"),
}

# (function, argument): why a wrong value need not be named
EXEMPT = {
    ("choose.choose_attention", "calibration"): "None measures this machine, for seconds",
    ("training.fit", "batches"): "what a batch is only the loss knows",
    ("training.fit", "checkpoint"): "a text is the path of a file, which would be written",
}


def functions():
    """name -> function: what the parts of the library offer, and each module of `data`."""
    found = {}
    for part in PARTS:
        for name in part.__all__:
            found[f"{part.__name__.partition('.')[2]}.{name}"] = getattr(part, name)
    for module in pkgutil.iter_modules(data.__path__, f"{data.__name__}."):
        for name, one in vars(importlib.import_module(module.name)).items():
            if getattr(one, "__module__", "") == module.name and not name.startswith("_"):
                found[f"{module.name.partition('.')[2]}.{name}"] = one
    return {name: one for name, one in found.items() if inspect.isfunction(one)}


def recorded():
    """name -> the arguments of each call of the function in any example of the packages."""
    wanted = {inspect.unwrap(one): name for name, one in functions().items()}
    calls = {}
    runner = doctest.DocTestRunner(verbose=False)
    for module in pkgutil.walk_packages(attention_lib.__path__, "attention_lib."):
        for test in doctest.DocTestFinder().find(importlib.import_module(module.name)):
            for name, one in list(test.globs.items()):
                known = wanted.get(inspect.unwrap(one)) if inspect.isfunction(one) else None
                if known:
                    test.globs[name] = _noting(one, calls.setdefault(known, []))
            with contextlib.redirect_stdout(io.StringIO()):
                runner.run(test, clear_globs=False)
    return {name: noted for name, noted in calls.items() if noted}


def _noting(function, calls):
    signature = inspect.signature(function)

    def noted(*arguments, **options):
        result = function(*arguments, **options)
        calls.append(dict(signature.bind(*arguments, **options).arguments))
        return result

    return noted


def cases(name, function):
    """(argument, label of the value) for everything that can be made useless."""
    for argument in inspect.signature(function).parameters.values():
        named = argument.kind in (argument.POSITIONAL_OR_KEYWORD, argument.KEYWORD_ONLY)
        if named and (name, argument.name) not in EXEMPT:
            for label in BAD:
                if label != "none" or argument.default is not None:
                    yield argument.name, label


def fault(function, calls, argument, label):
    """What is wrong with how the function takes this value, in words; "" if nothing is."""
    given = next((one for one in calls if argument in one), calls[0])
    given = {key: _copied(one) for key, one in given.items()} | {argument: BAD[label]}
    signature = inspect.signature(function)
    bound = signature.bind_partial()
    bound.arguments = {key: given[key] for key in signature.parameters if key in given}
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            function(*bound.args, **bound.kwargs)
    except (TypeError, ValueError) as error:
        if label == FITS_A_FLOAT:  # what comes of it may be told in other words
            return ""
        named = re.search(rf"(?<![A-Za-z]){re.escape(argument)}(?![A-Za-z])", str(error))
        return "" if named else f"{type(error).__name__}: {error}"
    except Exception as error:
        overflows = label == FITS_A_FLOAT and isinstance(error, FloatingPointError)
        return "" if overflows else f"{type(error).__name__}: {error}"
    return "it is taken" if label == "useless" else ""


def _copied(one):
    try:
        return copy.deepcopy(one)
    except Exception:
        return one
