"""The page: each sentence that has a number computes it from what was measured and simulated."""

import math
from collections.abc import Iterator, Sequence

from study.bench.page import short
from study.bench.writing import STEPS
from study.cluster.costs import Costs
from study.cluster.measure import CHEAP, COSTLY, Sweep
from study.cluster.scenarios import (
    BOTH,
    DRAWS,
    LOSSES,
    LOST_EVERY,
    MANY,
    NONE,
    RUNS,
    SPREAD,
    STACK,
    STACKS,
    STRAGGLERS,
    WORKERS,
    Beyond,
    Trouble,
)
from study.report.render import markdown_table, render

PROBLEMS = (CHEAP, COSTLY)
_SLOW = math.exp(1.645 * SPREAD - SPREAD**2 / 2)  # the factor that one stack in 20 passes


def page(sweeps: Sequence[Sweep], costs: Costs, beyond: Beyond, **said: object) -> str:
    """Return the page as Markdown.

    Args:
        sweeps: that were measured.
        costs: as they tell.
        beyond: what was simulated with these costs.
        said: what else the template says: `machine`, `commit`, `command`, `n`.
    """
    return render(
        "cluster/templates/page.md.j2",
        lead=lead_of(costs, beyond),
        measured=markdown_table(list(map(_measured, sweeps)), words=["problem"]),
        off=_off(sweeps, costs),
        costs=costs,
        stores=markdown_table(list(_stores(costs)), words=["store"]),
        speedups=markdown_table(list(_speedups(beyond)), words=[]),
        troubles=markdown_table(list(_troubles(beyond.troubles)), words=["what happens"]),
        dearest=_dearest(beyond.troubles),
        remedies=list(_remedies(costs, beyond)),
        store=beyond.store,
        cheap=CHEAP,
        costly=COSTLY,
        runs=f"{RUNS:,}",
        stack=STACK,
        crew=beyond.crew,
        spread=SPREAD,
        slow=_SLOW,
        losses=STEPS,
        lost_every=LOST_EVERY,
        draws=DRAWS,
        short=short,
        **said,
    )


def lead_of(costs: Costs, beyond: Beyond) -> str:
    """Return the sentence that says what many workers bring, and from how many on the store is the limit."""
    store, told = beyond.store, []
    for problem in PROBLEMS:
        each, times = 1000 * costs.per_run(problem, STACK), beyond.of(problem, store, MANY).times
        told.append(
            f"{short(times)} times as fast as one where a run trains for {short(each)} ms ({problem})"
        )
    limits = " and ".join(short(costs.limit(problem, store, STACK)) for problem in PROBLEMS)
    return (
        f"Simulated, {MANY} workers that write into {store} are {' and '.join(told)}: the store is the limit from "
        f"{limits} workers on."
    )


def _measured(sweep: Sweep) -> dict[str, str]:
    return {
        "problem": sweep.problem,
        "workers": str(sweep.workers),
        "runs": f"{sweep.runs:,}",
        "seconds in all": short(sweep.seconds),
        "until the workers train": short(sweep.start),
        "training": short(sweep.training),
        "training a run, ms": short(1000 * sweep.training / sweep.stack),
        "writing, and the end": short(sweep.end),
    }


def _off(sweeps: Sequence[Sweep], costs: Costs) -> str:
    """Return how far the simulation is off from each sweep of the cheap problem."""
    told = []
    for sweep in (each for each in sweeps if each.problem == CHEAP):
        seconds, who = costs.told(sweep), f"{sweep.workers} worker{'s' * (sweep.workers > 1)}"
        off = f"{seconds / sweep.seconds - 1:+.0%}"
        told.append(
            f"{sweep.runs:,} runs by {who} {short(seconds)} s, measured {short(sweep.seconds)} s ({off})"
        )
    return "; ".join(told)


def _stores(costs: Costs) -> Iterator[dict[str, str]]:
    for store, seconds in costs.writing.items():
        limits = {f"limit, {problem}": short(costs.limit(problem, store, STACK)) for problem in PROBLEMS}
        measured = {"writing a run, ms": short(1000 * seconds), "runs a second at most": short(1 / seconds)}
        yield {"store": store} | measured | limits


def _speedups(beyond: Beyond) -> Iterator[dict[str, str]]:
    for workers in WORKERS:
        rows = [each for each in beyond.speedups if each.workers == workers]
        yield {"workers": str(workers)} | {
            f"{each.problem}, {each.store}": f"{short(each.times)} ({each.efficiency:.0%})" for each in rows
        }


def _troubles(troubles: Sequence[Trouble]) -> Iterator[dict[str, str]]:
    for what in dict.fromkeys(each.what for each in troubles):
        yield {"what happens": what} | {
            f"stacks of {each.stack:,}": _spread(each) for each in troubles if each.what == what
        }


def _spread(trouble: Trouble) -> str:
    least, middle, most = map(short, (min(trouble.seconds), trouble.middle, max(trouble.seconds)))
    return middle if len(trouble.seconds) == 1 else f"{middle} [{least} to {most}]"


def _dearest(troubles: Sequence[Trouble]) -> str:
    """Return what each trouble costs at the page's stack, and which size of stack is quickest with and without."""
    by = {(each.what, each.stack): each for each in troubles}
    plain = by[NONE, STACK].middle
    cost = {what: f"{by[what, STACK].middle / plain - 1:+.0%}" for what in (STRAGGLERS, LOSSES, BOTH)}
    quickest = {what: min((by[what, size].middle, size) for size in STACKS)[1] for what in (NONE, BOTH)}
    largest = max(STACKS)
    return (
        f"In stacks of {STACK}, stragglers cost {cost[STRAGGLERS]} of the time, losses {cost[LOSSES]} "
        f"({short(by[LOSSES, STACK].lost)} workers are lost), both {cost[BOTH]}; in stacks of {largest:,} both cost "
        f"{by[BOTH, largest].middle / by[NONE, largest].middle - 1:+.0%}. Of these sizes {quickest[NONE]:,} is the "
        f"quickest where nothing happens, and {quickest[BOTH]:,} where both do."
    )


def _remedies(costs: Costs, beyond: Beyond) -> Iterator[str]:
    """Yield what to do where the store is the limit, each with what the simulation says that it brings."""
    seconds = {store: beyond.of(CHEAP, store, MANY).seconds for store in costs.writing}
    straight, over = seconds[beyond.store], seconds.get("tracking server")
    if over and beyond.store == "PostgreSQL":
        yield (
            "**Write into the database, not through a server**: with `tracking.uri=postgresql://...` "
            f"{MANY} workers take {short(straight)} s for {RUNS:,} runs of {CHEAP}, over http {short(over)} s, "
            f"{short(over / straight)} times as long."
        )
    yield (
        "**A store for each experiment**, where there are several: four with a fourth of the runs and of the workers "
        f"each, side by side, are done after {short(beyond.shared)} s in place of {short(straight)} s, if no two of "
        "the stores share a machine. Each report reads its own."
    )
    yield (
        f"**Fewer workers**: {beyond.enough} take {short(beyond.by_enough)} s for the same, {MANY} take "
        f"{short(straight)} s: beyond the limit each further one waits."
    )
    waits = 600 * MANY / costs.per_run(COSTLY, STACK)
    yield (
        "**While the store is away, train on**: what is trained waits on the machine's disk. Ten minutes of "
        f"{MANY} workers at {COSTLY} are {short(waits)} runs at most, which `study sync` delivers in "
        f"{short(waits * costs.writing[beyond.store])} s."
    )
