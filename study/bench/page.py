"""Page of the benchmark: a table, a figure, and what the numbers say."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any  # the numbers come as JSON

import numpy as np
from matplotlib.figure import Figure

from study.bench import page_writing
from study.bench.measure import Repeated
from study.bench.numbers import median, short, spread
from study.bench.start import JOBS
from study.report.render import render as render_template

Results = Mapping[str, Any]


def write(results: Results, out: Path) -> list[Path]:
    """Write README.md, bench.png and bench.svg into `out`, and return their paths."""
    paths = [out / name for name in ("README.md", "bench.png", "bench.svg")]
    paths[0].write_text(render(results))
    figure = draw(results)
    figure.savefig(paths[1], dpi=150)
    figure.savefig(paths[2], metadata={"Date": None})
    return paths


def render(results: Results) -> str:
    """Return the page as Markdown."""
    reference = results["ours"][_reference(results)]
    return render_template(
        "bench/templates/page.md.j2",
        machine=results["machine"],
        programs=list(_rows(results)),
        parts=list(map(_part, results["ours"])),
        start=list(_start(results["start"])),
        memory=" ".join(map(_memory, results["ours"])),
        composing=_composing(results["start"]),
        answers=list(_answers(results["answers"])),
        reading=_reading(reference),
        writing=page_writing.render(results),
        floating=_floating(results["limits"], reference),
    )


def draw(results: Results) -> Figure:
    """Return the seconds per run of every program, as points with their range on a log axis."""
    programs = list(_programs(results))
    figure = Figure(figsize=(8, 0.5 * len(programs) + 1.4), layout="constrained")
    axes = figure.subplots()
    for place, (name, seconds) in enumerate(programs):
        middle = median(seconds)
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


def _programs(results: Results) -> Iterator[tuple[str, Sequence[int | float]]]:
    yield "(b) Hydra basic, log_metric each step", results["naive"]["seconds_per_run"]
    yield "(a) tutorial's loop, 2 loader workers", results["tutorial"]["seconds_per_run"]
    yield "(a) tutorial's loop, no workers", results["tutorial"]["seconds_per_run_without_workers"]
    yield "(c) Hydra joblib, log_batch", results["joblib"]["seconds_per_run"]
    for size in results["ours"]:
        yield f"ours, {size['runs'][0]:,.0f} runs", size["seconds_per_run"]


def _rows(results: Results) -> Iterator[dict[str, str]]:
    reference = results["ours"][_reference(results)]
    ours = median(reference["seconds_per_run"])
    for name, seconds in _programs(results):
        yield {
            "program": name,
            "n": str(len(seconds)),
            "seconds per run": spread(seconds),
            f"times ours at {reference['runs'][0]:,.0f} runs": short(median(seconds) / ours),
        }


def _part(size: Repeated) -> dict[str, str]:
    middle = {key: median(values) for key, values in size.items()}
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


def _memory(size: Repeated) -> str:
    sweep, report = (f"{median(size[key]) / 1e6:,.0f} MB" for key in ("peak_bytes", "report_peak_bytes"))
    return f"A sweep of {size['runs'][0]:,.0f} runs peaks at {sweep}, its report at {report}."


def _start(spent: Repeated) -> Iterator[dict[str, str]]:
    for name, seconds in spent.items():
        if not name.endswith("_per_job"):
            step = f"composing {len(JOBS)} jobs" if name == "composing" else name
            yield {"step of the start": step, "seconds": spread(seconds)}


def _answers(spent: Repeated) -> Iterator[dict[str, str]]:
    for typed, seconds in spent.items():
        yield {
            "typed after `python -m study.train`": f"`{typed}`",
            "seconds until the answer": spread(seconds),
        }


def _composing(spent: Repeated) -> str:
    ours, hydra = (spread([1000 * s for s in spent[f"{who}composing_per_job"]]) for who in ("", "hydra_"))
    return (
        f"Composing a job costs {ours} ms, where Hydra's own way costs {hydra} ms, once in its sweeper and once more "
        "in its launcher."
    )


def _reading(size: Repeated) -> str:
    runs, ours, raw = size["runs"][0], spread(size["read_seconds"]), spread(size["raw_read_seconds"])
    return (
        f"**Reading.** {runs:,.0f} runs into sorted frames take {ours} s, the opening of the store included; a bare "
        f"`sqlite3` `fetchall` of the same rows {raw} s."
    )


def _floating(limits: Mapping[str, float], reference: Repeated) -> str:
    floor = limits["flops_per_run"] / limits["flops_per_second"]
    training = median(reference["training_seconds"]) / reference["runs"][0]
    return (
        f"**Training.** A run is {limits['flops_per_run'] / 1e6:.2g} million floating-point operations; at the "
        f"{limits['flops_per_second'] / 1e9:.3g} GFLOP/s of one core in a large matrix product that is "
        f"{floor * 1e6:.2g} µs. Training takes {training * 1e3:.2g} ms, {training / floor:.0f} times that: the "
        "matrices of a 1 → 20 → 1 network are far too thin for the matrix rate, and their values are read and "
        "written many times over."
    )


def _reference(results: Results) -> int:
    """Return which of our sizes the ratios are against: the one nearest 1,040 runs."""
    return int(np.argmin([abs(size["runs"][0] - 1040) for size in results["ours"]]))
