"""The widgets behind a sweep: one view per kind, and the box of sliders around it."""

from functools import cache
from pathlib import Path

import anywidget
import traitlets
from ipywidgets import Layout, SelectionSlider, SliderStyle, VBox, jslink

from attention_book.explorables.theme import style_sheet

BUILT = Path(__file__).parent / "built"


class View(anywidget.AnyWidget):
    """Looks up the result at the indices i0, i1, ... and draws it."""

    _css = style_sheet()
    title = traitlets.Unicode().tag(sync=True)
    spec = traitlets.Dict().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)
    facts = traitlets.Bytes().tag(sync=True)
    i0 = traitlets.Int(0).tag(sync=True)
    i1 = traitlets.Int(0).tag(sync=True)
    i2 = traitlets.Int(0).tag(sync=True)
    i3 = traitlets.Int(0).tag(sync=True)
    i4 = traitlets.Int(0).tag(sync=True)

    def __repr__(self):
        return f"{type(self).__name__}({self.title!r})"


@cache
def view_class(kind):
    """The widget of a kind of picture, with the script that its name stands for."""
    script = (BUILT / f"{kind.name}.js").read_text(encoding="utf-8")
    return type(f"{kind.__name__}View", (View,), {"__module__": __name__, "_esm": script})


class Explorable(VBox):
    """Sliders above a view. `caption(*indices)` is the text that the view shows there.

    The first `n_leading` axes have no slider: they are the steps, which the view has buttons for.
    """

    def __init__(self, view, axes, caption_at, n_leading=0):
        layout, style = Layout(width="100%"), SliderStyle(description_width="auto")
        sliders = [_slider(axis, layout, style) for axis in axes[n_leading:]]
        self.view, self.sliders, self._caption_at = view, sliders, caption_at
        self.links = [
            jslink((slider, "index"), (view, f"i{k}"))
            for k, slider in enumerate(sliders, start=n_leading)
        ]
        super().__init__([*sliders, view], layout=layout)
        self.add_class("attn-sweep")

    def caption(self, *indices):
        return self._caption_at(indices)

    def __repr__(self):
        return f"Interactive figure: {self.view.title} (run this cell to move it)"


def _slider(axis, layout, style):
    return SelectionSlider(
        options=[(text, text) for text in axis.texts],
        index=axis.start,
        description=axis.label,
        continuous_update=True,
        layout=layout,
        style=style,
    )
