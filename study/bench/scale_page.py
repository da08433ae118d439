"""Page of the scale: a table, and in sentences what stays the same and what grows."""

import math
from collections.abc import Iterator, Mapping, Sequence

from study.bench.page import short
from study.bench.programs import Numbers
from study.report.render import render as render_template

FLAT = 1.25
"""The last tenth of a store may take so many times as long as the first: what else a machine does makes as much."""

_STACKS = 20_000  # runs, with fewer of which a tenth of the store is no whole stack


def render(machine: Mapping[str, str], sizes: Sequence[Numbers]) -> str:
    """Return the page as Markdown.

    Args:
        machine: as `study.bench.machine.machine` has it.
        sizes: of `measure_scale`, the smallest first.
    """
    return render_template(
        "bench/templates/scale.md.j2",
        machine=machine,
        shown=sizes[-1]["ui_runs"],
        rows=list(map(_row, sizes)),
        afterwards=list(map(_afterwards, sizes)),
        told=list(_told(sizes)),
    )


def _row(size: Numbers) -> dict[str, str]:
    flat = size["last_over_first"]
    return {
        "runs": f"{size['runs']:,}",
        "seconds": short(size["seconds"]),
        "ms a run": short(1000 * size["seconds_per_run"]),
        "last tenth / first": short(flat) if _has_tenths(size) else "–",
        "kB a run": short(size["bytes_per_run"] / 1e3),
        "trainer": _mb(size["trainer_bytes"]),
        "tracker": _mb(size["tracker_bytes"]),
        "report": _mb(size["report_bytes"]),
    }


def _afterwards(size: Numbers) -> dict[str, str]:
    names = {
        "again": "again",
        "report": "report",
        "headline": "headline in this store",
        "prune": "prune, dry",
        "doctor": "doctor",
        "ui_ready": "UI ready",
        "ui_first": "newest runs",
        "ui_sorted": "sorted by a metric",
        "ui_chart": "chart",
    }
    seconds = {name: short(size[f"{key}_seconds"]) for key, name in names.items()}
    return {"runs": f"{size['runs']:,}", **seconds, "page": f"{size['page_bytes'] / 1e3:,.0f} kB"}


def _told(sizes: Sequence[Numbers]) -> Iterator[str]:
    """Yield what the numbers say of the largest size, and beside the one before."""
    most = sizes[-1]
    if _has_tenths(most):
        ratio = most["last_over_first"]
        flat = "flat" if ratio <= FLAT else f"not flat (at most {FLAT:g} would be)"
        yield (
            f"The last tenth of {most['runs']:,} runs takes {short(ratio)} times as long to be trained and written "
            f"as the first: time per run is {flat}."
        )
    for before in sizes[-2:-1]:
        times = most["runs"] / before["runs"]
        grown = {
            name: most[f"{key}_bytes"] / before[f"{key}_bytes"]
            for key, name in (
                ("trainer", "the trainer"),
                ("tracker", "the tracker"),
                ("report", "the report"),
            )
        }
        said = ", ".join(f"{name} {short(factor)} times" for name, factor in grown.items())
        yield (
            f"With {short(times)} times as many runs as {before['runs']:,}, peaks of memory are larger: {said}. A "
            f"run takes {short(most['bytes_per_run'] / before['bytes_per_run'])} times as many bytes of the store."
        )


def _has_tenths(size: Numbers) -> bool:
    return size["runs"] >= _STACKS and math.isfinite(size["last_over_first"])


def _mb(count: int | float) -> str:
    return f"{count / 1e6:,.0f} MB"
