"""The server's name and password: made once, for its owner's eyes, and told to that server alone."""

import os
import stat
from configparser import ConfigParser
from pathlib import Path

import pytest

from study.config import credentials
from study.config.credentials import PASSWORD, USERNAME

HERE = "http://127.0.0.1:5000"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (USERNAME, PASSWORD):
        monkeypatch.setenv(name, "")  # so that it is put back, whatever a test leaves there
        monkeypatch.delenv(name)
    return tmp_path / "credentials"


def test_they_are_made_once_and_read_by_their_owner_alone(file: Path) -> None:
    told = credentials.write(file, HERE)
    assert credentials.write(file, "http://127.0.0.1:5001") == told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(told[PASSWORD]) >= 32
    read = ConfigParser()
    read.read(file)
    assert dict(read["mlflow"]) == {
        "mlflow_tracking_uri": "http://127.0.0.1:5001",
        "mlflow_tracking_username": told[USERNAME],
        "mlflow_tracking_password": told[PASSWORD],
    }
    assert [path.name for path in file.parent.iterdir()] == ["credentials"]


def test_another_file_of_the_new_name_is_not_written_into(file: Path) -> None:
    open_to_all = file.with_suffix(".new")
    open_to_all.write_text("")
    with open_to_all.open() as watching:
        credentials.write(file, HERE)
        assert watching.read() == ""


@pytest.mark.parametrize("uri", [HERE, f"{HERE}/", "http://localhost:5000"])
def test_that_server_is_told_them(uri: str, file: Path) -> None:
    told = credentials.write(file, HERE)
    credentials.sign_in(uri, file)
    assert {name: os.environ[name] for name in told} == told


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:5001", "https://127.0.0.1:5000", "http://127.0.0.1", "http://other:5000"]
)
def test_another_server_is_not(uri: str, file: Path) -> None:
    credentials.write(file, HERE)
    credentials.sign_in(uri, file)
    assert USERNAME not in os.environ
    credentials.sign_in(HERE, file)
    credentials.sign_in(uri, file)
    assert not {USERNAME, PASSWORD} & os.environ.keys()


def test_what_the_environment_says_comes_first(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(USERNAME, "me")
    credentials.write(file, HERE)
    for uri in (HERE, "http://other"):
        credentials.sign_in(uri, file)
        assert os.environ[USERNAME] == "me"
        assert PASSWORD not in os.environ


def test_without_a_file_nothing_is_told(file: Path) -> None:
    credentials.sign_in(HERE, file)
    assert USERNAME not in os.environ
