"""Attention, defined in NumPy and computed in PyTorch.

`attention_lib.reference` holds the definitions and needs NumPy alone, as do `cost`, `plans`,
`data` and `checks`; the other parts need torch. Each is imported when it is first used. What makes
a book of the library is another package, `attention_book`.
"""

from importlib import import_module
from pkgutil import iter_modules

__all__ = [part.name for part in iter_modules(__path__)]
__version__ = "0.1.0"


def __getattr__(name):
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
