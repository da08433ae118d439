"""The page: one sentence that says whether all was survived, and a row for each kind of fault."""

from collections.abc import Sequence

import pandas as pd

from study.report.render import markdown_table, render
from study.torture.rounds import STRIKES, Tried

_COUNTED = ("tried", "survived", "runs lost", "runs doubled", "left RUNNING", "ended late")


def counted(tried: Sequence[Tried]) -> pd.DataFrame:
    """Return one row per kind of fault that was tried, with how often, and what went wrong in all of them together.

    Columns `fault`, `tried`, `survived`, `runs lost`, `runs doubled`, `left RUNNING`, `ended late`.
    """
    rows = []
    for kind in STRIKES:
        own = [each for each in tried if each.kind == kind]
        found = [each.found for each in own]
        numbers = (
            len(own),
            sum(each.survived for each in own),
            sum(each.lost for each in found),
            sum(each.doubled for each in found),
            sum(each.running for each in found),
            sum(each.struck.late for each in own),
        )
        rows += [{"fault": kind, **dict(zip(_COUNTED, numbers, strict=True))}] if own else []
    return pd.DataFrame(rows, columns=["fault", *_COUNTED])


def lead_of(table: pd.DataFrame) -> str:
    """Return the sentence that says what came of all faults.

    Example:
        >>> lead_of(
        ...     pd.DataFrame(
        ...         [
        ...             {
        ...                 "fault": "SIGINT",
        ...                 "tried": 2,
        ...                 "survived": 2,
        ...                 "runs lost": 0,
        ...                 "runs doubled": 0,
        ...                 "left RUNNING": 0,
        ...                 "ended late": 1,
        ...             }
        ...         ]
        ...     )
        ... )
        '2 of 2 faults survived: 0 runs lost, 0 doubled, 0 left RUNNING; 1 ended late.'
    """
    tried, survived, lost, doubled, running, late = (int(table[name].sum()) for name in _COUNTED)
    told = f"{lost} runs lost, {doubled} doubled, {running} left RUNNING; {late} ended late"
    return f"{survived} of {tried} faults survived: {told}."


def page(table: pd.DataFrame, tried: Sequence[Tried], **said: object) -> str:
    """Return the page as Markdown.

    Args:
        table: as `counted` returns it.
        tried: all rounds, of which those that went wrong are told.
        said: what else the template says: `rounds`, `early` (how many, if it was ended early), `seed`, `runs`,
            `soon`, `commit`.
    """
    rows = [{str(key): str(value) for key, value in row.items()} for row in table.to_dict("records")]
    failed = [
        {"fault": each.kind, "seed": str(each.seed), "what went wrong": each.why or str(each.found)}
        for each in tried
        if not each.survived
    ]
    return render(
        "torture/templates/page.md.j2",
        lead=lead_of(table),
        summary=markdown_table(rows, words={"fault"}),
        failed=markdown_table(failed),
        **said,
    )
