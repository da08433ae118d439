"""A folder is written whole or not at all, and nothing that the study did not write is ever touched."""

import json
from pathlib import Path

import pytest

from study.config.paths import ROOT
from study.errors import InvalidInput
from study.report.folder import MARKER, replacing, require_own


def _write(folder: Path, *names: str, keep: bool = False) -> None:
    with replacing(folder, key="out", keep=keep) as fresh:
        for name in names:
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_text(f"new {name}")


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_replaces_what_it_wrote_file_by_file(tmp_path: Path) -> None:
    """What is not written again goes, with the folders that it leaves empty; nothing is left beside."""
    folder = tmp_path / "deep" / "report"
    _write(folder, "page", "figures/one", "figures/two", "old/deep/er")
    _write(folder, "page", "figures/two", "figures/three")
    assert _files(folder) == [MARKER, "figures/three", "figures/two", "page"]
    assert [path.name for path in folder.parent.iterdir()] == ["report"]
    assert not (folder / "old").exists()
    assert json.loads((folder / MARKER).read_text())["files"] == ["figures/three", "figures/two", "page"]


def test_keeps_the_other_pages_where_one_is_made_again(tmp_path: Path) -> None:
    _write(tmp_path / "pages", "adam", "sgd")
    _write(tmp_path / "pages", "adam", keep=True)
    assert _files(tmp_path / "pages") == [MARKER, "adam", "sgd"]


@pytest.mark.parametrize("existed", [True, False])
def test_a_failure_leaves_what_was_there(tmp_path: Path, existed: bool) -> None:
    folder = tmp_path / "report"
    if existed:
        _write(folder, "old")
    before = _files(tmp_path)
    with pytest.raises(RuntimeError, match="half-way"):
        _break_half_way(folder)
    assert _files(tmp_path) == before


def _break_half_way(folder: Path) -> None:
    with replacing(folder, key="out") as fresh:
        (fresh / "new").write_text("new")
        raise RuntimeError("half-way")


def test_an_empty_folder_is_taken_and_stays(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _write(tmp_path / "empty", "page")
    assert _files(tmp_path / "empty") == [MARKER, "page"]


@pytest.mark.parametrize("foreign", ["thesis.tex", "figures/mine.png", "data/deep/er.csv", ".hidden"])
@pytest.mark.parametrize("marked", [True, False])
def test_a_folder_with_anything_else_is_refused_untouched(tmp_path: Path, foreign: str, marked: bool) -> None:
    folder = tmp_path / "report"
    if marked:
        _write(folder, "page", "figures/one")
    (folder / foreign).parent.mkdir(parents=True, exist_ok=True)
    (folder / foreign).write_text("years of work")
    before = {name: (folder / name).read_text() for name in _files(folder)}
    with pytest.raises(InvalidInput, match=r"^out must be new, empty, or .* which also holds "):
        _write(folder, "page")
    assert {name: (folder / name).read_text() for name in _files(folder)} == before


def test_what_came_while_it_worked_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    with pytest.raises(InvalidInput, match=r"also holds thesis\.tex"):
        _somebody_saves_meanwhile(folder)
    assert _files(tmp_path) == ["report/thesis.tex"]


def _somebody_saves_meanwhile(folder: Path) -> None:
    with replacing(folder, key="out") as fresh:
        (fresh / "page").write_text("new")
        folder.mkdir()
        (folder / "thesis.tex").write_text("mine")


@pytest.mark.parametrize("marker", ["", "[]", "{}", '{"files": 3}', '{"files": [1]}', "\x00"])
def test_a_marker_that_lists_nothing_protects_nothing(tmp_path: Path, marker: str) -> None:
    (tmp_path / MARKER).write_text(marker)
    with pytest.raises(InvalidInput, match="also holds"):
        require_own(tmp_path, key="out")


def test_links_are_refused(tmp_path: Path) -> None:
    """A link as the place, and a link inside in the place of a file or folder that the study wrote."""
    _write(tmp_path / "report", "page", "figures/one")
    (tmp_path / "link").symlink_to(tmp_path / "report")
    with pytest.raises(InvalidInput, match="no link"):
        require_own(tmp_path / "link", key="out")
    for name in ("page", "figures"):
        (tmp_path / "report" / name).rename(tmp_path / name)
        (tmp_path / "report" / name).symlink_to(tmp_path / name)
        with pytest.raises(InvalidInput, match=f"also holds {name}"):
            require_own(tmp_path / "report", key="out")
        (tmp_path / "report" / name).unlink()
        (tmp_path / name).rename(tmp_path / "report" / name)


@pytest.mark.parametrize("place", [Path("/"), Path.home(), ROOT, ROOT.parent, Path("/usr"), Path("/usr/..")])
def test_roots_homes_and_the_repository_are_refused(place: Path) -> None:
    with pytest.raises(InvalidInput, match=r"^out must be "):
        require_own(place, key="out")


def test_an_empty_home_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    for place in (tmp_path / "home", tmp_path):
        with pytest.raises(InvalidInput, match="a home, the repository, or above one"):
            require_own(place, key="out")


def test_a_file_and_a_place_below_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InvalidInput, match="which is a file"):
        _write(tmp_path / "file", "page")
    with pytest.raises(InvalidInput, match="can be written"):
        _write(tmp_path / "file" / "below", "page")
    assert _files(tmp_path) == ["file"]
