"""The command: what it answers, what it writes, and what it leaves alone."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from study.certify.__main__ import main
from study.certify.check import Result, judge
from study.certify.parts import Part
from study.config.figures import figure_names
from study.errors import InvalidInput

Run = Callable[..., int]

MINE = "# mine\nname: mine\n_target_: torch.optim.Adam\nlr: 0.01\nbetas: [0.9, 0.99]\n"
BLOBS = "# @package _global_\nproblem:\n  name: blobs\n  _target_: tests.problems.brought.Classifier\n  points: 30\n"


@pytest.fixture
def run(call: Callable[..., int]) -> Run:
    """Run the command with some words, and return its exit status."""
    return partial(call, main)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The configs of somebody with an optimizer and a problem of their own."""
    folder = tmp_path / "my conf, too"
    for name, text in (("optimizer/mine.yaml", MINE), ("problem/blobs.yaml", BLOBS)):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
    return folder


def _pages(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.md"))


@pytest.mark.slow
def test_certifies_one_rule_and_writes_its_page(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("optimizer=scratch/sgd", f"pages={tmp_path}") == 0
    assert "scratch/sgd: 17 passed, 0 failed, 2 not applicable" in capsys.readouterr().out
    assert _pages(tmp_path) == ["scratch/sgd.md"]
    assert "found 2.000, predicted 2.000" in (tmp_path / "scratch" / "sgd.md").read_text()


@pytest.mark.slow
def test_everything_of_ones_own_is_certified_beside_it(
    run: Run, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--config-dir", str(own)) == 0
    assert _pages(own / "certificates") == ["README.md", "mine.md", "problem/blobs.md"]
    index = (own / "certificates" / "README.md").read_text()
    assert "| [mine](mine.md) | `torch.optim.Adam` |  | " in index
    assert "| [blobs](problem/blobs.md) | `tests.problems.brought.Classifier` | 18 | 0 | 1 |" in index
    assert (
        f"Made by `study certify problem=blobs --config-dir '{own}'`."
        in (own / "certificates" / "problem" / "blobs.md").read_text()
    )
    assert f"written: {own / 'certificates' / 'README.md'}" in capsys.readouterr().out


@pytest.mark.slow
def test_one_rule_of_ones_own_and_what_it_may_claim(
    run: Run, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = own / "certificates" / "mine.md"
    assert run("optimizer=mine", "--config-dir", str(own)) == 0
    assert "claims its declaration alone" in page.read_text()
    assert run("optimizer=mine", "certificate=adam", "--config-dir", str(own)) == 0
    assert "claims to be `adam`" in page.read_text()
    assert f"`study certify optimizer=mine certificate=adam --config-dir '{own}'`" in page.read_text()
    assert run("optimizer=mine", "certificate=rmsprop", "--config-dir", str(own)) == 1
    assert "failed" in capsys.readouterr().out


@pytest.mark.slow
def test_several_parts_of_all_kinds_each_with_its_values(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("optimizer=sgd,scratch/sgd", "problem=bowl", "problem.rotation=30.0", f"pages={tmp_path}")
    assert run(*words, "figure=ranking,tests.certify.planted_figures.Honest") == 0
    told = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    own = "tests.certify.planted_figures.Honest"
    assert told == ["sgd", "scratch/sgd", "bowl", "ranking", own, "written"]
    pages = [f"figure/{own}.md", "figure/ranking.md", "scratch/sgd.md", "sgd.md"]
    assert sorted(_pages(tmp_path)) == sorted(pages)  # the bowl's file has no rotation
    assert "study certify figure=ranking`" in (tmp_path / "figure" / "ranking.md").read_text()


@pytest.mark.slow
def test_a_figure_with_other_options_has_no_page(run: Run, tmp_path: Path) -> None:
    assert run("figure=loss_curves", "figure.log=false", f"pages={tmp_path}") == 0
    assert run("figure=tests.certify.planted_figures.CaptionWithoutN", f"pages={tmp_path}") == 1
    assert _pages(tmp_path) == ["figure/tests.certify.planted_figures.CaptionWithoutN.md"]


def test_a_problem_that_fails_ends_with_status_1(
    run: Run, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    yaml = BLOBS.replace("tests.problems.brought.Classifier", "tests.certify.planted_problems.SummedLoss")
    (own / "problem" / "sum.yaml").write_text(yaml)
    assert run("problem=sum", "--config-dir", str(own)) == 1
    told = capsys.readouterr()
    assert "loss is a mean" in told.out
    assert told.err == ""
    assert (
        "**FAILED** | each point twice has 2 times the loss"
        in (own / "certificates" / "problem" / "blobs.md").read_text()
    )


def test_a_rule_without_a_class_is_refused(run: Run, own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own / "optimizer" / "empty.yaml").write_text("name: empty\nlr: 0.1\n")
    assert run("optimizer=empty", "--config-dir", str(own)) == 2
    message = "the YAML of an optimizer must have `name` and `_target_`, got none of ['_target_']\n"
    assert capsys.readouterr().err == message


@pytest.mark.slow
def test_another_question_gets_an_answer_but_no_page(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("optimizer=sgd", "optimizer.lr=10", f"pages={tmp_path}") == 0
    assert run("optimizer=scratch/adam", "certificate=sgd", f"pages={tmp_path}") == 1
    assert list(tmp_path.iterdir()) == []
    assert "failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("optimizer=scratch/adm", "optimizer must be one of adabelief, "),
        ("optimizer=scratch/adm", "got 'scratch/adm'; did you mean 'scratch/adam'?"),
        pytest.param("optimizer=", "optimizer must be one of ", marks=pytest.mark.slow),
        ("problem=bowel", "problem must be one of airfoil, all, beale, bowl, "),
        ("figure=los_curves", "got 'los_curves'; did you mean 'loss_curves'?"),
        ("figure=nowhere.Mine", "_target_ must name a class that can be imported, got nowhere.Mine"),
        ("figure=loss_curves figure.bst=3", "did you mean best?"),
        ("optimizer=adam certificate=adm", "got 'adm'; did you mean 'adam'?"),
        ("optimizer=adam optimizer.lr=-1", "optimizer.lr must be a finite number > 0, got -1"),
        pytest.param(
            "optimizer=adam optimizer.lr=",
            "optimizer.lr must be a finite number > 0, got ",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "optimizer=adam optimizer.lr=nan",
            "optimizer.lr must be a finite number > 0, got nan",
            marks=pytest.mark.slow,
        ),
        ("optimizer=adam optimizer.betas=[0.9]", "adam: torch.optim.Adam cannot be made: "),
        ("optimizer=adam optimizer.lrr=1", "optimizer.lrr is not a key of the config; there are"),
        pytest.param(
            "optimizer=adam problem.points=1",
            "problem.points is not a key of the config",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "optimizer=adam certificate.rotaton=1",
            "certificate.rotaton is not a key of the config",
            marks=pytest.mark.slow,
        ),
        ("problem=bowl problem.cap=-1", "problem.cap must be a finite number > 0, got -1"),
        (
            "optimizer=sgd certificate=adam",
            "optimizer sgd must have the hyperparameter betas to be what it claims",
        ),
        pytest.param(  # composes all optimizers
            "optimizer.lr=-1", "optimizer.lr must be a finite number > 0, got -1", marks=pytest.mark.slow
        ),
        ("adam", "an override must be key=value, got 'adam'"),
        ("--config-dir nowhere", "--config-dir must be a folder"),
    ],
)
def test_bad_input_is_one_message(
    run: Run, arguments: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments.split(), f"pages={tmp_path}") == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_parts_is_refused(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--config-dir", str(tmp_path)) == 2
    assert capsys.readouterr().err.startswith("--config-dir must hold optimizer/<name>.yaml or problem/")


def test_a_wrong_name_is_answered_without_waiting_for_torch() -> None:
    script = "import sys; sys.argv = ['', 'optimizer=adm']; from study.certify.__main__ import main\n"
    script += "try: main()\nexcept SystemExit: print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_folder_of_somebodys_files_is_refused_untouched(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    assert run("optimizer=scratch/sgd", f"pages={tmp_path}") == 2
    assert "which also holds thesis.tex" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.slow
def test_all_that_is_shipped_and_its_index(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that lacks its data is told, and stops no other. What each certificate finds is tested one by one."""

    def checks(part: Part) -> dict[str, Result]:
        if part.name == "airfoil":
            raise InvalidInput("there are no data")
        return {"steps": judge(True, "1", "without an error")}

    monkeypatch.setattr("study.certify.__main__._checks", checks)
    monkeypatch.setattr("study.certify.planted.failed", lambda *_: ["steps"])
    assert run(f"pages={tmp_path}") == 0
    assert "airfoil: not tried: there are no data" in capsys.readouterr().out
    conf = Path(__file__).parents[2] / "conf"
    optimizers = {
        path.relative_to(conf / "optimizer").with_suffix("") for path in conf.rglob("optimizer/**/*.yaml")
    }
    problems = {Path("problem") / path.stem for path in conf.glob("problem/*.yaml")}
    figures = {Path("figure") / name for name in figure_names()}
    pages = {path.relative_to(tmp_path).with_suffix("") for path in tmp_path.rglob("*.md")}
    assert pages | {Path("problem/airfoil")} == optimizers | problems | figures | {
        Path("README"),
        Path("planted"),
    }
    index = (tmp_path / "README.md").read_text()
    assert all(f"[{name}]({name}.md)" in index for name in optimizers)
