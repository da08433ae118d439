"""Measure the phase diagram of learning rate and momentum, and write reports/phase/.

study phase
study phase size=128 out=elsewhere
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from study import cli
from study.config.compose import compose
from study.config.paths import CHECKOUT, ROOT
from study.ranges import Range, is_whole
from study.report.folder import replacing, require_own
from study.report.render import render

if TYPE_CHECKING:  # both take a second to import, which a wrong argument should not wait for
    import pandas as pd

_SIZE = Range("a whole number from 8 to 256", lambda value: is_whole(value) and 8 <= value <= 256)
_LARGEST = 4.0  # the heavy ball's boundary reaches ηλ = 2 + 2β < 4


def main() -> None:
    """Run the command line."""
    cli.run(phase, __doc__, config="phase")


def phase(asked: cli.Asked) -> None:
    """Measure, draw, write, and say what was written."""
    cfg = compose("phase", asked.overrides, asked.config_dir)
    _SIZE.require("size", cfg.size)
    out = Path(str(cfg.out)) if cfg.out is not None else ROOT / "reports" / "phase"
    require_own(out, key="out")
    grid = measure(cfg.size)
    write(grid, out)
    sys.stdout.write(f"{agreement(grid)}\nwritten: {_shown(out)}\n")


def measure(size: int) -> "pd.DataFrame":
    """Return one row per cell of a grid of `size` momenta x `size` values of ηλ, for heavy ball and NAG.

    Columns: `rule`, `momentum` in [0, 1), `eta_lambda` in (0, 4), `measured` and `theory` (rates per step), and
    `boundary` (the ηλ at which the rule becomes unstable at that momentum).
    """
    import numpy as np
    import pandas as pd

    from study.phase.measure import RULES, measured_rates

    a, momenta = (np.arange(size) + 0.5) * (_LARGEST / size), np.arange(size) / size
    columns, rows = np.meshgrid(a, momenta)
    parts = []
    for rule, measured in zip(RULES, measured_rates(RULES, a, momenta), strict=True):
        theory = [RULES[rule](momentum=float(beta)) for beta in momenta]
        part = {
            "rule": rule,
            "momentum": rows.ravel(),
            "eta_lambda": columns.ravel(),
            "measured": measured.ravel(),
            "theory": np.concatenate([row.rates(a) for row in theory]),
            "boundary": np.repeat([row.boundary for row in theory], size),
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def agreement(grid: "pd.DataFrame") -> str:
    """Return how measurement and theory agree: the side of the boundary, and the rate, cell by cell."""
    half_pixel = grid["eta_lambda"].min()
    clear = grid[(grid["eta_lambda"] - grid["boundary"]).abs() > half_pixel]
    right = (clear["measured"] < 1) == (clear["eta_lambda"] < clear["boundary"])
    difference = (grid["measured"] / grid["theory"] - 1).abs()
    median = max(difference.median(), 1e-13)  # below it is rounding, which no two machines share
    return (
        f"Of the {len(clear):,} cells off the boundary's own pixels, {int(right.sum()):,} lie on the side of it that "
        f"theory says. Of all {len(grid):,} rates, the median differs from the spectral radius by "
        f"at most {median:.1e}, the worst by {difference.max():.1%}."
    )


def write(grid: "pd.DataFrame", folder: Path) -> None:
    """Write the page, the picture (PNG, SVG) and the grid (Parquet) into `folder`."""
    import matplotlib as mpl

    from study.figures.style import theme
    from study.phase.picture import draw_grid

    with mpl.rc_context(theme()), replacing(folder, key="out") as fresh:
        figure = draw_grid(grid)
        figure.savefig(fresh / "phase.png")
        figure.savefig(fresh / "phase.svg", metadata={"Date": None}, dpi=110)
        grid.to_parquet(fresh / "grid.parquet", index=False)
        (fresh / "README.md").write_text(_page(grid), encoding="utf-8")


def _page(grid: "pd.DataFrame") -> str:
    from study.phase.measure import STEPS
    from study.tracking.provenance import code_version

    return render(
        "phase/templates/page.md.j2",
        size=grid["momentum"].nunique(),
        runs=f"{len(grid):,}",
        steps=STEPS,
        agreement=agreement(grid),
        columns=", ".join(f"`{column}`" for column in grid.columns),
        commit=code_version(CHECKOUT),
    )


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    main()
