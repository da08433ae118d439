"""What a sweep's parent tells of its settings: metrics by their names, and its description in Markdown."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any  # a row of a frame

from study.tracking import names

Rows = Sequence[Mapping[Any, Any]]
"""Of `study.stats.summary.ranked`."""

REPORT = "\n\n### Report\n\n"
"""How that part of a description begins which a report adds."""

_LONGEST = 7000  # characters of a table: MLflow's limit of a tag is 8000


def key(prefix: str, label: str) -> str:
    """Return the metric of a setting; MLflow takes letters, digits and `_-. :/` in its name.

    >>> key(names.MEDIAN, "adam lr=0.01 betas=[0.9,0.99]")
    'median/adam lr:0.01 betas:0.9 0.99'
    """
    plain = re.sub(r"[^\w./ :-]+", " ", label.replace("=", ":").replace(":[", ":"))
    parts = [part.strip(" .") for part in plain.split("/")]  # of a path that stays below the prefix
    return (prefix + "/".join(part for part in parts if part))[:_KEY_LENGTH]


_KEY_LENGTH = 250


def metrics(rows: Rows) -> dict[str, float]:
    """Return the median and the rank of each setting, as far as there is one that MLflow keeps.

    >>> metrics(
    ...     [{"label": "adam", "median": 0.5, "rank": 1}, {"label": "sgd", "median": math.inf, "rank": 2}]
    ... )
    {'median/adam': 0.5, 'rank/adam': 1.0, 'rank/sgd': 2.0}
    """
    found: dict[str, float] = {}
    for row in rows:
        for prefix in (names.MEDIAN, names.RANK):
            value = row.get(prefix.removesuffix("/"))
            if value is not None and math.isfinite(value):
                found.setdefault(
                    key(prefix, str(row["label"])), float(value)
                )  # the better of two of one name
    return found


def table(rows: Rows, words: str) -> str:
    """Return a table of the settings, best first, cut where it is too long for MLflow.

    Args:
        rows: of the settings.
        words: what was compared.
    """
    head = [
        "rank",
        *(["field"] if any(row.get("field") for row in rows) else []),
        "label",
        "runs",
        "diverged",
    ]
    head = [name for name in head if any(name in row for row in rows)]
    lines = [[str(row.get(name, "")) for name in head] + [_median(row)] for row in rows]
    return f"{words}\n\n{markdown([*(n.replace('label', 'setting') for n in head), 'median'], lines)}"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]], *, longest: int = _LONGEST) -> str:
    r"""Return a table in Markdown, without its last rows where it would be too long.

    >>> print(markdown(["a", "b"], [["1", "x|y"]]))
    | a | b |
    |---|---|
    | 1 | x\|y |
    """
    lines = [_line(head), "|" + "---|" * len(head)]
    for index, row in enumerate(rows):
        lines.append(_line(row))
        if sum(map(len, lines)) + len(lines) > longest:
            return "\n".join([*lines[:-1], "", f"... and {len(rows) - index} more"])
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _median(row: Mapping[Any, Any]) -> str:
    if row["runs"] == 1:
        return f"{row['median']:.4g}"
    return f"{row['median']:.4g} [{row['low']:.4g}, {row['high']:.4g}]"
