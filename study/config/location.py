"""Location of a store, a tracking URI made absolute: needs neither MLflow nor a database."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from study.config.paths import MLRUNS, ROOT
from study.errors import InvalidInput

_POSTGRESQL = "postgresql+psycopg2"  # SQLAlchemy's own choice of a driver changes with its version
URI_VARIABLE = "STUDY_TRACKING_URI"
"""Of the environment: it holds a URI with a password in the place of a command line, which others may read."""

_SCHEMES = ("sqlite", "postgresql", _POSTGRESQL, "http", "https")


@dataclass(frozen=True, slots=True)
class Location:
    """A tracking URI, made absolute.

    Attributes:
        uri: as MLflow takes it.
        database: the file of a SQLite store.
        artifacts: where artifacts of new experiments go; None leaves it to the tracking server.

    Example:
        >>> Location.of("sqlite:////data/runs.db").artifacts
        '/data/artifacts'
        >>> Location.of("postgresql://me:secret@server/runs").shown
        'postgresql://server/runs'
    """

    uri: str
    database: Path | None
    artifacts: str | None

    @classmethod
    def of(cls, uri: str | None) -> "Location":
        """Return the location of a tracking URI, of the default store for None.

        Raises:
            InvalidInput: the URI is of no kind that can be tracked to.
        """
        given = uri or f"sqlite:///{MLRUNS / 'mlflow.db'}"
        kinds = "sqlite:///<file>, postgresql://<server>/<database> or http(s)://<server>"
        if not isinstance(given, str) or given.partition(":")[0] not in _SCHEMES:
            raise InvalidInput(f"tracking.uri must be {kinds}, got {without_password(repr(given))}")
        scheme, _, rest = given.partition(":")
        if scheme != "sqlite" and (wrong := _no_address(given)):
            raise InvalidInput(f"tracking.uri must be {kinds}, got {without_password(given)!r}: {wrong}")
        if scheme.startswith("postgresql"):
            return cls(f"{_POSTGRESQL}:{rest}", None, str(MLRUNS / "artifacts"))
        if scheme.startswith("http"):
            return cls(given, None, None)
        file = given.partition(":///")[2]
        if file in ("", ":memory:"):
            raise InvalidInput(f"tracking.uri must name a file, as in sqlite:///runs.db, got {given!r}")
        database = Path(file).absolute()
        return cls(f"sqlite:///{database}", database, str(database.parent / "artifacts"))

    @property
    def is_sql(self) -> bool:
        """Whether this process can reach the store by SQL."""
        return not self.uri.startswith("http")

    @property
    def shown(self) -> str:
        """The URI as a page for strangers may show it: no password, no path of this machine."""
        if self.database:
            inside = self.database.is_relative_to(ROOT)
            return str(self.database.relative_to(ROOT)) if inside else self.database.name
        parts = urlsplit(self.uri)
        return f"{parts.scheme.partition('+')[0]}://{parts.hostname}{parts.path}"

    @property
    def overrides(self) -> list[str]:
        """The words of a command line that name it; none for the default store."""
        return [] if self == Location.of(None) else [in_environment(f"tracking.uri={self.uri}")]

    @property
    def exists(self) -> bool:
        """Whether there may be something in the store: False only for a SQLite file that is not there."""
        return self.database is None or self.database.exists()


def _no_address(uri: str) -> str | None:
    """Return what is wrong with the address of a server, None where nothing is."""
    try:
        parts = urlsplit(uri)
        return None if parts.hostname and parts.port != 0 else "it names no server"
    except ValueError as error:
        return str(error)


def in_environment(word: str) -> str:
    """Return an override that a command line, a file or a page may hold: a password goes to the environment.

    It is read from there again, here and in the processes that this one starts.
    """
    key, _, value = word.partition("=")
    if key.lstrip("+") != "tracking.uri" or without_password(value) == value:
        return word
    os.environ[URI_VARIABLE] = value.strip("'\"")
    return f"{key}=${{oc.env:{URI_VARIABLE}}}"


def without_password(text: str) -> str:
    """Return a text with `***` for the password of each URI in it.

    Example:
        >>> without_password("tracking.uri=http://me:secret@server")
        'tracking.uri=http://me:***@server'
    """
    return re.sub(r"(?<=://)([^\s:/@]*):[^\s/@]*@", r"\1:***@", text)
