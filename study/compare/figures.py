"""Figures of a field, each with its caption."""

import math
from collections.abc import Mapping, Sequence

import matplotlib as mpl

from study.compare.field import BASELINES, Field
from study.compare.pictures import draw_profile, draw_ranks, draw_standing
from study.figures.style import theme
from study.figures.style.words import listed
from study.report.gallery import Picture, saved

_NAMED = 6  # lines of the profile, at most
_FIRST = 4  # by mean rank, which are named there


def field_pictures(
    field: Field,
    exposes: Mapping[str, str],
    colors: Mapping[str, str],
    *,
    focus: str | None,
    bold: Sequence[str],
) -> list[Picture]:
    """Return the figures of a field: the map of who is how far behind, ranks, and the performance profile."""
    order = [str(label) for label in field.ranks["label"]]
    wanted = dict.fromkeys([*([focus] if focus else []), *bold, *order[:_FIRST]])
    named = [label for label in wanted if label in order][:_NAMED]
    problems = len(exposes)
    with mpl.rc_context(theme()):
        drawn = (
            ("standing", _standing_caption(field, problems),
             draw_standing(field.behind, exposes=exposes, order=order, focus=focus)),
            ("ranks", _ranks_caption(field, problems),
             draw_ranks(field.ranks, field.groups, field.difference, colors=colors, focus=focus)),
            ("profile", _profile_caption(field),
             draw_profile(field.profile, field.scores, colors=colors, named=named)),
        )  # fmt: skip
        return [saved(*one) for one in drawn]


def _standing_caption(field: Field, problems: int) -> str:
    most = max(field.best.values())
    who = listed([label for label, count in field.best.items() if count == most])
    claim = "" if most == problems else "No optimizer is first everywhere: "
    return (
        f"{claim}{who}, most often the best or not told from the best (framed), on {most} of {problems} problems. "
        "Cells: decades by which the median excess "
        f"(n = {int(field.behind['n'].min())} instances) lies above the least one's; "
        "∞: half of the runs or more diverged. Rows by mean rank."
    )


def _ranks_caption(field: Field, problems: int) -> str:
    first = field.ranks.iloc[0]
    told = (
        f"Friedman's test that all are alike: p = {field.friedman:.1e}; "
        f"Nemenyi's critical difference {field.difference:.2f}."
        if math.isfinite(field.friedman)
        else "Too few for a test of all."
    )
    return (
        f"{first['label']} has the lowest mean rank, {first['rank']:.1f} [{first['low']:.1f}, {first['high']:.1f}]. "
        f"Dots: mean over {problems} problems of the rank by the median excess; bars: percentile bootstrap interval "
        f"over resampled problems. {told} Those that one bar at the right spans are not told apart."
    )


def _profile_caption(field: Field) -> str:
    return (
        f"{field.scores.idxmax()} has the highest score, {field.scores.max():.2f}. Lines: share of the problems on "
        "which the steps to the target are at most so many times those of the first to reach it; the target of a "
        "problem is the excess at which half of the runs of the better of tuned "
        f"{listed(list(BASELINES))} end. Score: mean over problems of max(0, 4 - ratio)/3, the area under the line."
    )
