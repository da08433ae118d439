"""The command: what it answers, what it writes, and what it leaves alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from study.certify.__main__ import main

ADAM = "# mine\nname: mine\n_target_: torch.optim.Adam\nlr: 0.01\nbetas: [0.9, 0.99]\n"


@pytest.fixture
def own(tmp_path: Path) -> list[str]:
    """The options of somebody with a rule of their own, and a page folder."""
    (tmp_path / "my conf, too" / "optimizer").mkdir(parents=True)
    (tmp_path / "my conf, too" / "optimizer" / "mine.yaml").write_text(ADAM)
    return ["--config-dir", str(tmp_path / "my conf, too"), f"pages={tmp_path / 'pages'}"]


def test_certifies_one_rule_and_writes_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimizer=scratch/sgd", f"pages={tmp_path}"]) == 0
    assert "scratch/sgd: 12 passed, 0 failed, 1 not applicable" in capsys.readouterr().out
    written = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")]
    assert written == ["scratch/sgd.md"]
    assert "found 2.000, predicted 2.000" in (tmp_path / "scratch" / "sgd.md").read_text()


def test_certifies_a_rule_of_ones_own(
    own: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["optimizer=mine", *own]) == 0
    assert "claims its declaration alone" in (tmp_path / "pages" / "mine.md").read_text()
    assert main(["optimizer=mine", "certificate=adam", *own]) == 0
    assert "claims to be `adam`" in (tmp_path / "pages" / "mine.md").read_text()
    assert main(["optimizer=mine", "certificate=rmsprop", *own]) == 1
    assert "failed" in capsys.readouterr().out


def test_a_rule_without_a_class_is_refused(
    own: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my conf, too" / "optimizer" / "empty.yaml").write_text("name: empty\nlr: 0.1\n")
    assert main(["optimizer=empty", *own]) == 2
    message = "an optimizer's YAML must have `name` and `_target_`, got none of ['_target_']\n"
    assert capsys.readouterr().err == message


def test_another_question_gets_an_answer_but_no_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["optimizer=sgd", "optimizer.lr=10", f"pages={tmp_path}"]) == 0
    assert main(["optimizer=scratch/adam", "certificate=sgd", f"pages={tmp_path}"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert "failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("optimizer=scratch/adm", "optimizer must be one of adadelta, "),
        ("optimizer=scratch/adm", "got 'scratch/adm'; did you mean 'scratch/adam'?"),
        ("optimizer=", "optimizer must be one of "),
        ("optimizer=adam certificate=adm", "got 'adm'; did you mean 'adam'?"),
        ("optimizer=adam optimizer.lr=-1", "optimizer.lr must be a finite number > 0, got -1"),
        ("optimizer=adam optimizer.lr=", "optimizer.lr must be a finite number > 0, got "),
        ("optimizer=adam optimizer.lr=nan", "optimizer.lr must be a finite number > 0, got nan"),
        ("optimizer=adam optimizer.betas=[0.9]", "adam: torch.optim.Adam cannot be made: "),
        ("optimizer=adam optimizer.lrr=1", "Could not override 'optimizer.lrr'."),
        ("optimizer=adam certificate.rotaton=1", "Could not override 'certificate.rotaton'."),
        (
            "optimizer=sgd certificate=adam",
            "optimizer sgd must have the hyperparameter betas to be what it claims",
        ),
        pytest.param(  # composes all rules
            "optimizer=all optimizer.lr=-1",
            "optimizer.lr must be a finite number > 0, got -1",
            marks=pytest.mark.slow,
        ),
        ("adam", "Error parsing override 'adam'"),
        ("--config-dir nowhere", "--config-dir must be a folder, got nowhere"),
    ],
)
def test_bad_input_is_one_message(
    arguments: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments.split(), f"pages={tmp_path}"]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_name_is_answered_without_waiting_for_torch() -> None:
    script = "import sys; from study.certify.__main__ import main; main(['optimizer=adm']); "
    script += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_folder_of_somebodys_files_is_refused_untouched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    assert main(["optimizer=scratch/sgd", f"pages={tmp_path}"]) == 2
    assert "which also holds thesis.tex" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.slow
def test_all_shipped_rules_and_their_index(tmp_path: Path) -> None:
    assert main([f"pages={tmp_path}"]) == 0
    shipped = Path(__file__).parents[2] / "conf/optimizer"
    names = {path.relative_to(shipped).with_suffix("").as_posix() for path in shipped.rglob("*.yaml")}
    pages = {path.relative_to(tmp_path).with_suffix("").as_posix() for path in tmp_path.rglob("*.md")}
    assert pages == names | {"README"}
    index = (tmp_path / "README.md").read_text()
    assert all(f"[{name}]({name}.md)" in index for name in names)
