"""README and the pages it leads to: their commands are ones that the study takes, their files are there."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from study import read_sweep
from study.cli import COMMANDS
from study.config.compose import compose

ROOT = Path(__file__).parents[1]
PAGES = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "conf/README.md", "study/README.md", "reports/LESSON.md")
}
BLOCKS = [
    block for text in PAGES.values() for block in re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.S | re.M)
]
LINES = [
    part.split("  #")[0].strip()
    for _, block in BLOCKS
    for line in block.splitlines()
    for part in line.split("&&")
]


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("study ")])
def test_a_command_is_one_that_the_study_takes(line: str, tmp_path: Path) -> None:
    _, command, *words = shlex.split(line)
    assert command in COMMANDS
    (tmp_path / "optimizer").mkdir()
    (tmp_path / "optimizer" / "mine.yaml").write_text(
        "name: mine\n_target_: my_package.MyOptimizer\nlr: 0.01\n"
    )
    config = command if (ROOT / "conf" / f"{command}.yaml").exists() else "config"
    overrides = [word.partition(",")[0] for word in words if "=" in word and not word.startswith("-")]
    assert compose(config, overrides, tmp_path)


def test_make_has_each_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    inline = [words for text in PAGES.values() for words in re.findall(r"`(make [^`]+)`", text)]
    named = {word for line in [*LINES, *inline] if line.startswith("make ") for word in line.split()[1:]}
    assert {word for word in named if re.fullmatch("[a-z-]+", word)} <= targets
    assert "sweep" in named


@pytest.mark.parametrize("name", PAGES)
def test_each_linked_file_is_there(name: str) -> None:
    links = [
        link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", PAGES[name]) if "://" not in link
    ]
    assert len(links) > 7
    assert [link for link in links if not ((ROOT / name).parent / link).exists()] == []


def test_a_lesson_has_an_experiment_for_each_file_of_them() -> None:
    taught = set(re.findall(r"EXPERIMENT=(\w+)", PAGES["reports/LESSON.md"])) | {"headline"}
    assert taught == {path.stem for path in (ROOT / "conf/experiment").glob("*.yaml")} - {"smoke", "zoo"}


def test_the_readme_is_short() -> None:
    assert len(PAGES["README.md"].splitlines()) <= 160


@pytest.mark.slow
def test_the_classifier_trains_as_it_stands_here(tmp_path: Path, command: Callable[..., Any]) -> None:
    (code,) = [block for kind, block in BLOCKS if kind == "python" and "class Blobs" in block]
    (config,) = [block for kind, block in BLOCKS if kind == "yaml" and "my_problems.Blobs" in block]
    (tmp_path / "my_problems.py").write_text(code)
    (tmp_path / "my_conf" / "problem").mkdir(parents=True)
    (tmp_path / "my_conf" / "problem" / "blobs.yaml").write_text(config)
    (line,) = re.findall(
        r"`study (train --config-dir my_conf -m problem=blobs[^`]*)`", PAGES["study/README.md"]
    )
    store = f"sqlite:///{tmp_path}/runs.db"
    name, *words = shlex.split(line)
    done = command(tmp_path, f"study.{name}", *words, "seeds=3", f"tracking.uri={store}")
    assert done.returncode == 0, done.stderr
    points = read_sweep("blobs", store=store).points
    assert {"eval/accuracy", "test/accuracy", "test/loss"} <= set(points["metric"])
    last = points[points["metric"] == "test/accuracy"].groupby("run_id")["value"].last()
    assert (last > 0.5).all()


@pytest.mark.slow
def test_an_optimizer_of_ones_own_is_trained_and_reported_as_it_stands_here(
    tmp_path: Path, command: Callable[..., Any]
) -> None:
    """The file of three lines, and the first two commands below it; the class is SGD under another name."""
    (config,) = [block for kind, block in BLOCKS if kind == "yaml" and "my_package.MyOptimizer" in block]
    (tmp_path / "my_conf" / "optimizer").mkdir(parents=True)
    (tmp_path / "my_conf" / "optimizer" / "mine.yaml").write_text(config)
    (tmp_path / "my_package.py").write_text(
        "import torch\n\n\nclass MyOptimizer(torch.optim.SGD):\n    pass\n"
    )
    store = f"tracking.uri=sqlite:///{tmp_path}/runs.db"
    mine = [line for line in LINES if line.startswith("study ") and "tracking.experiment=mine" in line]
    train, report = (shlex.split(line)[1:] for line in mine[:2])
    for (name, *words), more in ((train, ["seeds=2"]), (report, [f"report.out={tmp_path}/page"])):
        kept = [word for word in words if not word.startswith("seeds=")]
        done = command(tmp_path, f"study.{name}", *kept, *more, store)
        assert done.returncode == 0, done.stderr
    assert set(read_sweep("mine", store=store.partition("=")[2]).runs["label"]) == {"adam", "mine"}
    assert "| mine |" in (tmp_path / "page" / "report.md").read_text()
