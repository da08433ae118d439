"""Torture sweeps: kill them, crowd them, take their store away; write reports/reliability/ about what they got over.

study torture rounds=20                                   # some minutes
study torture rounds=140 seed=1                           # 100 kills, 20 crowds and 20 outages
study torture rounds=5 "kinds=[SIGINT,SIGTERM]" out=elsewhere

Exit status 1 if a run was lost or doubled, or seems to run for ever.
"""

import sys
from pathlib import Path

from study import cli
from study.config.compose import compose
from study.config.paths import CHECKOUT, ROOT
from study.errors import InvalidInput, one_of
from study.ranges import WHOLE, up_to
from study.report.folder import replacing, require_own


def main() -> None:
    """Run the command line."""
    cli.run(torture, __doc__, config="torture")


def torture(asked: cli.Asked) -> int:
    """Try the faults; write the page and the counts (CSV); return 0 if no run was lost, doubled, or left RUNNING."""
    cfg = compose("torture", asked.overrides, asked.config_dir)
    up_to(10_000).require("rounds", cfg.rounds)
    WHOLE.require("seed", cfg.seed)
    out = Path(str(cfg.out)) if cfg.out is not None else ROOT / "reports" / "reliability"
    require_own(out, key="out")

    from rich.console import (
        Console,
    )  # these take seconds to import, which a wrong argument should not wait for

    from study.torture.page import counted, lead_of, page
    from study.torture.rounds import STRIKES, deal, try_all
    from study.torture.strikes import SOON
    from study.torture.sweep import RUNS
    from study.tracking.provenance import code_version

    kinds = None if cfg.kinds is None else [str(kind) for kind in cfg.kinds]
    for kind in kinds or ():
        if kind not in STRIKES:
            raise InvalidInput(one_of("kinds", kind, STRIKES))
    console, tried = Console(stderr=True), []
    with console.status("torture") as status:

        def tell(what: str) -> None:
            status.update(what) if console.is_terminal else console.print(
                what, highlight=False, soft_wrap=True
            )

        for each in try_all(deal(cfg.rounds, cfg.seed, kinds), tell):
            tried.append(each)
            if not each.survived or each.struck.late:
                told = (
                    f"{each.kind} (seed {each.seed}): {each.why or ('late' if each.survived else each.found)}"
                )
                console.print(told, highlight=False, markup=False, soft_wrap=True)
    table = counted(tried)
    with replacing(out, key="out") as fresh:
        table.to_csv(fresh / "reliability.csv", index=False)
        said = {"rounds": cfg.rounds, "seed": cfg.seed, "runs": RUNS, "soon": f"{SOON:g}"}
        text = page(table, tried, **said, commit=code_version(CHECKOUT))
        (fresh / "README.md").write_text(text, encoding="utf-8")
    shown = out.relative_to(Path.cwd()) if out.is_relative_to(Path.cwd()) else out
    sys.stdout.write(f"{table.to_string(index=False)}\n{lead_of(table)}\nwritten: {shown}\n")
    return cli.FAILED if table[["runs lost", "runs doubled", "left RUNNING"]].to_numpy().any() else 0


if __name__ == "__main__":
    main()
