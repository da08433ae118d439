"""The commit is told as git tells it, a class from outside as its package or its file tells it."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

from study.job import Job
from study.tracking.provenance import code_version, command, provenance, source_of, sources


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a repository with one commit, in which a config, a report and the rule to ignore stores are tracked."""
    folder = tmp_path / "checkout"
    for name, text in {"conf/config.yaml": "one", "reports/page": "one", ".gitignore": "mlruns/\n"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    _commit(folder)
    return folder


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a package of one's own, imported: it shows `Rule`, which another of its modules defines."""
    folder = tmp_path / "my_own_package"
    folder.mkdir()
    (folder / "rules.py").write_text("class Rule: pass\n")
    (folder / "__init__.py").write_text("from my_own_package.rules import Rule\n")
    monkeypatch.syspath_prepend(tmp_path)
    source_of.cache_clear()
    __import__("my_own_package")
    yield folder
    source_of.cache_clear()
    for name in ("my_own_package", "my_own_package.rules"):
        del sys.modules[name]


class TestCommit:
    """The commit, and whether the tree is the one that was committed."""

    def test_a_tree_as_it_was_committed_is_its_commit(self, checkout: Path) -> None:
        assert code_version(checkout) == _head(checkout)

    def test_what_decides_no_number_leaves_it_clean(self, checkout: Path) -> None:
        (checkout / "reports" / "page").write_text("two")
        (checkout / "reports" / "untracked").touch()
        (checkout / "mlruns").mkdir()
        (checkout / "mlruns" / "mlflow.db").touch()
        assert code_version(checkout) == _head(checkout)

    @pytest.mark.parametrize("file", ["conf/config.yaml", "conf/mine.yaml", "mine.py", "folder/mine.py"])
    def test_another_file_and_a_changed_one_make_it_dirty(self, file: str, checkout: Path) -> None:
        (checkout / file).parent.mkdir(exist_ok=True)
        (checkout / file).write_text("two")
        assert code_version(checkout) == f"{_head(checkout)} (dirty)"

    def test_a_folder_below_somebody_elses_repository_has_no_commit(self, checkout: Path) -> None:
        """The study was unpacked there: the repository around it says nothing of the study's code."""
        unpacked = checkout / "unpacked"
        (unpacked / "conf").mkdir(parents=True)
        (unpacked / "conf" / "config.yaml").touch()
        assert code_version(unpacked) == "unknown"
        _commit(checkout)  # now it is a part of that repository
        assert code_version(unpacked) == _head(checkout)

    def test_no_repository_has_no_commit(self, tmp_path: Path) -> None:
        assert code_version(tmp_path) == "unknown"

    def test_without_a_checkout_it_is_the_version(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(checkout)
        assert code_version(None) == f"{version('optimizer-study')} (installed)"


class TestSources:
    """Where a class comes from that is not the study's."""

    def test_a_class_of_an_installed_package_has_its_version(self) -> None:
        import pandas

        assert pandas.DataFrame is not None
        assert source_of("pandas.DataFrame") == f"pandas {version('pandas')}"
        assert source_of("torch.optim.Adam") == f"torch {version('torch')}"

    def test_a_class_of_ones_own_has_the_digest_of_the_file_that_defines_it(self, package: Path) -> None:
        digest = hashlib.sha256((package / "rules.py").read_bytes()).hexdigest()[:16]
        assert source_of("my_own_package.Rule") == f"my_own_package.rules sha256:{digest}"

    def test_another_source_has_another_digest(self, package: Path) -> None:
        before = source_of("my_own_package.Rule")
        (package / "rules.py").write_text("class Rule: lr = 1\n")
        source_of.cache_clear()  # as the next process would
        assert source_of("my_own_package.Rule") != before

    def test_a_module_that_only_shares_a_packages_name_is_ones_own(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        module = type(sys)("seaborn")
        module.__file__ = str(tmp_path / "seaborn.py")
        Path(module.__file__).write_text("class Rule: pass\n")
        vars(module)["Rule"] = type("Rule", (), {"__module__": "seaborn"})
        monkeypatch.setitem(sys.modules, "seaborn", module)
        source_of.cache_clear()
        assert source_of("seaborn.Rule").startswith("seaborn sha256:")
        source_of.cache_clear()

    def test_what_nobody_imported_is_unknown(self) -> None:
        assert source_of("some.where") == "unknown"

    def test_only_classes_from_outside_are_told(self, package: Path) -> None:
        assert package.name == "my_own_package"
        assert sources(_job("torch.optim.Adam", "study.problems.parabola.Parabola")) == {}
        told = sources(_job("pandas.DataFrame", "my_own_package.Rule"))
        assert told == {
            "study.optimizer_source": f"pandas {version('pandas')}",
            "study.problem_source": source_of("my_own_package.Rule"),
        }
        moved = replace(_job("torch.optim.Adam", "study.X"), schedule={"_target_": "pandas.DataFrame"})
        assert sources(moved) == {"study.schedule_source": f"pandas {version('pandas')}"}


def test_tags_say_versions_device_and_user(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "someone")
    (checkout / "mine.py").touch()
    tags = provenance(checkout, "cpu")
    versions = json.loads(tags["study.versions"])
    assert versions["torch"] == version("torch") == torch.__version__
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert (tags["study.device"], tags["mlflow.user"]) == ("cpu", "someone")
    assert tags["study.git_commit"] == f"{_head(checkout)} (dirty)"
    assert tags["mlflow.source.git.commit"] == _head(checkout)


def test_what_is_no_commit_is_not_told_to_mlflow_as_one(tmp_path: Path) -> None:
    for checkout in (None, tmp_path):
        assert "mlflow.source.git.commit" not in provenance(checkout, "cpu")


def test_the_command_can_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["train.py", "-m", "optimizer=sgd,adam", "x=[1, 2]"])
    assert command() == "python -m study.train -m optimizer=sgd,adam 'x=[1, 2]'"


def _job(optimizer: str, problem: str) -> Job:
    return Job({"_target_": problem}, {"_target_": optimizer, "name": "x"}, 1, 1, range(1), "x")


def _commit(folder: Path) -> None:
    who = ["-c", "user.name=n", "-c", "user.email=e@x"]
    for words in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "m"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True)


def _head(folder: Path) -> str:
    """Return the commit by git's own files."""
    (head,) = [file for file in (folder / ".git" / "refs" / "heads").rglob("*") if file.is_file()]
    return head.read_text().strip()
