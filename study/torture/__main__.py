"""Torture sweeps: kill them, crowd them, take their store away; write reports/reliability/ about what they got over.

study torture rounds=20                                   # some minutes
study torture rounds=140 seed=1                           # 100 kills, 20 crowds and 20 outages
study torture rounds=5 "kinds=[SIGINT,SIGTERM]" out=elsewhere

Ctrl-C ends it early: the page is then about what was tried. Exit status 1 if a run was lost or doubled, or seems to
run for ever.
"""

import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from study import cli
from study.config.compose import compose
from study.config.pages import REPORTS
from study.config.paths import CHECKOUT
from study.errors import InvalidInput, Terminated, one_of
from study.ranges import NAMED, WHOLE, or_null, up_to
from study.report.folder import replacing, require_own

if TYPE_CHECKING:
    from study.torture.rounds import Fault, Tried


def main() -> None:
    """Run the command line."""
    cli.run(torture, __doc__, config="torture")


def torture(asked: cli.Asked) -> int:
    """Try the faults; write the page and the counts (CSV); return 0 if no run was lost, doubled, or left RUNNING."""
    cfg = compose("torture", asked.overrides, asked.config_dir)
    up_to(10_000).require("rounds", cfg.rounds)
    WHOLE.require("seed", cfg.seed)
    or_null(NAMED).require("out", cfg.out)
    out = Path(str(cfg.out)) if cfg.out is not None else REPORTS / "reliability"
    require_own(out, key="out")

    # it takes seconds to import, which a wrong word should not wait for
    from study.torture.rounds import STRIKES, deal

    kinds = None if cfg.kinds is None else [str(kind) for kind in cfg.kinds]
    for kind in kinds or ():
        if kind not in STRIKES:
            raise InvalidInput(one_of("kinds", kind, STRIKES))
    tried = _tried(deal(cfg.rounds, cfg.seed, kinds))
    return _written(tried, out, rounds=cfg.rounds, seed=cfg.seed) if tried else cli.INTERRUPTED


def _tried(faults: "Sequence[Fault]") -> "list[Tried]":
    """Try faults, and tell of each that goes wrong."""
    from rich.console import Console

    from study.torture.rounds import Tried, try_all

    signal.signal(signal.SIGTERM, _terminate)  # it is to end its servers too
    console, tried = Console(stderr=True, highlight=False, soft_wrap=True), list[Tried]()
    with console.status("torture") as status, suppress(KeyboardInterrupt):
        tell = status.update if console.is_terminal else console.print
        for each in try_all(faults, tell):
            tried.append(each)
            if not each.survived or each.struck.late:
                why = each.why or ("late" if each.survived else each.found)
                console.print(f"{each.kind} (seed {each.seed}): {why}", markup=False)
    return tried


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


def _written(tried: "Sequence[Tried]", out: Path, *, rounds: int, seed: int) -> int:
    """Write the page and the counts, say what is in them, and return the exit status."""
    from study.torture.page import counted, lead_of, page
    from study.torture.strikes import SOON
    from study.torture.sweep import RUNS
    from study.tracking.provenance import code_version

    table, early = counted(tried), len(tried) if len(tried) < rounds else 0
    with replacing(out, key="out") as fresh:
        table.to_csv(fresh / "reliability.csv", index=False)
        said = {"rounds": rounds, "early": early, "seed": seed, "runs": RUNS, "soon": f"{SOON:g}"}
        text = page(table, tried, **said, commit=code_version(CHECKOUT))
        (fresh / "README.md").write_text(text, encoding="utf-8")
    shown = out.relative_to(Path.cwd()) if out.is_relative_to(Path.cwd()) else out
    sys.stdout.write(f"{table.to_string(index=False)}\n{lead_of(table)}\nwritten: {shown}\n")
    return cli.FAILED if table[["runs lost", "runs doubled", "left RUNNING"]].to_numpy().any() else 0


if __name__ == "__main__":
    main()
