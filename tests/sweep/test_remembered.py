"""What was measured of rules is the same when it is read again; what an older store kept is measured again."""

import json
from pathlib import Path

from study.config.location import Location
from study.job import Job
from study.sweep.remembered import FILE, ways_of
from study.training.instance import Way
from study.training.ways import Ways

SEEDS = (0, 3)


def test_a_measurement_is_read_as_it_was_written(tmp_path: Path) -> None:
    location, job = Location.of(f"sqlite:///{tmp_path}/mlflow.db"), _job()
    ways_of(location).learn(job, Way(shared=False, draws=True), SEEDS)
    again = ways_of(location)
    assert again.known(job, SEEDS) == Way(shared=False, draws=True)
    assert again.known(job, (0, 4)) is None


def test_a_measurement_without_its_seeds_is_made_again(tmp_path: Path) -> None:
    location, job = Location.of(f"sqlite:///{tmp_path}/mlflow.db"), _job()
    ways_of(location).learn(job, Way(), SEEDS)
    line = json.loads((tmp_path / FILE).read_text())
    seeds = line.pop("seeds")
    (tmp_path / FILE).write_text(json.dumps({**line, "runs": len(seeds)}) + "\n")
    ways = ways_of(location)
    assert ways.known(job, SEEDS) is ways.tried(job) is None
    ways.learn(job, Way(), SEEDS)
    assert ways_of(location).known(job, SEEDS) == Way()


def test_one_trial_stands_for_all_values_that_a_declaration_speaks_of_and_else_for_its_own_alone() -> None:
    for declared, tried in ({}, None), ({"elementwise": True}, Way(draws=True)):
        ways = Ways()
        ways.try_first(_job(**declared), Way(draws=True))
        assert ways.tried(_job(**declared)) == Way(draws=True)
        assert ways.tried(_job(**declared, lr=0.2)) == tried
        assert ways.tried(_job(**declared, nesterov=True)) is None


def _job(**values: object) -> Job:
    rule = {"name": "sgd", "_target_": "torch.optim.SGD", "lr": 0.1, **values}
    return Job({"name": "bowl"}, rule, epochs=2, batch_size=None, seeds=range(4), label="sgd")
