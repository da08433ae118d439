"""Measure everything side by side and write reports/bench/.

    study bench                                 # about a quarter of an hour
    study bench sizes=[2,20] repetitions=1 out=elsewhere
    study bench gpu=[100000,1000000]            # stacks of so many runs on a GPU, in memory; nothing is written
    study bench scale=[20,193,1930]             # up to 100,360 runs in one store, 12 GB: writes reports/scale/

`sizes` are seeds of the 52 jobs of the experiment lr_sensitivity: 2, 20 and 192 are 104, 1,040 and 9,984 runs.
The numbers are compared with the committed ones where those are of the same kind of machine; where a ratio got worse
by more than 15% the command ends with 1.
"""

from study import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # while the rest is imported

import json
import sys
from pathlib import Path
from typing import Any  # the numbers go to JSON

from omegaconf import OmegaConf

from study import cli
from study.config.compose import compose
from study.config.pages import REPORTS
from study.ranges import COUNT, NAMED, numbers, or_null
from study.report.folder import replacing, require_own


def main() -> None:
    """Run the command line."""
    cli.run(bench, __doc__, config="bench")


def bench(asked: cli.Asked) -> int | None:
    """Measure, and write the page; return `cli.FAILED` where a ratio got worse.

    Raises:
        InvalidInput: an option or its value is not a valid one; nothing has been measured yet.
    """
    cfg = OmegaConf.to_container(compose("bench", asked.overrides, asked.config_dir))
    assert isinstance(cfg, dict)
    numbers(each=COUNT).require("sizes", cfg["sizes"])
    COUNT.require("repetitions", cfg["repetitions"])
    or_null(numbers(each=COUNT)).require("gpu", cfg["gpu"])
    or_null(numbers(each=COUNT)).require("scale", cfg["scale"])
    or_null(NAMED).require("out", cfg["out"])
    if cfg["gpu"] is not None:
        from study.bench.gpu import measure_gpu

        sys.stdout.writelines(f"{line}\n" for line in measure_gpu(cfg["gpu"]))
        return None
    kind = "bench" if cfg["scale"] is None else "scale"
    out = REPORTS / kind if cfg["out"] is None else Path(str(cfg["out"]))
    require_own(out, key="out")  # now, and not after a quarter of an hour
    if cfg["scale"] is not None:
        _scale(cfg["scale"], out)
        return None
    results = measure(cfg["sizes"], cfg["repetitions"])

    from study.bench.changes import WORSE, changes, committed
    from study.bench.page import write

    before = committed(REPORTS / "bench" / "bench.json")
    with replacing(out, key="out") as fresh:
        (fresh / "bench.json").write_text(json.dumps(results, indent=1) + "\n")
        names = ["bench.json", *(path.name for path in write(results, fresh, before))]
    sys.stdout.writelines(f"{out / name}\n" for name in names)
    compared = changes(before, results) or ()
    worse = [f"{change.name} {change.factor:.2f} times" for change in compared if change.worse]
    if worse:
        sys.stderr.write(f"worse than committed by more than {WORSE - 1:.0%}: {'; '.join(worse)}\n")
        return cli.FAILED
    return None


def _scale(sizes: list[int], out: Path) -> None:
    """Measure how many runs one store bears, and write the page."""
    from study.bench.machine import machine
    from study.bench.scale import measure_scale
    from study.bench.scale_page import render

    made_on = machine()
    with interrupts.raised():
        results = measure_scale(sizes, sys.stderr.write)
    with replacing(out, key="out") as fresh:
        (fresh / "scale.json").write_text(json.dumps({"machine": made_on, "sizes": results}, indent=1) + "\n")
        (fresh / "README.md").write_text(render(made_on, results))
    sys.stdout.writelines(f"{out / name}\n" for name in ("README.md", "scale.json"))


def measure(sizes: list[int], repetitions: int) -> dict[str, Any]:
    """Return every number of every repetition, by program."""
    from study.bench import machine, plan

    made_on = machine.machine()
    with interrupts.raised():  # so that started servers end too
        measured = plan.measure(plan.parts(sizes), repetitions, write=sys.stderr.write)
    limits = {"flops_per_run": machine.flops_per_run(), "flops_per_second": machine.matrix_rate()}
    return {"machine": made_on, **measured, "limits": limits}


if __name__ == "__main__":
    main()
