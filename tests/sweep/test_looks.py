"""Looks of a sweep that goes on until it is resolved: what is refused, and a real sweep that needs two of three."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from study.errors import InvalidInput
from study.stats.bootstrap import Bootstrap
from study.stats.paired import Rule, compare_pairs
from study.sweep.looks import Looks
from study.tracking.reader import read_runs, read_sweep

CONF = Path(__file__).parents[2] / "conf"
Command = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module", autouse=True)
def conf() -> Iterator[None]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def _config(*words: str) -> DictConfig:
    return compose("config", list(words))


def test_none_are_asked_for_unless_they_are() -> None:
    assert Looks.of(_config(), ["seeds=3"]) is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["until=solved"], "until must be resolved, or null, got 'solved'"),
        (
            ["until=resolved", "looks=[50,25]"],
            "looks must be a list of one or more whole numbers >= 1, each larger",
        ),
        (["until=resolved", "looks=[]"], "looks must be"),
        (["until=resolved", "looks=25"], "looks must be"),
        (["until=resolved", "seeds=30"], "seeds must be left to until=resolved"),
    ],
)
def test_a_wrong_wish_is_one_line(words: list[str], said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Looks.of(_config(*words), words)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("settings", [1, 9])
def test_one_setting_has_no_pair_and_nine_too_many(settings: int) -> None:
    looks = Looks.of(_config("until=resolved"), [])
    assert looks is not None
    with pytest.raises(InvalidInput, match=f"compare 2 to 8 settings pair by pair, got {settings}"):
        looks.require(settings)
    looks.require(8)


@dataclass
class _Sweep:
    """Answers each look with so many open pairs, and hears what is told."""

    open: list[int]
    told: list[str]
    asked: list[int]
    extended: list[int]

    def open_pairs(self, report: DictConfig, seeds: int, *, looks: int) -> tuple[int, int]:
        assert (report.margin, looks) == (1.25, 3)
        self.asked.append(seeds)
        return 6, self.open.pop(0)

    def extend(self, seeds: int) -> None:
        self.extended.append(seeds)

    def say(self, line: str) -> None:
        self.told.append(line)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("open_", "taken", "last"),
    [([2, 0], [25, 50], "look 2 of 3, 50 seeds: all 6 pairs resolved"),
     ([2, 1, 1], [25, 50, 100], "look 3 of 3, 100 seeds: 1 of 6 pairs unresolved; that was the last")],
)  # fmt: skip
def test_it_ends_when_all_is_told_or_no_look_is_left(open_: list[int], taken: list[int], last: str) -> None:
    looks = Looks.of(_config("until=resolved", "looks=[25,50,100]"), [])
    sweep = _Sweep(open_, [], [], [])
    assert looks is not None
    sizes = []
    while not looks.done(sweep):  # type: ignore[arg-type]
        sizes += looks.next([["optimizer=adam"]])
    assert sizes == [["optimizer=adam", f"seeds={size}"] for size in taken]
    assert sweep.asked == taken
    assert sweep.extended == taken[1:]  # before it is trained, since that may be in another process
    assert sweep.told[0] == "look 1 of 3, 25 seeds: 2 of 6 pairs unresolved; 50 seeds next"
    assert sweep.told[-1] == last


WORDS = ("-m", "optimizer=sgd,adam", "epochs=2")
"""SGD against Adam: at a third of 5%, one pair needs 7 seeds, so 4 cannot tell, 8 do, and 10 are not trained."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("looks")


@pytest.fixture(scope="module")
def done(folder: Path, command: Command) -> Sequence[CompletedProcess[str]]:
    looks = ("until=resolved", "looks=[4,8,10]", f"tracking.uri={_uri(folder)}")
    return [command(folder, "study.train", *WORDS, *looks) for _ in range(2)]


@pytest.mark.slow
def test_a_sweep_says_each_look_and_stops_at_the_second(done: Sequence[CompletedProcess[str]]) -> None:
    first, again = done
    assert first.returncode == 0, first.stderr
    told = [line for line in first.stderr.splitlines() if line.startswith("look ")]
    assert told == [
        "look 1 of 3, 4 seeds: 1 of 1 pairs unresolved; 8 seeds next",
        "look 2 of 3, 8 seeds: all 1 pairs resolved",
    ]
    assert "playground: 16/16 runs in the store" in first.stdout
    assert "there already" not in first.stdout
    assert "16/16 runs in the store" in again.stdout


@pytest.mark.slow
def test_the_end_counts_what_other_processes_trained(tmp_path: Path, command: Command) -> None:
    """Of joblib's, as many runs as the second look asked for, in the table too."""
    looks = ("until=resolved", "looks=[4,8,10]", "hydra/launcher=joblib", f"tracking.uri={_uri(tmp_path)}")
    done = command(tmp_path, "study.train", *WORDS, *looks)
    assert done.returncode == 0, done.stderr
    assert "playground: 16/16 runs in the store" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if " adam " in line or " sgd " in line]
    assert [row[1:3] for row in rows] == [["adam", "8"], ["sgd", "8"]]


@pytest.mark.slow
@pytest.mark.usefixtures("done")
def test_the_store_knows_which_look_it_was(folder: Path) -> None:
    sweep = read_sweep("playground", store=_uri(folder))
    assert (sweep.info["look"], sweep.info["looks"]) == ("2 of 3", "3")
    assert sweep.runs.groupby("label", observed=True)["seed"].agg(list).tolist() == [list(range(8))] * 2
    assert sweep.asked["asked"].tolist() == [8, 8]


@pytest.mark.slow
@pytest.mark.usefixtures("done")
def test_the_verdict_is_that_of_the_same_runs_at_a_third_of_the_level(folder: Path) -> None:
    table = compare_pairs(
        read_runs("playground", store=_uri(folder)), Rule("eval_last_epoch", 1.25, Bootstrap(), looks=3)
    )
    assert table["verdict"].tolist() == ["worse by more than M"]
    assert table["n"].tolist() == [8]


@pytest.mark.slow
@pytest.mark.usefixtures("done")
def test_more_seeds_by_hand_are_told_to_be_another_look(folder: Path, command: Command) -> None:
    """A plain sweep of 8 seeds after one of 4 is another sweep, whose pages say that there was a look before."""
    for seeds in (4, 8):
        plain = command(folder, "study.train", *WORDS, f"seeds={seeds}", f"tracking.uri={_uri(folder)}")
        assert plain.returncode == 0, plain.stderr
    info = read_sweep("playground", store=_uri(folder)).info
    assert info["looked_before"] == "4"
    assert "look" not in info


def _uri(folder: Path) -> str:
    return f"sqlite:///{folder}/store/mlflow.db"
