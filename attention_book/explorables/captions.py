"""Captions: templates in Python's format syntax, filled in by the browser with equal text."""

import re
from dataclasses import dataclass
from numbers import Integral, Real
from string import Formatter

import numpy as np

from attention_book.explorables.grid import describe
from attention_book.explorables.pack import Part, pack

SPEC = re.compile(r"d|\.[0-6][f%]")
LONGEST_TEXT = 80
LARGEST_NUMBER = 1e15


@dataclass(frozen=True)
class Facts:
    """Named quantities, one value per grid point: float32, a text as an index into a table.

    The view gets only what its captions print of them, see `pack_facts`.
    """

    names: tuple = ()
    kinds: tuple = ()
    tables: tuple = ()
    columns: np.ndarray = None

    def value(self, name, point):
        k = self.names.index(name)
        number = float(self.columns[k, point])
        if self.kinds[k] == "text":
            return self.tables[k][int(number)]
        return int(number) if self.kinds[k] == "int" else number


def gather_facts(rows, points):
    """Turn one dict per grid point into columns; every dict must have the same names and kinds."""
    for row, point in zip(rows, points, strict=True):
        if not isinstance(row, dict):
            raise TypeError(f"facts: expected a dict {describe(point)}, got {type(row).__name__}")
        if set(row) != set(rows[0]):
            raise ValueError(
                f"facts: the names {describe(point)} are {sorted(row)}, elsewhere {sorted(rows[0])}"
            )
    names = tuple(rows[0])
    packed = [_column(name, [row[name] for row in rows], points) for name in names]
    if not packed:
        return Facts()
    kinds, tables, columns = zip(*packed, strict=True)
    return Facts(names, kinds, tables, np.stack(columns).astype("<f4"))


def _column(name, values, points):
    for value, point in zip(values, points, strict=True):
        if isinstance(value, str):
            if len(value) > LONGEST_TEXT:
                raise ValueError(
                    f"facts: {name!r} {describe(point)} is longer than "
                    f"{LONGEST_TEXT} characters: {value!r}"
                )
        elif (
            isinstance(value, bool | np.bool_)
            or not isinstance(value, Real | np.ndarray)
            or np.ndim(value)
        ):
            raise TypeError(
                f"facts: {name!r} {describe(point)} must be a number or text, got {value!r}"
            )
        elif not abs(value) <= LARGEST_NUMBER:
            raise ValueError(
                f"facts: {name!r} {describe(point)} must be finite and at most "
                f"{LARGEST_NUMBER:g}, got {value!r}"
            )
    if all(isinstance(v, str) for v in values):
        table = tuple(dict.fromkeys(values))
        return "text", table, np.array([table.index(v) for v in values])
    if any(isinstance(v, str) for v in values):
        raise TypeError(f"facts: {name!r} is text at some grid points and a number at others")
    column = np.array([float(v) for v in values], dtype="<f4")
    if not all(isinstance(v, Integral) for v in values):
        return "float", (), column
    if any(float(stored) != value for stored, value in zip(column, values, strict=True)):
        raise ValueError(
            f"facts: {name!r} holds integers that float32 cannot hold; give them as text"
        )
    return "int", (), column


def parse(template, *, axes, facts, argument="caption"):
    """Split a template into parts: str | ("axis", k, texts) | ("fact", name, spec)."""
    if not isinstance(template, str):
        raise TypeError(f"{argument}: expected text, got {type(template).__name__}")
    try:
        pieces = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"{argument}: not a format template ({error}): {template!r}") from error
    parts = []
    for literal, field, spec, conversion in pieces:
        parts += [literal] if literal else []
        if field is not None:
            if conversion:
                raise ValueError(
                    f"{argument}: conversion !{conversion} of field {{{field}}} is not supported"
                )
            parts.append(_field(field, spec, axes, facts, argument))
    return parts


