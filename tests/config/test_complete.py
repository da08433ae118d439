"""Tab completion, asked as the shell asks: the line in COMP_LINE, the word and the one before as arguments."""

from pathlib import Path

import pytest

from study.cli import COMMANDS
from study.config.complete import complete


def _completed(line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Complete a line as bash would, which splits words at blanks and at =."""
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    word = line.replace("=", "= ").split(" ")[-1]
    complete(["study", word, ""], COMMANDS)
    return capsys.readouterr().out.split("\n")[:-1]


@pytest.mark.parametrize(
    ("line", "some"),
    [
        ("study ", [f"{name} " for name in COMMANDS]),
        ("study tr", ["train "]),
        ("study train opt", ["optimizer"]),
        ("study train optimizer=ad", ["adam", "adamw", "adagrad"]),
        ("study train optimizer=scratch/ad", ["scratch/adam"]),
        ("study train schedule=", ["constant", "cosine", "warmup_cosine"]),
        ("study train optimizer=adam optimizer.be", ["optimizer.betas."]),
        ("study report experiment=he", ["headline"]),
        ("study train --config-dir {own} optimizer=mi", ["mine"]),
        ("study report report.conf", ["report.confidence="]),
        ("study ui po", ["port="]),
        ("study phase si", ["size="]),
        ("study compare nad", ["nadam"]),
        ("study compare nadam ad", ["adam", "adamw"]),
        ("study compare pack=", ["small", "medium"]),
        ("study bench rep", ["repetitions="]),
        ("study reproduce headline/loss_curves stack.thr", ["stack.threads="]),
    ],
)
def test_the_next_words_are_told(
    line: str,
    some: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "optimizer").mkdir()
    (tmp_path / "optimizer" / "mine.yaml").touch()
    line = line.format(own=tmp_path)
    found = _completed(line, capsys, monkeypatch)
    assert set(some) <= set(found)
    word = line.replace("=", "= ").split(" ")[-1]
    assert all(completion.startswith(word) for completion in found)


@pytest.mark.parametrize("line", ["study nothing x", "study train nothing=", "study train [", "study xyz"])
def test_nothing_is_told_where_nothing_fits(
    line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _completed(line, capsys, monkeypatch) == []
