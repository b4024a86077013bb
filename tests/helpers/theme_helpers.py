"""Contrast of two colours by WCAG 2.2, written apart from the library."""


def _luminance(colour):
    total = 0.0
    for weight, k in ((0.2126, 1), (0.7152, 3), (0.0722, 5)):
        c = int(colour[k : k + 2], 16) / 255
        total += weight * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
    return total


def contrast(one, other):
    a, b = sorted([_luminance(one), _luminance(other)])
    return (b + 0.05) / (a + 0.05)
