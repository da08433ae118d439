"""Paths: the configs that are shipped, and the folder below which stores, reports and data are put."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_ABOVE = _PACKAGE.parent

CHECKOUT = _ABOVE if (_ABOVE / "conf" / "config.yaml").is_file() else None
"""The repository; None where the study is installed without one."""

CONF = _PACKAGE / "conf" if CHECKOUT is None else CHECKOUT / "conf"
"""The shipped configs: a wheel holds them inside the package."""

ROOT = CHECKOUT or Path.cwd()
"""`mlruns/`, `reports/` and `data/` lie here: in the repository, whatever the current directory, or else in that."""

MLRUNS = Path(os.environ.get("STUDY_MLRUNS", ROOT / "mlruns")).absolute()
"""The default store, the server of one's own, and what waits for a store; STUDY_MLRUNS names another folder."""
