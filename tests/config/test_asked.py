"""Which overrides say what is run."""

import pytest

from study.config.asked import deciding, key_of


@pytest.mark.parametrize(
    "word",
    [
        "seeds=50",
        "first_seed=3",
        "optimizer.lr=100",
        "optimizer=sgd,adam",
        "+optimizer.amsgrad=true",
        "++optimizer.amsgrad=true",
        "~optimizer.betas",
        "problem=bowl",
        "problem.noise=0.2",
        "epochs=3",
        "batch_size=null",
        "+experiments=x",
        "learning_rates.scratch/adam=1",
        "hydra.sweeper.params.optimizer=adam",
        "experiment/airfoil@_global_=torch_adam",
    ],
)
def test_what_decides_numbers(word: str) -> None:
    assert deciding(["experiment=headline", word, "device=cpu"]) == [word]


@pytest.mark.parametrize(
    "word",
    [
        "experiment=headline",
        "+experiment=mine",
        "tracking.uri=http://localhost:5000",
        "tracking=local",
        "tracking.experiment=mine",
        "device=cuda",
        "stack.max_runs=3",
        "force=true",
        "hydra/launcher=joblib",
        "hydra.launcher.n_jobs=2",
        "report.value=excess",
        "report=default",
        "sweep_id=x",
    ],
)
def test_what_says_where_and_how(word: str) -> None:
    assert deciding([word]) == []


def test_a_key_is_read_without_hydras_signs() -> None:
    assert key_of("++optimizer.betas=[0.9,0.99]") == "optimizer.betas"
    assert key_of("~optimizer.betas") == "optimizer.betas"
    assert key_of("experiment/airfoil@_global_=torch_adam") == "experiment/airfoil"
