"""The whole report from a synthetic sweep: complete, self-contained, escaped, in a place of its own."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from typing_extensions import override

from study.certify.sweeps import bowl_sweep, parabola_sweep
from study.config.paths import ROOT
from study.errors import InvalidInput
from study.frames import SweepFrames
from study.report.build import LONGEST, build, folder_name, place_of
from study.report.folder import MARKER
from study.report.plan import Plan

FIGURES = [{"name": "loss_curves"}, {"name": "final_losses"}, {"name": "fitted_curves"}]


def _plan(**changes: Any) -> Plan:
    node = yaml.safe_load((ROOT / "conf/report/default.yaml").read_text())
    return Plan.of(
        {**node, "title": "A title", "text": "One.\n\nTwo.", "figures": FIGURES, "resamples": 300, **changes}
    )


@pytest.fixture(scope="module")
def sweep() -> SweepFrames:
    return parabola_sweep(seeds=6, steps=64)


@pytest.fixture(scope="module")
def folder(sweep: SweepFrames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "headline"
    build(sweep, _plan(), folder, again="make sweep\nmake report")
    return folder


def test_writes_what_it_promises(folder: Path) -> None:
    """Two pages, each figure three times, the summary, every point, which runs; and nothing else."""
    expected = {MARKER, "index.html", "report.md", "summary.csv", "pairs.csv", "curves.parquet", "runs.json"}
    for figure in FIGURES:
        expected |= {f"figures/{figure['name']}.{kind}" for kind in ("svg", "pdf", "png")}
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == expected


@pytest.mark.slow
def test_same_sweep_same_bytes(
    sweep: SweepFrames, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At whatever time: making a report again of nothing new changes no file."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")  # what Matplotlib takes for the time of day
    monkeypatch.setattr(time, "time", lambda: 1e9)
    build(sweep, _plan(), tmp_path / "again", again="make sweep\nmake report")
    for path in folder.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "again" / path.relative_to(folder)).read_bytes(), (
                path.name
            )


def test_curves_hold_every_point(sweep: SweepFrames, folder: Path) -> None:
    """A round trip: nothing dropped, nothing altered."""
    curves = pd.read_parquet(folder / "curves.parquet")
    assert list(curves.columns) == ["label", "optimizer", "seed", "metric", "step", "value"]
    assert curves["value"].tolist() == sweep.points["value"].tolist()
    adam = curves[
        (curves["optimizer"] == "adam") & (curves["seed"] == 3) & (curves["metric"] == "train/loss")
    ]
    runs = sweep.runs[(sweep.runs["optimizer"] == "adam") & (sweep.runs["seed"] == 3)]
    mine = sweep.points[
        sweep.points["run_id"].isin(runs["run_id"]) & (sweep.points["metric"] == "train/loss")
    ]
    assert adam["step"].tolist() == mine["step"].tolist()
    assert adam["value"].tolist() == mine["value"].tolist()


def test_summary_in_the_sweeps_order(sweep: SweepFrames, folder: Path) -> None:
    """Medians are pandas' own; the file keeps ten digits of them."""
    summary = pd.read_csv(folder / "summary.csv").set_index("label")
    medians = sweep.runs.groupby("label", observed=True)["last_epoch_loss"].median()
    assert list(summary.index) == list(medians.index)
    assert summary["median"].to_numpy() == pytest.approx(medians.to_numpy(), rel=1e-9)
    assert summary["diverged"].sum() == 1


