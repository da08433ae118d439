"""Where a run comes from: the commit, the versions, the command and the user."""

import getpass
import json
import os
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from study.tracking import names

_PACKAGES = ("torch", "hydra-core", "mlflow", "numpy", "pandas", "scipy", "seaborn", "matplotlib")

_CHANGES = ("status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)reports")


def provenance(root: Path, device: str) -> dict[str, str]:
    """Return the tags that every run and sweep carries.

    Args:
        root: the repository.
        device: the device asked for.
    """
    commit = git_commit(root)
    versions = {"python": sys.version.split()[0]} | {name: version(name) for name in _PACKAGES}
    return {
        names.GIT_COMMIT: commit,
        names.SOURCE_COMMIT: commit.removesuffix(" (dirty)"),
        names.SOURCE_NAME: "study.train",
        names.SOURCE_TYPE: "LOCAL",
        names.VERSIONS: json.dumps(versions),
        names.DEVICE: device,
        names.USER: _user(),
    }


def command() -> str:
    """Return the command line of this process as one would type it."""
    return shlex.join(["python", "-m", "study.train", *sys.argv[1:]])


def git_commit(root: Path) -> str:
    """Return the checked-out commit, `(dirty)` where the tree differs from it, `unknown` outside a checkout.

    Reports do not count: they decide no numbers, and making one would else taint the next sweep.
    """
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return f"{commit} (dirty)" if _git(root, *_CHANGES) else commit
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())
