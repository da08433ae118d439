"""What is said when a sweep ends: ranks as in its report, on a screen's lines, and how to go on."""

import math
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from omegaconf import OmegaConf
from rich.console import Console, Group, RenderableType

from study.certify.sweeps import parabola_sweep
from study.errors import InvalidInput
from study.figures.base import Context
from study.figures.style import Style
from study.report.tables import summary_table
from study.stats.bootstrap import Bootstrap
from study.stats.comparison import Comparison
from study.stats.summary import ranked, summarise
from study.sweep.summary import End, closing_lines, closing_table, show

LAST = Comparison("last_epoch_loss", 0.95)
MANY = [(f"adam lr={index}", "ok", float(52 - index)) for index in range(52) for _ in range(3)]
END = End(
    experiment="headline",
    overrides=(),
    status="FINISHED",
    wanted=156,
    found=0,
    force=False,
    runs=MANY,
    settings={},
    failures={},
    seconds=(12.34, 5.0, 3.0),
    commands=("make report", "make ui"),
)


def _table(runs: Sequence[tuple[str, str, float]], comparison: Comparison, *, room: int) -> Group:
    return closing_table(ranked(runs, {}, comparison), comparison, Console(width=100), room=room)


def _text(shown: RenderableType, width: int = 100) -> list[str]:
    page = StringIO()
    Console(file=page, width=width).print(shown)
    return page.getvalue().splitlines()


