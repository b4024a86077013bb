"""What a `TransformerConfig` may be made of: attentions with their settings, positions, ends."""

from collections.abc import Mapping
from functools import partial

from .. import cost, modules
from ..checks import check_choice, check_count, check_even
from ..modules.position_schemes import POSITIONS

ACTIVATIONS = ("relu", "gelu", "gelu_tanh", "swiglu")
# name: (module of the heads, its cost, its settings)
ATTENTIONS = {
    "dense": (None, None, {}),
    "sliding_window": (
        modules.SlidingWindowAttention,
        cost.sliding_window_attention,
        {"window": 256, "n_sinks": 0},
    ),
    "block_sparse": (
        modules.BlockSparseAttention,
        cost.block_sparse_attention,
        {"block_size": 64, "window_blocks": 3, "global_blocks": 2, "random_blocks": 3, "seed": 0},
    ),
    "linear": (modules.LinearAttention, cost.linear_attention, {}),
    "performer": (
        modules.PerformerAttention,
        cost.performer_attention,
        {"n_features": 256, "seed": 0},
    ),
}


def full_settings(attention, settings):
    """The settings of an attention by name, with its defaults where nothing is given.

    >>> full_settings("sliding_window", {"window": 7})
    {'window': 7, 'n_sinks': 0}
    """
    check_choice("attention", attention, tuple(ATTENTIONS))
    defaults = ATTENTIONS[attention][-1]
    if not isinstance(settings, Mapping):
        raise TypeError(
            f"attention_settings must map names to values, got {type(settings).__name__}"
        )
    for name in settings:
        if name not in defaults:
            raise ValueError(
                f"attention_settings must be among those of {attention!r} "
                f"({', '.join(defaults) or 'it has none'}), got {name!r}"
            )
    settings = {**defaults, **settings}
    made(attention, settings)  # its module checks the values
    return {name: int(value) for name, value in settings.items()}


def made(attention, settings):
    """The module that takes the place of dense attention on the heads, or None."""
    module = ATTENTIONS[attention][0]
    return None if module is None else module(**settings)


def counted(attention, settings):
    """The cost of that module, as `cost.multi_head_attention` takes it, or None."""
    count = ATTENTIONS[attention][1]
    return None if count is None else partial(count, **settings)


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
            f"got {vocabulary} and {patch_width}"
        )
    given = {"vocabulary": vocabulary, "patch_width": patch_width, "n_classes": n_classes}
    check_count(**{name: size for name, size in given.items() if size is not None})
