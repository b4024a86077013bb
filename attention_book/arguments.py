"""What pictures and tables ask of their arguments; an error names the one that does not do."""

import numpy as np

from attention_lib.checks import as_list, check_text, shown


def finite(name, values, n_dimensions=None):
    """`values` as an array of float64 with so many axes (None: any), not empty, all finite."""
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, OverflowError):
        array = np.empty(0, dtype=object)
    except RuntimeError as error:  # a torch tensor that requires grad
        raise TypeError(f"{name} must hold numbers that NumPy can read: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers in even rows, got {shown(values)}")
    if array.ndim != (array.ndim if n_dimensions is None else n_dimensions):
        raise ValueError(
            f"{name} must have {n_dimensions} axes and not be empty, got shape {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return array.astype(float)


def same_length(name, values, x):
    values = finite(name, values, 1)
    if len(values) != len(x):
        raise ValueError(f"{name} must have {len(x)} numbers like x, got {len(values)}")
    return values


def as_names(name, given, count=None):
    """A list of texts, so many of them; a text stands for its characters."""
    given = list(given) if isinstance(given, str) else as_list(name, given, "names")
    names = [written(f"{name}[{k}]", one) for k, one in enumerate(given)]
    if count is not None and len(names) != count:
        raise ValueError(f"{name} must have {count} names, got {len(names)}")
    return names


def written(name, one):
    try:
        return str(one)
    except Exception as error:  # 10**5000, or an object of another's making
        raise TypeError(
            f"{name} must be something that can be written, got {shown(one)}"
        ) from error


def check_few(name, given, most):
    if not 1 <= len(given) <= most:
        raise ValueError(f"{name} must have 1 to {most} entries, got {len(given)}")


def rising(name, pair):
    """(low, high) as two finite floats, the first below the second."""
    ends = finite(name, pair)
    if ends.shape != (2,) or not ends[0] < ends[1]:
        raise ValueError(f"{name} must be (low, high) with low < high, got {shown(pair)}")
    return tuple(ends.tolist())


def check_dict(to, **given):
    """All arguments are dicts from name to what `to` says."""
    for name, one in given.items():
        if not isinstance(one, dict):
            raise TypeError(f"{name} must be a dict from name to {to}, got {type(one).__name__}")


def as_format(name, form):
    """A format specification that fits a number."""
    check_text(**{name: form})
    try:
        format(0.5, form)
    except ValueError as error:
        raise ValueError(f"{name} must be a format of numbers such as .0%: {error}") from None
    return form
