"""What is said of runs that were trained again: a line for each setting, a total, and what is not as it was."""

import json
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from study.reproduce.again import Comparison, Pair
from study.reproduce.difference import CAUSE, Break, Compared, Verdict
from study.tracking import names
from study.tracking.provenance import sources

_STYLE = {Verdict.IDENTICAL: "green", Verdict.WITHIN: "yellow", Verdict.DIFFERENT: "bold red"}
_SOURCES = {
    "optimizer": names.OPTIMIZER_SOURCE,
    "problem": names.PROBLEM_SOURCE,
    "schedule": names.SCHEDULE_SOURCE,
}


def show(
    pairs: Sequence[Pair], labels: Mapping[str, str], comparison: Comparison, now: Mapping[str, str]
) -> None:
    """Print the table and what follows from it.

    Args:
        pairs: the runs, in the order of the settings.
        labels: what each one's setting is called, by the run's id.
        comparison: what came of them.
        now: the tags that a run would carry now.
    """
    console, table = Console(highlight=False, soft_wrap=True), Table("setting", "runs", "values", "verdict")
    details: list[str] = []
    for (label, job), some in _settings(pairs, labels).items():
        results = [comparison.results[run.run_id] for _, run in some if run.run_id in comparison.results]
        failed = comparison.failed.get(job)
        worst = max((each.verdict for each in results), default=Verdict.DIFFERENT)
        verdict = "not trained" if failed else _verdict(results)
        values = sum(each.values for each in results)
        table.add_row(escape(label), f"{len(some)}", f"{values:,}", f"[{_STYLE[worst]}]{verdict}[/]")
        details += [f"{label}: {told}" for told in [failed or what(results)] if told]
    console.print(table)
    for line in details:
        console.print(line, markup=False)
    results = list(comparison.results.values())
    console.print(f"[bold]{escape(total(results, failed=len(comparison.failed)))}[/]")
    if any(each.verdict is not Verdict.IDENTICAL for each in results):
        for line in changes(pairs, now):
            console.print(line, markup=False)


def _settings(pairs: Sequence[Pair], labels: Mapping[str, str]) -> dict[tuple[str, str], list[Pair]]:
    """Return the runs of each setting: one job, under the name that it has."""
    settings: dict[tuple[str, str], list[Pair]] = {}
    for job, run in pairs:
        settings.setdefault((labels[run.run_id], job.hash), []).append((job, run))
    return settings


def _verdict(results: Sequence[Compared]) -> str:
    worst = max(each.verdict for each in results)
    first = _first(results)
    if worst is Verdict.DIFFERENT:
        return f"different from step {first[0].step}" if first else "different"
    return "identical" if worst is Verdict.IDENTICAL else "within tolerance"


def what(results: Sequence[Compared]) -> str:
    """Return what is to be said of a setting: what it was trained on that differs first of all."""
    receipts = sorted({words for each in results for words in each.receipts})
    told = [f"not the same: {', '.join(receipts)}"] if receipts else []
    if found := _first(results):
        point, result = found
        beyond = sum(each.beyond for each in results)
        seed = result.run.params[names.SEED]
        told.append(
            f"{point.metric} at step {point.step}, seed {seed}: {_number(point.tracked, point.now)} tracked, "
            f"{_number(point.now, point.tracked)} now; {_count(beyond, 'value')} beyond {result.tolerance:g}"
        )
    elif unequal := sum(each.unequal for each in results):
        largest = max(each.largest for each in results)
        where = ", ".join(sorted({key for each in results for key in each.where}))
        told.append(f"{_count(unequal, 'value')} of {where} not to the last bit, {largest:.1g} apart at most")
    return "; ".join(told)


def total(results: Sequence[Compared], *, failed: int) -> str:
    """Return the verdict on all of them."""
    values = sum(each.values for each in results)
    of = f"{_count(len(results), 'run')}, {_count(values, 'value')}"
    if failed:
        return f"not reproduced: {_count(failed, 'setting')} could not be trained; compared: {of}"
    if (worst := max(each.verdict for each in results)) is Verdict.IDENTICAL:
        return f"identical: {of}, each to its last bit"
    if worst is Verdict.WITHIN:
        largest, tolerance = max((each.largest, each.tolerance) for each in results)
        return f"within tolerance: {of}; the largest relative difference is {largest:.1g} of {tolerance:g} ({CAUSE})"
    count = sum(each.verdict is Verdict.DIFFERENT for each in results)
    return f"different: {count} of {of}"


def changes(pairs: Sequence[Pair], now: Mapping[str, str]) -> Iterator[str]:
    """Yield what is not as it was when these runs were trained: versions, commit, device, sources of classes."""
    told = [(name, sorted(then), here) for name, then, here in _environment(pairs, now) if then != here]
    for name, then, here in told:
        yield f"{name}: {', '.join(then)} when tracked, {', '.join(sorted(here))} now"
    if not told:
        yield (
            "versions, commit, device and classes are those of the runs: so it is the processor, its number of "
            "threads, the layout of memory, or what is stored was changed"
        )


def _environment(pairs: Sequence[Pair], now: Mapping[str, str]) -> Iterator[tuple[str, set[str], set[str]]]:
    """Yield what numbers may change with: how it was, and how it is."""
    tracked = [run.tags for _, run in pairs]
    versions = [json.loads(tags.get(names.VERSIONS, "{}")) for tags in tracked]
    for name, version in json.loads(now[names.VERSIONS]).items():
        yield name, {each.get(name, "unknown") for each in versions}, {version}
    yield "commit", {tags.get(names.GIT_COMMIT, "unknown") for tags in tracked}, {now[names.GIT_COMMIT]}
    devices = {tags.get(names.DEVICE, "unknown") for tags in tracked}
    yield "device", devices, {now[names.DEVICE]} if now[names.DEVICE] else devices
    here = [sources(job) for job, _ in pairs]
    for name, tag in _SOURCES.items():
        then = {tags[tag] for tags in tracked if tag in tags}
        yield f"class of the {name}", then, {tags[tag] for tags in here if tag in tags}


def _first(results: Sequence[Compared]) -> tuple[Break, Compared] | None:
    """Return the first point of some runs that is beyond the tolerance, and its run."""
    found = [(each.first, each) for each in results if each.first is not None]
    return min(found, key=lambda pair: pair[0], default=None)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _number(value: float, other: float) -> str:
    """Return a value in as many digits as tell it from another one."""
    if value != value:
        return "none"
    short = f"{value:.6g}"
    return short if short != f"{other:.6g}" else repr(value)
