"""From the numbers of `study.bench` to its page: a table, a figure, and what they say."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any  # the numbers come as JSON

import numpy as np
from jinja2 import Environment, StrictUndefined
from matplotlib.figure import Figure

from study.bench import page_writing
from study.bench.measure import Repeated
from study.bench.numbers import median, short, spread
from study.bench.start import JOBS

Results = Mapping[str, Any]

PAGE = """\
# What a run costs

Measured by `make bench` at commit `{{ machine.commit }}` on {{ machine.processor }}, {{ machine.cores }} cores,
{{ machine.memory }}, {{ machine.system }}; Python {{ machine.python }}, torch {{ machine.torch }}, MLflow
{{ machine.mlflow }}, Hydra {{ machine['hydra-core'] }}, SQLAlchemy {{ machine.SQLAlchemy }}, PostgreSQL
{{ machine.PostgreSQL }}. A run is 384 steps of the parabola network, and 384 losses. Numbers are medians, with the
range of all repetitions in brackets; all programs were measured in one go, so the ratios hold even where the seconds
are another machine's.

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

| runs | end to end | composing | training | writing | the rest | again | reading | report | store |
|---|---|---|---|---|---|---|---|---|---|
{% for row in parts -%}
| {{ row | join(' | ') }} |
{% endfor %}
Writing goes on beside training. The rest is the start, below, and writing that no training was left to hide.
"Again" is the same command once more: it finds every run in the store and trains nothing. Report is the command
`make report`; reading, every point of the sweep into frames, is a part of it.

{{ memory }}

| step of the start | seconds |
|---|---|
{% for name, seconds in start -%}
| {{ name }} | {{ seconds }} |
{% endfor %}
{{ composing }}

| typed after `python -m study.train` | seconds until the answer |
|---|---|
{% for typed, seconds in answers -%}
| `{{ typed }}` | {{ seconds }} |
{% endfor %}
Bad input is refused before torch and MLflow are imported, but for what only the class itself knows: the last line.

## How far from the limits

{{ writing }}

{{ reading }}

{{ floating }}
"""


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
    page = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    reference = results["ours"][_reference(results)]
    return page.from_string(PAGE).render(
        machine=results["machine"],
        reference=f"{reference['runs'][0]:,.0f}",
        rows=list(_rows(results)),
        parts=[list(_part(size)) for size in results["ours"]],
        start=list(_start(results["start"])),
        memory=" ".join(map(_memory, results["ours"])),
        composing=_composing(results["start"]),
        answers=[(typed, spread(seconds)) for typed, seconds in results["answers"].items()],
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
    reference = median(results["ours"][_reference(results)]["seconds_per_run"])
    for name, seconds in _programs(results):
        ratio = median(seconds) / reference
        yield {"name": name, "n": str(len(seconds)), "seconds": spread(seconds), "ratio": f"{ratio:.3g}"}


def _part(size: Repeated) -> Iterator[str]:
    middle = {key: median(values) for key, values in size.items()}
    composing, training = middle["composing_seconds"], middle["training_seconds"]
    yield f"{middle['runs']:,.0f}"
    yield spread(size["seconds"])
    yield from map(short, (composing, training, middle["writing_seconds"]))
    yield short(middle["seconds"] - composing - training)
    yield from (short(middle[f"{part}_seconds"]) for part in ("again", "read", "report"))
    yield f"{middle['store_bytes'] / 1e6:,.0f} MB"


def _memory(size: Repeated) -> str:
    sweep, report = (f"{median(size[key]) / 1e6:,.0f} MB" for key in ("peak_bytes", "report_peak_bytes"))
    return f"A sweep of {size['runs'][0]:,.0f} runs peaks at {sweep}, its report at {report}."


def _start(spent: Repeated) -> Iterator[tuple[str, str]]:
    for name, seconds in spent.items():
        if not name.endswith("_per_job"):
            yield f"composing {len(JOBS)} jobs" if name == "composing" else name, spread(seconds)


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
