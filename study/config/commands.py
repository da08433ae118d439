"""The commands that messages propose: as one types them here, and only such as do what they say."""

import shlex

from study.config.location import Location
from study.paths import CHECKOUT, CONF

_DEFAULT = "headline"  # of `make`


def sweep_command(experiment: str, location: Location) -> str:
    """Return the command that trains an experiment into a store."""
    return _about("sweep", "train", experiment, location)


def report_command(experiment: str, location: Location) -> str:
    """Return the command that makes the report of an experiment in a store."""
    return _about("report", "report", experiment, location)


def ui_command(location: Location) -> str:
    """Return the command that opens MLflow's UI over a store."""
    words = location.overrides
    return shlex.join([*_program("ui"), *words] if CHECKOUT is None else ["make", "ui", *_arguments(words)])


def again_commands(command: str, experiment: str) -> tuple[str, str]:
    """Return the commands that train what `command` trained, and that make the report of it.

    Args:
        command: as the sweep's parent recorded it, `python -m study.train <words>`.
        experiment: the MLflow experiment that its runs are in.

    Example:
        >>> again_commands("python -m study.train experiment=zoo seeds=5", "zoo")
        ('make sweep EXPERIMENT=zoo ARGS=seeds=5', 'make report EXPERIMENT=zoo')
    """
    words = shlex.split(command)[3:]
    rest = [word for word in words if word != f"experiment={experiment}"]
    store = [word for word in rest if word.startswith(("tracking.", "--config-dir="))]
    if len(rest) < len(words) and _has_target(experiment, rest):
        chosen = [] if experiment == _DEFAULT else [f"EXPERIMENT={experiment}"]
        train, report = (["make", target, *chosen] for target in ("sweep", "report"))
        return shlex.join([*train, *_arguments(rest)]), shlex.join([*report, *_arguments(store)])
    about = [word for word in words if word.startswith("experiment=")]
    if len(rest) == len(words) and f"tracking.experiment={experiment}" not in store:
        about.append(f"tracking.experiment={experiment}")
    return shlex.join([*_program("train"), *words]), shlex.join([*_program("report"), *about, *store])


def _has_target(experiment: str, others: list[str]) -> bool:
    """Whether make can say it: a shipped experiment, in a checkout, under its own name, and no flag."""
    renamed = any(word.startswith(("-", "tracking.experiment=")) for word in others)
    return CHECKOUT is not None and _is_shipped(experiment) and not renamed


def _is_shipped(experiment: str) -> bool:
    return (CONF / "experiment" / f"{experiment}.yaml").is_file()


def _about(target: str, module: str, experiment: str, location: Location) -> str:
    """Return a command about one experiment: a make target in a checkout, for an experiment that is shipped."""
    if not _is_shipped(experiment):  # tracked under a name of one's own
        return shlex.join([*_program(module), f"tracking.experiment={experiment}", *location.overrides])
    if CHECKOUT is None:
        return shlex.join([*_program(module), f"experiment={experiment}", *location.overrides])
    chosen = [] if experiment == _DEFAULT else [f"EXPERIMENT={experiment}"]
    return shlex.join(["make", target, *chosen, *_arguments(location.overrides)])


def _program(module: str) -> list[str]:
    return ["study", module] if CHECKOUT is None else [".venv/bin/python", "-m", f"study.{module}"]


def _arguments(words: list[str]) -> list[str]:
    """Return make's variable: a shell reads its value once more."""
    return [f"ARGS={shlex.join(words).replace('$', '$$')}"] if words else []
