"""Some 250 ways to ask for what cannot be: one line says what must hold and what came, and nothing is written."""

import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bad_input import brought
from tests.bad_input.conftest import Ask

pytestmark = pytest.mark.slow

_OWN = ("--config-dir", "c")
_LONG = "a" * 300

ONE_KEY: Mapping[str, tuple[list[str], str]] = {
    "seeds": (["0", "-1", "1.5", "True", "null", "x", "[1]", "{a:1}"], "a whole number >= 1, got"),
    "epochs": (["0", "-1", "1.5", "x", "null"], "a whole number >= 1, got"),
    "first_seed": (["-1", "0.5", "x"], "a whole number >= 0, got"),
    "batch_size": (["0", "1.5", "full"], "a whole number >= 1, or null for all data, got"),
    "eval_moments": (["0", "x"], "a whole number >= 1, got"),
    "device": (["tpu", "0"], "one of auto, cpu, cuda; got"),
    "force": (["maybe", "1"], "true or false, got"),
    "stack.max_runs": (["0", "x"], "a whole number >= 1, got"),
    "stack.trial_seconds": (["0", "x"], "a finite number > 0, or null for however long, got"),
    "stack.threads": (["0", "x"], "a whole number >= 1, or null for all cores, got"),
    "optimizer.lr": (["0", "-1", "nan", "inf", "x", "null", "[1]"], "a finite number > 0, got"),
    "optimizer._target_": (["study", "5", "torch.optim.Nope", "torch.optim"], "_target_ must"),
    "problem.noise": (["-1", "nan", "x"], "a finite number >= 0, got"),
}
"""By key: values that are refused, each in a job of one multirun, and what is told of each."""

TRAIN = {
    "tracking.experiment=''": "tracking.experiment must be a name of at most 100 letters",
    "tracking.experiment=5": "the first a letter or a digit, got 5",
    "tracking.experiment=../x": "got '../x'",
    f"tracking.experiment={_LONG}": "got 'aaa",
    "problem.name=other": "problem.name must be left as its file has it, since runs and their randomness",
    "optimizer.name=../x": "optimizer.name must be left as its file has it",
    "tracking.uri=5": "tracking.uri must be sqlite:///<file>",
    "tracking.uri=[a]": "got ['a']",
    "tracking.uri=sqlite:///": "tracking.uri must name a file",
    "tracking.uri=http:///x": "it names no server",
    "tracking.uri='http://me:secret@['": "got 'http://me:***@[': Invalid IPv6 URL",
    "tracking.uri=postgresql://me:secret@127.0.0.1:x/runs": "Port could not be cast to integer value as 'x'",
    "tracking.uri=postgresql://me:secret@127.0.0.1:9/runs": "must name a store that answers",
    "sweep_id=../x": "sweep_id must be a name of at most 100 letters",
    "sweep_id=null": "sweep_id must be a name",
    "stack=null": "stack must be a config, as stack.<key>=<value> changes it",
    "stack.threads=1000000": "stack.threads must be a whole number from 1 to 1024",
    "stack.workers=1000000": "stack.workers must be a whole number from 1 to 1024",
    f"first_seed=1{'0' * 30}": "first_seed must be a whole number from 0 to 9007199254740992",
    "report.title=[1]": "report.title must be text, got [1]",
    "report.value=foo": "report.value must be one of",
    "report.margin=0": "report.margin must be a number above 1",
    "report.confidence=2": "report.confidence must be a number in (0, 1), got 2",
    "report.figures=[{name:nosuch}]": "report.figures' name must be one of",
    "report.figures=[{name:ranking,fo:1}]": "ranking.fo is not known to study.figures.ranking.Ranking",
    "report.figures=[{name:ranking},{name:ranking}]": "must differ in `file`, got 'ranking' twice",
    "report.figures=[{name:loss_curves,top:-1}]": "loss_curves.top must be a finite number > 0, or null, got -1",
    "report.figures=[{_target_:os.getcwd}]": "must be a study.figures.base.Chart, got os.getcwd",
    "report.colors.sgd=blu": "report.colors.sgd must be a colour",
    "-m +epoch=5": "or one that a value refers to; got 'epoch'; did you mean 'epochs'?",
    "until=soon": "until must be resolved, or null",
    "until=resolved": "until=resolved must compare several settings",
    "hydra/sweeper=tuning": "hydra/sweeper=tuning must be asked for as a multirun",
    "-m hydra/sweeper=tuning hydra.sweeper.trials=1": "hydra.sweeper.trials must be a whole number from 2 to",
    "-m hydra/sweeper=tuning hydra.sweeper.first_seed=0": "must keep the tuning seeds apart",
    "-m hydra.sweeper.max_batch_size=0": "hydra.sweeper.max_batch_size must be a whole number >= 1, or null",
    "-m optimizer.lr=interval(0,1)": "does not support sweep type",
    "optimizer.lr=${nope}": "Interpolation key 'nope' not found",
    "optimizer.lr=${oc.env:NOPE}": "Environment variable 'NOPE' not found",
    "schedule=null": "a choice must be the name of one file",
    "optimizer=adam optimizer.betas=[0.9]": "optimizer.betas must be two numbers in [0, 1)",
    # sizes that no machine bears
    "seeds=1000000000000": "the disk must hold the sweep, 1,000,000,000,000 runs with at least 25,000,000,000,000",
    "epochs=1000000000000": "the disk must hold the sweep, 25 runs with at least 50,000,000,000,025",
    "problem.points=10000000000 batch_size=null": "the memory must hold what is trained together: 1 run with",
    "problem.width=1000000000": "the memory must hold what is trained together: 1 run with 397 recorded values",
    "problem=ellipsoid problem.dimension=10000000": "ask for 800000000000000 bytes at once",
    "-m seeds=range(1,1000000000)": "a multirun must be of at most 10,000 jobs, got 10,001 or more",
}
"""By what is typed after `study train`: what is told."""

