"""The command: what it writes, what the picture shows, what it refuses."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study.cli import Asked
from study.errors import InvalidInput
from study.phase.__main__ import phase
from study.phase.measure import agreement
from study.report.folder import MARKER


@pytest.mark.slow
def test_command_writes_page_picture_and_grid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "phase"
    phase(Asked(("size=8", f"out={folder}")))
    assert sorted(path.name for path in folder.iterdir()) == [
        MARKER,
        "README.md",
        "grid.parquet",
        "phase.png",
        "phase.svg",
    ]
    grid = pd.read_parquet(folder / "grid.parquet")
    assert list(grid.columns) == ["rule", "momentum", "eta_lambda", "measured", "theory", "boundary"]
    assert len(grid) == 2 * 8 * 8
    assert not grid.duplicated(["rule", "momentum", "eta_lambda"]).any()
    descent = grid[grid["momentum"] == 0]
    np.testing.assert_allclose(descent["measured"], (1 - descent["eta_lambda"]).abs(), rtol=1e-12)
    assert agreement(grid) in (folder / "README.md").read_text(encoding="utf-8")
    assert str(folder) in capsys.readouterr().out


def test_disagreement_is_counted() -> None:
    grid = pd.DataFrame(
        {
            "eta_lambda": [0.2, 1.5, 2.5, 1.9],  # a pixel is 0.4 wide
            "boundary": [2.0, 2.0, 2.0, 2.0],
            "measured": [
                0.5,
                1.1,
                1.5,
                1.3,
            ],  # the second on the wrong side; the fourth in the boundary's pixel
            "theory": [0.5, 0.5, 1.5, 0.9],
        }
    )
    assert agreement(grid).startswith("Of the 3 cells off the boundary's own pixels, 2 lie on the side")


@pytest.mark.parametrize("size", ["0", "7", "-3", "257", "8.5"])
def test_sizes_out_of_range_are_refused(size: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=f"size must be a whole number from 8 to 256, got {size}"):
        phase(Asked((f"size={size}", f"out={tmp_path / 'phase'}")))
    assert not (tmp_path / "phase").exists()


def test_a_folder_of_somebodys_files_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(InvalidInput, match=r"^out must be .* which also holds thesis\.tex"):
        phase(Asked(("size=8", f"out={tmp_path}")))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
