"""Compare all optimizers of the study with one another, and write what is shipped: their runs, costs and scorecard.

    make field
    python -m study.compare.everyone pack=medium tracking.uri=sqlite:///field.db

Every optimizer of conf/optimizer/ is tuned on every problem of the pack, and run at twice the instances of a
comparison: those of the first look, and those that are kept for confirmation. Adam and momentum are searched a
second time, by another draw of trials, which says how much a search itself decides. It writes
study/compare/field.parquet and costs.csv, which comparisons read, and reports/compare/field/. What is in the file
already, or in the store, is not trained again.
"""

from study import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # while the rest is imported

import sys
from dataclasses import replace

from study import cli
from study.compare.plan import plan_of
from study.config.choices import choices
from study.config.paths import CHECKOUT
from study.errors import InvalidInput
from study.report.folder import require_own

FIRST = "adam"  # of the plan: all of them are compared with it


def main() -> None:
    """Run the command line."""
    cli.run(everyone, __doc__, config="compare")


def everyone(asked: cli.Asked) -> int:
    """Tune and run all optimizers; write what is shipped, and the scorecard of all."""
    if CHECKOUT is None or asked.config_dir is not None:
        raise InvalidInput(
            "the field must be that of a checkout of the study, got --config-dir or an installed package"
        )
    out = CHECKOUT / "reports" / "compare" / "field"
    words = [word for word in asked.overrides if not word.startswith(("optimizer=", "against="))]
    plan = plan_of(cli.Asked((f"optimizer={FIRST}", *words)))
    plan = replace(plan, out=plan.out if any(word.startswith("out=") for word in words) else out)
    require_own(plan.out, key="out")
    names = [name for name in choices("optimizer") if "/" not in name]
    with cli.importing():
        from study.compare.collect import Untrained
        from study.compare.tournament import play
    try:
        lines = play(plan, names)
    except Untrained as stop:
        return stop.status
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


if __name__ == "__main__":
    main()
