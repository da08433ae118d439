"""What every command does about errors: one clear message, a non-zero exit status, no traceback for bad input."""

import gc
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from study.errors import InvalidInput, one_of
from study.paths import CONF


class Stop(BaseException):
    """Carry an error out of a Hydra callback, which turns every `Exception` into a warning."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def run(command: Callable[[], None]) -> None:
    """Run a command; end the process with one message if it was asked for what cannot be."""
    asked_for_traceback = os.environ.get("HYDRA_FULL_ERROR") == "1"
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises errors instead of printing them
    try:
        command()
    except Stop as stop:
        _end(stop.cause, asked_for_traceback)
    except Exception as error:
        _end(error, asked_for_traceback)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        gc.freeze()  # the collections at exit would take a second to find that torch and MLflow are still there


@contextmanager
def importing() -> Iterator[None]:
    """Import large packages inside, in three quarters of the time: nothing they make is garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def compose(overrides: list[str]) -> DictConfig:
    """Compose the study's config as the command line would, outside a Hydra application.

    Args:
        overrides: `key=value`, as on the command line.
    """
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir

    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return hydra_compose("config", overrides)


def explain(error: BaseException) -> str | None:
    """Return the message for an error that a person caused, None for a bug."""
    if isinstance(error, InvalidInput):
        return str(error)
    if isinstance(error, MissingConfigException) and error.options and error.missing_cfg_file:
        missing = error.missing_cfg_file
        split = missing.rpartition if missing.startswith("hydra/") else missing.partition
        group, _, choice = split("/")
        return one_of(group, choice, _choices(group) or error.options)
    if isinstance(error, OverrideParseException):
        return f"an override must be key=value, got {error.override!r}: {str(error).splitlines()[0]}"
    if isinstance(error, ValueError) and str(error).startswith("Config group override"):  # Hydra's own
        return f"a choice must be the name of one file, as in optimizer=adam: {error}"
    if isinstance(error, (HydraException, OmegaConfBaseException)):
        unknown = re.match(r"Could not override '([^']+)'", str(error))
        return _unknown_key(unknown[1]) if unknown else " ".join(str(error).split())
    return None


def _end(error: Exception, with_traceback: bool) -> None:
    message = explain(error)
    if message is None or with_traceback:
        traceback.print_exception(error)
    if message is not None:
        sys.stderr.write(f"{message}\n")
    sys.exit(1)


def _choices(group: str) -> list[str]:
    folder = CONF / group
    found = folder.glob("*.yaml") if group == "experiment" else folder.rglob("*.yaml")
    return [str(path.relative_to(folder).with_suffix("")) for path in found]


def _unknown_key(key: str) -> str:
    node = key.rpartition(".")[0]
    groups = [word for word in sys.argv[1:] if re.fullmatch(r"(problem|optimizer|experiment)=[\w/]+.*", word)]
    keys = list(_keys(compose([word.partition(",")[0] for word in groups])))
    siblings = [known for known in keys if known.rpartition(".")[0] == node] or keys
    siblings = [known for known in siblings if not known.endswith(("._target_", ".name"))]
    near = get_close_matches(key, siblings, n=1, cutoff=0.7)
    hint = f"; did you mean {near[0]}?" if near else ""
    added = f" (+{key}=... adds one)" if node == "optimizer" else ""
    return f"{key} is not a key of the config; there are {', '.join(sorted(siblings))}{hint}{added}"


def _keys(node: DictConfig) -> Iterator[str]:
    for key, value in node.items_ex(resolve=False):
        yield str(key)
        if isinstance(value, DictConfig):
            yield from (f"{key!s}.{child!s}" for child in value)