def _field(field, spec, axes, facts, argument):
    names = [axis.name for axis in axes]
    if field not in names and field not in facts.names:
        known = ", ".join([*names, *facts.names]) or "none"
        raise ValueError(f"{argument}: unknown field {{{field}}}; the fields are: {known}")
    if spec and not SPEC.fullmatch(spec):
        raise ValueError(
            f"{argument}: field {{{field}:{spec}}}: the format must be "
            "none, d, .Nf or .N% with N up to 6"
        )
    if field in names:
        axis = axes[names.index(field)]
        if not spec:
            return ("axis", names.index(field), list(axis.texts))
        kind = "text" if isinstance(axis.values[0], str) else _number_kind(axis.values)
        _check_spec(field, spec, kind, argument)
        return ("axis", names.index(field), [format_number(value, spec) for value in axis.values])
    k = facts.names.index(field)
    _check_spec(field, spec, facts.kinds[k], argument)
    _check_digits(field, spec, facts.columns[k], argument)
    return ("fact", field, spec)


def _number_kind(values):
    return "int" if all(isinstance(v, Integral) for v in values) else "float"


def _check_spec(field, spec, kind, argument):
    if kind == "text" and spec:
        raise ValueError(f"{argument}: field {{{field}}} is text and takes no format, got {spec!r}")
    if kind == "float" and spec in ("", "d"):
        raise ValueError(
            f"{argument}: field {{{field}}} is not a whole number everywhere; "
            f"give it a format such as {{{field}:.2f}}"
        )


def _check_digits(field, spec, column, argument):
    """Facts are stored in float32: more digits than it holds would be invented ones."""
    if not spec.startswith("."):
        return
    largest = np.abs(column).max()
    if np.spacing(largest) * (100 if spec.endswith("%") else 1) > 10.0 ** -int(spec[1]):
        raise ValueError(
            f"{argument}: field {{{field}:{spec}}} reaches {largest:g}, and float32 does not hold "
            "that many digits of it; use fewer decimals or smaller values"
        )


def format_number(value, spec):
    """Python's format, but a negative number that rounds to zero loses its sign."""
    return format(value, spec if spec in ("", "d") else "z" + spec)


def fill(parts, indices, facts, point):
    """The text of a parsed template at one grid point, in Python."""
    text = []
    for part in parts:
        if isinstance(part, str):
            text.append(part)
        elif part[0] == "axis":
            text.append(part[2][indices[part[1]]])
        else:
            value = facts.value(part[1], point)
            text.append(value if isinstance(value, str) else format_number(value, part[2]))
    return "".join(text)


def pack_facts(captions, facts):
    """The facts as few bits: a column for each way in which a caption prints one of them.

    Returns (name, format) -> Packed, in the order in which they are stored. What no caption prints
    is not stored.
    """
    asked = [part[1:] for parts in captions for part in parts if part[0] == "fact"]
    return {field: _pack_field(*field, facts) for field in dict.fromkeys(asked)}


def _pack_field(name, spec, facts):
    column = facts.columns[facts.names.index(name)].astype(float)
    scale = 100 if spec.endswith("%") else 1
    return pack(scale * column[:, None], Part(size=1, shown=_digits(spec)), whole=False)


def _digits(spec):
    return int(spec[1]) if spec.startswith(".") else 0


def as_state(parts, facts, stored):
    """The parts as the view reads them; `stored` are the fields of `pack_facts`, in their order.

    A text; {a: axis, t: texts}; {f: column, t: table}; {f: column, d: digits, p: 1 if per cent}.
    """
    return [part if isinstance(part, str) else _field_state(part, facts, stored) for part in parts]


def _field_state(part, facts, stored):
    kind, name, spec = part
    if kind == "axis":
        return {"a": name, "t": spec}
    column, k = list(stored).index((name, spec)), facts.names.index(name)
    if facts.kinds[k] == "text":
        return {"f": column, "t": list(facts.tables[k])}
    state = {"f": column, "d": _digits(spec)}
    return {**state, "p": 1} if spec.endswith("%") else state