ELSEWHERE = {
    "report": "experiment=<name> must be one of",
    "report experiment=nope": "experiment must be one of",
    "report experiment=smoke": "the store must hold runs, got none at",
    "report tracking.experiment=../x": "tracking.experiment must be a name",
    "report experiment=smoke report=5": "a choice must be the name of one file",
    "report experiment=smoke report.figures=null": "report.figures must be auto or a list",
    "report experiment=smoke report.figures=[{name:ranking,file:../../x}]": "file must be a plain file name",
    "report experiment=smoke report.figures=[{name:nope}]": "report.figures' name must be one of",
    "report experiment=smoke report.figures=[{name:ranking,foo:1}]": "ranking.foo is not known",
    "report experiment=smoke report.figures=[{_target_:os.getcwd}]": "must be a study.figures.base.Chart",
    "report experiment=smoke report.figures=[5]": "an entry of report.figures must be",
    "report experiment=smoke report.spare=null": "report.spare must be a list of one or more colours",
    "report experiment=smoke report.colors={adam:nope}": "report.colors.adam must be a colour",
    "report experiment=smoke report.resamples=1000000000": "report.resamples must be",
    "report experiment=smoke report.confidence=1": "report.confidence must be",
    "report experiment=smoke report.pairs=maybe": "report.pairs must be true or false",
    "report experiment=smoke report.margin=inf": "report.margin must be a number above 1",
    "report experiment=smoke report.out=": "report.out must be a folder, or null",
    "report experiment=smoke report.sweep=5": "report.sweep must be text, or null",
    "report experiment=smoke +report.foo=1": "a key of report must be one of",
    "report -x": "a command takes key=value, --config-dir <folder> and -h, got '-x'",
    "ui": "the store must hold runs, got none at",
    "ui port=0": "port must be a whole number from 1 to 65535, got 0",
    "ui port=x": "port must be a whole number from 1 to 65535, got 'x'",
    "ui tracking.uri=http://me:secret@server": "must be a database to serve; open http://me:***@server",
    "compare": "optimizer=<name> must be one of",
    "compare nope": "optimizer must be one of",
    "compare adam adam": "against must name other optimizers than adam",
    "compare sgd against=[]": "against must name other optimizers than sgd",
    "compare sgd pack=nope": "pack must be one of",
    "compare sgd budget=1": "budget must be a whole number from 2 to",
    "compare sgd seeds=0": "seeds must be a whole number >= 1",
    "compare sgd tuning=5": "tuning must be a config",
    "compare sgd tuning.first_seed=0": "tuning.first_seed must keep the tuning seeds apart",
    f"compare sgd first_seed=1{'0' * 30}": "first_seed must be a whole number from 0 to",
    "compare sgd gate=5": "gate must be a config",
    "compare sgd gate.than=some": "gate.than must be one of any, each",
    "compare sgd problems=[]": "problems must be a list of one or more",
    "compare sgd problems=[nope]": "problems must be one of",
    "compare sgd out=": "out must be text that is not empty, or null",
    "compare sgd confirm=maybe": "confirm must be true or false",
    "certify optimizer=nope": "optimizer must be one of",
    "certify problem=nope": "problem must be one of",
    "certify figure=os.getcwd": "must be a study.figures.base.Chart",
    "certify optimizer=sgd optimizer.lr=-1": "optimizer.lr must be a finite number > 0, got -1",
    "certify optimizer=sgd certificate=nope": "certificate must be one of",
    "certify optimizer=sgd pages=/": "pages must be a folder of its own",
    "certify optimizer=sgd pages=": "pages must be text that is not empty, or null",
    "phase size=1": "size must be a whole number from 8 to 256, got 1",
    "phase size=[1]": "size must be a whole number from 8 to 256, got [1]",
    "phase out=/": "out must be a folder of its own",
    "phase out=": "out must be text that is not empty, or null",
    "bench sizes=[]": "sizes must be a list of one or more whole numbers >= 1, got []",
    "bench repetitions=0": "repetitions must be a whole number >= 1",
    "bench out=/": "out must be a folder of its own",
    "calibrate experiments=1": "experiments must be a whole number from 10 to 100000, got 1",
    "calibrate seeds=x": "seeds must be a whole number from 10 to 100000, got 'x'",
    "calibrate workers=0": "workers must be a whole number from 1 to 1024, or null, got 0",
    "calibrate out=/": "out must be a folder of its own",
    "doctor fix=maybe": "fix must be true or false, got 'maybe'",
    "doctor whole=x": "whole must be true or false, or null for where it is small",
    "doctor tracking.uri=5": "tracking.uri must be sqlite:///<file>",
    "doctor foo=1": "foo is not a key of the config; there are fix, port, tracking, whole",
    "prune": "the store must hold runs, got none at",
    "prune keep=-1": "keep must be a whole number >= 0, or null for all sweeps, got -1",
    "prune really=maybe": "really must be true or false",
    "prune tracking.uri=http://me:secret@server": "must be a database to prune, got http://server",
    "sync tracking.uri=5": "tracking.uri must be sqlite:///<file>",
    "sync nope": "an override must be key=value, got 'nope'",
    "server port=0": "port must be a whole number from 1 to 65535, got 0",
    "torture rounds=0": "rounds must be a whole number from 1 to 10000, got 0",
    "torture kinds=[nope]": "kinds must be one of",
    "torture out=/": "out must be a folder of its own",
    "torture out=": "out must be text that is not empty, or null",
    "nope": "a command must be one of",
}
"""By what is typed after `study`: what is told."""


