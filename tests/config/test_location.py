"""Where a store is, from its URI alone."""

from pathlib import Path

import pytest

from study.config.location import Location, without_password
from study.config.paths import ROOT
from study.errors import InvalidInput


def test_the_default_store_lies_in_the_repository_from_every_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    root = Path(__file__).parents[2]
    for location in (Location.of(None), Location.of("")):
        assert location.uri == f"sqlite:///{root}/mlruns/mlflow.db"
        assert location.artifacts == f"{root}/mlruns/artifacts"
        assert location.shown == "mlruns/mlflow.db"


def test_a_relative_file_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    location = Location.of("sqlite:///some/store.db")
    assert location.uri == f"sqlite:///{tmp_path}/some/store.db"
    assert location.artifacts == f"{tmp_path}/some/artifacts"
    assert location.shown == "store.db"
    assert location.is_sql
    assert not location.exists
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "store.db").touch()
    assert location.exists


def test_only_another_store_than_the_default_is_named_on_a_command_line() -> None:
    assert Location.of(None).overrides == []
    for uri in ("sqlite:////elsewhere/mlflow.db", "http://server:5000"):
        assert Location.of(uri).overrides == [f"tracking.uri={uri}"]


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg2"])
def test_postgresql_is_reached_through_the_driver_that_can_copy(scheme: str) -> None:
    location = Location.of(f"{scheme}://me:p:w@server:5433/runs")
    assert location.uri == "postgresql+psycopg2://me:p:w@server:5433/runs"
    assert location.shown == "postgresql://server/runs"
    assert location.artifacts == str(ROOT / "mlruns" / "artifacts")
    assert location.is_sql
    assert location.exists


@pytest.mark.parametrize("uri", ["http://server:5000", "https://me:secret@server/mlflow"])
def test_a_server_decides_for_itself_where_artifacts_go(uri: str) -> None:
    location = Location.of(uri)
    assert (location.uri, location.artifacts, location.is_sql) == (uri, None, False)
    assert "secret" not in location.shown


@pytest.mark.parametrize(
    "uri", ["mlruns", "/a/folder", "file:///a/folder", "mysql://server/runs", "postgresql+asyncpg://s/d"]
)
def test_other_kinds_are_refused(uri: str) -> None:
    with pytest.raises(InvalidInput, match=r"tracking.uri must be sqlite:///<file>, .*, got '") as refused:
        Location.of(uri)
    assert uri in str(refused.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tracking.uri=postgresql://me:secret@server/runs", "tracking.uri=postgresql://me:***@server/runs"),
        ("uri: https://:secret@server\nother: a:b@c", "uri: https://:***@server\nother: a:b@c"),
        ("a://u:one@h b://v:two@h", "a://u:***@h b://v:***@h"),
        ("http://server:5000/a@b sqlite:////x/y:z@w", "http://server:5000/a@b sqlite:////x/y:z@w"),
        ("postgresql://me:se:cret@server", "postgresql://me:***@server"),
    ],
)
def test_passwords_are_not_shown(text: str, shown: str) -> None:
    assert without_password(text) == shown


def test_a_refusal_does_not_show_the_password() -> None:
    with pytest.raises(InvalidInput, match=r"got 'mysql://me:\*\*\*@server/runs'"):
        Location.of("mysql://me:secret@server/runs")


@pytest.mark.parametrize("uri", ["sqlite:", "sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_would_be_lost(uri: str) -> None:
    with pytest.raises(InvalidInput, match=f"tracking.uri must name a file, as in .*, got '{uri}'"):
        Location.of(uri)
