"""What a person sees of an error: one line that says what must hold, and nothing written."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from study import cli, interrupts, train
from study.config.compose import compose
from study.config.explain import explain
from study.config.paths import CONF
from study.errors import Interrupted, InvalidInput, Terminated, one_of
from study.sweep import current

Command = Callable[..., subprocess.CompletedProcess[str]]
Refused = Callable[..., str]


@pytest.fixture(autouse=True)
def _nothing_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What pytest was called with is no concern of the commands."""
    monkeypatch.setattr(sys, "argv", ["study train"])


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (
            "optimizer=adm",
            ["optimizer must be one of", "adam", "scratch/nag", "got 'adm'", "did you mean 'adam'?"],
        ),
        (
            "optimizer=scratch/adm",
            ["optimizer must be one of", "got 'scratch/adm'", "did you mean 'scratch/adam'?"],
        ),
        (
            "problem=parabolla",
            ["problem must be one of", "bowl, ", "linear, ", "did you mean 'parabola'?"],
        ),
        ("schedule=cosin", ["schedule must be one of constant, cosine, ", "did you mean 'cosine'?"]),
        ("schedule=cosine schedule.Tmax=1", ["schedule.Tmax is not a key", "did you mean schedule.T_max?"]),
        ("experiment=headlin", ["experiment must be one of", "smoke", "did you mean 'headline'?"]),
        pytest.param(
            "tracking=remote", ["tracking must be one of local, server; got 'remote'"], marks=pytest.mark.slow
        ),
        pytest.param("optimizer=xyzzy", ["optimizer must be one of", "got 'xyzzy'"], marks=pytest.mark.slow),
        (
            "optimizer.l=1",
            ["optimizer.l is not a key of the config", "optimizer.lr", "(+optimizer.l=... adds one)"],
        ),
        ("optimizer=adam optimizer.beta=1", ["optimizer.beta is not a key", "did you mean optimizer.betas?"]),
        ("optimiser=adam", ["optimiser is not a key", "did you mean optimizer?"]),
        pytest.param("sedes=3", ["sedes is not a key", "did you mean seeds?"], marks=pytest.mark.slow),
        pytest.param(
            "batchsize=3", ["batchsize is not a key", "did you mean batch_size?"], marks=pytest.mark.slow
        ),
        pytest.param(
            "problem.widht=3",
            ["problem.widht is not a key", "did you mean problem.width?"],
            marks=pytest.mark.slow,
        ),
        ("experiment=headline seed=3", ["seed is not a key", "did you mean seeds?"]),
        ("hydra/launcher=stackd", ["hydra/launcher must be one of", "basic", "stacked"]),
        ("seeds", ["an override must be key=value, got 'seeds'"]),
        ("optimizer.betas=[0.9", ["an override must be key=value, got 'optimizer.betas=[0.9'"]),
        ("=3", ["a choice must be the name of one file, as in optimizer=adam"]),
        ("~nothing", ["nothing"]),
        ("+seeds=3", ["seeds"]),
        ("optimizer=null", ["a choice must be the name of one file, as in optimizer=adam"]),
        pytest.param("optimizer=", ["optimizer must be one of", "got ''"], marks=pytest.mark.slow),
    ],
)
def test_an_override_that_cannot_be_composed_is_explained(words: str, parts: list[str]) -> None:
    with pytest.raises((HydraException, OmegaConfBaseException, ValueError)) as error:
        compose("config", words.split())
    message = explain(error.value, words.split())
    assert message is not None
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_a_launcher_whose_package_is_not_installed_is_told_which(tmp_path: Path) -> None:
    (tmp_path / "hydra" / "launcher").mkdir(parents=True)
    (tmp_path / "hydra" / "launcher" / "mine.yaml").write_text("defaults: [absent@by]\n")
    with pytest.raises(HydraException) as error:
        compose("config", ["hydra/launcher=mine"], tmp_path)
    told = "hydra/launcher/mine must have its package, which is not installed; run pip install '.[absent]'"
    assert explain(error.value) == told


def test_an_unknown_choice_lists_every_file() -> None:
    with pytest.raises(HydraException) as error:
        compose("config", ["optimizer=xyzzy"])
    message = explain(error.value) or ""
    names = {
        str(f.relative_to(CONF / "optimizer").with_suffix("")) for f in CONF.rglob("optimizer/**/*.yaml")
    }
    assert len(names) > 15
    assert set(message.partition("one of ")[2].partition(";")[0].split(", ")) == names


