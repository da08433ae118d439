"""A search as a person asks for it: what is tried, what is chosen, and that asking again goes on where it was."""

import contextlib
import io
import math
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from mlflow import MlflowClient
from omegaconf import DictConfig

from study import train
from study.cli import Stop
from study.errors import InvalidInput
from study.sweep import current
from study.sweep.callback import SweepCallback, jobs_of
from study.tracking.reader import read_sweep
from study.tracking.tracker import Tracker

CONF = Path(__file__).parents[2] / "conf"
SMALL = ["experiment=tuned", "hydra.sweeper.trials=5", "hydra.sweeper.budgets=[1,3]", "epochs=1", "seeds=3"]
SMALL += ["optimizer=sgd,adam"]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.slow
def test_trials_are_at_tuning_seeds_and_what_is_shipped_at_fresh_ones(loader: ConfigLoader) -> None:
    jobs = jobs_of(_master(loader, *SMALL))[0] or []
    assert [(job.label, job.seeds) for job in jobs] == [
        *((f"{name} trial {trial}", range(1000, 1005)) for name in ("sgd", "adam") for trial in range(1, 6)),
        ("sgd", range(3)),
        ("adam", range(3)),
    ]
    by_label = {job.label: job for job in jobs}
    for name in ("sgd", "adam"):
        assert by_label[f"{name} trial 1"].hash == by_label[name].hash  # the first is as shipped
        assert len({by_label[f"{name} trial {trial}"].hash for trial in range(1, 6)}) == 5
    rates = [by_label[f"{name} trial {t}"].optimizer["lr"] for name in ("sgd", "adam") for t in range(2, 6)]
    assert rates[:4] == rates[4:]  # both have one prior of lr, and meet the same points
    assert all(isinstance(rate, float) and 1e-4 < rate < 1 for rate in rates)


@pytest.mark.slow
def test_a_search_of_more_trials_begins_with_those_of_a_smaller_one(loader: ConfigLoader) -> None:
    few, more = (_hashes(loader, *SMALL, f"hydra.sweeper.trials={count}") for count in (4, 9))
    assert len(few) < len(more)
    assert few < more
    assert len(more & _hashes(loader, *SMALL, "hydra.sweeper.seed=1")) == 2  # what is shipped


@pytest.mark.slow
def test_what_the_command_sets_is_not_tuned(loader: ConfigLoader) -> None:
    jobs = jobs_of(_master(loader, *SMALL, "optimizer=momentum", "optimizer.momentum=0.5,0.6"))[0] or []
    assert {job.optimizer["momentum"] for job in jobs if "momentum=0.5" in job.label} == {0.5}
    assert {job.role.group for job in jobs if job.role} == {"momentum momentum=0.5", "momentum momentum=0.6"}
    assert {key for job in jobs if job.role for key in job.role.places} == {"lr"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["hydra.sweeper.first_seed=2"],
            r"hydra.sweeper.first_seed must keep .* from 0 to 2, .*first_seed=3",
        ),
        (["first_seed=1004"], "hydra.sweeper.first_seed must keep .* from 1004 to 1006, .*first_seed=1007"),
        (["hydra.sweeper.trials=1"], "hydra.sweeper.trials must be a whole number from 2 to 10000, got 1"),
        (
            ["hydra.sweeper.budgets=[0]"],
            r"hydra.sweeper.budgets must be a list of .* numbers >= 1, got \[0\]",
        ),
        (["hydra.sweeper.seeds=0"], "hydra.sweeper.seeds must be a whole number >= 1, got 0"),
        (["seeds=3,4"], "what is swept beside tuning must differ in more than seeds, got two of the same: "),
        (["optimizer=sgd", "optimizer.lr=0.1"], "optimizer sgd must have a hyperparameter to tune, got none"),
        (
            ["optimizer.priors.lr.log=[0,1]"],
            r"optimizer.priors.lr.log must be two numbers > 0, .*, got \[0, 1\]",
        ),
        (
            ["optimizer=sgd", "+optimizer.priors.lr.linear=[-1,1]", "~optimizer.priors.lr.log"],
            "optimizer.priors.lr must have good ends: optimizer.lr must be a finite number > 0, got -1.0",
        ),
    ],
)
@pytest.mark.usefixtures("untyped")
def test_what_cannot_be_is_refused_in_one_line(words: list[str], message: str, loader: ConfigLoader) -> None:
    with pytest.raises(InvalidInput, match=f"^{message}") as refused:
        jobs_of(_master(loader, *SMALL, *words))
    assert "\n" not in str(refused.value)


