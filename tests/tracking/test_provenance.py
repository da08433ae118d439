"""The commit is told as git tells it."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from study.tracking.provenance import command, git_commit, provenance


def test_the_commit_and_whether_the_tree_differs_from_it(tmp_path: Path) -> None:
    assert git_commit(tmp_path) == "unknown"
    _git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("one")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "page").write_text("one")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "-c", "user.name=n", "-c", "user.email=e@x", "commit", "--quiet", "-m", "first")
    commit = (tmp_path / ".git" / "refs" / "heads").rglob("*")
    (head,) = [file.read_text().strip() for file in commit if file.is_file()]
    assert git_commit(tmp_path) == head
    (tmp_path / "untracked").touch()
    (tmp_path / "reports" / "page").write_text("two")
    assert git_commit(tmp_path) == head
    (tmp_path / "file").write_text("two")
    assert git_commit(tmp_path) == f"{head} (dirty)"


def test_tags_say_versions_device_and_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "someone")
    tags = provenance(tmp_path, "cpu")
    versions = json.loads(tags["study.versions"])
    assert versions["torch"] == version("torch")
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert (tags["study.device"], tags["mlflow.user"]) == ("cpu", "someone")


def test_the_command_can_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["train.py", "-m", "optimizer=sgd,adam", "x=[1, 2]"])
    assert command() == "python -m study.train -m optimizer=sgd,adam 'x=[1, 2]'"


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True)
