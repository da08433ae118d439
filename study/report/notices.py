"""Notices at the top of a report: what was overridden, what is missing of what was asked for, what crashed."""

import pandas as pd

from study.figures.table import Table
from study.frames import SweepFrames
from study.stats.tuning import at_edge
from study.tracking import names

MOST_ROWS = 12  # of the table of what is missing

_ENDED = {  # MLflow's status of a sweep's parent, in words
    "KILLED": "it was interrupted",
    "RUNNING": "it is still running, or was killed",
    "FAILED": "it ended with an error",
}


def missing_table(sweep: SweepFrames) -> Table | None:
    """Return asked, present and missing seeds of the settings that lack some, None where none does.

    Many settings are counted, not named: an interrupted sweep lacks the same seeds of nearly all of them.
    """
    lacking = sweep.asked[sweep.asked["present"] < sweep.asked["asked"]]
    if lacking.empty:
        return None
    note = "Every other setting has all its seeds."
    if len(lacking) == len(sweep.asked):
        note = "No setting has all its seeds."
    if len(lacking) > MOST_ROWS:
        lacking = _alike(lacking)
    if len(lacking) > MOST_ROWS:
        note = f"And {len(lacking) - MOST_ROWS} rows more. {note}"
    shown = lacking.assign(missing=lacking["asked"] - lacking["present"]).head(MOST_ROWS)
    rows = [
        {"setting": str(row["label"]), **{key: str(row[key]) for key in ("asked", "present", "missing")}}
        for row in shown.to_dict("records")
    ]
    return Table("Seeds that are missing", rows, note, frozenset({"setting"}))


def _alike(lacking: pd.DataFrame) -> pd.DataFrame:
    """Return one row for the settings that have the same seeds, called by how many they are."""
    found = lacking.groupby(["asked", "present"], sort=False)["label"].agg(["size", "first"]).reset_index()
    counted = found["size"].astype(str) + " settings"
    return found.assign(label=found["first"].where(found["size"] == 1, counted))


def notices(sweep: SweepFrames) -> list[str]:
    """Return what a reader must know before any number, a sentence each; nothing of a whole, plain sweep."""
    asked, present = int(sweep.asked["asked"].sum()), int(sweep.asked["present"].sum())
    crashed = sweep.asked[sweep.asked["failed"] != ""]
    told = []
    if sweep.overrides:
        told.append(
            f"Not the experiment as its file asks for it: {', '.join(sweep.overrides)} was asked for beside it. Its "
            "title and text are those of the file."
        )
    if "look" in sweep.info:
        told.append(
            f"Asked for until every pair is resolved: this is look {sweep.info['look']}, at sizes that were fixed "
            "beforehand. The looks share the level of the verdicts, so that together they err no more often than one."
        )
    if names.JUDGED_BY in sweep.runs:
        judged = ", ".join(sorted(map(str, sweep.runs[names.JUDGED_BY].dropna().unique())))
        told.append(
            f"Compared by {judged}, as the problem asks: where this page speaks of the evaluation loss of the last "
            "epoch, it is that one."
        )
    if present < asked:
        why = _ENDED.get(sweep.info.get("status", ""), "some of its runs are not there")
        uneven = sweep.asked["present"].nunique() > 1
        told.append(
            f"This sweep is not whole: {present:,} of {asked:,} runs are here; {why}. The same command trains the "
            f"rest.{' Settings with fewer seeds are less certain than the others.' if uneven else ''}"
        )
    if len(crashed):
        label, error = crashed.iloc[0][["label", "failed"]]
        others = f", and {len(crashed) - 1} more" if len(crashed) > 1 else ""
        told.append(f"{len(crashed)} of {len(sweep.asked)} settings crashed: {label} ({error}){others}.")
    return [*told, *_at_edges(sweep.trials)]


def _at_edges(trials: pd.DataFrame) -> list[str]:
    """Return a notice of the hyperparameters that lie at the edge of what was searched, where they are compared."""
    if trials.empty:
        return []
    best = trials[[trials["trial"].max() in budgets for budgets in trials["budgets"]]].drop_duplicates(
        "label"
    )
    found = [
        f"{row['group']} {key} ({end})" for _, row in best.iterrows() for key, end in at_edge(row).items()
    ]
    if not found:
        return []
    return [
        f"At an edge of the range that was searched: {', '.join(found)}. A wider prior in the optimizer's file may "
        "hold a better value."
    ]
