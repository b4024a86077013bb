"""The figures' style sheet: the palette as custom properties in front of built/style.css."""

from pathlib import Path

from attention_book.palette import DARK, LIGHT

DARK_PAGES = (
    "html[data-theme=dark]",
    "body[data-jp-theme-light=false]",
    "body.vscode-dark",
    "html[theme=dark]",
)


def luminance(colour):
    """Relative luminance of "#rrggbb", 0 to 1 (WCAG 2.2)."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def mix(colour, paper, amount):
    """`amount` of `colour` on `paper`, mixed in sRGB as CSS color-mix does."""
    pairs = [(int(colour[k : k + 2], 16), int(paper[k : k + 2], 16)) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(amount * c + (1 - amount) * p):02x}" for c, p in pairs)


def turning_point(colour, paper):
    """The amount of `colour` at which the better text changes between black and white."""
    middle = 1.05**0.5 * 0.05**0.5 - 0.05
    amounts = [k / 1000 for k in range(1001)]
    dark_first = luminance(paper) < middle
    return next(
        (a for a in amounts if (luminance(mix(colour, paper, a)) < middle) != dark_first), 1.001
    )


def _properties(colours):
    roles = ";".join(f"--attn-{name}:{value}" for name, value in colours.items())
    paper = colours["paper"]
    query, key = (turning_point(colours[role], paper) for role in ("query", "key"))
    turns = f"--attn-tq:{query};--attn-tk:{key}"
    first, then = ("#fff", "#000") if luminance(paper) < 0.18 else ("#000", "#fff")
    return f"{{{roles};{turns};--attn-n0:{first};--attn-n1:{then}}}"


def style_sheet():
    """The CSS text of every figure."""
    root = ".attn-fig"
    dark = ",".join(f"{page} {root}" for page in DARK_PAGES)
    rules = (Path(__file__).parent / "built" / "style.css").read_text(encoding="utf-8")
    colours = f"{root}{_properties(LIGHT)}@media screen{{{dark}{_properties(DARK)}}}"
    return colours + rules.strip()
