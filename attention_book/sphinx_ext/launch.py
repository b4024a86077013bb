"""Buttons that open a chapter in Colab or Binder, where _config.yml has the repository's address.

The theme makes them. Left to itself it would take another project's address for a missing one.
"""

from __future__ import annotations

from pathlib import Path

from ..pipeline.address import address_of

BINDER = "https://mybinder.org"
COLAB = "https://colab.research.google.com"


def set_address(app, config):
    """Tell the theme the address, and which of the two can open it."""
    address, options = address_of(Path(app.srcdir)), config.html_theme_options
    for name in ("repository_url", "repository_branch", "launch_buttons"):
        options.pop(name, None)
    if address and address.opens_in_binder:
        options["repository_url"] = address.url
        options["repository_branch"] = address.branch
        options["launch_buttons"] = {
            "notebook_interface": "jupyterlab",
            "binderhub_url": BINDER,
            "colab_url": COLAB if address.opens_in_colab else "",
        }


def setup(app):
    app.connect("config-inited", set_address, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
