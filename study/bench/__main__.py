"""Measure everything side by side and write reports/bench/.

    python -m study.bench                      # about a quarter of an hour
    python -m study.bench sizes=2,20 repetitions=1 out=/tmp/bench

`sizes` are seeds of the 52 jobs of the experiment lr_sensitivity: 2, 20 and 192 are 104, 1,040 and 9,984 runs.
"""

import json
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any  # the numbers go to JSON

from study import cli
from study.errors import InvalidInput
from study.folder import replacing, require_own
from study.paths import ROOT

OPTIONS = {"sizes": "2,20,192", "repetitions": "3", "out": str(ROOT / "reports" / "bench")}


def main() -> None:
    """Run the command line."""
    cli.run(lambda: bench(sys.argv[1:]))


def bench(words: list[str]) -> None:
    """Measure, and write the page.

    Args:
        words: of the command line, `option=value`.

    Raises:
        InvalidInput: an option or its value is not a valid one; nothing has been measured yet.
    """
    if {"-h", "--help"} & set(words):
        sys.stdout.write(f"{__doc__}\n")
        return
    options = _options(words)
    sizes, repetitions = _whole("sizes", options["sizes"]), _whole("repetitions", options["repetitions"])
    if len(repetitions) > 1:
        raise InvalidInput(f"repetitions must be one number, got {options['repetitions']!r}")
    out = Path(options["out"])
    require_own(out, key="out")  # now, and not after a quarter of an hour
    results = measure(sizes, repetitions[0])

    from study.bench.page import write

    with replacing(out, key="out") as fresh:
        (fresh / "bench.json").write_text(json.dumps(results, indent=1) + "\n")
        names = ["bench.json", *(path.name for path in write(results, fresh))]
    sys.stdout.writelines(f"{out / name}\n" for name in names)


def measure(sizes: list[int], repetitions: int) -> dict[str, Any]:
    """Return every number of every repetition, by program."""
    from study.bench import limits, plan
    from study.bench.machine import machine

    signal.signal(signal.SIGTERM, _terminate)
    made_on = machine()
    measured = plan.measure(plan.parts(sizes), repetitions, write=sys.stderr.write)
    floating = {"flops_per_run": limits.flops_per_run(), "flops_per_second": limits.matrix_rate()}
    return {"machine": made_on, **measured, "limits": floating}


def _options(words: list[str]) -> dict[str, str]:
    options = dict(OPTIONS)
    for word in words:
        key, _, value = word.partition("=")
        if key not in OPTIONS or not value:
            valid = ", ".join(f"{option}=<value>" for option in OPTIONS)
            raise InvalidInput(f"an option must be one of {valid}; got {word!r}")
        options[key] = value
    return options


def _whole(key: str, text: str) -> list[int]:
    try:
        numbers = [int(word) for word in text.split(",")]
    except ValueError:
        numbers = [0]
    if min(numbers) < 1:
        raise InvalidInput(f"{key} must be whole numbers >= 1, got {text!r}")
    return numbers


def _terminate(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)  # so that the servers that were started end too


if __name__ == "__main__":
    main()
