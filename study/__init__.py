"""A comparison study of gradient-descent optimizers: Hydra composes, PyTorch trains, MLflow remembers, seaborn draws.

The way of the data, one direction, imports point left::

    conf/ -> job -> stack (torch) -> tracking (MLflow) -> frames (pandas) -> stats -> figures -> report

What a notebook or another package may use is listed here; nothing heavy is imported before it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from study.errors import InvalidInput

if TYPE_CHECKING:
    from study.frames import SweepFrames
    from study.optimizers.base import Rule
    from study.problems.base import Data, Problem
    from study.tracking.model import final_model
    from study.tracking.reader import read_sweep

__version__: str

__all__ = [
    "Data",
    "InvalidInput",
    "Problem",
    "Rule",
    "SweepFrames",
    "__version__",
    "final_model",
    "read_sweep",
]

_HOMES = {
    "Data": "study.problems.base",
    "Problem": "study.problems.base",
    "Rule": "study.optimizers.base",
    "SweepFrames": "study.frames",
    "final_model": "study.tracking.model",
    "read_sweep": "study.tracking.reader",
}


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # a type checker knows the names above, and no others

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from importlib.metadata import version

            return version("optimizer-study")
        if name not in _HOMES:
            raise AttributeError(f"module 'study' has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)
