"""What was learned: data, target, and the curve that each run fitted."""

from matplotlib.figure import Figure

from study.figures.style import Style
from study.figures.style.canvas import HALF, WIDE, panels, used_lines
from study.figures.style.words import number, seeds_of
from study.frames import SweepFrames
from study.stats.fits import knows_target, median_errors, median_fit


def draw(sweep: SweepFrames, style: Style) -> Figure:
    """Return one panel per label: noisy data, noise-free target, every seed's fit and their median."""
    lines = used_lines(style, sweep.fits["label"])
    medians = median_fit(sweep.fits)
    figure, axes = panels(
        len(lines), columns=2, x="x", y="y", width=HALF if len(lines) == 1 else WIDE, height=2.9
    )
    for (label, line), panel in zip(lines.items(), axes, strict=True):
        panel.plot(
            sweep.data["x"],
            sweep.data["y"],
            ".",
            ms=2 if len(sweep.data) > 300 else 5,
            color="#b9c0ca",
            rasterized=True,
        )
        for _, fit in sweep.fits[sweep.fits["label"] == label].groupby("seed"):
            panel.plot(fit["x"], fit["prediction"], color=line.color, lw=0.8, alpha=0.3, rasterized=True)
        middle = medians[medians["label"] == label]
        panel.plot(middle["x"], middle["prediction"], color=line.color, lw=2.6)
        if knows_target(sweep.data):
            panel.plot(sweep.data["x"], sweep.data["clean"], color="#20262e", lw=1.2, ls=(0, (4, 3)))
        panel.set_title(label)
    return figure


def caption(sweep: SweepFrames, style: Style) -> str:
    """Return who comes closest to the target, and what the lines are."""
    errors = median_errors(sweep.fits, sweep.data)
    ranked = sorted(errors, key=lambda label: errors[label])
    known = knows_target(sweep.data)
    aim, dashed = ("noise-free target", " dashed: the target;") if known else ("data", "")
    worst = f", {ranked[-1]} stays farthest ({number(errors[ranked[-1]])})" if len(ranked) > 1 else ""
    fitted = sweep.fits[["label", "seed"]].drop_duplicates()
    close = "comes closest" if len(ranked) > 1 else "comes close"
    return (
        f"{ranked[0]} {close} to the {aim} (root mean square distance {number(errors[ranked[0]])}, median over "
        f"seeds){worst}. Dots: the data of one seed;{dashed} thin lines: the fit of each seed; thick: their "
        f"pointwise median; n = {seeds_of(fitted)}, no interval."
    )
