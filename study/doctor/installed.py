"""What is installed, held against what pyproject.toml asks for and requirements.lock was tested with."""

import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distributions, requires
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from study.config.paths import CHECKOUT
from study.doctor.finding import Finding

_OLDEST = (3, 11)
_NAMED = 4  # packages in one line


def findings() -> Iterator[Finding]:
    """Yield what there is to say of Python and the packages."""
    now = ".".join(map(str, sys.version_info[:3]))
    old = "install Python >= 3.11, and write make setup PYTHON=python3.11"
    fits = sys.version_info >= _OLDEST
    yield Finding("Python", "ok", now) if fits else Finding("Python", "problem", f"{now}, not >= 3.11", old)
    there = {str(canonicalize_name(found.name)): found.version for found in distributions()}
    yield of_requirements(_asked(), there)
    lock = CHECKOUT and CHECKOUT / "requirements.lock"
    if lock and lock.is_file():
        yield of_lock(lock.read_text(encoding="utf-8"), there)
    if find_spec("hydra_plugins") is None or find_spec("hydra_plugins.stacked_launcher") is None:
        yield Finding("launcher", "problem", "Hydra does not find hydra/launcher=stacked", "run make setup")


def of_requirements(asked: Iterable[str], there: Mapping[str, str]) -> Finding:
    """Return whether every package is there in a version that is asked for.

    Args:
        asked: as in pyproject.toml.
        there: the version of each installed package, by its canonical name.

    Example:
        >>> of_requirements(["numpy>=2", "torch==2.13.0"], {"numpy": "1.26", "torch": "2.13.0+cpu"}).line
        'problem  packages      numpy 1.26 is not >=2; run make setup'
    """
    wrong, known = [], [Requirement(line) for line in asked]
    wanted = [each for each in known if each.marker is None or each.marker.evaluate({"extra": ""})]
    for each in wanted:
        version = there.get(canonicalize_name(each.name))
        if version is None:
            wrong.append(f"{each.name} is not installed")
        elif not each.specifier.contains(version, prereleases=True):
            wrong.append(f"{each.name} {version} is not {each.specifier}")
    if wrong:
        return Finding("packages", "problem", _some(wrong), "run make setup")
    return Finding("packages", "ok", f"the {len(wanted)} that the study asks for fit pyproject.toml")


def of_lock(lock: str, there: Mapping[str, str]) -> Finding:
    """Return whether what is installed has the versions of the lock; what is not installed is not missed.

    Example:
        >>> of_lock("numpy==2.4.6 ray==2.60.0", {"numpy": "2.4.5"}).line
        'warning  lock          1 of 1 packages is not as in requirements.lock: numpy 2.4.5 (2.4.6); run make setup'
    """
    pinned = dict(line.split("==") for line in lock.split() if "==" in line)
    both = {name: want for name, want in pinned.items() if canonicalize_name(name) in there}
    held = {name: there[canonicalize_name(name)] for name in both}
    other = [
        f"{name} {held[name]} ({want})" for name, want in both.items() if Version(held[name]).public != want
    ]
    if other:
        are = "is" if len(other) == 1 else "are"
        told = f"{len(other)} of {len(both)} packages {are} not as in requirements.lock: {_some(other)}"
        return Finding("lock", "warning", told, "run make setup")
    return Finding("lock", "ok", f"{len(both)} packages are as in requirements.lock")


def _asked() -> list[str]:
    """Return what is asked for: by the checkout's own file, which may be newer than what was installed from it."""
    if CHECKOUT and (file := CHECKOUT / "pyproject.toml").is_file():
        return _dependencies(file)
    try:
        return requires("optimizer-study") or []
    except PackageNotFoundError:
        return []


def _dependencies(file: Path) -> list[str]:
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    return [str(line) for line in project["dependencies"]]


def _some(each: list[str]) -> str:
    more = len(each) - _NAMED
    return ", ".join(each[:_NAMED]) + (f" and {more} more" if more > 0 else "")
