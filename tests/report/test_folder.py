"""A folder is written whole or not at all."""

from pathlib import Path

import pytest

from study.errors import InvalidInput
from study.report.folder import check_replaceable, replaced


def test_replaces_what_was_there(tmp_path: Path) -> None:
    """Old files go, new ones stand, nothing is left beside."""
    folder = tmp_path / "deep" / "report"
    for text in ("one", "two"):
        with replaced(folder) as fresh:
            (fresh / text).write_text(text)
    assert [path.name for path in folder.iterdir()] == ["two"]
    assert [path.name for path in folder.parent.iterdir()] == ["report"]


@pytest.mark.parametrize("existed", [True, False])
def test_a_failure_leaves_what_was_there(tmp_path: Path, existed: bool) -> None:
    """The old report survives, and no half of a new one."""
    folder = tmp_path / "report"
    if existed:
        folder.mkdir()
        (folder / "old").write_text("old")
    with pytest.raises(RuntimeError, match="half-way"):
        _break_half_way(folder)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == (["old"] if existed else [])


def _break_half_way(folder: Path) -> None:
    with replaced(folder) as fresh:
        (fresh / "new").write_text("new")
        raise RuntimeError("half-way")


def test_other_peoples_files_are_not_replaced(tmp_path: Path) -> None:
    """A new place and an earlier report pass; a folder with anything else, and a file, do not."""
    check_replaceable(tmp_path / "new", {"index.html"})
    (tmp_path / "index.html").touch()
    check_replaceable(tmp_path, {"index.html"})
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InvalidInput, match=r"also holds thesis\.tex"):
        check_replaceable(tmp_path, {"index.html"})
    with pytest.raises(InvalidInput, match="got the file"):
        check_replaceable(tmp_path / "thesis.tex", set())


def test_an_error_while_swapping_brings_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of the two renames fails."""
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "old").write_text("old")
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if Path(target) == folder and self.name != ".replaced":
            raise OSError("no")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="no"), replaced(folder):
        pass
    assert (folder / "old").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
