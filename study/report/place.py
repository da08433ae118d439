"""Place of a report: the experiment's own folder, and another for a sweep that was overridden."""

import hashlib
import re
from pathlib import Path

from study.config.paths import ROOT
from study.frames import SweepFrames

LONGEST = 80  # characters of a folder's name, which some file systems bound to 255 bytes


def place_of(sweep: SweepFrames) -> Path:
    """Return `reports/<experiment>/`, or `reports/<experiment>+<overrides>/`, which never covers the plain one."""
    return ROOT / "reports" / folder_name("+".join([sweep.experiment, *sweep.overrides]))


def folder_name(text: str) -> str:
    """Return a text as a folder's name: short, of plain characters, and another for each other text.

    >>> folder_name("headline+optimizer.lr=100")
    'headline+optimizer.lr=100'
    """
    plain = re.sub(r"[^\w.=,+-]", "_", text, flags=re.ASCII).lstrip(".")[:LONGEST]
    if plain and plain == text:
        return plain
    return f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
