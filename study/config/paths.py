"""Paths: the configs that are shipped, and the folder below which stores, reports and data are put."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_ABOVE = _PACKAGE.parent

CHECKOUT = _ABOVE if (_ABOVE / "conf" / "config.yaml").is_file() else None
"""The repository; None where the study is installed without one."""

CONF = _PACKAGE / "conf" if CHECKOUT is None else CHECKOUT / "conf"
"""The shipped configs: a wheel holds them inside the package."""

ROOT = CHECKOUT or Path.cwd()
"""`mlruns/`, `reports/` and `data/` lie here: in the repository, whatever the current directory, or else in that."""
