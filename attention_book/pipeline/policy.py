"""What a page may load: a strict Content-Security-Policy, the same on every page.

A page loads what lies beside it, and nothing else: no script, style sheet or style attribute inside
the page, no other host. `file:` is named beside `'self'` because a page that is opened from a
folder has no origin that `'self'` could mean; a page from a server cannot load such a file anyway.
The scripts of the explorables are stored in the page as data and imported from `blob:` addresses.
A script may set the style of an element, but not write it as an attribute.
"""

from __future__ import annotations

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' file: blob:",
    "style-src": "'self' file:",
    "img-src": "'self' file: data:",
    "font-src": "'self' file:",
    "form-action": "'self' file:",
    "base-uri": "'none'",
    "object-src": "'none'",
}
TEXT = "; ".join(f"{name} {sources}" for name, sources in POLICY.items())
META = f'<meta http-equiv="Content-Security-Policy" content="{TEXT}" />'
