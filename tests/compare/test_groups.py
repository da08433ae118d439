"""Groups: what Hydra composes for each pair, what the key depends on, and what a file may not do."""

from dataclasses import replace
from pathlib import Path

import pytest

from study.cli import Asked
from study.compare.groups import Group, groups_of
from study.compare.plan import Protocol, plan_of
from study.config.check import job_from_config
from study.config.compose import compose
from study.errors import InvalidInput

PROTOCOL = plan_of(Asked(("nadam",))).protocol
PROBLEMS = ("digits", "beale")


def _one(name: str, own: Path | None = None, *, protocol: Protocol = PROTOCOL) -> Group:
    (group,) = groups_of([name], ["beale"], protocol, own)[name]
    return group


def _own(folder: Path, text: str) -> Path:
    (folder / "optimizer").mkdir()
    (folder / "optimizer" / "mine.yaml").write_text(text)
    return folder


@pytest.mark.slow
def test_each_pair_is_what_hydra_composes() -> None:
    groups = groups_of(["adam", "sgd"], PROBLEMS, PROTOCOL, None)
    for name, own in groups.items():
        assert [group.problem for group in own] == list(PROBLEMS)
        for group in own:
            composed = job_from_config(
                compose("config", [f"optimizer={name}", f"problem={group.problem}"]), ()
            )
            assert group.job.hash == composed.hash
            assert group.job.seeds == PROTOCOL.fresh
            assert group.added is None


@pytest.mark.slow
def test_the_key_tells_what_decides_the_runs_and_not_at_which_seeds_they_are_compared() -> None:
    key = _one("adam").key
    assert _one("adam", protocol=replace(PROTOCOL, fresh=range(10, 20))).key == key
    others = [
        _one("adam", protocol=replace(PROTOCOL, budget=16)),
        _one("adam", protocol=replace(PROTOCOL, tuning=range(1000, 1005))),
        _one("adam", protocol=replace(PROTOCOL, draw=1)),
        _one("adamw"),
    ]
    assert len({key, *(group.key for group in others)}) == 5


@pytest.mark.slow
def test_priors_are_part_of_the_key(tmp_path: Path) -> None:
    text = "name: mine\n_target_: torch.optim.Adam\nlr: 0.01\npriors: {lr: {log: [0.001, 1.0]}}\n"
    first = _one("mine", _own(tmp_path, text)).key
    (tmp_path / "optimizer" / "mine.yaml").write_text(text.replace("1.0", "2.0"))
    assert _one("mine", tmp_path).key != first


def test_without_priors_the_learning_rate_is_looked_for_within_a_factor_of_100(tmp_path: Path) -> None:
    group = _one("mine", _own(tmp_path, "name: mine\n_target_: torch.optim.Adam\nlr: 0.02\n"))
    assert group.added == "+optimizer.priors={lr:{log:[0.0002,2.0]}}"
    composed = compose("config", ["optimizer=mine", "problem=beale", group.added], tmp_path)
    assert job_from_config(composed, ()).optimizer["priors"] == group.job.optimizer["priors"]


def test_an_optimizer_without_anything_to_tune_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidInput, match="optimizer mine must have a hyperparameter to tune, got neither priors nor lr"
    ):
        _one("mine", _own(tmp_path, "name: mine\n_target_: torch.optim.Adam\n"))


def test_a_file_that_gives_its_optimizer_more_epochs_is_refused(tmp_path: Path) -> None:
    text = "# @package _global_\noptimizer:\n  name: mine\n  _target_: torch.optim.Adam\n  lr: 0.1\nepochs: 999\n"
    own = _own(tmp_path, text)
    with pytest.raises(
        InvalidInput, match=r"the file of optimizer mine must set the optimizer alone, .*it sets epochs"
    ):
        groups_of(["adam", "mine"], ["beale"], PROTOCOL, own)