class _Page(HTMLParser):
    """Collects what a browser would fetch, and all ids."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for key, value in attrs:
            if key in ("src", "href", "xlink:href"):
                self.links.append(str(value))
            if key == "id":
                self.ids.append(str(value))


def test_page_is_self_contained(folder: Path) -> None:
    """It fetches nothing; its links lead to files beside it; every id once though many figures share a page."""
    page = _Page()
    page.feed((folder / "index.html").read_text())
    assert page.tags.count("figure") == len(FIGURES)
    inner = {link[1:] for link in page.links if link.startswith("#")}
    assert inner <= set(page.ids)
    beside = [link for link in page.links if not link.startswith(("#", "data:"))]
    assert "curves.parquet" in beside
    assert all((folder / link).is_file() for link in beside)
    assert len(page.ids) == len(set(page.ids))


def test_pages_say_what_must_be_said(folder: Path) -> None:
    """Divergence, n, method, provenance, how to make it again; in both pages."""
    for name in ("index.html", "report.md"):
        text = (folder / name).read_text()
        for wanted in (
            "1</b><span>diverged" if name == "index.html" else "**1** diverged",
            "exact interval of the median (order statistics 1 and 6 of 6): 96.9% of such intervals contain the "
            "median over all seeds; n = 6 seeds each", "96.9% interval",
            "python -m study.train -m experiment=headline", "0123456789abcdef", "sweep-1", "torch 2.13",
            "make sweep\nmake report", "Wilcoxon signed-rank", "Compared seed by seed",
        ):  # fmt: skip
            assert wanted in text, (name, wanted)
        assert "somewhere.db" not in text


def test_the_answer_stands_right_under_the_title(sweep: SweepFrames, tmp_path: Path) -> None:
    """And is handed to who prints it."""
    written = build(sweep, _plan(figures=[]), tmp_path / "x", again="make sweep\nmake report")
    assert written.lead.startswith("rmsprop lr=0.01 ends lowest of 4 settings: median ")
    markdown, html = ((tmp_path / "x" / name).read_text() for name in ("report.md", "index.html"))
    assert markdown.startswith(f"# A title\n\n**{written.lead}**\n")
    assert f'<h1>A title</h1>\n<p class="lead">{written.lead}</p>\n' in html
    assert {path.name for path in written.files} >= {"index.html", "report.md", "summary.csv"}


def test_markdown_links_pictures_that_exist(folder: Path) -> None:
    """GitHub shows them."""
    text = (folder / "report.md").read_text()
    for figure in FIGURES:
        assert f"](figures/{figure['name']}.png)" in text
        assert (folder / "figures" / f"{figure['name']}.png").read_bytes().startswith(b"\x89PNG")


def test_what_comes_from_config_is_escaped(sweep: SweepFrames, tmp_path: Path) -> None:
    """A title with markup stays text."""
    plan = replace(_plan(figures=[]), title="<script>alert(1)</script>")
    build(sweep, plan, tmp_path / "x", again="make sweep\nmake report")
    html = (tmp_path / "x" / "index.html").read_text()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_unpaired_runs_are_compared_as_such(sweep: SweepFrames, tmp_path: Path) -> None:
    """Other seeds: no pair, in words. Another order of batches at the same seed is still a block."""
    seeds = sweep.runs["seed"] + 100 * sweep.runs["label"].cat.codes
    runs = sweep.runs.assign(seed=seeds)
    build(replace(sweep, runs=runs), _plan(figures=[]), tmp_path / "x", again="make sweep\nmake report")
    text = (tmp_path / "x" / "report.md").read_text()
    assert "Compared as independent samples" in text
    assert "Wilcoxon" not in text
    pairs = pd.read_csv(tmp_path / "x" / "pairs.csv")
    assert not pairs["paired"].any()
    columns = "first second n paired scale estimate low high p_holm verdict seeds_to_tell seeds_to_tie"
    assert list(pairs)[:12] == columns.split()


def test_one_seed_claims_no_interval(tmp_path: Path) -> None:
    """A sweep of single runs: no interval, no pairs."""
    build(
        bowl_sweep(),
        _plan(figures=[{"name": "trajectories"}]),
        tmp_path / "x",
        again="make sweep\nmake report",
    )
    text = (tmp_path / "x" / "report.md").read_text()
    assert "n = 1 seed each, so no interval" in text
    assert "Pair by pair" not in text


def test_a_figure_that_cannot_be_drawn_leaves_nothing(sweep: SweepFrames, tmp_path: Path) -> None:
    """The message says what it needs; nothing is written."""
    plan = _plan(figures=[{"name": "loss_curves"}, {"name": "trajectories"}])
    with pytest.raises(InvalidInput, match=r"^trajectories needs a problem of exactly two scalar parameters"):
        build(sweep, plan, tmp_path / "x", again="make sweep\nmake report")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_reports_value_reaches_tables_and_figures(sweep: SweepFrames, tmp_path: Path) -> None:
    """A figure that has its own value keeps it."""
    other = replace(sweep, runs=sweep.runs.assign(excess=sweep.runs["last_epoch_loss"] / 2))
    figures = [{"name": "ranking"}, {"name": "final_losses", "value": "final_eval_loss"}]
    build(other, _plan(figures=figures, value="excess"), tmp_path / "x", again="make sweep\nmake report")
    text = (tmp_path / "x" / "report.md").read_text()
    median = other.runs.loc[other.runs["optimizer"] == "rmsprop", "excess"].median()
    assert "## Loss of the last epoch above the floor" in text
    assert (
        f"rmsprop lr=0.01 has the lowest median loss of the last epoch above the floor, {median:.4g} ["
        in text
    )
    assert "has the lowest median evaluation loss after the last step" in text


@pytest.mark.slow
def test_a_large_figure_has_one_view(
    sweep: SweepFrames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page stays small."""
    for most, views in ((10, 1), (400_000, 2)):
        monkeypatch.setattr("study.report.gallery.LARGEST_VIEW", most)
        build(sweep, _plan(figures=[{"name": "ranking"}]), tmp_path / "x", again="make sweep")
        assert (tmp_path / "x" / "index.html").read_text().count("<svg") == views


