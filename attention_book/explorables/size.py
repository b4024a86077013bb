"""How many bytes a widget adds to a page that stores its state."""

import json

from ipywidgets.embed import dependency_state

MAX_STATE = 150_000


def state_size(widget):
    """Count the bytes of a widget's state as a notebook or a static page stores it.

    Counts the widget and everything it refers to (sliders, layouts, links), with the
    defaults written out and binary data in base64, as UTF-8 JSON.

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
    return len(json.dumps(dependency_state(widget, drop_defaults=False)).encode())
