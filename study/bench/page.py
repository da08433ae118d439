"""From the numbers of `study.bench` to its page: a table, a figure, and what they say."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any  # the numbers come as JSON

import numpy as np
from jinja2 import Environment, StrictUndefined
from matplotlib.figure import Figure

from study.bench.start import JOBS

Results = Mapping[str, Any]

PAGE = """\
# What a run costs

Measured by `make bench` at commit `{{ machine.commit }}` on {{ machine.processor }}, {{ machine.cores }} cores,
{{ machine.memory }}, {{ machine.system }}; Python {{ machine.python }}, torch {{ machine.torch }}, MLflow
{{ machine.mlflow }}, Hydra {{ machine['hydra-core'] }}, SQLAlchemy {{ machine.SQLAlchemy }}. A run is 384 steps of
the parabola network, and 384 losses. Numbers are medians, with the range of all repetitions in brackets; all
programs were measured in one go, so the ratios hold even where the seconds are another machine's.

![seconds per run](bench.png)

| program | n | seconds per run | times ours at {{ reference }} runs |
|---|---|---|---|
{% for row in rows -%}
| {{ row.name }} | {{ row.n }} | {{ row.seconds }} | {{ row.ratio }} |
{% endfor %}
(a) is the tutorial's loop over a DataLoader, with no tracking. (b) is what one would write first: one Hydra job per
run, `mlflow.log_metric` at every step. (c) logs each run with one `log_batch`, in one process per core. Of (b) and
(c) the start-up is left out: it is the cost of one more run. Ours is everything from process start to exit, on a
fresh store.

## Where the time of ours goes, in seconds

| runs | end to end | composing | training | writing | the rest | again | reading | report | memory | store |
|---|---|---|---|---|---|---|---|---|---|---|
{% for row in parts -%}
| {{ row | join(' | ') }} |
{% endfor %}
Writing goes on beside training. The rest is the start, below, and writing that no training was left to hide.
"Again" is the same command once more: it finds every run in the store and trains nothing. Reading and report are
commands of their own; memory is the peak of the sweep.

| step of the start | seconds |
|---|---|
{% for name, seconds in start -%}
| {{ name }} | {{ seconds }} |
{% endfor %}
{{ composing }}

## How far from the limits

{{ writing }}

{{ floating }}
"""


def write(results: Results, out: Path) -> list[Path]:
    """Write README.md, bench.png and bench.svg into `out`, and return their paths."""
    page = Environment(undefined=StrictUndefined, autoescape=False).from_string(PAGE)
    reference = results["ours"][_reference(results)]
    text = page.render(
        machine=results["machine"],
        reference=f"{reference['runs'][0]:,.0f}",
        rows=list(_rows(results)),
        parts=[list(_part(size)) for size in results["ours"]],
        start=list(_start(results["start"])),
        composing=_composing(results["start"]),
        writing=_writing(results["writing"]),
        floating=_floating(results["limits"], reference),
    )
    (out / "README.md").write_text(text)
    figure = draw(results)
    figure.savefig(out / "bench.png", dpi=150)
    figure.savefig(out / "bench.svg", metadata={"Date": None})
    return [out / name for name in ("README.md", "bench.json", "bench.png", "bench.svg")]


def draw(results: Results) -> Figure:
    """Return the seconds per run of every program, as points with their range on a log axis."""
    programs = list(_programs(results))
    figure = Figure(figsize=(8, 0.5 * len(programs) + 1.4), layout="constrained")
    axes = figure.subplots()
    for place, (name, seconds) in enumerate(programs):
        middle = float(np.median(seconds))
        colour = "#0173b2" if name.startswith("ours") else "#6b6b6b"
        axes.plot([min(seconds), max(seconds)], [place, place], color=colour, lw=2)
        axes.plot(middle, place, "o", color=colour, ms=7)
        axes.annotate(f"{_short(middle)} s", (middle, place), (0, 7), textcoords="offset points", ha="center")
    axes.set_yticks(range(len(programs)), [name for name, _ in programs])
    axes.set_ylim(len(programs) - 0.5, -0.7)
    axes.set_xscale("log")
    axes.set_xlabel("seconds per run of 384 steps (log axis): median, range")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.12)
    return figure


def _programs(results: Results) -> Iterator[tuple[str, Sequence[float]]]:
    yield "(b) Hydra basic, log_metric each step", results["naive"]["seconds_per_run"]
    yield "(a) tutorial's loop, 2 loader workers", results["tutorial"]["seconds_per_run"]
    yield "(a) tutorial's loop, no workers", results["tutorial"]["seconds_per_run_without_workers"]
    yield "(c) Hydra joblib, log_batch", results["joblib"]["seconds_per_run"]
    for size in results["ours"]:
        yield f"ours, {size['runs'][0]:,.0f} runs", size["seconds_per_run"]


def _rows(results: Results) -> Iterator[dict[str, str]]:
    reference = float(np.median(results["ours"][_reference(results)]["seconds_per_run"]))
    for name, seconds in _programs(results):
        ratio = float(np.median(seconds)) / reference
        yield {"name": name, "n": str(len(seconds)), "seconds": _spread(seconds), "ratio": f"{ratio:.3g}"}


def _part(size: Mapping[str, Sequence[float]]) -> Iterator[str]:
    middle = {key: float(np.median(values)) for key, values in size.items()}
    composing, training = middle["composing_seconds"], middle["training_seconds"]
    yield f"{middle['runs']:,.0f}"
    yield _spread(size["seconds"])
    yield from map(_short, (composing, training, middle["writing_seconds"]))
    yield _short(middle["seconds"] - composing - training)
    for key in ("again_seconds", "read_seconds", "report_seconds"):
        yield _short(middle[key]) if key in middle else "-"
    yield f"{middle['peak_bytes'] / 1e6:,.0f} MB"
    yield f"{middle['store_bytes'] / 1e6:,.0f} MB"


def _start(spent: Mapping[str, Sequence[float]]) -> Iterator[tuple[str, str]]:
    for name, seconds in spent.items():
        if not name.endswith("_per_job"):
            yield f"composing {len(JOBS)} jobs" if name == "composing" else name, _spread(seconds)


def _composing(spent: Mapping[str, Sequence[float]]) -> str:
    ours, hydra = (_spread([1000 * s for s in spent[f"{who}composing_per_job"]]) for who in ("", "hydra_"))
    return (
        f"Composing a job costs {ours} ms, where Hydra's own way costs {hydra} ms, once in its sweeper and once more "
        "in its launcher."
    )


def _writing(numbers: Mapping[str, Sequence[float]]) -> str:
    return (
        f"**Writing.** {numbers['runs'][0]:,.0f} runs with their params, tags, metrics and latest metrics take "
        f"{_spread(numbers['bulk_seconds'])} s; a bare `sqlite3` `executemany` of their metric rows alone into the "
        f"same schema, with SQLite's default settings, {_spread(numbers['raw_seconds'])} s: "
        f"{_spread(numbers['bulk_over_raw'])} times the latter."
    )


def _floating(limits: Mapping[str, float], reference: Mapping[str, Sequence[float]]) -> str:
    floor = limits["flops_per_run"] / limits["flops_per_second"]
    training = float(np.median(reference["training_seconds"])) / reference["runs"][0]
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


def _spread(values: Sequence[float]) -> str:
    middle = _short(float(np.median(values)))
    return middle if len(values) == 1 else f"{middle} [{_short(min(values))} to {_short(max(values))}]"


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