def test_each_figure_names_its_runs(sweep: SweepFrames, tmp_path: Path) -> None:
    """The tutorial's view stands on one seed, the others on all."""
    figures = [{"name": "tutorial_view", "seed": 2}, {"name": "final_losses"}]
    build(sweep, _plan(figures=figures), tmp_path / "x", again="make sweep")
    told = json.loads((tmp_path / "x" / "runs.json").read_text())
    assert (told["experiment"], told["sweep"]) == ("headline", "sweep-1")
    assert [run["run_id"] for run in told["runs"]] == list(sweep.runs["run_id"])
    assert told["figures"]["final_losses"] is None
    assert [told["runs"][index]["seed"] for index in told["figures"]["tutorial_view"]] == [2, 2, 2, 2]
    html = (tmp_path / "x" / "index.html").read_text()
    assert "From 4 of 24 runs: 4 settings, seed 2." in html
    assert "From all 24 runs." in html


def test_the_verdict_stands_beside_the_median(sweep: SweepFrames, tmp_path: Path) -> None:
    """Of each setting against the first: what the pairs say, whichever way round they were compared."""
    build(sweep, _plan(figures=[]), tmp_path / "x", again="make sweep")
    head, _, *rows = [
        line for line in (tmp_path / "x" / "report.md").read_text().splitlines() if line.startswith("|")
    ][:6]
    assert head.split("|")[-2].strip() == "against the first"
    told = {row.split("|")[2].strip(): row.split("|")[-2].strip() for row in rows}
    pairs = pd.read_csv(tmp_path / "x" / "pairs.csv").set_index(["first", "second"])["verdict"]
    for label, verdict in told.items():
        if label == "rmsprop lr=0.01":
            assert verdict == "–"
        elif ("rmsprop lr=0.01", label) in pairs.index:
            opposite = {"better": "worse", "worse": "better"}
            side, _, size = pairs["rmsprop lr=0.01", label].partition(" ")
            assert verdict == f"{opposite.get(side, side)} {size}".strip().replace(" M", " a factor of 1.25")
        else:
            assert verdict == pairs[label, "rmsprop lr=0.01"].replace(" M", " a factor of 1.25")


@pytest.mark.slow
def test_a_report_needs_neither_torch_nor_the_store() -> None:
    """Right of the store nothing imports torch or mlflow."""
    code = (
        "import sys, study.report.build, study.report.__main__;"
        "sys.exit(not {'torch', 'mlflow'}.isdisjoint(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_folder_of_somebodys_files_is_refused_untouched(sweep: SweepFrames, tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "mine.png").write_text("mine")
    with pytest.raises(InvalidInput, match=r"^report.out must be .* which also holds figures;"):
        build(sweep, _plan(), tmp_path, again="make sweep\nmake report")
    assert [path.name for path in tmp_path.rglob("*")] == ["figures", "mine.png"]


def test_an_overridden_sweep_has_a_folder_of_its_own() -> None:
    sweep = parabola_sweep(seeds=1, steps=32)
    assert place_of(sweep) == ROOT / "reports" / "headline"
    asked = replace(sweep, overrides=("seeds=50", "optimizer.lr=100"))
    assert place_of(asked) == ROOT / "reports" / "headline+seeds=50+optimizer.lr=100"


@pytest.mark.parametrize(
    "text", ["../../x", "/abs", "a/b", "a\nb", "", ".hidden", "..", "ä", "a=[1, 2]", "x" * 300]
)
def test_any_text_is_one_plain_folder(text: str) -> None:
    name = folder_name(text)
    assert (ROOT / name).resolve().parent == ROOT
    assert 0 < len(name) <= LONGEST + 9
    assert not name.startswith(".")


def test_different_texts_are_different_folders() -> None:
    texts = ["a/b", "a b", "a_b", "x" * 200, "x" * 201, "a+b=[1]", "a+b=(1)"]
    assert len({folder_name(text) for text in texts}) == len(texts)