@pytest.mark.parametrize("error", [RuntimeError("x"), ValueError("x"), ZeroDivisionError()])
def test_a_bug_is_not_explained(error: Exception) -> None:
    assert explain(error) is None


_BAD_INPUT = InvalidInput("x must be y, got z")


@pytest.mark.parametrize("error", [_BAD_INPUT, cli.Stop(_BAD_INPUT)])
def test_bad_input_ends_in_one_line(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert _status(error) == 2
    assert capsys.readouterr().err == "x must be y, got z\n"


def test_a_bug_ends_in_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert _status(ZeroDivisionError("a bug")) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.endswith("ZeroDivisionError: a bug\n")


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt(), 130), (Terminated(), 143)])
def test_an_interrupt_is_one_line_and_a_status(
    error: BaseException, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _status(error) == status
    said = "interrupted: what was written before is kept, and the same command goes on\n"
    assert capsys.readouterr().err == said


@pytest.mark.usefixtures("heeds_interrupts")
def test_ctrl_c_is_told_from_a_rule_that_raises_the_like(capsys: pytest.CaptureFixture[str]) -> None:
    caught: list[BaseException] = []

    def command(_: cli.Asked) -> None:
        try:
            with interrupts.raised():
                signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:
            caught.append(error)
            raise

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit) as ended:
        cli.run(command, "")
    assert ended.value.code == 130
    assert isinstance(caught[0], Interrupted)
    assert signal.getsignal(signal.SIGINT) is before
    assert capsys.readouterr().err == f"{interrupts.KEPT}\n"


def test_who_asks_for_tracebacks_gets_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    assert _status(InvalidInput("x must be y, got z")) == 2
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.endswith("x must be y, got z\n")


def test_a_command_is_handed_what_was_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["study train", "seeds=3", "--config-dir", str(tmp_path)])
    asked: list[cli.Asked] = []
    cli.run(asked.append, "")
    assert asked == [cli.Asked(("seeds=3",), tmp_path)]


def test_a_file_that_a_shipped_one_would_hide_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "optimizer").mkdir()
    (tmp_path / "optimizer" / "adam.yaml").write_text("name: adam\n_target_: mine.Adam\nlr: 1\n")
    monkeypatch.setattr(sys, "argv", ["study train", f"--config-dir={tmp_path}"])
    with pytest.raises(SystemExit) as ended:
        cli.run(lambda _: pytest.fail("it ran"), "")
    assert ended.value.code == 2
    assert "which hides it, got optimizer/adam.yaml; rename it" in capsys.readouterr().err


def test_hydra_finds_its_flags_wherever_they_stand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = ["seeds=3", "--config-dir", str(tmp_path), "optimizer=sgd,adam", "-m", "--cfg", "job"]
    monkeypatch.setattr(sys, "argv", ["study train", *words])
    cli.run(lambda _: None, "", hydra=True)
    first = ["-m", f"--config-dir={tmp_path}"]
    assert sys.argv == ["study train", *first, "seeds=3", "optimizer=sgd,adam", "--cfg", "job"]


@pytest.mark.parametrize(
    "words", [["--foo"], ["-x", "seeds=3"], ["--config-dir"], ["--config-dir", "nowhere"]]
)
def test_another_flag_is_refused(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["study ui", *words])
    with pytest.raises(SystemExit) as ended:
        cli.run(lambda _: pytest.fail("it ran"), "")
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("received", "message"),
    [
        ("cpo", "device must be one of cpu, cuda; got 'cpo'; did you mean 'cpu'?"),
        (None, "device must be one of cpu, cuda; got None"),
        (3, "device must be one of cpu, cuda; got 3"),
    ],
)
def test_a_wrong_choice_lists_the_right_ones_and_the_nearest(received: object, message: str) -> None:
    assert one_of("device", received, ["cuda", "cpu"]) == message


