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


def _about(target: str, module: str, experiment: str, location: Location) -> str:
    """Return a command about one experiment: a make target in a checkout, for an experiment that is shipped."""
    if not (CONF / "experiment" / f"{experiment}.yaml").is_file():  # tracked under a name of one's own
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