def test_one_job_is_not_tuned(loader: ConfigLoader) -> None:
    config = loader.load_configuration("config", ["hydra/sweeper=tuning"], run_mode=RunMode.RUN)
    with pytest.raises(Stop, match="hydra/sweeper=tuning must be asked for as a multirun"):
        SweepCallback().on_run_start(config)


@pytest.mark.slow
def test_an_experiment_may_choose_its_sweeper_and_a_person_another(loader: ConfigLoader) -> None:
    targets = [
        _master(loader, *words).hydra.sweeper._target_.rpartition(".")[2]
        for words in ([], ["experiment=headline"], SMALL, [SMALL[0], "hydra/sweeper=checked"])
    ]
    assert targets == ["CheckedSweeper", "CheckedSweeper", "TuningSweeper", "CheckedSweeper"]


@dataclass(frozen=True)
class Asked:
    """What a command came to."""

    status: int
    said: str
    runs: pd.DataFrame  # all of the store, as MLflow's own client gives them


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('tuned')}/runs.db"


@pytest.fixture(scope="module")
def asked(store: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Asked]:
    """A small search: interrupted after its first stack, asked for again, and once more."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STUDY_HYDRA_DIR", str(tmp_path_factory.mktemp("hydra")))
        patched.setattr("sys.argv", ["train", *SMALL, "stack.max_runs=25", f"tracking.uri={store}"])
        whole, kept = Tracker.keep, list[int]()

        def once(*arguments: Any, **keywords: Any) -> Any:
            if kept:
                raise KeyboardInterrupt
            kept.append(1)
            return whole(*arguments, **keywords)

        with pytest.MonkeyPatch.context() as interrupting:
            interrupting.setattr(Tracker, "keep", once)
            found = {"interrupted": _ask(store)}
            interrupting.undo()
        return found | {"again": _ask(store), "once more": _ask(store)}


@pytest.mark.slow
class TestSweep:
    """What is in the store, and what was said."""

    def test_interrupted_it_keeps_what_it_has(self, asked: dict[str, Asked]) -> None:
        first = asked["interrupted"]
        assert (first.status, len(first.runs)) == (130, 25)
        told = "interrupted: 25 of 56 runs are kept; the same command trains the other 31, and then the best of them"
        assert told in first.said

    def test_asked_again_it_goes_on_and_then_trains_nothing(self, asked: dict[str, Asked]) -> None:
        first, again, more = asked.values()
        assert (again.status, more.status) == (0, 0)
        assert set(first.runs["id"]) < set(again.runs["id"]) == set(more.runs["id"])
        assert "25 of them were there already" in again.said
        assert f"nothing to train: all {len(more.runs)} runs were in the store already" in more.said

    def test_its_end_shows_what_is_compared_alone(self, asked: dict[str, Asked]) -> None:
        lines = asked["again"].said.splitlines()
        rows = [re.match(r" *\d+ +(\w+(?: \w+)*)  ", line) for line in lines[3:]]
        shown = {row[1] for row in rows if row}
        assert {"sgd", "adam"} < shown <= {"sgd", "adam", "sgd tuned", "adam tuned"}

    def test_winners_are_those_of_plain_pandas(self, asked: dict[str, Asked], store: str) -> None:
        """Chosen by tuning seeds, compared at fresh ones; the order of trials is that of their names."""
        runs, frames = asked["once more"].runs, read_sweep("tuned", store=store)
        tuning = runs[runs["seed"] >= 1000]
        assert len(tuning) == 50
        for optimizer, own in tuning.groupby("optimizer"):
            trial = own["name"].str.extract(r"trial (\d+)")[0].astype(int)
            lost = own["loss"].where(own["status"] != "diverged", math.inf)
            table = pd.DataFrame(
                {"trial": trial, "hash": own["hash"], "loss": lost, "ok": own["status"] == "ok"}
            )
            medians, shares = table.groupby("trial")["loss"].median(), table.groupby("trial")["ok"].mean()
            for budget in (1, 3, 5):
                good = [t for t in range(1, budget + 1) if shares[t] > 0.5] or list(range(1, budget + 1))
                best = medians[good].idxmin()
                trials = frames.trials[frames.trials["group"] == optimizer]
                found = trials[[budget in budgets for budgets in trials["budgets"]]]
                assert set(found["trial"]) == {best}
                assert set(found["job"]) == set(table.loc[table["trial"] == best, "hash"])
                assert set(found["seed"]) == {0, 1, 2}

    def test_what_is_compared_is_what_is_shipped_and_the_best_of_all(
        self, asked: dict[str, Asked], store: str
    ) -> None:
        assert asked["again"].status == 0
        frames = read_sweep("tuned", store=store)
        fresh = frames.trials[frames.trials["budgets"].map(len) > 0]
        shown = fresh[fresh["budgets"].map(lambda budgets: 1 in budgets or 5 in budgets)]
        assert set(frames.runs["run_id"]) == set(shown["run_id"]) == set(frames.points["run_id"])
        assert set(frames.runs["seed"]).isdisjoint(range(1000, 1005))
        assert {"sgd", "adam"} <= set(frames.runs["label"]) <= {"sgd", "adam", "sgd tuned", "adam tuned"}
        assert (frames.asked["asked"] == frames.asked["present"]).all()
        assert frames.overrides == ("epochs=1", "seeds=3", "optimizer=sgd,adam", *SMALL[1:3])


@pytest.mark.slow
def test_another_launcher_chooses_the_same(
    asked: dict[str, Asked], store: str, tmp_path: Path, command: Command
) -> None:
    here = f"sqlite:///{tmp_path}/runs.db"
    launcher = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    done = command(tmp_path, "study.train", *SMALL, f"tracking.uri={here}", *launcher)
    assert done.returncode == 0, done.stderr
    assert asked["again"].status == 0
    one, other = (read_sweep("tuned", store=uri).trials for uri in (store, here))
    keys = ["label", "group", "trial", "budgets", "job", "seed"]
    assert sorted(map(tuple, one[keys].astype(str).to_numpy())) == sorted(
        map(tuple, other[keys].astype(str).to_numpy())
    )


def _ask(store: str) -> Asked:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            train.main()
            status = 0
        except SystemExit as end:
            status = int(str(end.code))
    current.CURRENT.set(None)
    client = MlflowClient(store)
    (experiment,) = client.search_experiments(filter_string="name = 'tuned'")
    runs = client.search_runs([experiment.experiment_id], "tags.`study.kind` = 'run'", max_results=1000)
    rows = [
        {
            "id": run.info.run_id,
            "name": run.info.run_name,
            "hash": run.data.tags["study.job_hash"],
            "status": run.data.tags["study.status"],
            "optimizer": run.data.params["optimizer.name"],
            "seed": int(run.data.params["seed"]),
            "loss": run.data.metrics.get("summary/eval_last_epoch", math.nan),
        }
        for run in runs
    ]
    return Asked(status, said.getvalue(), pd.DataFrame(rows))


@pytest.fixture
def loader() -> Iterator[ConfigLoader]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()
    for variable in (current.COMPOSER, current.CURRENT, current.SEARCH):
        variable.set(None)


def _master(loader: ConfigLoader, *words: str) -> DictConfig:
    return loader.load_configuration("config", list(words), run_mode=RunMode.MULTIRUN)


def _hashes(loader: ConfigLoader, *words: str) -> set[str]:
    return {job.hash for job in jobs_of(_master(loader, *words))[0] or []}
