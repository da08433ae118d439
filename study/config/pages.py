"""Pages of reports that say which runs they stand on, by which their figures are reproduced."""

import json
from pathlib import Path

from study.config.paths import ROOT

REPORTS = ROOT / "reports"
"""Where pages lie unless another place is named."""

FILE = "runs.json"
"""Beside a page: the runs that it and each of its figures stand on, as `study report` writes it."""


def figures(reports: Path = REPORTS) -> list[str]:
    """Return each page that has that file, and each figure of it: `headline`, `headline/loss_curves`, ..."""
    named: list[str] = []
    for file in sorted(reports.glob(f"*/{FILE}")):
        try:
            of_page = json.loads(file.read_text(encoding="utf-8"))["figures"]
        except (OSError, ValueError, LookupError, TypeError):  # it is told when it is asked for
            of_page = {}
        named += [file.parent.name, *(f"{file.parent.name}/{figure}" for figure in of_page)]
    return named
