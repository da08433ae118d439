"""Page of the benchmark: tables, a figure, and what the numbers say: medians, with the range of all repetitions."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any  # the numbers come as JSON

import numpy as np
from matplotlib.figure import Figure

from study.bench.changes import Change, Results, changes
from study.bench.steps import JOBS, ONCE
from study.report.render import render as render_template

LIMIT = 2
"""Our writer must take at most so many times as long as a raw `executemany`."""

BESIDE = 1.25
"""A sweep may take so many times as long as the longer of its two halves alone, and the longer start."""

_OTHERS = {
    "raw": "raw `executemany`",
    "batched": "`execute_values`, the driver's batches",
    "sequential": "public client, one run after the other",
}


def write(results: Results, out: Path, before: Results | None = None) -> list[Path]:
    """Write README.md, bench.png and bench.svg into `out`, and return their paths.

    Args:
        results: of this measurement.
        out: a folder.
        before: results to compare with.
    """
    paths = [out / name for name in ("README.md", "bench.png", "bench.svg")]
    paths[0].write_text(render(results, before))
    figure = draw(results)
    figure.savefig(paths[1], dpi=150)
    figure.savefig(paths[2], metadata={"Date": None})
    return paths


def render(results: Results, before: Results | None = None) -> str:
    """Return the page as Markdown, with what changed since `before`."""
    reference, limits, compared = _reference(results), results["limits"], changes(before, results)
    return render_template(
        "bench/templates/page.md.j2",
        results=results,
        reference=reference,
        programs=list(_rows(results)),
        parts=list(map(_part, results["ours"])),
        memory=" ".join(map(_memory, results["ours"])),
        steps=_start(results["start"]),
        answers=[
            {"typed after `python -m study.train`": f"`{typed}`", "seconds until the answer": spread(seconds)}
            for typed, seconds in results["answers"].items()
        ],
        stores=_stores(results),
        pipeline=list(map(_pipeline, results["ours"])),
        bound=_bound(results),
        before=before and before["machine"],
        changes=None if compared is None else list(map(_changed, compared)),
        required=_required(results),
        training=np.median(reference["training_seconds"]) / reference["runs"][0],
        floor=limits["flops_per_run"] / limits["flops_per_second"],
        median=np.median,
        spread=spread,
        short=short,
    )


def draw(results: Results) -> Figure:
    """Return the seconds per run of every program, as points with their range on a log axis."""
    programs = _programs(results)
    figure = Figure(figsize=(8, 0.5 * len(programs) + 1.4), layout="constrained")
    axes = figure.subplots()
    for place, (name, seconds) in enumerate(programs):
        middle = np.median(seconds)
        colour = "#0173b2" if name.startswith("ours") else "#6b6b6b"
        axes.plot([min(seconds), max(seconds)], [place, place], color=colour, lw=2)
        axes.plot(middle, place, "o", color=colour, ms=7)
        axes.annotate(f"{short(middle)} s", (middle, place), (0, 7), textcoords="offset points", ha="center")
    axes.set_yticks(range(len(programs)), [name for name, _ in programs])
    axes.set_ylim(len(programs) - 0.5, -0.7)
    axes.set_xscale("log")
    axes.set_xlabel("seconds per run of 384 steps (log axis): median, range")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.12)
    return figure


def spread(values: Sequence[int | float], unit: int | float = 1) -> str:
    """Return the median and, of several values, their range, in so many of a unit."""
    low, middle, high = (short(unit * value) for value in (min(values), np.median(values), max(values)))
    return middle if len(values) == 1 else f"{middle} [{low} to {high}]"


def short(value: int | float | np.floating[Any]) -> str:
    """Return three digits of a number, and all digits before the point."""
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _programs(results: Results) -> list[tuple[str, Sequence[int | float]]]:
    tutorial = results["tutorial"]
    return [
        ("(b) Hydra basic, log_metric each step", results["naive"]["seconds_per_run"]),
        ("(a) tutorial's loop, 2 loader workers", tutorial["seconds_per_run"]),
        ("(a) tutorial's loop, no workers", tutorial["seconds_per_run_without_workers"]),
        ("(c) Hydra joblib, log_batch", results["joblib"]["seconds_per_run"]),
        *((f"ours, {size['runs'][0]:,.0f} runs", size["seconds_per_run"]) for size in results["ours"]),
    ]


def _reference(results: Results) -> Results:
    """Return which of our sizes the ratios are against: the one nearest 1,040 runs."""
    size: Results = min(results["ours"], key=lambda size: abs(size["runs"][0] - 1040))
    return size


def _rows(results: Results) -> Iterator[dict[str, str]]:
    reference = _reference(results)
    for name, seconds in _programs(results):
        times = np.median(seconds) / np.median(reference["seconds_per_run"])
        yield {
            "program": name,
            "n": str(len(seconds)),
            "seconds per run": spread(seconds),
            f"times ours at {reference['runs'][0]:,.0f} runs": short(times),
        }


def _part(size: Results) -> dict[str, str]:
    middle = {key: np.median(values) for key, values in size.items()}
    composing, training = middle["composing_seconds"], middle["training_seconds"]
    return {
        "runs": f"{middle['runs']:,.0f}",
        "end to end": spread(size["seconds"]),
        "composing": short(composing),
        "training": short(training),
        "writing": short(middle["writing_seconds"]),
        "the rest": short(middle["seconds"] - composing - training),
        "again": short(middle["again_seconds"]),
        "reading": short(middle["read_seconds"]),
        "report": short(middle["report_seconds"]),
        "store": f"{middle['store_bytes'] / 1e6:,.0f} MB",
    }


def _memory(size: Results) -> str:
    sweep, report = (f"{np.median(size[key]) / 1e6:,.0f} MB" for key in ("peak_bytes", "report_peak_bytes"))
    return f"A sweep of {size['runs'][0]:,.0f} runs peaks at {sweep}, its report at {report}."


def _pipeline(size: Results) -> dict[str, str]:
    middle = {key: round(float(np.median(values)), 3) for key, values in size.items()}  # to a millisecond
    return {
        "runs": f"{middle['runs']:,.0f}",
        "first run written after": short(middle["first_written_seconds"]),
        "training waited for writing": short(middle["trainer_waiting_seconds"]),
        "writing waited for training": short(middle["tracker_idle_seconds"]),
    }


def _bound(results: Results) -> dict[str, float | str | bool]:
    """Return what the largest sweep takes beside the longer of training and writing alone, and the longer start."""
    size, alone = max(results["ours"], key=lambda size: size["runs"][0]), results["alone"]
    training, writing = (float(np.median(alone[f"{key}_seconds"])) for key in ("training", "writing"))
    start = {name: float(np.median(seconds)) for name, seconds in results["start"].items() if name != ONCE}
    tracker = sum(seconds for name, seconds in start.items() if "MLflow" in name or "store" in name)
    trainer = sum(seconds for name, seconds in start.items() if not name.endswith("_per_job")) - tracker
    allowed = BESIDE * max(training, writing) + max(trainer, tracker)
    seconds = float(np.median(size["seconds"]))
    return {
        "runs": f"{size['runs'][0]:,.0f}",
        "seconds": seconds,
        "training": training,
        "writing": writing,
        "trainer": trainer,
        "tracker": tracker,
        "allowed": allowed,
        "met": seconds <= allowed,
    }


def _changed(change: Change) -> dict[str, str]:
    return {
        "ratio": change.name,
        "before": short(change.before),
        "now": short(change.now),
        "now / before": f"{change.factor:.2f}{' (worse)' if change.worse else ''}",
    }


def _start(spent: Results) -> list[dict[str, str]]:
    steps = {"composing": f"composing {len(JOBS)} jobs"}
    return [
        {"step of the start": steps.get(name, name), "seconds": spread(seconds)}
        for name, seconds in spent.items()
        if not name.endswith("_per_job")
    ]


def _stores(results: Results) -> list[dict[str, str]]:
    """Return a row for each way that our writer was measured beside; a store that was absent has one at any size."""
    columns = ("store", "runs", "n", "ours, s", "beside it", "that, s", "ratio")
    rows = dict.fromkeys(row for store, numbers in _written(results) for row in _ways(store, numbers))
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _written(results: Results) -> Iterator[tuple[str, Results]]:
    yield "SQLite", results["writing"]
    for numbers in results["writing_postgresql"]:
        yield "PostgreSQL", numbers
    yield "tracking server", results["writing_server"]


def _ways(store: str, numbers: Results) -> Iterator[tuple[str, ...]]:
    if "not_measured" in numbers:
        yield store, "-", "-", "-", f"not measured: {numbers['not_measured']}", "-", "-"
        return
    runs, bulk = numbers["runs"], numbers["bulk_seconds"]
    for key, name in _OTHERS.items():
        if f"{key}_seconds" in numbers:
            seconds, ratio = spread(numbers[f"{key}_seconds"]), spread(numbers[f"bulk_over_{key}"])
            yield store, f"{runs[0]:,.0f}", str(len(bulk)), spread(bulk), name, seconds, ratio


def _required(results: Results) -> str:
    measured = {
        store: numbers["bulk_over_raw"] for store, numbers in _written(results) if "bulk_over_raw" in numbers
    }
    ratios = {store: np.median(ratio) for store, ratio in measured.items()}
    said = " and ".join(f"{short(ratio)} times on {store}" for store, ratio in ratios.items())
    met = "met" if max(ratios.values()) <= LIMIT else "not met"
    return f"The requirement: at most {LIMIT} times as long as a raw `executemany`. Ours takes {said}: {met}."
