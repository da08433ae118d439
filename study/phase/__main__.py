"""Measure the phase diagram of learning rate and momentum, and write reports/phase/.

study phase
study phase size=128 out=elsewhere
"""

from study import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # while the rest is imported

import sys
from pathlib import Path

from study import cli
from study.busy import busy
from study.config.compose import compose
from study.config.pages import REPORTS
from study.config.paths import CHECKOUT
from study.ranges import NAMED, or_null, up_to
from study.report.folder import replacing, require_own
from study.report.render import render


def main() -> None:
    """Run the command line."""
    cli.run(phase, __doc__, config="phase")


def phase(asked: cli.Asked) -> None:
    """Measure; write the page, the picture (PNG, SVG) and the grid (Parquet); say what they say."""
    cfg = compose("phase", asked.overrides, asked.config_dir)
    up_to(256, least=8).require("size", cfg.size)
    or_null(NAMED).require("out", cfg.out)
    out = Path(str(cfg.out)) if cfg.out is not None else REPORTS / "phase"
    require_own(out, key="out")
    busy(f"measuring {cfg.size} x {cfg.size} cells")

    import matplotlib as mpl  # these take a second to import, which a wrong argument should not wait for

    from study.figures.style import theme
    from study.phase.measure import STEPS, agreement, measure
    from study.phase.picture import draw_grid
    from study.tracking.provenance import code_version

    grid = measure(cfg.size)
    said = agreement(grid)
    with mpl.rc_context(theme()), replacing(out, key="out") as fresh:
        figure = draw_grid(grid)
        figure.savefig(fresh / "phase.png")
        figure.savefig(fresh / "phase.svg", metadata={"Date": None}, dpi=110)
        grid.to_parquet(fresh / "grid.parquet", index=False)
        page = render(
            "phase/templates/page.md.j2",
            size=cfg.size,
            runs=f"{len(grid):,}",
            steps=STEPS,
            agreement=said,
            columns=", ".join(f"`{column}`" for column in grid.columns),
            commit=code_version(CHECKOUT),
        )
        (fresh / "README.md").write_text(page, encoding="utf-8")
    busy()
    shown = out.relative_to(Path.cwd()) if out.is_relative_to(Path.cwd()) else out
    sys.stdout.write(f"{said}\nwritten: {shown}\n")


if __name__ == "__main__":
    main()
