"""The page: one sentence that says whether all is kept, what is promised, and a table of each promise."""

from collections.abc import Mapping, Sequence
from typing import Any  # a row of a frame

import pandas as pd

from study.certify.calibrate.counts import together
from study.certify.calibrate.power import PILOT
from study.certify.calibrate.promises import (
    DIFFERENCE,
    EVIDENCE,
    FAILURES,
    INTERVAL,
    LOOK_SIZES,
    LOOKS,
    MARGIN,
    MEDIAN,
    POWER,
    PROMISES,
    RESAMPLES,
    SIZE,
    TIE,
)  # fmt: skip
from study.report.render import markdown_table, render

_BY_N = ("population", "design", "pairs")
_ROWS: Mapping[str, Sequence[str]] = {  # what tells the rows of a promise's table
    DIFFERENCE: _BY_N, TIE: _BY_N, SIZE: _BY_N, INTERVAL: _BY_N, MEDIAN: ("claim", "population"),
    POWER: ("design", "population", "pairs"), LOOKS: ("population", "design"), EVIDENCE: ("population", "design"),
    FAILURES: ("population", "claim"),
}  # fmt: skip
_BY_CLAIM = frozenset({POWER, LOOKS, EVIDENCE})  # whose columns are claims, not numbers of seeds


def lead_of(table: pd.DataFrame) -> str:
    """Return the sentence that says whether all promises are kept, of counts as `counted` returns them."""
    all_, bounded = together(table), table.dropna(subset="bound")
    broken = [promise for promise in PROMISES if not _kept(promise, table, all_)]
    told = f"{len(bounded):,} simulations of {int(bounded['experiments'].sum()):,} experiments"
    if not broken:
        return f"All {len(PROMISES)} promises of the verdicts and intervals are kept, in {told}."
    return f"{len(broken)} of {len(PROMISES)} promises are not kept ({', '.join(broken)}), in {told}."


def page(table: pd.DataFrame, **said: object) -> str:
    """Return the page as Markdown.

    Args:
        table: as `counted` returns it.
        said: what else the template says: `experiments`, `seeds`, `seed`, `commit`.
    """
    all_ = together(table)
    return render(
        "certify/calibrate/templates/page.md.j2",
        lead=lead_of(table),
        summary=markdown_table([_line(row, table) for row in all_.to_dict("records")], words={"promise", "kept"}),
        promises={name: (sentence, _table(name, table)) for name, sentence in PROMISES.items()},
        margin=MARGIN, resamples=RESAMPLES, looks=LOOK_SIZES, pilot=PILOT,
        **said,
    )  # fmt: skip


def _kept(promise: str, table: pd.DataFrame, all_: pd.DataFrame) -> bool:
    rows = pd.concat([frame.loc[frame["promise"] == promise, "kept"] for frame in (table, all_)]).dropna()
    return bool(len(rows)) and bool(rows.all())


def _line(row: Mapping[Any, Any], table: pd.DataFrame) -> dict[str, str]:
    worst = table.loc[row["worst"]]
    about = ", ".join(str(worst[key]) for key in ("population", "design") if isinstance(worst[key], str))
    return {
        "promise": f"{list(PROMISES).index(row['promise']) + 1}. {row['promise']}: {row['claim']}",
        "bound": f"{row['side']} {_percent(row['bound'])}",
        "all together": f"{_percent(row['share'])} ± {100 * row['error']:.2g}",
        "simulations": str(row["cases"]),
        "worst of them": f"{_percent(worst['share'])} ± {100 * worst['error']:.2g} ({about}, n = {worst['n']})",
        "kept": "yes" if row["kept"] and not row["broken"] else "**no**",
    }


def _table(promise: str, table: pd.DataFrame) -> str:
    """Return a promise's shares by case, with the largest standard error of each row; in bold what is not kept."""
    rows, keys = (
        table[table["promise"] == promise].fillna({"population": "", "design": ""}),
        list(_ROWS[promise]),
    )
    columns = "claim" if promise in _BY_CLAIM else "n"
    names = list(dict.fromkeys(rows[columns])) if promise in _BY_CLAIM else sorted(rows["n"].unique())
    shown = []
    for case, cells in rows.groupby(keys, sort=False, dropna=False):
        told = {key: str(value).removesuffix(".0") for key, value in zip(keys, case, strict=True)}
        by = {cell[columns]: cell for cell in cells.to_dict("records")}
        texts = {_head(name): _cell(by.get(name), promise) for name in names}
        shown.append(told | texts | {"±": f"{100 * cells['error'].max():.2g}"})
    return markdown_table(shown, words=keys)


def _head(name: object) -> str:
    return name if isinstance(name, str) else f"n = {name}"


def _cell(cell: Mapping[Any, Any] | None, promise: str) -> str:
    if cell is None:
        return ""
    text = _percent(cell["share"]) + (f" at n = {cell['n']}" if promise == POWER else "")
    return f"**{text}**" if cell["kept"] is False else text


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
