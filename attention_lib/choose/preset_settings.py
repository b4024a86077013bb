"""What a `TransformerConfig` may be made of: attentions with their settings, positions, ends."""

from collections.abc import Mapping
from functools import partial

from .. import cost, modules
from ..checks import check_choice, check_count, check_even, shown
from ..mechanisms import MECHANISMS
from ..modules.position_schemes import POSITIONS

ATTENTIONS = {name: one for name, one in MECHANISMS.items() if one.settings is not None}


def full_settings(attention, settings):
    """The settings of an attention by name, with its defaults where nothing is given.

    >>> full_settings("sliding_window", {"window": 7})
    {'window': 7, 'n_sinks': 0}
    """
    check_choice("attention", attention, tuple(ATTENTIONS))
    defaults = ATTENTIONS[attention].settings
    if not isinstance(settings, Mapping):
        raise TypeError(
            f"attention_settings must map names to values, got {type(settings).__name__}"
        )
    for name in settings:
        if name not in defaults:
            raise ValueError(
                f"attention_settings must be among those of {attention!r} "
                f"({', '.join(defaults) or 'it has none'}), got {shown(name)}"
            )
    settings = {**defaults, **settings}
    made(attention, settings)  # its module checks the values
    return {name: int(value) for name, value in settings.items()}


def made(attention, settings):
    """The module that takes the place of dense attention on the heads, or None."""
    name = ATTENTIONS[attention].heads
    return getattr(modules, name)(**settings) if name else None


def counted(attention, settings):
    """The cost of that module, as `cost.multi_head_attention` takes it, or None."""
    one = ATTENTIONS[attention]
    return partial(getattr(cost, one.function), **settings) if one.heads else None


def check_preset_positions(positions, attention, d_model, n_heads):
    """positions is a scheme that the attention can use, at these widths."""
    schemes = POSITIONS
    if attention != "dense":  # it has no scores that a bias could be added to
        schemes = [one for one in POSITIONS if one not in ("alibi", "relative")]
    check_choice(f"positions with attention={attention!r}", positions, schemes)
    if positions == "sinusoidal":
        check_even(**{"d_model with positions='sinusoidal'": d_model})
    if positions == "rotary":
        check_even(**{"d_model / n_heads with positions='rotary'": d_model // n_heads})


def check_ends(vocabulary, patch_width, n_classes):
    """Tokens or patches come in; logits of n_classes, or vectors for None, go out."""
    if (vocabulary is None) == (patch_width is None):
        raise ValueError(
            "exactly one of vocabulary (for tokens) and patch_width (for patches) must be given, "
            f"got {shown(vocabulary)} and {shown(patch_width)}"
        )
    given = {"vocabulary": vocabulary, "patch_width": patch_width, "n_classes": n_classes}
    check_count(**{name: size for name, size in given.items() if size is not None})
