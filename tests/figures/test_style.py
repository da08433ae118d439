"""One colour per optimizer, whatever else is in the sweep."""

import pandas as pd
import pytest

from study.figures.style import Style
from study.figures.style.words import number, seeds_of

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


def test_a_fresh_stream_each_time() -> None:
    """What one figure draws moves no other."""
    style = _style(("adam", "adam"))
    assert style.rng().random() == style.rng().random()


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123456, "0.0123"), (float("inf"), "∞"), (-float("inf"), "−∞"), (0.0, "0")]
)
def test_numbers_in_words(value: float, text: str) -> None:
    """Three digits; infinity is a sign."""
    assert number(value) == text


def test_seeds_in_words() -> None:
    """Equal counts, unequal counts, one label."""
    runs = pd.DataFrame({"label": ["a", "a", "b"], "seed": [0, 1, 0]})
    assert seeds_of(runs) == "1 to 2 seeds each"
    assert seeds_of(runs[:2]) == "2 seeds"
    assert seeds_of(runs[1:]) == "1 seed each"
