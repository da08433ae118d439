"""Measure sweeps by 1 and 2 workers, simulate 256, and write reports/cluster/ about where the store is the limit.

study cluster                                             # some three minutes, on a machine that does nothing else
study cluster seeds=[1,4] out=elsewhere
"""

from study import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # while the rest is imported

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import OmegaConf

from study import cli
from study.busy import busy
from study.config.compose import compose
from study.config.pages import REPORTS
from study.config.paths import CHECKOUT
from study.errors import InvalidInput
from study.ranges import COUNT, NAMED, WHOLE, numbers, or_null
from study.report.folder import replacing, require_own

if TYPE_CHECKING:
    from study.cluster.measure import Sweep


def main() -> None:
    """Run the command line."""
    cli.run(cluster, __doc__, config="cluster")


def cluster(asked: cli.Asked) -> None:
    """Measure and simulate; write the page, the picture (PNG) and the numbers; say what they say."""
    cfg = OmegaConf.to_container(compose("cluster", asked.overrides, asked.config_dir))
    assert isinstance(cfg, dict)
    numbers(each=COUNT).require("seeds", cfg["seeds"])
    if len(cfg["seeds"]) != 2 or cfg["seeds"][0] >= cfg["seeds"][1]:
        raise InvalidInput(f"seeds must be few and more, as in seeds=[2,20], got {cfg['seeds']}")
    COUNT.require("repetitions", cfg["repetitions"])
    WHOLE.require("seed", cfg["seed"])
    or_null(NAMED).require("out", cfg["out"])
    out = REPORTS / "cluster" if cfg["out"] is None else Path(str(cfg["out"]))
    require_own(out, key="out")

    from study.cluster import measure  # these take seconds to import, which a wrong word should not wait for

    rounds: list[list[Sweep]] = []
    with interrupts.raised():  # so that what is started ends too
        for number in range(1, cfg["repetitions"] + 1):
            busy(f"training, repetition {number} of {cfg['repetitions']}")
            rounds.append(list(measure.sweeps(cfg["seeds"])))
        busy("writing into stores")
        writing = dict(measure.writing())
    busy()
    told = _written(rounds, writing, out, seed=cfg["seed"])
    shown = out.relative_to(Path.cwd()) if out.is_relative_to(Path.cwd()) else out
    sys.stdout.write(f"{told}\nwritten: {shown}\n")


def _written(rounds: "Sequence[Sequence[Sweep]]", writing: dict[str, float], out: Path, *, seed: int) -> str:
    """Simulate, write all files, and return the page's first sentence."""
    import matplotlib as mpl
    import pandas as pd

    from study.bench.machine import machine
    from study.cluster.costs import Costs
    from study.cluster.measure import middle
    from study.cluster.page import lead_of, page
    from study.cluster.picture import draw
    from study.cluster.scenarios import beyond
    from study.figures.style import theme
    from study.tracking.provenance import code_version

    sweeps = [middle(same) for same in zip(*rounds, strict=True)]
    costs = Costs.of(sweeps, writing)
    simulated, made_on = beyond(costs, seed), machine()
    measured = {
        "machine": made_on,
        "sweeps": [list(map(asdict, each)) for each in rounds],
        "writing": writing,
    }
    with mpl.rc_context(theme()), replacing(out, key="out") as fresh:
        (fresh / "cluster.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        frame = pd.DataFrame(map(asdict, simulated.speedups))
        frame.to_csv(fresh / "cluster.csv", index=False, float_format="%.6g")
        draw(simulated.speedups).savefig(fresh / "cluster.png")
        said = {
            "machine": made_on,
            "commit": code_version(CHECKOUT),
            "command": "make cluster",
            "n": len(rounds),
        }
        (fresh / "README.md").write_text(page(sweeps, costs, simulated, **said), encoding="utf-8")
    return lead_of(costs, simulated)


if __name__ == "__main__":
    main()
