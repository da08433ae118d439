"""MLflow's own UI in a browser: the prepared view shows every run by its name, under its job."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any  # a fixture that serves
from urllib.parse import urljoin

import pytest

from study.config.location import Location
from study.job import Job
from study.tracking import sweeps, ui_state
from study.tracking.provenance import Request
from study.tracking.published import publish
from study.tracking.reader import read_sweep
from study.tracking.store import open_store
from study.training.result import Trained
from tests.browser import chromium, needs_chromium

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture
def page() -> Iterator[Any]:
    with chromium() as browser:
        yield browser.new_page(viewport={"width": 1600, "height": 1200})


def test_every_run_is_shown_under_its_job_and_its_parent(
    uri: str,
    page: Any,
    serve: Any,
    make_job: Callable[..., Job],
    train: Callable[..., Trained],
    tmp_path: Path,
) -> None:
    rates = {"sgd": 0.1, "momentum": 0.2, "rmsprop": 0.3, "adam": 100.0}
    jobs = [make_job(name, lr, seeds=range(2)) for name, lr in rates.items()]
    jobs.append(
        replace(make_job("adam", 0.4, seeds=range(2, 4)), label=jobs[-1].label)
    )  # as another sweep calls it
    store = open_store(Location.of(uri))
    store.describe("study", "Which one is best?\n\nEach at its own learning rate.")
    request = Request(id="2024-01-31_23-59-59-1", tags={"mlflow.user": "me"}, command="typed")
    sweep = sweeps.begin(store, "study", jobs, request)
    sweep.keep(train(jobs), lambda _: None)
    sweep.finish("FINISHED", {"runs": 10.0})
    expect = playwright.expect
    expect.set_options(timeout=60_000)
    with serve(uri, tmp_path / "served") as url:
        page.goto(f"{url}/#/experiments/{sweep.experiment_id}")  # where MLflow opens its half for GenAI
        link = page.locator("a", has_text="losses by setting").get_attribute("href")
        assert link is not None
        page.goto(urljoin(url, link))
        expect(page.get_by_text("(2)", exact=True)).to_be_visible()  # charts, in one section
        assert page.locator("text=/^(train|eval|summary|median)[/].*/").all_inner_texts() == [
            "train/loss",
            "eval/loss",
        ]
        expect(page.get_by_role("button", name="Losses by setting")).to_be_visible()  # among the saved views

        page.goto(url + ui_state.path(sweep.experiment_id).replace("CHART", "TABLE"))
        for job in jobs:
            expect(page.get_by_text(_group(job), exact=True)).to_be_visible()
            for seed in job.seeds:
                expect(page.get_by_role("link", name=f"{job.label} seed={seed}", exact=True)).to_be_visible()
        expect(page.get_by_text("Which one is best?")).to_be_visible()
        for column in ("summary/eval_last_epoch", "optimizer.lr", "seed", "study.status"):
            expect(page.locator(".ag-header-cell").filter(has_text=column).first).to_be_attached()
        expect(page.get_by_text("diverged", exact=True)).to_have_count(2)

        page.goto(f"{url}/#/experiments/{sweep.experiment_id}/runs/{sweep.run_id}")
        expect(page.get_by_text("study 2024-01-31 23:59").first).to_be_visible()
        expect(page.get_by_role("link", name="adam lr=100.0 seed=1")).to_be_visible()
        expect(page.get_by_role("cell", name="rmsprop lr=0.3")).to_be_visible()  # of the description's table

        report = tmp_path / "page" / "index.html"
        report.parent.mkdir()
        report.write_text("<h1>The answer</h1>")
        assert publish(store.location, read_sweep("study", store=uri), report.parent, [report], "Said.") == ""
        page.goto(
            f"{url}/#/experiments/{sweep.experiment_id}/runs/{sweep.run_id}/artifacts/report/index.html"
        )
        expect(page.frame_locator("iframe").get_by_role("heading", name="The answer")).to_be_visible()


def _group(job: Job) -> str:
    """Return the head of a job's runs: sweeps may call different jobs by one label."""
    return f"Group: study.label: {job.label}, study.job_hash: {job.hash}"