_RUNS = (
    '{"experiment": "e", "runs": [{"run_id": "aaaaaaa", "job": "j", "label": "l"}], "figures": {"f": [0]}}'
)

REPRODUCED: Mapping[str, tuple[str | bytes | None, str]] = {
    "": (None, "what to reproduce must be named, as in `study reproduce headline/loss_curves`"),
    "nope": (None, "or folder of a report, got 'nope'; pages with runs.json"),
    "./page/f.svg": (None, "must have runs.json, got none; `make report` or `study report` writes it"),
    "page/f": ("{", "must be as `study report` writes it, got JSONDecodeError"),
    "page/g": (_RUNS, "a figure of page must be one of f; got 'g'"),
    "page figures=5": (_RUNS, "figures is not a key of the config; there are device, stack, tracking"),
    "page device=tpu": (_RUNS, "device must be one of auto, cpu, cuda; got 'tpu'"),
    "page stack.threads=0": (_RUNS, "stack.threads must be a whole number >= 1, or null for all cores"),
    "page": (_RUNS, "the store must hold runs, got none at"),
    "page/./": (
        _RUNS.replace("[0]", "[7]"),
        "got IndexError: list index out of range; make the report again",
    ),
    "./page": ("[]", "got TypeError: list indices must be integers"),
    "page/runs.json": (b"\xff\xfe", "got UnicodeDecodeError"),
    "aaaaaa": (None, "the store must hold runs, got none at"),
    "aaaaaa tracking.uri=http://me:secret@127.0.0.1:9": (
        None,
        "must name a store that answers, got http://me:***@",
    ),
    "aaaaaa tracking.uri=sqlite:///page/readme.txt": (None, "must name a store that answers"),
}
"""By what is typed after `study reproduce`: what the page's runs.json holds, none for no file, and what is told."""


