"""Provenance of a run: the commit, the versions, the command and the user."""

import getpass
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import distribution, packages_distributions, version
from pathlib import Path
from types import ModuleType

from study.job import Job
from study.tracking import names

_PACKAGES = ("torch", "hydra-core", "mlflow", "numpy", "pandas", "scipy", "seaborn", "matplotlib")
_KNOWN = ("study", "torch")  # the commit and the versions say where their classes come from
_CHANGES = ("status", "--porcelain", "--untracked-files=normal", "--", ".", ":(exclude)reports")
_DIRTY, _UNKNOWN = " (dirty)", "unknown"

_distributions = cache(packages_distributions)  # a fifth of a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How a sweep is asked for, as its parent tells."""

    id: str  # under which it is asked for now, a time of day
    command: str = ""  # what the person typed
    config: str = ""  # as composed, in YAML
    overrides: Sequence[str] = ()  # what was asked beside the experiment's own file
    looks: Sequence[int] = ()  # at how many seeds it is looked at, until all is resolved
    tags: Mapping[str, str]  # provenance

    def of(self, holder: str) -> "Request":
        """Return it as the holder of a claim asks, whom all its runs then name; of an empty one, as it is."""
        return replace(self, tags={**self.tags, names.HOLDER: holder}) if holder else self


def provenance(checkout: Path | None, device: str) -> dict[str, str]:
    """Return the tags that every run and sweep of a checkout carries, for the device asked for."""
    code = code_version(checkout)
    versions = {"python": sys.version.split()[0]} | {name: version(name) for name in _PACKAGES}
    commit = code.removesuffix(_DIRTY)
    known = " " not in commit and commit != _UNKNOWN
    return {
        names.GIT_COMMIT: code,
        **({names.SOURCE_COMMIT: commit} if known else {}),
        names.SOURCE_NAME: "study.train",
        names.SOURCE_TYPE: "LOCAL",
        names.VERSIONS: json.dumps(versions),
        names.DEVICE: device,
        names.USER: _user(),
    }


def command() -> str:
    """Return the command line of this process as one would type it."""
    return shlex.join(["python", "-m", "study.train", *sys.argv[1:]])


def code_version(checkout: Path | None) -> str:
    """Return which code runs: the commit, `(dirty)` where the tree differs from it; without a checkout the version.

    Reports do not count: they decide no numbers, and making one would else taint the next sweep. What is not tracked
    does count, unless it is ignored: it may be an optimizer.
    """
    if checkout is None:
        return f"{version('optimizer-study')} (installed)"
    try:
        # a repository around the study that does not hold it would be somebody else's
        _git(checkout, "ls-files", "--error-unmatch", "--", "conf/config.yaml")
        commit = _git(checkout, "rev-parse", "HEAD")
        return f"{commit}{_DIRTY}" if _git(checkout, *_CHANGES) else commit
    except (OSError, subprocess.CalledProcessError):
        return _UNKNOWN


def sources(job: Job) -> dict[str, str]:
    """Return the tags that say where the classes of a job come from, which are neither torch's nor the study's."""
    classes = {
        names.OPTIMIZER_SOURCE: job.optimizer,
        names.PROBLEM_SOURCE: job.problem,
        names.SCHEDULE_SOURCE: job.schedule,
    }
    targets = {tag: str(node.get("_target_")) for tag, node in classes.items() if node is not None}
    return {tag: source_of(path) for tag, path in targets.items() if path.partition(".")[0] not in _KNOWN}


@cache
def source_of(target: str) -> str:
    """Return where an imported class comes from: `package 1.2.3`, or its module and a digest of that one's file."""
    module = _module(target)
    file = Path(getattr(module, "__file__", None) or "")
    installed = [
        f"{name} {version(name)}"
        for name in _distributions().get(target.partition(".")[0], ())
        if file.is_relative_to(str(distribution(name).locate_file("")))  # and not one's own of the same name
    ]
    if installed:
        return ", ".join(sorted(set(installed)))
    if module is None or not file.is_file():
        return _UNKNOWN
    return f"{module.__name__} sha256:{sha256(file.read_bytes()).hexdigest()[:16]}"


def _module(target: str) -> ModuleType | None:
    """Return the module that defines a class, which may be known by a path through another one."""
    parts = target.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        outer = sys.modules.get(".".join(parts[:cut]))
        if outer is not None:
            found = getattr(outer, parts[cut], None)
            return sys.modules.get(getattr(found, "__module__", ""), outer)
    return None


def _git(checkout: Path, *arguments: str) -> str:
    git = ["git", "--no-optional-locks", "-C", str(checkout)]
    return subprocess.run([*git, *arguments], capture_output=True, text=True, check=True).stdout.strip()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())
