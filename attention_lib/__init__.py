"""Attention, defined in NumPy, computed in PyTorch, drawn and explained.

`attention_lib.reference` holds the definitions and needs NumPy alone. The parts that need more
(`functional`, `modules`, `generation`, `training` and `choose` need torch, `figures` needs
matplotlib, `explorables` needs widgets) are imported when they are first used.
"""

from importlib import import_module

_PARTS = (
    "checks",
    "choose",
    "claims",
    "cost",
    "data",
    "exercises",
    "explorables",
    "figures",
    "functional",
    "generation",
    "modules",
    "palette",
    "reference",
    "training",
)

__all__ = list(_PARTS)
__version__ = "0.1.0"


def __getattr__(name):
    if name in _PARTS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_PARTS])
