"""Page of the benchmark, its part about writing: our writer beside what one would write without it, per store."""

from collections.abc import Iterator, Mapping
from typing import Any  # the numbers come as JSON

from study.bench.numbers import median, short, spread
from study.report.render import render as render_template

Results = Mapping[str, Any]

LIMIT = 2
"""Our writer must take at most so many times as long as a raw `executemany`."""

_COLUMNS = ("store", "runs", "n", "ours, s", "beside it", "that, s", "ratio")
_OTHERS = {
    "raw": "raw `executemany`",
    "batched": "`execute_values`, the driver's batches",
    "sequential": "public client, one run after the other",
}


def render(results: Results) -> str:
    """Return the part as Markdown."""
    rows = [row for store, numbers in _stores(results) for row in _rows(store, numbers)]
    once = dict.fromkeys(rows)  # a store that is not there is not there at any size
    return render_template(
        "bench/templates/writing.md.j2",
        rows=[dict(zip(_COLUMNS, row, strict=True)) for row in once],
        sentences=[_required(results), *_over_http(results["writing_server"])],
    )


def _stores(results: Results) -> Iterator[tuple[str, Results]]:
    yield "SQLite", results["writing"]
    for numbers in results["writing_postgresql"]:
        yield "PostgreSQL", numbers
    yield "tracking server", results["writing_server"]


def _rows(store: str, numbers: Results) -> Iterator[tuple[str, ...]]:
    """Yield a row for each way that ours was measured beside."""
    if "not_measured" in numbers:
        yield store, "-", "-", "-", f"not measured: {numbers['not_measured']}", "-", "-"
        return
    runs, bulk = numbers["runs"], numbers["bulk_seconds"]
    for key, name in _OTHERS.items():
        if f"{key}_seconds" in numbers:
            seconds, ratio = spread(numbers[f"{key}_seconds"]), spread(numbers[f"bulk_over_{key}"])
            yield store, f"{runs[0]:,.0f}", str(len(bulk)), spread(bulk), name, seconds, ratio


def _required(results: Results) -> str:
    ratios = {
        store: median(numbers["bulk_over_raw"])
        for store, numbers in _stores(results)
        if "bulk_over_raw" in numbers
    }
    said = " and ".join(f"{short(ratio)} times on {store}" for store, ratio in ratios.items())
    met = "met" if max(ratios.values()) <= LIMIT else "not met"
    return f"The requirement: at most {LIMIT} times as long as a raw `executemany`. Ours takes {said}: {met}."


def _over_http(numbers: Results) -> Iterator[str]:
    if "not_measured" in numbers:
        return
    runs = numbers["runs"][0]
    ours, other = (short(median(numbers[f"{who}_seconds"]) / runs) for who in ("bulk", "sequential"))
    yield (
        f"Over http a run costs ours {ours} s, and the client in sequence {other} s. The server is on the same "
        "machine: requests wait for its work alone, not for the way to it."
    )
