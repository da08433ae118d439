"""Where a report goes: never over another sweep's, never out of the folder of reports."""

from dataclasses import replace

import pytest

from study.certify.sweeps import parabola_sweep
from study.config.paths import ROOT
from study.report.place import LONGEST, folder_name, place_of


def test_an_overridden_sweep_has_a_folder_of_its_own() -> None:
    sweep = parabola_sweep(seeds=1, steps=32)
    assert place_of(sweep) == ROOT / "reports" / "headline"
    asked = replace(sweep, overrides=("seeds=50", "optimizer.lr=100"))
    assert place_of(asked) == ROOT / "reports" / "headline+seeds=50+optimizer.lr=100"


@pytest.mark.parametrize(
    "text", ["../../x", "/abs", "a/b", "a\nb", "", ".hidden", "..", "ä", "a=[1, 2]", "x" * 300]
)
def test_any_text_is_one_plain_folder(text: str) -> None:
    name = folder_name(text)
    assert (ROOT / name).resolve().parent == ROOT
    assert 0 < len(name) <= LONGEST + 9
    assert not name.startswith(".")


def test_different_texts_are_different_folders() -> None:
    texts = ["a/b", "a b", "a_b", "x" * 200, "x" * 201, "a+b=[1]", "a+b=(1)"]
    assert len({folder_name(text) for text in texts}) == len(texts)
