"""Which runs a page and each of its figures stand on: a file for `study reproduce`, and links for a reader."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from study.figures.style.words import seeds_of
from study.frames import SweepFrames
from study.report.gallery import Picture

MOST_LINKED = 2000
"""Runs beyond which a page names the file, and not each of them."""

_UI = "http://127.0.0.1:5000"  # where `study ui` serves a store that is a database


def runs_file(sweep: SweepFrames, pictures: Sequence[Picture]) -> str:
    """Return the text of runs.json: the runs of a page, and by figure which of them it stands on, null for all.

    Its figures name runs by their place in the list.
    """
    runs = sweep.runs[["run_id", "label", "job", "seed"]].astype({"label": str}).to_dict("records")
    place = {run["run_id"]: index for index, run in enumerate(runs)}
    return json.dumps(
        {
            "experiment": sweep.experiment,
            "sweep": sweep.info.get("sweep", ""),
            "runs": runs,
            "figures": {
                picture.file: None if picture.runs is None else [place[run] for run in picture.runs]
                for picture in pictures
            },
        },
        ensure_ascii=False,
    )


def stand_on(picture: Picture, sweep: SweepFrames) -> Picture:
    """Return a picture that says which runs it stands on."""
    if picture.runs is None or len(picture.runs) == len(sweep.runs):
        return replace(picture, stands=f"all {len(sweep.runs):,} runs")
    own = sweep.runs[sweep.runs["run_id"].isin(picture.runs)]
    seeds = sorted(own["seed"].unique())
    which = f"seed {seeds[0]}" if len(seeds) == 1 else seeds_of(own)
    told = f"{len(own):,} of {len(sweep.runs):,} runs: {own['label'].nunique()} settings, {which}"
    return replace(picture, stands=told)


def every_run(sweep: SweepFrames, figures: Sequence[str]) -> Mapping[str, Any] | None:
    """Return what a page says of single runs, with a link to each in MLflow's UI; None where it cannot name it."""
    experiment = sweep.info.get("experiment_id")
    if experiment is None or len(sweep.runs) > MOST_LINKED:
        return None
    store = sweep.info.get("store", "")
    at, served = (
        (store, "that server's UI") if store.startswith("http") else (_UI, "the UI that make ui serves")
    )
    place = f"{at.rstrip('/')}/#/experiments/{experiment}/runs"
    groups = sweep.runs.groupby("label", sort=False, observed=True)
    example = f"study reproduce {sweep.experiment}/{figures[0]}" if figures else "study reproduce"
    return {
        "told": (
            f"Tables stand on all {len(sweep.runs):,} runs, and each figure says on which. Each number below is a "
            f"seed, and leads to its run in {served} ({at})."
        ),
        "example": example,
        "count": f"{len(sweep.runs):,}",
        "by_label": {
            str(label): [(int(run["seed"]), f"{place}/{run['run_id']}") for run in runs.to_dict("records")]
            for label, runs in groups
        },
    }
