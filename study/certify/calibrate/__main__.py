"""Simulate what verdicts and intervals promise, by the functions of reports, and write reports/calibration/.

study calibrate                                     # some minutes, on all cores
study calibrate experiments=50 out=elsewhere        # quicker, and less sure
"""

from study import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # while the rest is imported

import sys
from importlib import import_module
from pathlib import Path

from study import cli
from study.busy import busy
from study.config.compose import compose
from study.config.pages import REPORTS
from study.config.paths import CHECKOUT
from study.ranges import NAMED, WHOLE, or_null, up_to
from study.report.folder import replacing, require_own


def main() -> None:
    """Run the command line."""
    cli.run(calibrate, __doc__, config="calibrate")


def calibrate(asked: cli.Asked) -> int:
    """Simulate; write the page, the pictures (PNG, SVG) and the counts (CSV); return 0 if all promises are kept."""
    cfg = compose("calibrate", asked.overrides, asked.config_dir)
    up_to(100_000, least=10).require("experiments", cfg.experiments)
    up_to(100_000, least=10).require("seeds", cfg.seeds)
    WHOLE.require("seed", cfg.seed)
    or_null(up_to(1024)).require("workers", cfg.workers)
    or_null(NAMED).require("out", cfg.out)
    out = Path(str(cfg.out)) if cfg.out is not None else REPORTS / "calibration"
    require_own(out, key="out")
    busy("importing SciPy and Matplotlib")

    import matplotlib as mpl  # these take seconds to import, which a wrong argument should not wait for
    from rich.console import Console

    from study.certify.calibrate import picture
    from study.certify.calibrate.counts import together
    from study.certify.calibrate.page import lead_of, page
    from study.certify.calibrate.plan import measure
    from study.figures.style import theme
    from study.tracking.provenance import code_version

    import_module("torch._dynamo")  # the first step of an optimizer does, and an interrupt would wait for it
    busy()
    with Console(stderr=True).status("simulating") as status, interrupts.raised():
        table = measure(
            cfg.experiments, seeds=cfg.seeds, seed=cfg.seed, workers=cfg.workers,
            tell=lambda done: status.update(f"simulating: {done} done"),
        )  # fmt: skip
    lead = lead_of(table)
    with mpl.rc_context(theme()), replacing(out, key="out") as fresh:
        figures = {
            "bounds": picture.draw_bounds(table, together(table)),
            "growing": picture.draw_growing(table),
            "real": picture.draw_real(table),
        }
        for name, figure in figures.items():
            figure.savefig(fresh / f"{name}.png")
            figure.savefig(fresh / f"{name}.svg", metadata={"Date": None})
        table.to_csv(fresh / "calibration.csv", index=False, float_format="%.6g")
        said = {"experiments": cfg.experiments, "seeds": cfg.seeds, "seed": cfg.seed}
        text = page(table, **said, commit=code_version(CHECKOUT))
        (fresh / "README.md").write_text(text, encoding="utf-8")
    shown = out.relative_to(Path.cwd()) if out.is_relative_to(Path.cwd()) else out
    sys.stdout.write(f"{lead}\nwritten: {shown}\n")
    return 0 if lead.startswith("All") else cli.FAILED


if __name__ == "__main__":
    main()
