"""A composed config becomes a job or one message; what only torch can tell is told before anything is trained."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig

from study.config.check import Settings, check_batch_size, job_from_config, settings_from_config
from study.config.compose import Composer
from study.config.location import Location
from study.errors import InvalidInput
from study.job import EVAL_MOMENTS
from study.training.build import device_of
from study.training.trial import check_jobs
from study.training.ways import Ways

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture(scope="module", autouse=True)
def _config_tree() -> Iterator[None]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def test_a_good_config_becomes_its_job() -> None:
    words = ["optimizer=adam", "optimizer.lr=0.001", "seeds=5", "first_seed=3", "epochs=2"]
    job = job_from_config(_compose(*words), words)
    assert job.seeds == range(3, 8)
    assert (job.epochs, job.batch_size) == (2, 32)
    assert job.eval_moments == EVAL_MOMENTS  # of conf/config.yaml
    assert {key: value for key, value in job.optimizer.items() if key != "priors"} == {
        "name": "adam",
        "_target_": "torch.optim.Adam",
        "elementwise": True,
        "lr": 0.001,
        "betas": [0.9, 0.99],
    }
    assert job.problem["points"] == 1000
    assert job.label == "adam lr=0.001 epochs=2"


def test_a_schedule_is_a_part_of_the_job_unless_it_is_the_constant_one() -> None:
    assert job_from_config(_compose(), []).schedule is None
    assert job_from_config(_compose("schedule=constant"), []).hash == job_from_config(_compose(), []).hash
    job = job_from_config(_compose("schedule=cosine", "schedule.T_max=0.5 * steps"), [])
    assert job.schedule is not None
    assert (job.schedule["name"], job.schedule["T_max"]) == ("cosine", "0.5 * steps")
    with pytest.raises(
        InvalidInput, match=r"^schedule must be a config with `name` and `_target_`, got .*'T_max'"
    ):
        job_from_config(_compose("+schedule.T_max=3"), [])


def test_interpolations_are_resolved() -> None:
    job = job_from_config(_compose("optimizer.lr=${problem.noise}"), [])
    assert job.optimizer["lr"] == 0.1


def test_settings_are_what_decides_no_number() -> None:
    words = ["tracking.uri=http://localhost:5000", "tracking.experiment=x", "device=auto", "force=true"]
    settings = settings_from_config(
        _compose(*words, "stack.max_runs=7", "stack.threads=2", "stack.workers=3", "sweep_id=now")
    )
    assert settings == Settings(
        "now",
        Location.of("http://localhost:5000"),
        "x",
        "auto",
        max_runs=7,
        threads=2,
        workers=3,
        force=True,
        trial_seconds=60,
    )


_COUNT = "a whole number >= 1"
_BATCH = "a whole number >= 1, or null for all data"
_LR = "a finite number > 0"
_FRACTION = r"a number in \[0, 1\)"
_BETAS = r"two numbers in \[0, 1\), as in optimizer.betas=\[0.9,0.99\]"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("seeds=0", f"seeds must be {_COUNT}, got 0"),
        ("seeds=-1", f"seeds must be {_COUNT}, got -1"),
        ("seeds=1.5", f"seeds must be {_COUNT}, got 1.5"),
        ("seeds=2.0", f"seeds must be {_COUNT}, got 2.0"),
        ("seeds=abc", f"seeds must be {_COUNT}, got 'abc'"),
        ("seeds=", f"seeds must be {_COUNT}, got ''"),
        ("seeds=null", f"seeds must be {_COUNT}, got None"),
        ("seeds=true", f"seeds must be {_COUNT}, got True"),
        ("seeds=[1,2]", rf"seeds must be {_COUNT}, got \[1, 2\]"),
        ("first_seed=-1", "first_seed must be a whole number >= 0, got -1"),
        ("first_seed=false", "first_seed must be a whole number >= 0, got False"),
        ("first_seed=0.0", "first_seed must be a whole number >= 0, got 0.0"),
        ("epochs=0", f"epochs must be {_COUNT}, got 0"),
        ("eval_moments=0", f"eval_moments must be {_COUNT}, got 0"),
        ("eval_moments=null", f"eval_moments must be {_COUNT}, got None"),
        ("epochs=2.5", f"epochs must be {_COUNT}, got 2.5"),
        ("epochs=nan", f"epochs must be {_COUNT}, got nan"),
        ("batch_size=0", f"batch_size must be {_BATCH}, got 0"),
        ("batch_size=-32", f"batch_size must be {_BATCH}, got -32"),
        ("batch_size=2.5", f"batch_size must be {_BATCH}, got 2.5"),
        ("batch_size=", f"batch_size must be {_BATCH}, got ''"),
        ("batch_size=1001", "batch_size must be at most 1000, the samples of the problem, got 1001"),
        ("problem.points=50 batch_size=51", "at most 50, the samples of the problem, got 51"),
        ("stack.max_runs=0", f"stack.max_runs must be {_COUNT}, got 0"),
        ("stack.threads=0", f"stack.threads must be {_COUNT}, or null for all cores, got 0"),
        ("stack.workers=0", f"stack.workers must be {_COUNT}, or null for all cores, got 0"),
        ("force=maybe", "force must be true or false, got 'maybe'"),
        ("device=tpu", "device must be one of auto, cpu, cuda; got 'tpu'; did you mean 'cpu'?"),
        ("device=null", "device must be one of auto, cpu, cuda; got None"),
        ("device=gpu", "device must be one of auto, cpu, cuda; got 'gpu'"),
        ("optimizer.lr=0", f"optimizer.lr must be {_LR}, got 0"),
        ("optimizer.lr=-0.1", f"optimizer.lr must be {_LR}, got -0.1"),
        ("optimizer.lr=nan", f"optimizer.lr must be {_LR}, got nan"),
        ("optimizer.lr=inf", f"optimizer.lr must be {_LR}, got inf"),
        ("optimizer.lr=", f"optimizer.lr must be {_LR}, got ''"),
        ("optimizer.lr=null", f"optimizer.lr must be {_LR}, got None"),
        ("optimizer.lr=abc", f"optimizer.lr must be {_LR}, got 'abc'"),
        ("optimizer.lr=true", f"optimizer.lr must be {_LR}, got True"),
        ("optimizer.lr=[0.1]", rf"optimizer.lr must be {_LR}, got \[0.1\]"),
        ("optimizer=momentum optimizer.momentum=1", f"optimizer.momentum must be {_FRACTION}, got 1"),
        ("optimizer=momentum optimizer.momentum=-0.1", f"optimizer.momentum must be {_FRACTION}, got -0.1"),
        ("optimizer=rmsprop optimizer.alpha=1.5", f"optimizer.alpha must be {_FRACTION}, got 1.5"),
        ("optimizer=adadelta optimizer.rho=nan", f"optimizer.rho must be {_FRACTION}, got nan"),
        ("optimizer=adam optimizer.betas=[0.9]", rf"optimizer.betas must be {_BETAS}, got \[0.9\]"),
        ("optimizer=adam optimizer.betas=[0.9,1]", rf"optimizer.betas must be {_BETAS}, got \[0.9, 1\]"),
        (
            "optimizer=adam optimizer.betas=[-0.1,0.9]",
            rf"optimizer.betas must be {_BETAS}, got \[-0.1, 0.9\]",
        ),
        ("optimizer=adam optimizer.betas=[0.9,nan]", rf"optimizer.betas must be {_BETAS}, got \[0.9, nan\]"),
        ("optimizer=adam optimizer.betas=[0.9,0.9,0.9]", rf"optimizer.betas must be {_BETAS}"),
        ("optimizer=adam optimizer.betas=0.9", rf"optimizer.betas must be {_BETAS}, got 0.9"),
        ("optimizer=adam optimizer.betas=", rf"optimizer.betas must be {_BETAS}, got ''"),
        ("optimizer=adamw optimizer.weight_decay=-1", "optimizer.weight_decay must be a finite number >= 0"),
        ("optimizer.lr=${nothing}", "Interpolation key 'nothing' not found"),
        ("~optimizer._target_", "optimizer must be a config with `name` and `_target_`"),
        ("optimizer=rprop +optimizer.etas=[1,2]", r"optimizer.etas must be two numbers, .* got \[1, 2\]"),
        ("optimizer=rprop +optimizer.step_sizes=[2,1]", r"the smaller first, got \[2, 1\]"),
        ("optimizer=nag optimizer.nesterov=3", "optimizer.nesterov must be true or false, got 3"),
        (
            "optimizer=adagrad +optimizer.lr_decay=-1",
            "optimizer.lr_decay must be a finite number >= 0, got -1",
        ),
    ],
)
def test_a_bad_value_is_refused_without_torch(words: str, message: str) -> None:
    config = _compose(*words.split())
    with pytest.raises(InvalidInput, match=message) as refusal:
        job_from_config(config, words.split())
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("problem.width=0", "^problem.width must be a whole number >= 1, got 0$"),
        ("problem.points=-5", "problem.points must be a whole number >= 1, got -5"),
        ("problem.noise=-1.0", "problem.noise must be a finite number >= 0, got -1.0"),
        ("problem.cap=0.0", "problem.cap must be a finite number > 0, got 0.0"),
        ("problem=airfoil problem.points=2000", "must be a whole number from 1 to 1503, got 2000"),
        ("+problem.depth=3", "problem.depth is not known to study.problems.parabola.Parabola, .* takes name"),
        ("~problem.noise", "problem.noise must be given, .*Parabola has no default for it; got none"),
        (
            "+optimizer.foo=1",
            "optimizer.foo is not known to torch.optim.SGD, which takes lr, momentum, .*fused$",
        ),
        ("+optimizer.momentun=1", "optimizer.momentun is .*; did you mean momentum"),
        ("+optimizer.params=1", "optimizer.params is not known to torch.optim.SGD"),
        ("optimizer=scratch/sgd ~optimizer.lr", "optimizer.lr must be given, .*SGD has no default for it"),
        ("optimizer=scratch/adam optimizer.eps=-1", "optimizer.eps must be a finite number >= 0, got -1"),
        (
            "optimizer=scratch/adam optimizer.betas=[0.9]",
            r"betas must be a list of 2 numbers in \[0, 1\), got",
        ),
        ("+optimizer.nesterov=true", "Nesterov momentum requires a momentum"),
        (
            "optimizer=nag +optimizer.dampening=0.5",
            "Nesterov momentum requires a momentum and zero dampening",
        ),
        ("optimizer._target_=torch.optim.Adom", "got 'Adom', which is not in torch.optim; did you mean Adam"),
        ("optimizer._target_=torch.optim.lr_scheduler", "lr_scheduler', which is no class of torch.optim"),
        ("optimizer._target_=torch.nothing.Adam", "there is no module torch.nothing"),
        ("optimizer._target_=no.such.module.Rule", "there is no package 'no' here; install it .* PYTHONPATH"),
        ("optimizer._target_=SGD", "a class with its module, as in torch.optim.SGD, got 'SGD'"),
        (
            "optimizer=adafactor +optimizer.d=0.5",
            "torch.optim.Adafactor cannot be made: ValueError: Clipping threshold d",
        ),
        (
            "optimizer._target_=collections.Counter",
            "optimizer._target_ must be a torch.optim.Optimizer, got coll",
        ),
        ("problem._target_=torch.nn.Linear", "problem.name is not known to torch.nn.Linear"),
        ("problem=bowl batch_size=2", "batch_size must be at most 1, the samples of the problem, got 2"),
    ],
)
def test_what_a_class_refuses_is_told_before_training(words: str, message: str) -> None:
    job = job_from_config(_compose(*words.split()), words.split())
    ((label, told),) = check_jobs([job], Ways()).items()
    assert label == job.label
    assert re.search(message, told)
    assert "\n" not in told


def test_cuda_is_refused_where_torch_finds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(
        InvalidInput, match=r"device must be one that is here, got .cuda., but torch finds no GPU"
    ):
        device_of(settings_from_config(_compose("device=cuda")))
    assert device_of(settings_from_config(_compose("device=auto"))).type == "cpu"


@pytest.mark.slow
def test_every_job_is_checked_not_only_the_first() -> None:
    configs = [_compose(), _compose("optimizer=adafactor", "+optimizer.d=0.5"), _compose("problem.width=0")]
    good, *bad = [job_from_config(config, [f"epochs={place}"]) for place, config in enumerate(configs)]
    assert list(check_jobs([good, *bad], Ways())) == [job.label for job in bad]
    assert check_jobs([good], Ways()) == {}


_THEIRS = """
import torch
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, overload
from study.problems.parabola import Parabola

