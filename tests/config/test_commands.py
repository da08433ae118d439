"""Commands that messages propose: each is typed here as a shell, and make, would take it apart."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from study.config import commands
from study.config.commands import again_commands, deciding, key_of, sweep_command, ui_command
from study.config.location import Location

ROOT = Path(__file__).parents[2]
HERE = Location.of(None)
THERE = Location.of("sqlite:////stores/a b$c.db")
WORD = "tracking.uri=sqlite:////stores/a b$c.db"
MINE = "tracking.experiment=mine"


def test_a_shipped_experiment_has_a_make_target() -> None:
    assert sweep_command("headline", HERE) == "make sweep"
    assert sweep_command("zoo", HERE) == "make sweep EXPERIMENT=zoo"
    assert ui_command(HERE) == "make ui"


def test_one_of_a_persons_own_has_none() -> None:
    python = [".venv/bin/python", "-m", "study.train"]
    assert shlex.split(sweep_command("mine", THERE)) == [*python, MINE, WORD]


def test_make_hands_a_store_on_as_one_word() -> None:
    """The oracle is make itself, told to print what it would run."""
    for command, module in (
        (again_commands("python -m study.train experiment=zoo", "zoo", location=THERE)[1], "study.report"),
        (sweep_command("zoo", THERE), "study.train"),
        (ui_command(THERE), "study.ui"),
    ):
        done = subprocess.run(f"{command} --dry-run", shell=True, cwd=ROOT, capture_output=True, text=True)
        last = next(line for line in reversed(done.stdout.splitlines()) if module in line)
        assert shlex.split(last)[-1] == WORD


def test_without_a_checkout_there_is_no_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "CHECKOUT", None)
    assert sweep_command("zoo", HERE) == "study train experiment=zoo"
    assert shlex.split(ui_command(THERE)) == ["study", "ui", WORD]


def test_who_types_study_is_told_what_holds_in_every_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["study train", "seeds=5"])
    assert sweep_command("zoo", HERE) == "study train experiment=zoo"
    assert ui_command(HERE) == "study ui"
    told = again_commands("python -m study.train seeds=5", "playground")
    assert told == ("study train seeds=5", "study report tracking.experiment=playground")


PYTHON = ".venv/bin/python -m study"


@pytest.mark.parametrize(
    ("experiment", "typed", "train", "report"),
    [
        ("headline", "experiment=headline", "make sweep", "make report"),
        ("headline", "experiment=headline seeds=50", "make sweep ARGS=seeds=50", "make report"),
        (
            "zoo",
            "experiment=zoo optimizer.lr=100 seeds=5",
            "make sweep EXPERIMENT=zoo 'ARGS=optimizer.lr=100 seeds=5'",
            "make report EXPERIMENT=zoo",
        ),
        (
            "zoo",
            "experiment=zoo tracking.uri=sqlite:///x.db device=cpu",
            "make sweep EXPERIMENT=zoo 'ARGS=tracking.uri=sqlite:///x.db device=cpu'",
            "make report EXPERIMENT=zoo ARGS=tracking.uri=sqlite:///x.db",
        ),
        (
            "playground",
            "-m optimizer=sgd,adam seeds=20",
            f"{PYTHON}.train -m optimizer=sgd,adam seeds=20",
            f"{PYTHON}.report tracking.experiment=playground",
        ),
        (
            "mine",
            "--config-dir=my_conf experiment=headline tracking.experiment=mine",
            f"{PYTHON}.train --config-dir=my_conf experiment=headline tracking.experiment=mine",
            f"{PYTHON}.report experiment=headline --config-dir=my_conf tracking.experiment=mine",
        ),
        (
            "own",
            "--config-dir my_conf experiment=own report.value=excess device=cpu",
            f"{PYTHON}.train --config-dir my_conf experiment=own report.value=excess device=cpu",
            f"{PYTHON}.report experiment=own --config-dir my_conf report.value=excess",
        ),
        (
            "own",
            "--config-dir=my_conf experiment=own",
            f"{PYTHON}.train --config-dir=my_conf experiment=own",
            f"{PYTHON}.report experiment=own --config-dir=my_conf",
        ),
    ],
)
def test_to_make_it_again_says_the_true_commands(
    experiment: str, typed: str, train: str, report: str
) -> None:
    assert again_commands(f"python -m study.train {typed}", experiment) == (train, report)


def test_a_store_is_named_by_its_place_whatever_folder_the_command_was_given_in() -> None:
    told = again_commands(
        "python -m study.train experiment=zoo tracking.uri=sqlite:///x.db", "zoo", location=THERE
    )
    assert [shlex.split(command)[-1] for command in told] == [
        f"ARGS={shlex.quote(WORD).replace('$', '$$')}"
    ] * 2


def test_a_report_that_was_asked_for_otherwise_says_so() -> None:
    typed = ["report.value=excess", "report.pairs=false", "report.sweep=x", "report.out=y", "device=cpu"]
    told = again_commands("python -m study.train experiment=zoo report.value=excess", "zoo", pages=typed)
    assert told == (
        "make sweep EXPERIMENT=zoo ARGS=report.value=excess",
        "make report EXPERIMENT=zoo 'ARGS=report.value=excess report.pairs=false'",
    )


def test_without_a_checkout_again_is_the_console_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "CHECKOUT", None)
    told = again_commands("python -m study.train experiment=headline seeds=5", "headline")
    assert told == ("study train experiment=headline seeds=5", "study report experiment=headline")


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
