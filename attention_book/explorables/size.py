"""How many bytes a widget adds to a page that stores its state."""

import json

from ipywidgets.embed import dependency_state

MAX_STATE = 150_000
TEXTS = {"_esm", "_css"}


def state_size(widget):
    """Count the bytes of a widget's state as a notebook or a static page stores it.

    Counts the widget and everything it refers to (sliders, layouts, links), with the
    defaults written out and binary data in base64, as UTF-8 JSON. A script or a style sheet that
    several widgets have is counted once: the pages store it once.

    Args:
        widget: an ipywidgets widget or a list of them.

    Returns:
        int, bytes.

    Source: the notebook format's `application/vnd.jupyter.widget-state+json`.
    Chapter: all that hold an explorable.

    >>> from ipywidgets import IntSlider
    >>> state_size(IntSlider()) > 500
    True
    """
    state = dependency_state(widget, drop_defaults=False)
    return len(json.dumps(shared(state), ensure_ascii=False, separators=(",", ":")).encode())


def shared(state):
    """The models and the texts that they share: a number stands for a script or a style sheet."""
    texts = {}
    models = {name: {**model, "state": dict(model["state"])} for name, model in state.items()}
    for model in models.values():
        for key in TEXTS.intersection(model["state"]):
            model["state"][key] = texts.setdefault(model["state"][key], len(texts))
    return {"state": models, "shared": list(texts)}
