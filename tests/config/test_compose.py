"""The quick way to compose a job against Hydra's own, override list by override list."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException, HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from study.config.compose import Composer

CONF = Path(__file__).parents[2] / "conf"

MASTERS = [[], ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"], ["experiment=rotation", "seeds=2"]]
JOBS = [
    [],
    ["optimizer=adam"],
    ["optimizer=adam", "optimizer.lr=0.001"],
    ["optimizer=adam", "optimizer.lr=0.001", "optimizer.betas=[0.8,0.9]"],
    ["optimizer.lr=3"],
    ["optimizer.lr=3", "optimizer=scratch/rmsprop"],
    ["problem=bowl"],
    ["problem=bowl", "problem.rotation=45.0", "optimizer=scratch/nag"],
    ["problem=linear", "batch_size=null"],
    ["problem=linear", "optimizer.lr=${problem.noise}"],
    ["epochs=${problem.points}"],
    ["+optimizer.amsgrad=true", "optimizer=adam"],
    ["+optimizer.deep.est=[1,{a:2}]"],
    ["++optimizer.lr=0.5", "++optimizer.other='a b'"],
    ["~optimizer.lr"],
    ["~tracking.uri", "+tracking.uri=sqlite:///x.db"],
    ["~experiment"],
    ["seeds=3", "first_seed=7", "epochs=1", "device=auto", "force=true", "stack.max_runs=5"],
    ["tracking.experiment=mine", "tracking.uri=http://localhost:5000"],
    ["experiment=smoke"],
    ["experiment=smoke", "optimizer=adam", "epochs=3"],
    ["experiment=trajectories", "optimizer=scratch/adadelta"],
    ["experiment=trajectories", "optimizer=scratch/adadelta", "optimizer.rho=0.5"],
    ["hydra.launcher.foo=1"],
    ["optimizer=adm"],
    ["optimizer.learning_rate=1"],
    ["optimizer=sgd", "optimizer.momentum=0.5"],
    ["~optimizer.momentum"],
    ["+seeds=3"],
]


@pytest.mark.slow
@pytest.mark.parametrize("master", MASTERS, ids=" ".join)
def test_each_job_is_what_hydra_would_compose(master: list[str], loader: ConfigLoader) -> None:
    config = _master(loader, master)
    composer = Composer(loader, config)
    for overrides in JOBS if not master else JOBS[::5]:  # Hydra needs 40 ms for each
        theirs, refusal = _outcome(partial(loader.load_sweep_config, config, overrides))
        ours, own_refusal = _outcome(partial(_task, composer, overrides))
        assert own_refusal == refusal, overrides
        if theirs is not None and ours is not None:
            assert _resolved(ours) == _resolved(theirs), overrides
            hydra = composer.compose(overrides)[1].hydra
            assert hydra.launcher == theirs.hydra.launcher
            assert hydra.runtime.choices == theirs.hydra.runtime.choices


def test_some_of_these_are_refused(loader: ConfigLoader, plain: DictConfig) -> None:
    """Otherwise the test above would compare no error with another."""
    with pytest.raises(ConfigCompositionException):
        loader.load_sweep_config(plain, ["optimizer.learning_rate=1"])


def test_order_of_jobs_does_not_matter_for_what_they_are(loader: ConfigLoader, plain: DictConfig) -> None:
    jobs = [["optimizer=adam", "optimizer.lr=1"], ["optimizer=adam"], ["optimizer=adam", "+optimizer.eps=2"]]
    forwards, backwards = Composer(loader, plain), Composer(loader, plain)
    first = [_resolved(forwards.compose(job)[0]) for job in jobs]
    last = [_resolved(backwards.compose(job)[0]) for job in reversed(jobs)]
    assert first == last[::-1]


def test_a_job_can_be_changed_without_changing_the_next(loader: ConfigLoader, plain: DictConfig) -> None:
    composer = Composer(loader, plain)
    first, _ = composer.compose(["optimizer=adam"])
    first.optimizer.betas[0] = 0.0
    assert composer.compose(["optimizer=adam"])[0].optimizer.betas[0] == 0.9


def test_jobs_do_not_take_keys_that_are_not_there(loader: ConfigLoader, plain: DictConfig) -> None:
    task, _ = Composer(loader, plain).compose(["optimizer=adam"])
    with pytest.raises(OmegaConfBaseException):
        task.optimizer.learning_rate = 1


def test_all_jobs_of_a_multirun_are_asked_for_at_the_same_time(
    loader: ConfigLoader, plain: DictConfig
) -> None:
    composer = Composer(loader, plain)
    ids = {composer.compose([f"optimizer={name}", "optimizer.lr=1"])[0].sweep_id for name in ("sgd", "adam")}
    assert ids == {plain.sweep_id}


def test_a_choice_is_composed_once(
    loader: ConfigLoader, plain: DictConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed = MagicMock(wraps=loader.load_sweep_config)
    monkeypatch.setattr(loader, "load_sweep_config", composed)
    composer = Composer(loader, plain)
    for lr in range(1, 6):
        for name in ("sgd", "adam"):
            assert composer.compose([f"optimizer={name}", f"optimizer.lr={lr}"])[0].optimizer.lr == lr
    assert composed.call_count == 2


@pytest.fixture(scope="module")
def loader() -> Iterator[ConfigLoader]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()


@pytest.fixture(scope="module")
def plain(loader: ConfigLoader) -> DictConfig:
    """The config of a multirun that overrides nothing."""
    return _master(loader, [])


def _master(loader: ConfigLoader, overrides: list[str]) -> DictConfig:
    config = loader.load_configuration("config", overrides, run_mode=RunMode.MULTIRUN)
    assert config.hydra.sweep.dir.endswith(config.sweep_id)  # Hydra asks for its folder before it sweeps
    return config


def _outcome(compose: Callable[[], DictConfig]) -> tuple[DictConfig | None, str]:
    """Return what is composed, or the kind and the message of the refusal."""
    try:
        return compose(), ""
    except HydraException as error:
        return None, f"{type(error)}: {_first_line(error)}"


def _task(composer: Composer, overrides: list[str]) -> DictConfig:
    return composer.compose(overrides)[0]


def _resolved(config: DictConfig) -> dict[str, object]:
    """Return the config as written and as resolved, node by node; an error stands for a node that has one."""
    task = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    found: dict[str, object] = {"as written": OmegaConf.to_container(task)}
    for key in map(str, task):
        try:
            value = config[key]
            found[key] = OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
        except OmegaConfBaseException as error:
            found[key] = _first_line(error)
    return found


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
