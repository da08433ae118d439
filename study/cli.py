"""Command line: `study <command> key=value ...`, one grammar for all, and one line for what cannot be.

Exit status: 0 done; 1 done, and something in it failed; 2 refused, nothing written; 130 and 143 interrupted.
"""

import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from textwrap import fill

from study import interrupts
from study.busy import busy
from study.config.choices import choices, experiments, shadowed
from study.config.location import in_environment, without_password
from study.errors import InvalidInput, NotKept, Terminated, one_of

FAILED, REFUSED, INTERRUPTED, TERMINATED = 1, 2, 130, 143

COMMANDS = {  # what they do, and the module whose `main` does it
    "train": ("train an experiment, or any combination of settings", "study.train"),
    "report": ("write the report of an experiment from its tracked runs", "study.report.__main__"),
    "compare": ("compare an optimizer with tuned others on a pack of problems", "study.compare.__main__"),
    "reproduce": (
        "train the runs of a figure again, and compare each loss",
        "study.reproduce.__main__",
    ),
    "ui": ("browse the runs in MLflow's own UI", "study.ui"),
    "server": ("serve a store of many sweeps to who has its password", "study.server"),
    "sync": ("deliver what was trained while a store was away", "study.sync"),
    "certify": ("check optimizers, problems and figures, one's own too", "study.certify.__main__"),
    "calibrate": ("measure how often verdicts and intervals err", "study.certify.calibrate.__main__"),
    "doctor": ("check packages, store and machine: what is wrong, and its remedy", "study.doctor.__main__"),
    "prune": ("delete from a database what no sweep that stays asks for", "study.prune"),
    "torture": ("kill sweeps and take their store away: what they get over", "study.torture.__main__"),
    "cluster": ("simulate more machines: where the store becomes the limit", "study.cluster.__main__"),
    "phase": ("draw which step sizes and momenta converge", "study.phase.__main__"),
    "bench": ("measure what a run costs", "study.bench.__main__"),
}


class Stop(BaseException):
    """Carry an error out of a Hydra callback, which turns every `Exception` into a warning."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed after a command.

    Attributes:
        overrides: `key=value`, Hydra's own grammar.
        config_dir: the folder of `--config-dir`, with choices of one's own: `optimizer/mine.yaml`, ...
    """

    overrides: tuple[str, ...] = ()
    config_dir: Path | None = None


def main() -> None:
    """Run `study <command> ...`, the console script."""
    interrupts.end_at_once()  # while the command is imported
    name, *words = sys.argv[1:] or ["-h"]
    if name == "complete":
        from study.config.complete import complete

        complete(words, COMMANDS)
    elif name in ("-h", "--help"):
        sys.stdout.write("study <command> key=value ...; study <command> -h says more\n")
        sys.stdout.writelines(f"  {name:9} {does}\n" for name, (does, _) in COMMANDS.items())
    elif name not in COMMANDS:
        sys.stderr.write(f"{one_of('a command', name, COMMANDS)}\n")
        sys.exit(REFUSED)
    else:
        if "" not in sys.path:
            sys.path.insert(0, "")  # as `python -m` does: a module beside the configs is found
        sys.argv = [f"study {name}", *words]
        import_module(COMMANDS[name][1]).main()


