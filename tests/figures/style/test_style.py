"""One colour per optimizer, whatever else is in the sweep."""

import pandas as pd
import yaml
from matplotlib.colors import to_rgb

from study.config.paths import CONF
from study.figures.style import Style

COLORS = {"sgd": "#0072b2", "adam": "#d55e00"}


def _style(*pairs: tuple[str, str]) -> Style:
    runs = pd.DataFrame(pairs, columns=["label", "optimizer"])
    return Style.of(runs, colors=COLORS, spare=["#111111", "#222222"])


def test_a_rule_from_scratch_has_its_twins_colour_dashed() -> None:
    """Dashed beside others; where all rules are from scratch a dash would tell nothing."""
    style = _style(("adam", "adam"), ("scratch/adam", "scratch/adam"))
    assert style.colors["scratch/adam"] == style.colors["adam"] == "#d55e00"
    assert style.lines["adam"].dash == "-"
    assert style.lines["scratch/adam"].dash != "-"
    assert style.lines["scratch/adam"].color == "#d55e00"
    alone = _style(("scratch/adam", "scratch/adam"), ("scratch/sgd", "scratch/sgd"))
    assert alone.lines["scratch/adam"].dash == "-"


def test_unknown_optimizers_take_spare_colours_by_name() -> None:
    """The order of the sweep does not matter, and the stream of spares goes round."""
    first = _style(("zeta", "zeta"), ("alpha", "alpha"), ("mid", "mid"), ("adam", "adam"))
    second = _style(("adam", "adam"), ("mid", "mid"), ("alpha", "alpha"), ("zeta", "zeta"))
    assert first.colors == second.colors
    assert first.colors == {"alpha": "#111111", "mid": "#222222", "zeta": "#111111", "adam": "#d55e00"}


def test_labels_of_one_optimizer_differ() -> None:
    """Shades and dashes beside other optimizers, a palette where there is only one."""
    style = _style(("sgd lr=1", "sgd"), ("sgd lr=2", "sgd"), ("adam", "adam"))
    assert style.lines["sgd lr=1"].color == "#0072b2"
    assert len({(line.color, line.dash) for line in style.lines.values()}) == 3
    single = _style(*((f"sgd lr={index}", "sgd") for index in range(4)))
    assert len({line.color for line in single.lines.values()}) == 4


def test_one_optimizer_throughout_has_an_ordered_palette() -> None:
    """Its own colour would tell nothing; every colour of the palette can be seen on white."""
    style = _style(*((f"sgd lr={index}", "sgd") for index in range(20)))
    assert len({line.color for line in style.lines.values()}) == 20
    assert {line.dash for line in style.lines.values()} == {"-"}  # names tell so many apart, and not dashes
    assert min(contrast_with_white(line.color) for line in style.lines.values()) > 1.5


def test_the_shipped_colours_can_be_seen_on_white() -> None:
    """At least 3:1, which WCAG 2.1 asks of what a picture is read by (1.4.11)."""
    report = yaml.safe_load((CONF / "report" / "default.yaml").read_text())
    for color in [*report["colors"].values(), *report["spare"]]:
        assert contrast_with_white(color) >= 3, color


def contrast_with_white(color: str) -> float:
    """Return WCAG's contrast ratio, 1.05 / (relative luminance + 0.05)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
