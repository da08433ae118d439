"""What stands first on a page: tuned where the store has it and it is the same, else words."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from study.certify.sweeps import tuned_sweep
from study.config.paths import ROOT
from study.frames import Recorded, SweepFrames
from study.report.beside import Beside, beside
from study.report.build import build
from study.report.notices import notices
from study.report.plan import Plan

TUNED = replace(tuned_sweep(), experiment="tuned", info={"sweep": "sweep-9"})


def _plan(**changes: Any) -> Plan:
    node = yaml.safe_load((ROOT / "conf/report/default.yaml").read_text())
    figures = [{"name": "loss_curves"}]
    return Plan.of({**node, "title": "A title", "figures": figures, "beside": "tuned", **changes})


@pytest.fixture
def shipped() -> SweepFrames:
    """A sweep of what the tuned one has as shipped."""
    sweep = replace(TUNED, trials=TUNED.trials.iloc[:0], experiment="headline")
    kept = sweep.runs[~sweep.runs["label"].astype(str).str.endswith("tuned")]
    kept = kept.assign(label=kept["label"].cat.remove_unused_categories())
    points = sweep.points[sweep.points["run_id"].isin(kept["run_id"])]
    asked = sweep.asked[sweep.asked["label"].isin(kept["label"])]
    return replace(sweep, runs=kept, recorded=Recorded.of(points), asked=asked)


def _told(sweep: SweepFrames, other: SweepFrames | None) -> Beside:
    found = beside(sweep, other, _plan(), command="make sweep EXPERIMENT=tuned")
    assert found is not None
    return found


def test_a_page_begins_with_it(shipped: SweepFrames, tmp_path: Path) -> None:
    first = _told(shipped, _same_jobs(TUNED))
    assert first.told.startswith("As shipped, sgd ends ")
    assert "From the experiment tuned (sweep sweep-9)" in first.told
    build(shipped, _plan(), tmp_path / "page", again="make sweep\nmake report", first=first)
    assert (tmp_path / "page" / "figures" / "tuned_beside.png").is_file()
    for name in ("report.md", "index.html"):
        page = (tmp_path / "page" / name).read_text()
        assert page.index("both tuned,") < page.index("Hollow and filled") < page.index("How to read this")
        assert page.count("both tuned,") == 1


@pytest.mark.slow
def test_a_store_without_it_has_one_line_that_says_so(shipped: SweepFrames, tmp_path: Path) -> None:
    first = _told(shipped, None)
    assert first == Beside(
        "None of these settings is tuned. To see each as shipped and tuned here: `make sweep EXPERIMENT=tuned`"
    )
    assert _told(shipped, shipped) == first  # of that name, and tunes nothing
    build(shipped, _plan(), tmp_path / "page", again="make sweep\nmake report", first=first)
    assert first.told in (tmp_path / "page" / "report.md").read_text()
    assert not (tmp_path / "page" / "figures" / "tuned_beside.png").exists()


@pytest.mark.slow
def test_a_page_that_names_none_has_none(shipped: SweepFrames, tmp_path: Path) -> None:
    assert beside(shipped, TUNED, _plan(beside=None), command="") is None
    build(shipped, _plan(beside=None), tmp_path / "page", again="make sweep\nmake report")
    assert "As shipped, and tuned" not in (tmp_path / "page" / "index.html").read_text()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda runs: runs.assign(epochs=5), "epochs is 5 here and 2 there"),
        (lambda runs: runs.assign(batch_size=None), "batch_size is not set here and 32 there"),
        (lambda runs: runs.assign(**{"problem.noise": 0.2}), "problem.noise is 0.2 here and 0.1 there"),
        (
            lambda runs: runs.assign(**{"schedule.name": "cosine"}),
            "schedule.name is cosine here and not set there",
        ),
        (
            lambda runs: runs.assign(job=runs["job"].where(runs["optimizer"] != "adam", "other")),
            "it does not tune adam as set here",
        ),
    ],
)
def test_other_settings_are_refused_in_words(
    change: Callable[[Any], Any], why: str, shipped: SweepFrames
) -> None:
    other = replace(shipped, runs=change(shipped.runs))
    assert _told(other, _same_jobs(TUNED)) == Beside(
        f"The experiment tuned is in the store and not shown beside: {why}."
    )


def test_a_search_that_is_not_whole_is_refused_in_words_too(shipped: SweepFrames) -> None:
    trials = _same_jobs(TUNED).trials
    part = replace(TUNED, trials=trials[~trials["label"].astype(str).str.endswith("tuned")])
    assert "the sweep is not whole" in _told(shipped, part).told


def test_an_edge_is_noticed_at_the_top() -> None:
    assert notices(TUNED) == []
    trials = TUNED.trials.copy()
    trials.loc[trials["trial"] == 5, "place.lr"] = 0.01
    (told,) = notices(replace(TUNED, trials=trials))
    assert told.startswith("At an edge of the range that was searched: sgd lr (lower), momentum lr (lower), ")


def _same_jobs(tuned: SweepFrames) -> SweepFrames:
    """Give the first trials the hashes of what they are: what is shipped."""
    jobs = tuned.runs.drop_duplicates("label").set_index("label")["job"]
    trials = tuned.trials.assign(
        job=[jobs[g] if t == 1 else j for g, t, j in tuned.trials[["group", "trial", "job"]].to_numpy()],
        epochs=2,
    )
    problem = {key: tuned.runs[key].iloc[0] for key in map(str, tuned.runs) if key.startswith("problem")}
    return replace(tuned, trials=trials.assign(**problem))
