"""Credentials of the server of one's own: a file that its owner alone can read, in MLflow's own format.

They go to that server alone, and from the environment, where no message and no list of processes shows them.
"""

import os
import secrets
from configparser import ConfigParser
from pathlib import Path
from urllib.parse import urlsplit

from study.config.paths import MLRUNS

FILE = MLRUNS / "server" / "credentials"
USERNAME, PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
_ADDRESS = "MLFLOW_TRACKING_URI"
_SECTION = "mlflow"  # as in ~/.mlflow/credentials, which MLflow's client reads for every server


def write(file: Path, address: str) -> dict[str, str]:
    """Write which server the credentials are of, made up where there are none yet; return them by their variables."""
    told = _read(file) or {USERNAME: "study", PASSWORD: secrets.token_urlsafe(24)}
    told[_ADDRESS] = address
    parser = ConfigParser(interpolation=None)
    parser[_SECTION] = {key.lower(): value for key, value in told.items()}
    aside = file.with_suffix(".new")
    aside.unlink(missing_ok=True)  # one that is there might be open to others
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        parser.write(opened)
    aside.replace(file)
    return {key: told[key] for key in (USERNAME, PASSWORD)}


def sign_in(uri: str, file: Path = FILE) -> None:
    """Have MLflow's client in this process name itself to a server as the file says, if it is that of the file.

    What the environment says comes first. Another server is not given what was for this one.
    """
    told = _read(file)
    if told is None:
        return
    own = {key: told[key] for key in (USERNAME, PASSWORD)}
    there = {key: os.environ.get(key) for key in own}
    if _same(told[_ADDRESS], uri):
        if not any(there.values()):
            os.environ |= own
    elif there == own:
        for key in own:
            del os.environ[key]


def _read(file: Path) -> dict[str, str] | None:
    parser = ConfigParser(interpolation=None)
    if not parser.read(file):
        return None
    return {key: parser[_SECTION][key.lower()] for key in (_ADDRESS, USERNAME, PASSWORD)}


def _same(one: str, other: str) -> bool:
    """Whether two addresses are one server's.

    >>> (
    ...     _same("http://127.0.0.1:5000", "http://localhost:5000/"),
    ...     _same("http://127.0.0.1:5000", "http://127.0.0.1"),
    ... )
    (True, False)
    """
    first, second = (urlsplit(uri.replace("//localhost", "//127.0.0.1", 1)) for uri in (one, other))
    return (first.scheme, first.hostname, first.port) == (second.scheme, second.hostname, second.port)