def _rows(shown: RenderableType) -> list[list[str]]:
    """Return the cells of each row, which two blanks or more divide."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in _text(shown)][3:]


def test_the_best_is_first_and_a_divergence_counts_as_infinite() -> None:
    better = [("better", "ok", 1.0), ("better", "ok", 1.5), ("better", "diverged", math.inf)]
    runs = [*[("worse", "ok", 3.0)] * 3, *better, ("single", "ok", 2.0)]
    table = _table(runs, LAST, room=50)
    assert _text(table)[0].strip() == "training loss of the last epoch"
    assert _text(table)[1].split("  ")[-1] == "75% interval"
    assert _rows(table) == [
        ["1", "better", "3", "1", "1.5", "1 to inf"],
        ["2", "single", "1", "0", "2", "none"],
        ["3", "worse", "3", "0", "3", "3 to 3"],
    ]


def test_runs_that_made_no_progress_are_counted_where_there_are_any() -> None:
    """In a line of its own, for which the table leaves room."""
    still = [(label, "no_progress", loss) for label, _, loss in MANY[:4]]
    lines = _text(_table([*still, *MANY[4:]], LAST, room=14))
    assert len(lines) == 14
    assert [line.strip() for line in lines[-2:]] == [
        "... 43 more in the report",
        "4 of 156 runs made no progress",
    ]
    assert _text(_table(still, LAST, room=14))[-1].strip() == "4 of 4 runs made no progress"


def test_terminal_and_report_rank_alike_where_their_values_disagree() -> None:
    """As on the airfoil: who has the least loss over the last epoch does not end nearest to the floor."""
    sweep = parabola_sweep(seeds=7, steps=64)
    order = sweep.runs["label"].cat.codes.to_numpy()
    runs = sweep.runs.assign(last_epoch_loss=10.0 - order, excess=1.0 + order // 2 + sweep.runs["seed"] / 100)
    context = Context(
        replace(sweep, runs=runs), Style.of(runs, colors={}, spare=["red"]), Bootstrap(), "excess"
    )
    for value in ("excess", "last_epoch_loss"):
        summary = summarise(runs, value=value, confidence=0.95)
        page = [
            [row["rank"], row["setting"]]
            for row in summary_table(replace(context, value=value), summary).rows
        ]
        losses = list(zip(runs["label"].astype(str), runs["status"], runs[value].astype(float), strict=True))
        assert [row[:2] for row in _rows(_table(losses, Comparison(value, 0.95), room=50))] == page
        assert [rank for rank, _ in page] == (
            ["1", "1", "3", "3"] if value == "excess" else ["1", "2", "3", "4"]
        )


def test_terminal_and_report_rank_within_the_same_fields() -> None:
    """Two budgets, which the store's frames and a job's own params name alike; unranked, both are as asked for."""
    sweep = parabola_sweep(seeds=7, steps=64)
    order = sweep.runs["label"].cat.codes.to_numpy()
    runs = sweep.runs.assign(epochs=np.where(order % 2, 4, 2), excess=10.0 - order)
    labels = runs["label"].astype(str)
    losses = list(zip(labels, runs["status"], runs["excess"], strict=True))
    settings = {label: {"epochs": str(epochs)} for label, epochs in zip(labels, runs["epochs"], strict=True)}
    context = Context(
        replace(sweep, runs=runs), Style.of(runs, colors={}, spare=["red"]), Bootstrap(), "excess"
    )
    for rank in (True, False):
        asked = replace(context, rank=rank)
        page = [list(row.values())[: 2 + rank] for row in summary_table(asked, asked.summarise()).rows]
        how = Comparison("excess", 0.95, rank=rank)
        shown = closing_table(ranked(losses, settings, how), how, Console(width=100), room=50)
        assert [row[: 2 + rank] for row in _rows(shown)] == page
        if rank:
            assert [row[0] for row in page] == ["1", "2", "1", "2"]
        assert [row[-2] for row in page] == [
            f"epochs={at}" for at in ((2, 2, 4, 4) if rank else (2, 4, 2, 4))
        ]


def test_what_does_not_fit_is_counted() -> None:
    table = _table(MANY, LAST, room=14)
    lines = _text(table)
    assert len(lines) == 14
    assert lines[0].strip() == "training loss of the last epoch, best 10 of 52 settings"
    assert [row[1] for row in _rows(table)[:10]] == [f"adam lr={index}" for index in range(51, 41, -1)]
    assert lines[-1].strip() == "... 42 more in the report"


@pytest.mark.parametrize(("settings", "room", "shown"), [(11, 14, 11), (12, 14, 10), (52, 1, 5), (3, 1, 3)])
def test_as_many_settings_as_there_is_room_for(settings: int, room: int, shown: int) -> None:
    rows = _rows(_table(MANY[: 3 * settings], LAST, room=room))
    assert sum(row[0].isdigit() for row in rows) == shown


def test_all_of_it_fits_on_a_screen_of_24_lines_with_what_is_next_at_its_end() -> None:
    page = StringIO()
    failures: dict[str, Exception] = {f"sgd lr={index}": ValueError("x\ny") for index in range(7)}
    end = replace(
        END, overrides=("optimizer.lr=100",), status="KILLED", wanted=200, found=3, failures=failures
    )
    show(end, LAST, Console(file=page, width=80, height=24), ranked)
    lines = page.getvalue().splitlines()
    assert len(lines) <= 23  # and the prompt
    assert lines[-2:] == ["next: make report", "      make ui"]
    assert lines[-8:-2] == [
        *(f"failed: sgd lr={index}: x y" for index in range(5)),
        "        and 2 settings more",
    ]


@pytest.mark.parametrize(
    ("width", "headings"),
    [
        (32, ["rank", "setting", "median"]),
        (40, ["rank", "setting", "runs", "diverged", "median"]),
        (80, ["rank", "setting", "runs", "diverged", "median", "75% interval"]),
    ],
)
def test_on_a_narrow_screen_columns_are_left_out_and_none_is_cut(width: int, headings: list[str]) -> None:
    """Lines that are folded count as what they are; what is next is last, and who diverged is told."""
    page = StringIO()
    runs = [("sgd lr=100", "diverged", math.inf)] * 3 + MANY
    show(
        replace(END, runs=runs, wanted=159, found=9), LAST, Console(file=page, width=width, height=24), ranked
    )
    lines = page.getvalue().splitlines()
    assert sum(math.ceil(len(line) / width) for line in lines) <= 23  # and the prompt
    (head,) = (line for line in lines if line.startswith("rank"))
    assert [cell.strip() for cell in head.split("  ") if cell.strip()] == headings
    assert not [line for line in lines if "…" in line]
    assert ("3 of 159 runs diverged" in map(str.strip, lines)) == ("diverged" not in headings)
    assert lines[-1] == "      make ui"


def test_a_long_name_is_broken_before_an_interval_is_left_out() -> None:
    page = StringIO()
    label = "adam betas=[0.9,0.999] eps=1e-08 lr=0.001 weight_decay=0.01"
    show(replace(END, runs=[(label, "ok", 1.0)] * 3, wanted=3), LAST, Console(file=page, width=80), ranked)
    assert "1 to 1" in page.getvalue()


def test_a_value_that_some_runs_lack_is_said_and_hides_nothing_else() -> None:
    page = StringIO()
    show(
        replace(END, runs=[("sgd", "ok", 1.0), ("sgd", "ok", np.nan)]),
        LAST,
        Console(file=page, width=100),
        ranked,
    )
    assert (
        page.getvalue().splitlines()[0].startswith("the value last_epoch_loss must be recorded for every run")
    )
    assert page.getvalue().endswith("make ui\n")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ["headline: 156/156 runs in the store, 12.3 s in all (5.0 s of training, 3.0 s of writing beside it)"]),
        ({"seconds": (12.34, 0.0, 0.0)}, ["headline: 156/156 runs in the store, 12.3 s in all"]),
        ({"found": 50}, ["50 of them were there already and not trained again"]),
        ({"found": 156}, ["nothing to train: all 156 runs were in the store already (force=true trains them again)"]),
        ({"overrides": ("seeds=3", "epochs=1")}, ["asked beside the experiment's own file: seeds=3, epochs=1"]),
        (
            {"status": "KILLED", "wanted": 5200},
            ["interrupted: 156 of 5,200 runs are kept; the same command trains the other 5,044"],
        ),
        ({"status": "KILLED"}, ["interrupted: 156 of 156 runs are kept"]),
        (
            {"status": "KILLED", "force": True},
            ["interrupted: what was trained again is kept; the same command trains all of them once more"],
        ),
    ],
)  # fmt: skip
def test_the_end_says_how_it_ended(changes: dict[str, object], said: list[str]) -> None:
    lines = list(closing_lines(replace(END, **changes)))  # type: ignore[arg-type]
    assert [line for line in lines if line in said] == said
    assert any("interrupted" in line for line in lines) == ("status" in changes)


def test_the_report_decides_what_is_compared_and_is_refused_at_once() -> None:
    node = {"value": "excess", "rank": False, "confidence": 0.9, "resamples": 500, "seed": 3}
    assert Comparison.of(OmegaConf.create(node)) == Comparison("excess", 0.9, rank=False)
    with pytest.raises(
        InvalidInput, match=r"report.value must be one of .* got 'exces'; did you mean 'excess'"
    ):
        Comparison.of(OmegaConf.create({**node, "value": "exces"}))
    with pytest.raises(InvalidInput, match=r"report.confidence must be a number in \(0, 1\), got 2.0"):
        Comparison.of(OmegaConf.create({**node, "confidence": 2.0}))