class Overloaded(torch.optim.SGD):
    @overload
    def __init__(self, params): ...
    @overload
    def __init__(self, params, lr, momentum): ...
    def __init__(self, params, lr=0.1, momentum=0.0):
        super().__init__(params, lr=lr, momentum=momentum)

def replacing(kind):
    kind.__init__ = lambda self, params, *, lr=0.1: torch.optim.SGD.__init__(self, params, lr=lr)
    return kind

@replacing
class Decorated(torch.optim.SGD):
    def __init__(self): ...

class AdEMAMix(torch.optim.SGD):
    def __init__(self, params, lr=0.1, alpha=5.0, betas=(0.98, 0.92, 0.99)):
        super().__init__(params, lr=lr)

@dataclass(frozen=True)
class Keyword(Parabola):
    _: KW_ONLY
    depth: int = 3
    note: ClassVar = 5
"""


def test_whatever_python_calls_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Overloads, decorated classes, keyword-only fields, and names that mean something else than torch's."""
    (tmp_path / "of_somebody.py").write_text(_THEIRS)
    monkeypatch.syspath_prepend(tmp_path)
    target = "_target_=of_somebody"
    for words in (
        [f"optimizer.{target}.Overloaded", "+optimizer.momentum=0.5"],
        [f"optimizer.{target}.Decorated"],
        [f"optimizer.{target}.AdEMAMix", "+optimizer.alpha=5.0", "+optimizer.betas=[0.98,0.92,0.99]"],
        [f"problem.{target}.Keyword", "+problem.depth=4"],
    ):
        assert check_jobs([job_from_config(_compose(*words), words)], Ways()) == {}, words


