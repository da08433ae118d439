"""From the `_target_` of a config to an object: the one place where a class that a YAML names is found and called."""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType

from study.errors import CRASHES, ORDERS, InvalidInput, nearest


def make(
    target: str, arguments: Mapping[str, object], *leading: object, group: str, name: str = ""
) -> object:
    """Return what the class returns; lists become tuples, which is what values like betas are in Python.

    Args:
        target: the class with its module, as in `torch.optim.SGD`.
        arguments: what it is called with, by name.
        leading: what it is called with before them.
        group: what the arguments are called in a config: `optimizer`.
        name: what the file of that config is called: `adam`; a message about the class begins with it.

    Raises:
        InvalidInput: there is no such class, or it refuses an argument.
    """
    made = find(target)
    keywords = {key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}
    try:
        return made(*leading, **keywords)
    except (InvalidInput, *ORDERS):
        raise
    except CRASHES as error:  # whatever a class from anywhere raises
        why = _misfit(group, target, made, keywords) or f"{target} cannot be made: {_told(error)}"
        raise InvalidInput(f"{name}: {why}" if name else why) from error


def find(target: str) -> Callable[..., object]:
    """Return what a `_target_` names, imported.

    Raises:
        InvalidInput: there is no such package, module or class, or its module fails.
    """
    module, _, name = target.rpartition(".")
    if not module or not all(part.isidentifier() for part in target.split(".")):
        raise InvalidInput(f"_target_ must be a class with its module, as in torch.optim.SGD, got {target!r}")
    home = _module(module, target)
    found: Callable[..., object] | None = getattr(home, name, None)
    if callable(found):
        return found
    what = f"is no class of {module}" if found else f"is not in {module}{nearest(name, dir(home))}"
    raise InvalidInput(f"_target_ must name a class, got {name!r}, which {what}")


def _module(name: str, target: str) -> ModuleType:
    must = f"_target_ must name a class that can be imported, got {target}"
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = str(error.name)
        if missing != name.partition(".")[0]:
            raise InvalidInput(f"{must}: there is no module {missing}") from error
        where = "install it (pip install ...), or set PYTHONPATH to the folder that holds it"
        raise InvalidInput(f"{must}: there is no package {missing!r} here; {where}") from error
    except ORDERS:
        raise
    except CRASHES as error:  # whatever a module from anywhere does when it is imported
        raise InvalidInput(f"{must}: {_told(error)}") from error


def _misfit(
    group: str, target: str, made: Callable[..., object], keywords: Mapping[str, object]
) -> str | None:
    """Return which argument a class does not take or lacks, by its signature; None where that tells nothing."""
    try:
        parameters = inspect.signature(made).parameters.values()
    except (TypeError, ValueError):
        return None
    named = {p.name: p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    named.pop("optimizer" if group == "schedule" else "params", None)  # the trainer's
    unknown = [key for key in keywords if key not in named]
    if unknown and not any(p.kind is p.VAR_KEYWORD for p in parameters):
        takes = f"{', '.join(named)}{nearest(unknown[0], named)}"
        return f"{group}.{unknown[0]} is not known to {target}, which takes {takes}"
    lacking = [key for key, p in named.items() if p.default is p.empty and key not in keywords]
    return (
        f"{group}.{lacking[0]} must be given, {target} has no default for it; got none" if lacking else None
    )


def _told(error: BaseException) -> str:
    """Return an error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