def run(
    command: Callable[[Asked], int | None], usage: str | None, *, config: str = "config", hydra: bool = False
) -> None:
    """Run a command with what was typed; end the process with one message if it asks for what cannot be.

    A signal ends it at once, but inside of `interrupts.raised`.

    Args:
        command: is handed what was typed, and returns an exit status (None is 0).
        usage: what `-h` shows, the module's docstring; the choices there are follow.
        config: the name of the config that the words override.
        hydra: Hydra reads `sys.argv` too: its own flags are let pass, and stand where it finds them.
    """
    asked, before = Asked(), os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises errors instead of printing them
    try:
        with interrupts.as_before():
            interrupts.end_at_once()
            asked, wants_help = _parse(sys.argv[1:], hydra=hydra)
            if wants_help:
                _help(usage or "", asked.config_dir)
            status = None if wants_help else command(asked)
    except (Stop, Exception) as error:
        busy()
        cause = error.cause if isinstance(error, Stop) else error
        assert isinstance(cause, Exception)
        status = _explained(cause, asked, config, with_traceback=before == "1")
    except (KeyboardInterrupt, Terminated) as stop:
        busy()
        if not hydra:  # a sweep tells it at its end
            sys.stderr.write(f"{interrupts.KEPT}\n")
        status = INTERRUPTED if isinstance(stop, KeyboardInterrupt) else TERMINATED
    finally:
        os.environ.pop("HYDRA_FULL_ERROR")
        os.environ |= {} if before is None else {"HYDRA_FULL_ERROR": before}
        gc.freeze()  # the collections at exit would take a second to find that torch and MLflow are still there
    if status:
        sys.exit(status)


@contextmanager
def importing() -> Iterator[None]:
    """Import large packages inside, in three quarters of the time: nothing they make is garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def linked(path: Path, shown: str = "") -> str:
    """Return a file in rich's markup: a link that a terminal opens where it can, and plain text elsewhere.

    Args:
        path: of the file.
        shown: in its place; nothing is its address.
    """
    from rich.markup import escape

    uri = path.resolve().as_uri()
    return f"[link={uri}]{escape(shown or uri)}[/link]"


def _parse(words: Sequence[str], *, hydra: bool) -> tuple[Asked, bool]:
    """Return what was typed, and whether help is wanted."""
    rest, own, waiting = [], None, list(words)
    while waiting:
        flag, _, value = (word := in_environment(waiting.pop(0))).partition("=")
        if flag in ("--config-dir", "-cd"):
            own = _folder(value or (waiting.pop(0) if waiting else ""))
        else:
            rest.append(word)
    flags = {word for word in rest if word.startswith("-")}
    if hydra:  # which wants its flags before the first override
        first = sorted(flags & {"-m", "--multirun"}) + ([f"--config-dir={own}"] if own else [])
        sys.argv[1:] = first + [word for word in rest if word not in first]
    elif others := sorted(flags - {"-h", "--help"}):
        raise InvalidInput(f"a command takes key=value, --config-dir <folder> and -h, got {others[0]!r}")
    overrides = tuple(word for word in rest if word not in flags)
    return Asked(overrides, own), bool({"-h", "--help"} & flags)


def _folder(text: str) -> Path:
    if not text or not Path(text).is_dir():
        raise InvalidInput(
            f"--config-dir must be a folder that holds optimizer/, problem/, ..., got {text!r}"
        )
    if hidden := shadowed(Path(text)):
        raise InvalidInput(
            f"--config-dir must not name a file like one that is shipped, which hides it, got {hidden[0]}; rename it"
        )
    return Path(text)


def _explained(error: Exception, asked: Asked, config: str, *, with_traceback: bool) -> int:
    from study.config.explain import explain

    kept = not isinstance(error, NotKept)
    message = explain(error, asked.overrides, asked.config_dir, config=config) if kept else str(error)
    if message is None or with_traceback:
        sys.stderr.write(without_password("".join(traceback.format_exception(error))))
    if message is None:
        return FAILED
    sys.stderr.write(f"{without_password(message)}\n")
    return REFUSED if kept else FAILED


def _help(usage: str, own: Path | None) -> None:
    titles = experiments(own)
    wide = max(map(len, titles))
    sys.stdout.write(f"{usage.strip()}\n\nexperiments (experiment=...):\n")
    sys.stdout.writelines(f"  {name:{wide}}  {title}\n" for name, title in titles.items())
    for group in ("optimizer", "schedule", "problem"):
        listed = fill(", ".join(choices(group, own)), 100, initial_indent="  ", subsequent_indent="  ")
        sys.stdout.write(f"\n{group}s ({group}=...):\n{listed}\n")