_REFUSED = [
    ("experiment=headline optimizer.lr=nan", "optimizer.lr must be a finite number > 0, got nan"),
    ("tracking.uri=ftp://x", "tracking.uri must be sqlite:///<file>"),
    ("seeds", "an override must be key=value, got 'seeds'"),
    (
        "tracking.uri=http://127.0.0.1:9",
        "tracking.uri must name a store that answers, got http://127.0.0.1:9",
    ),
    ("-m optimizer=sgd,adm", "optimizer must be one of"),
    ("device=cuda", "device must be one that is here, got 'cuda'"),
    ("+optimizer.foo=1", "sgd: optimizer.foo is not known to torch.optim.SGD, which takes lr, momentum, "),
]
_REFUSED_TOO = [  # in the same ways; what each is told is tested where it is found
    ("optimizer=adm", "optimizer must be one of"),
    ("optimizer.learning_rate=1", "optimizer.learning_rate is not a key of the config"),
    ("seeds=0", "seeds must be a whole number >= 1, got 0"),
    ("hydra/launcher=foo", "hydra/launcher must be one of"),
    ("optimizer.lr=[1", "an override must be key=value"),
    ("-m optimizer=sgd,adam optimizer.lr=0.01,-1", "optimizer.lr must be a finite number > 0, got -1"),
    ("optimizer._target_=nowhere.Rule", "there is no package 'nowhere' here; install it"),
    (
        "optimizer=adafactor +optimizer.d=0.5",
        "torch.optim.Adafactor cannot be made: ValueError: Clipping threshold d",
    ),
    ("problem=bowl batch_size=2", "batch_size must be at most 1, the samples of the problem, got 2"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [*_REFUSED, *(pytest.param(*refused, marks=pytest.mark.slow) for refused in _REFUSED_TOO)],
)
def test_refusing_is_one_line_and_leaves_nothing_behind(words: str, message: str, refused: Refused) -> None:
    said = refused(*words.split())
    assert message in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("seeds=0", "seeds must be a whole number >= 1, got 0"),
        # the tests' own process would refuse the kind of the value before its range
        pytest.param(
            "problem.width=abc", "problem.width must be a whole number >= 1", marks=pytest.mark.slow
        ),
        pytest.param("optimizer=scratch/adam optimizer.eps=abc", "must be a finite", marks=pytest.mark.slow),
    ],
)
def test_a_process_that_refuses_ends_with_status_2(
    words: str, message: str, tmp_path: Path, command: Command
) -> None:
    store = f"tracking.uri=sqlite:///{tmp_path}/store/mlflow.db"
    done = command(tmp_path, "study.train", *words.split(), store)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_help_needs_neither_torch_nor_mlflow(tmp_path: Path) -> None:
    """Each of them takes a second to import."""
    code = (
        "import sys, runpy\n"
        "sys.argv = ['train', '--help']\n"
        "try:\n"
        "    runpy.run_module('study.train', run_name='__main__')\n"
        "except SystemExit:\n"
        "    pass\n"
        "sys.exit(' '.join({'torch', 'mlflow', 'pandas', 'matplotlib'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr.strip() == ""
    assert "optimizer" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_several_bad_jobs_are_named_at_once(refused: Refused) -> None:
    words = ["optimizer=sgd,adam,scratch/adm,rmsprop", "optimizer.lr=0.1,-1", "+optimizer.momentum=0.5"]
    first, *lines = refused("-m", *words).splitlines()
    assert first == "6 of 8 jobs cannot be run:"
    assert {line.split(": ")[0].strip(): line.split(": ")[-1].split(" must ")[0] for line in lines} == {
        "optimizer=sgd optimizer.lr=-1": "optimizer.lr",
        "optimizer=adam optimizer.lr=-1": "optimizer.lr",
        "optimizer=rmsprop optimizer.lr=-1": "optimizer.lr",
        "optimizer=scratch/adm optimizer.lr=0.1": "optimizer",
        "optimizer=scratch/adm optimizer.lr=-1": "optimizer",
        "adam": lines[-1].split(": ")[-1],
    }
    assert "optimizer.momentum is not known to torch.optim.Adam" in lines[-1]


@pytest.fixture
def refused(
    call: Callable[..., int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Refused]:
    """Ask `study train` for what it refuses, in a folder where it leaves nothing, and return what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUDY_HYDRA_DIR", str(tmp_path / "hydra"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    store, handler = f"tracking.uri=sqlite:///{tmp_path}/store/mlflow.db", signal.getsignal(signal.SIGTERM)

    def ask(*words: str) -> str:
        given = words if "tracking.uri" in " ".join(words) else (*words, store)
        assert call(train.main, *given) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert list(tmp_path.iterdir()) == []
        return said.err

    yield ask
    signal.signal(signal.SIGTERM, handler)
    current.COMPOSER.set(None)


def _status(error: BaseException) -> object:
    def command(_: cli.Asked) -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        cli.run(command, "")
    return ended.value.code
