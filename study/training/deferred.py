"""Torch's compiler, imported when somebody compiles: the first optimizer's first step would import it for nothing."""

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TypeVar

import torch
from typing_extensions import override

_COMPILER = "torch._dynamo"

_Function = TypeVar("_Function", bound=Callable[..., object])


class _Deferred(ModuleType):
    """Stands for torch's compiler until more is asked of it than optimizers that are not compiled ask.

    They ask for two things, which do nothing outside of a compiled function. Whatever else is asked for, a module
    below it too, comes from the compiler itself, which is imported then and takes this one's place.
    """

    def graph_break(self, msg: str = "") -> None:
        """Do nothing, as torch's does where nothing is compiled."""

    def disable(self, fn: _Function, *_: object, **__: object) -> _Function:
        """Return a function as it is: there is nothing to keep out of a compiled one."""
        return fn

    @override
    def __getattr__(self, name: str) -> object:
        if name == "__file__":  # `inspect` asks it of every module
            raise AttributeError(name)
        if sys.modules.get(_COMPILER) is self:
            del sys.modules[_COMPILER]
        return getattr(import_module(_COMPILER), name)


def defer_compiler() -> None:
    """Import torch's compiler only where it is used: a second of every start.

    `torch.optim` imports it in each optimizer's first step, to tell it where to stop compiling. The numbers of a step
    do not depend on it.
    """
    if _COMPILER not in sys.modules:
        deferred = _Deferred(_COMPILER)
        sys.modules[_COMPILER] = deferred
        setattr(torch, _COMPILER.partition(".")[2], deferred)  # else torch looks for it again in every step