@pytest.mark.parametrize("uri", ["ftp://x", "mlruns", "file:///runs", "mysql://x/y"])
def test_a_store_of_a_kind_that_cannot_be_tracked_to_is_refused(uri: str) -> None:
    with pytest.raises(InvalidInput, match=r"tracking.uri must be .*, got "):
        settings_from_config(_compose(f"tracking.uri={uri}"))


@pytest.mark.parametrize(
    "name",
    [
        "''",
        "5",
        "true",
        "null",
        "[a]",
        "{a: 1}",
        "..",
        "../x",
        "a/../../x",
        "/abs",
        "a%2Fb",
        "'a\nb'",
        "x" * 101,
    ],
)
def test_an_experiment_that_is_no_name_is_refused(name: str) -> None:
    """It is a folder's name too: its artifacts lie there."""
    with pytest.raises(
        InvalidInput, match=r"tracking.experiment must be a name of at most 100 letters, .*, got "
    ):
        settings_from_config(_compose(f"tracking.experiment={name}"))


@pytest.mark.parametrize("name", ["x", "5a", "größe 2.0", "a_b-c", "x" * 100])
def test_an_experiment_may_have_a_name_of_ones_own(name: str) -> None:
    assert settings_from_config(_compose(f"tracking.experiment='{name}'")).experiment == name


def test_as_many_samples_as_there_are_is_a_batch() -> None:
    check_batch_size(1000, 1000)
    check_batch_size(None, 1)
    with pytest.raises(InvalidInput, match="batch_size=null takes them all"):
        check_batch_size(1001, 1000)


def _compose(*words: str) -> DictConfig:
    return _composer().compose(words)[0]


@cache
def _composer() -> Composer:
    """Compose each choice once: that it is what Hydra composes is tested with the composer."""
    loader = GlobalHydra.instance().config_loader()
    return Composer(loader, loader.load_configuration("config", [], run_mode=RunMode.MULTIRUN))
