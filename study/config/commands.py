"""Words of a command line: what a person typed, and commands that messages propose, as one types them here."""

import re
import shlex
import sys
from collections.abc import Iterable, Iterator

from study.config.location import Location, without_password
from study.config.paths import CHECKOUT, CONF

_ELSEWHERE = ("tracking", "device", "stack", "force", "hydra", "report", "sweep_id")
"""First words of keys that decide no number: the store, the machine, the pages."""

_DEFAULT = "headline"  # of `make`
_RECORDED = ("python", "-m", "study.train")  # how a sweep's parent names the program


def key_of(override: str) -> str:
    """Return the key of an override without Hydra's signs: `optimizer.amsgrad` of `+optimizer.amsgrad=true`."""
    return override.lstrip("+~").partition("=")[0].partition("@")[0]


def node_of(override: str) -> str:
    """Return the node of the config that an override changes: `optimizer` of `+optimizer.amsgrad=true`."""
    return re.split("[./]", key_of(override))[0]


def deciding(overrides: Iterable[str]) -> list[str]:
    """Return those overrides that change what is run: `seeds=50`, `optimizer.lr=100`, not `device=cuda`.

    >>> deciding(
    ...     ["experiment=headline", "optimizer.lr=100", "tracking.uri=sqlite:///x.db", "hydra/launcher=basic"]
    ... )
    ['optimizer.lr=100']
    """
    return [word for word in overrides if _decides(key_of(word))]


def _decides(key: str) -> bool:
    if key.startswith(("hydra/sweeper", "hydra.sweeper.")):  # which decides what jobs there are
        return key != "hydra.sweeper.max_batch_size"
    return key != "experiment" and node_of(key) not in _ELSEWHERE


def sweep_command(experiment: str, location: Location) -> str:
    """Return the command that trains an experiment, or a first job under that name, into a store."""
    named = f"experiment={experiment}" if _is_shipped(experiment) else f"tracking.experiment={experiment}"
    return again_commands(shlex.join([*_RECORDED, named, *location.overrides]), experiment)[0]


def ui_command(location: Location) -> str:
    """Return the command that opens MLflow's UI over a store; of a server the address, which is its UI's too."""
    if not location.is_sql:
        return without_password(location.uri)
    words = location.overrides
    return shlex.join([*_program("ui"), *words] if _by_name() else ["make", "ui", *_arguments(words)])


def sync_command() -> str:
    """Return the command that delivers what waits for a store."""
    return shlex.join(_program("sync"))


def again_commands(
    command: str, experiment: str, *, location: Location | None = None, pages: Iterable[str] = ()
) -> tuple[str, str]:
    """Return the commands that train what `command` trained, and that make the report of it.

    Args:
        command: as the sweep's parent recorded it, `python -m study.train <words>`.
        experiment: the MLflow experiment that its runs are in.
        location: of its store, wherever the command was given; None for what the command said.
        pages: the words that its report was asked for with; those that say which sweep and where do not count.

    Example:
        >>> again_commands("python -m study.train experiment=zoo seeds=5", "zoo")
        ('make sweep EXPERIMENT=zoo ARGS=seeds=5', 'make report EXPERIMENT=zoo')
    """
    words = shlex.split(command)[len(_RECORDED) :]
    if location is not None:
        others = [word for word in words if key_of(word) not in ("tracking", "tracking.uri")]
        words = [*others, *location.overrides]
    rest = [word for word in words if word != f"experiment={experiment}"]
    own = [word for word in pages if _is_of_page(key_of(word))]
    kept = [*_of_reports(rest), *(word for word in own if word not in rest)]
    if len(rest) < len(words) and _has_target(experiment, rest):
        chosen = [] if experiment == _DEFAULT else [f"EXPERIMENT={experiment}"]
        train, report = (["make", target, *chosen] for target in ("sweep", "report"))
        return shlex.join([*train, *_arguments(rest)]), shlex.join([*report, *_arguments(kept)])
    about = [word for word in words if word.startswith("experiment=")]
    if len(rest) == len(words) and f"tracking.experiment={experiment}" not in kept:
        about.append(f"tracking.experiment={experiment}")
    return shlex.join([*_program("train"), *words]), shlex.join([*_program("report"), *about, *kept])


def _of_reports(words: Iterable[str]) -> Iterator[str]:
    """Yield those words of a sweep's command that its report needs: its store, its pages, its folder of configs."""
    waiting = iter(words)
    for word in waiting:
        if word in ("--config-dir", "-cd"):
            yield from (word, next(waiting))
        elif word.startswith("--config-dir=") or node_of(word) in ("tracking", "report"):
            yield word


def _is_of_page(key: str) -> bool:
    return key.startswith("report.") and key not in ("report.sweep", "report.out")


def _has_target(experiment: str, others: Iterable[str]) -> bool:
    """Whether make can say it: a shipped experiment, in a checkout, under its own name, and no flag."""
    renamed = any(word.startswith(("-", "tracking.experiment=")) for word in others)
    return not _by_name() and _is_shipped(experiment) and not renamed


def _is_shipped(experiment: str) -> bool:
    return (CONF / "experiment" / f"{experiment}.yaml").is_file()


def _program(module: str) -> list[str]:
    return ["study", module] if _by_name() else [".venv/bin/python", "-m", f"study.{module}"]


def _by_name() -> bool:
    """Whether one types `study`, in whichever folder: there is no checkout, or this command was typed so."""
    return CHECKOUT is None or sys.argv[0].startswith("study ")


def _arguments(words: list[str]) -> list[str]:
    """Return make's variable: a shell reads its value once more."""
    return [f"ARGS={shlex.join(words).replace('$', '$$')}"] if words else []