@pytest.mark.parametrize("words", REPRODUCED)
def test_what_cannot_be_reproduced_is_told(words: str, refused: Ask) -> None:
    runs, says = REPRODUCED[words]
    files: dict[str, str | bytes] = {"page/readme.txt": "This is no database, whatever it is called.\n"}
    said = refused(
        "reproduce", *words.split(), files=files if runs is None else {**files, "page/runs.json": runs}
    ).err
    assert says in said
    assert said.count("\n") == 1
    assert "secret" not in said


@pytest.mark.parametrize("key", ONE_KEY)
def test_each_wrong_value_of_a_key_is_told(key: str, refused: Ask) -> None:
    values, must = ONE_KEY[key]
    told = refused("train", "-m", f"{key}={','.join(values)}").lines()
    assert [label.partition("=")[2] for label in told] == values
    for line in told.values():
        assert must in line
        assert key.rpartition(".")[2] in line


@pytest.mark.parametrize("words", TRAIN)
def test_what_cannot_be_trained_is_told(words: str, refused: Ask) -> None:
    said = refused("train", *words.split()).err
    assert TRAIN[words] in said
    assert said.count("\n") == 1
    assert "secret" not in said


@pytest.mark.parametrize("words", ELSEWHERE)
def test_what_other_commands_cannot_do_is_told(words: str, refused: Ask) -> None:
    said = refused(*words.split()).err
    assert ELSEWHERE[words] in said
    assert said.count("\n") == 1
    assert "secret" not in said


@pytest.mark.parametrize("wrong", brought.UNREADABLE)
def test_a_file_that_cannot_be_read_is_told(wrong: str, refused: Ask) -> None:
    content, says = brought.UNREADABLE[wrong]
    said = refused("train", *_OWN, "optimizer=x", "epochs=1", files={"c/optimizer/x.yaml": content}).err
    assert says in said
    assert said.count("\n") == 1


def test_a_figure_of_an_experiment_of_ones_own_is_told_before_it_is_trained(refused: Ask) -> None:
    experiment = "# @package _global_\nreport:\n  figures:\n    - {name: loss_curves, x: week}\n"
    said = refused("train", *_OWN, "experiment=mine", files={"c/experiment/mine.yaml": experiment}).err
    assert "loss_curves.x must be one of epoch, seconds, step, got 'week'" in said
    assert said.count("\n") == 1


def test_every_wrong_file_is_told(refused: Ask) -> None:
    names = [f"x{number}" for number in range(len(brought.YAMLS))]
    wrong = dict(zip(names, brought.YAMLS.values(), strict=True))
    files = {f"c/optimizer/{name}.yaml": content for name, (content, _) in wrong.items()}
    told = refused("train", "-m", *_OWN, f"optimizer={','.join(names)}", files={**files, **brought.MODULES})
    lines = told.err.splitlines()[1:]
    for name, (_, says) in wrong.items():  # what is found by torch is told of the class
        assert any(
            says in line and re.match(rf"  (optimizer={name}:|x _target_=)", line) for line in lines
        ), name
    assert len(lines) == len(names)


@pytest.mark.parametrize("command", ["train experiment=x", "report experiment=x", "certify", "compare x"])
def test_every_command_tells_of_a_wrong_file(command: str, refused: Ask) -> None:
    name = "experiment" if "experiment" in command else "optimizer"
    files = {f"c/{name}/x.yaml": b"name: \xff\n"}
    said = refused(*command.split(), *_OWN, files=files).err
    assert f"a YAML file must be readable, of keys with values, in UTF-8, got c/{name}/x.yaml" in said


