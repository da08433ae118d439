"""A report is kept beside its sweep: once, as it is now, and no store costs anybody the report."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from study.config.location import Location
from study.frames import SweepFrames
from study.job import Job
from study.tracking import names, sweeps
from study.tracking.provenance import Request
from study.tracking.published import publish
from study.tracking.reader import read_sweep
from study.tracking.store import open_store
from study.tracking.sweeps import Sweep
from study.training.result import Trained

PAIRS = """first,second,scale,estimate,verdict,margin
sgd lr=0.1,adam lr=0.01,log ratio,0.1,worse by more than M,0.22314355131420976
sgd lr=0.1,nag,difference,0.1,equivalent,0.5
"""


@pytest.fixture
def sweep(uri: str, make_job: Callable[..., Job], train: Callable[..., Trained]) -> Sweep:
    jobs = [make_job("sgd", 0.1, seeds=range(1))]
    request = Request(id="now", tags={names.USER: "me"}, command="typed")
    begun = sweeps.begin(open_store(Location.of(uri)), "study", jobs, request)
    begun.keep(train(jobs), lambda _: None)
    return begun


@pytest.fixture
def frames(sweep: Sweep) -> SweepFrames:
    return read_sweep("study", store=sweep.store.location)


def test_a_report_takes_the_place_of_the_one_before(
    sweep: Sweep, frames: SweepFrames, tmp_path: Path
) -> None:
    row = {"label": "sgd", "rank": 1, "runs": 1, "diverged": 0, "median": 0.5}
    sweep.stand([row], "excess")
    for lead, held in (
        ("First.", {"index.html": "1", "figures/a.svg": "a", "figures/b.svg": "b"}),
        ("Second.", {"index.html": "2", "figures/b.svg": "b", "pairs.csv": PAIRS, ".study.json": "{}"}),
    ):
        folder = _folder(tmp_path / lead, held)
        assert publish(sweep.store.location, frames, folder, [folder / name for name in held], lead) == ""
    kept = Path(sweep.store.client.download_artifacts(sweep.run_id, "report"))
    found = {
        file.relative_to(kept).as_posix(): file.read_text() for file in kept.rglob("*") if file.is_file()
    }
    assert found == {"index.html": "2", "figures/b.svg": "b", "pairs.csv": PAIRS}
    note = sweep.store.client.get_run(sweep.run_id).data.tags[names.NOTE]
    assert [note.count(words) for words in ("| 1 | sgd |", "### Report", "First.", "Second.")] == [1, 1, 0, 1]
    page = f"#/experiments/{sweep.experiment_id}/runs/{sweep.run_id}/artifacts/report/index.html"
    assert f"[The report]({page})" in note
    assert "| sgd lr=0.1 | worse by more than a factor of 1.25 | adam lr=0.01 |" in note
    assert "| sgd lr=0.1 | equivalent | nag |" in note
    sweep.stand([row], "excess")  # asked for again, with nothing new
    assert sweep.store.client.get_run(sweep.run_id).data.tags[names.NOTE] == note
    sweep.stand([row | {"median": 0.25}], "excess")  # what the report said is of other runs
    assert "Report" not in sweep.store.client.get_run(sweep.run_id).data.tags[names.NOTE]


def test_a_store_that_fails_is_one_line(sweep: Sweep, frames: SweepFrames, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "out", {"index.html": "1"})
    shutil.rmtree(tmp_path / "artifacts")
    (tmp_path / "artifacts").write_text("in the way")
    why = publish(sweep.store.location, frames, folder, [folder / "index.html"], "It is so.")
    assert why.startswith("the report is not in the store too: ")
    assert why.endswith(" (report.track=false does not try)")
    assert "\n" not in why


def _folder(folder: Path, held: dict[str, str]) -> Path:
    for name, text in held.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder
