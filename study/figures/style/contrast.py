"""How well a colour is seen on white and on a dark page, and which one takes its place there."""

from colorsys import hls_to_rgb, rgb_to_hls

from matplotlib.colors import to_hex, to_rgb

LIGHT, DARK = "#ffffff", "#1d232b"
"""Grounds of a page's figures."""

LEAST_TEXT = 4.5
"""Contrast of text that Web Content Accessibility Guidelines 2.2 ask for (1.4.3); of lines they ask 3 (1.4.11)."""

_GREY = 0.25  # saturation below which a colour is told by its lightness alone


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21.

    Reference: W3C, Web Content Accessibility Guidelines 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio,
    (L1 + .05) / (L2 + .05) with L1 the larger of both relative luminances.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def on_dark(color: str) -> str:
    """Return what a colour of a figure on white is on a dark ground.

    Greys change sides: ink is light there, white is the ground, and a pale rule is a faint one. Any other colour is
    mixed with white until it is read as text would be.

    Example:
        >>> on_dark("#ffffff"), contrast(on_dark("#20262e"), DARK) > 9, on_dark("#0072B2")
        ('#1d232b', True, '#3891c3')
    """
    red, green, blue = to_rgb(color)
    hue, light, saturation = rgb_to_hls(red, green, blue)
    if light > 0.999:
        return DARK
    if saturation < _GREY or light > 0.85:
        return to_hex(hls_to_rgb(hue, 1 - 0.85 * light, min(saturation, 0.15)))
    return _mixed(color, with_=1.0, ground=DARK)


def legible(color: str) -> str:
    """Return a colour, as dark as text in it must be on white.

    >>> legible("#0072B2"), legible("#C28500")
    ('#0072b2', '#9f6d00')
    """
    return _mixed(color, with_=0.0, ground=LIGHT)


def _mixed(color: str, *, with_: float, ground: str) -> str:
    """Return a colour with as little white (1) or black (0) as lets it be read on a ground."""
    red, green, blue = to_rgb(color)
    mixed = (
        to_hex((red + (with_ - red) * share, green + (with_ - green) * share, blue + (with_ - blue) * share))
        for share in (percent / 100 for percent in range(101))
    )
    return next(each for each in mixed if contrast(each, ground) >= LEAST_TEXT)


def _luminance(color: str) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