def test_a_certificate_is_written_below_its_folder_alone(refused: Ask) -> None:
    files = {"c/optimizer/x.yaml": "name: ../../x\n_target_: torch.optim.SGD\nlr: 0.1\n"}
    assert "optimizer.name must be a name" in refused("certify", *_OWN, "optimizer=x", files=files).err


def test_every_wrong_rule_is_told_before_anything_is_trained(refused: Ask) -> None:
    chosen = f"optimizer={','.join(brought.RULES)}"
    told = refused("train", "-m", *_OWN, chosen, "seeds=2", files=brought.rules(brought.RULES)).lines()
    assert list(told) == list(brought.RULES)
    for name, (_, _, says) in brought.RULES.items():
        assert says in told[name]


def test_a_rule_that_does_not_end_is_told_before_anything_is_trained(refused: Ask) -> None:
    files = brought.rules({"sleeps": ("", "while True: __import__('time').sleep(9)", "")})
    said = refused("train", *_OWN, "optimizer=sleeps", "stack.trial_seconds=0.2", files=files).err
    assert said == (
        "sleeps: rules.sleeps must make 2 steps within 0.2 s, got no end of them; stack.trial_seconds=null waits "
        "however long\n"
    )


def test_every_wrong_problem_is_told_before_anything_is_trained(refused: Ask) -> None:
    chosen = f"problem={','.join(brought.PROBLEMS)}"
    told = refused("train", "-m", *_OWN, chosen, "seeds=2", files=brought.problems()).lines()
    assert [line.partition(":")[0] for line in told.values()] == list(brought.PROBLEMS)
    for name, (_, says) in brought.PROBLEMS.items():
        (line,) = (line for line in told.values() if line.startswith(f"{name}:"))
        assert says in line


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("c", "problem.path must be a readable file, got"),
        ("c/airfoil.dat", "problem.path must be the airfoil data, of SHA-1"),
        ("c/nowhere/airfoil.dat", "airfoil_self_noise.dat (UCI data set 291) at"),
    ],
)
def test_a_data_file_that_is_no_such_is_told(path: str, says: str, refused: Ask) -> None:
    nobody = "http://127.0.0.1:9"  # nothing is downloaded from there
    files = {"c/airfoil.dat": "800\t0\t0.3048\n"}
    said = refused(
        "train",
        "problem=airfoil",
        files=files,
        environment={"STUDY_AIRFOIL": f"{{here}}/{path}", "http_proxy": nobody},
    ).err
    assert says in said
    assert said.count("\n") == 1


def test_a_rule_that_fails_harms_no_other(ask: Ask, tmp_path: Path) -> None:
    """Garbage for MLflow's own variables harms nobody either: the study asks for a store by name."""
    named = {**brought.LATE, **brought.HARMLESS}
    store = tmp_path / "mlflow.db"
    told = ask(
        "train", "-m", *_OWN, f"optimizer=sgd,{','.join(named)}", "optimizer.lr=0.1", "seeds=2", "epochs=1",
        f"tracking.uri=sqlite:///{store}",
        files=brought.rules(named), environment={"MLFLOW_TRACKING_URI": "http://[", "MLFLOW_RUN_ID": "nope"},
    )  # fmt: skip
    assert told.status == 1, told.err
    assert "Traceback" not in told.err
    crashed = [line for line in told.err.splitlines() if "crashed: " in line]
    assert len(crashed) == len(brought.LATE)
    for name, (_, _, says) in brought.LATE.items():
        (line,) = (line for line in crashed if line.startswith(f"{name} crashed: "))
        assert says in line
    with sqlite3.connect(store) as connection:
        found = connection.execute(
            "SELECT p.value, m.value FROM params p JOIN metrics m USING (run_uuid) WHERE p.key = 'optimizer.name' "
            "AND m.key = 'eval/loss' ORDER BY p.value, m.step, m.value"
        ).fetchall()
    connection.close()
    losses: dict[str, list[float]] = {}
    for name, loss in found:
        losses.setdefault(name, []).append(loss)
    assert set(losses) == {"sgd", *brought.HARMLESS}
    for name in brought.HARMLESS:
        assert losses[name] == pytest.approx(losses["sgd"], rel=1e-5), name  # one rounding a step
