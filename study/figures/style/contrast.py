"""How well a colour is seen on white and on a dark page, and which one takes its place there."""

from colorsys import hls_to_rgb, rgb_to_hls

from matplotlib.colors import to_hex, to_rgb

LIGHT, DARK = "#ffffff", "#1d232b"
"""Grounds of a page's figures."""

LEAST_TEXT = 4.5
"""Contrast of text that Web Content Accessibility Guidelines 2.2 ask for (1.4.3); of lines they ask 3 (1.4.11)."""

_APART = 0.4  # how much of a colour's contrast to white beyond that it has more of to a dark ground
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

    Greys change sides: ink is light there, white is the ground, and a pale rule is a faint one. Any other colour
    keeps its hue and is as light as text must be at least: the lighter, the darker it is on white, so that shades of
    one colour stay apart.

    Example:
        >>> on_dark("#ffffff"), contrast(on_dark("#20262e"), DARK) > 9
        ('#1d232b', True)
        >>> [round(contrast(on_dark(shade), DARK), 1) for shade in ("#0072B2", "#002d47")]
        [4.8, 8.5]
    """
    hue, light, saturation = rgb_to_hls(*to_rgb(color))
    if light > 0.999:
        return DARK
    if saturation < _GREY or light > 0.85:
        return to_hex(hls_to_rgb(hue, 1 - 0.85 * light, min(saturation, 0.15)))
    wanted = LEAST_TEXT + _APART * max(contrast(color, LIGHT) - LEAST_TEXT, 0)
    lighter = (
        to_hex(hls_to_rgb(hue, light + (1 - light) * percent / 100, saturation)) for percent in range(101)
    )
    return next(each for each in lighter if contrast(each, DARK) >= wanted)


def legible(color: str) -> str:
    """Return a colour, as dark as text in it must be on white.

    >>> legible("#0072B2"), legible("#C28500")
    ('#0072b2', '#9f6d00')
    """
    parts = to_rgb(color)
    darker = ((part * percent / 100 for part in parts) for percent in range(100, -1, -1))
    mixed = (to_hex((red, green, blue)) for red, green, blue in darker)
    return next(each for each in mixed if contrast(each, LIGHT) >= LEAST_TEXT)


def _luminance(color: str) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
