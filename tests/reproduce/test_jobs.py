"""A job is read back from its params: every optimizer and problem that is shipped."""

from pathlib import Path

import pytest
import yaml

from study import job as jobs
from study.errors import InvalidInput
from study.job import Job
from study.reproduce.jobs import job_of

CONF = Path(__file__).parents[2] / "conf"
BOWL = {"name": "bowl", "_target_": "study.problems.bowl.Bowl", "cap": float("inf")}
SGD = {
    "name": "sgd",
    "_target_": "torch.optim.SGD",
    "lr": 1e-05,
    "betas": [0.9, 0.999],
    "note": None,
    "on": True,
}


def _node(file: Path) -> dict[str, object]:
    tree = yaml.safe_load(file.read_text())
    node: dict[str, object] = tree.get(file.relative_to(CONF).parts[0], tree)
    return node


@pytest.mark.parametrize("group", ["optimizer", "problem", "schedule"])
def test_whatever_is_shipped_comes_back(group: str) -> None:
    files = [file for file in sorted((CONF / group).rglob("*.yaml")) if file.stem != "constant"]
    assert len(files) > 2
    for file in files:
        nodes = {"problem": BOWL, "optimizer": SGD, "schedule": None} | {group: _node(file)}
        job = Job(epochs=2, batch_size=None, seeds=range(4), label="", eval_moments=3, **nodes)  # type: ignore[arg-type]
        params = {**job.params(), "seed": "3", "problem.criterion": "test/loss"}
        back = job_of("id", params, {"study.job_hash": job.hash, "study.label": "mine"})
        assert (back.hash, back.seeds, back.label) == (job.hash, range(3, 4), "mine"), file


def test_another_version_of_the_numerics_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as then:
        then.setattr(jobs, "NUMERICS_VERSION", 2)
        old = Job(BOWL, SGD, 2, 16, range(1), "")
    tags = {"study.job_hash": old.hash, "study.git_commit": "abc"}
    with pytest.raises(
        InvalidInput, match=r"must be of NUMERICS_VERSION 3, .* got 2, .* of its commit, abc$"
    ):
        job_of("id", {**old.params(), "seed": "0"}, tags)
