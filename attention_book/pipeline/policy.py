"""What a page may load: a strict Content-Security-Policy, the same on every page.

A page loads what lies beside it, and nothing else: no script or style sheet inside the page, no
other host. `file:` is named beside `'self'` because a page that is opened from a folder has no
origin that `'self'` could mean; a page from a server cannot load such a file anyway. The scripts of
the explorables are stored in the page as data and imported from `blob:` addresses. They draw with
style attributes, and tables have them too, so these are allowed; style elements are not.
"""

from __future__ import annotations

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' file: blob:",
    "style-src": "'self' file:",
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' file: data:",
    "font-src": "'self' file:",
    "form-action": "'self' file:",
    "base-uri": "'none'",
    "object-src": "'none'",
}
TEXT = "; ".join(f"{name} {sources}" for name, sources in POLICY.items())
META = f'<meta http-equiv="Content-Security-Policy" content="{TEXT}" />'
