"""Figures with one fault each, and an honest one, as somebody might bring them: named by `_target_` alone."""

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from study.errors import InvalidInput
from study.figures.base import Chart, Context


@dataclass(frozen=True)
class Honest(Chart[pd.Series]):
    """How many runs each label has."""

    share: float = 1.0

    def compute(self, context: Context) -> pd.Series:
        return context.sweep.runs.groupby("label", observed=True).size()

    def draw(self, table: pd.Series, context: Context) -> Figure:
        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.subplots()
        axes.bar(range(len(table)), table.to_numpy())
        axes.set(xlabel="label", ylabel="runs")
        return figure

    def caption(self, table: pd.Series, context: Context) -> str:
        return f"n = {table.max()} runs of a label; a count has no interval."


class Raises(Honest):
    def compute(self, context: Context) -> pd.Series:
        return context.sweep.runs["no such column"]


class ReturnsNoFigure(Honest):
    def draw(self, table: pd.Series, context: Context) -> Figure:
        return super().draw(table, context).axes  # type: ignore[return-value]  # the fault


class RefusesMany(Honest):
    def compute(self, context: Context) -> pd.Series:
        if context.sweep.runs["label"].nunique() > 8:
            raise InvalidInput("8 labels at most")
        return super().compute(context)


class WantsAccuracy(Honest):
    def compute(self, context: Context) -> pd.Series:
        return context.sweep.curves("eval/accuracy")["value"]


class AltersItsFrames(Honest):
    def compute(self, context: Context) -> pd.Series:
        context.sweep.points["value"] *= 2
        return super().compute(context)


class UsesPyplot(Honest):
    def draw(self, table: pd.Series, context: Context) -> Figure:
        from matplotlib import pyplot

        figure, axes = pyplot.subplots()
        axes.set(xlabel="label", ylabel="runs")
        return figure


class NamelessAxis(Honest):
    def draw(self, table: pd.Series, context: Context) -> Figure:
        figure = super().draw(table, context)
        figure.axes[0].set_ylabel("")
        return figure


class LogAxisUnsaid(Honest):
    def draw(self, table: pd.Series, context: Context) -> Figure:
        figure = super().draw(table, context)
        figure.axes[0].set_yscale("log")
        return figure


class WithoutAxes(Honest):
    def draw(self, table: pd.Series, context: Context) -> Figure:
        return Figure()


class TextBesideTheSheet(Honest):
    def draw(self, table: pd.Series, context: Context) -> Figure:
        figure = super().draw(table, context)
        figure.text(0.9, 0.5, "a long text that does not fit on the sheet")
        return figure


class LegendEatsTheAxes(Honest):
    def draw(self, table: pd.Series, context: Context) -> Figure:
        figure = Figure(figsize=(6, 4))
        figure.set_layout_engine("none")
        axes = figure.add_axes((0.2, 0.15, 0.2, 0.8))
        axes.set(xlabel="label", ylabel="runs")
        return figure


class StampedPanel(Honest):
    def draw(self, table: pd.Series, context: Context) -> Figure:
        figure = super().draw(table, context)
        axes = figure.add_axes((0.5, 0.5, 0.05, 0.05))
        axes.set(xlabel="x", ylabel="y")
        return figure


class CaptionWithoutN(Honest):
    def caption(self, table: pd.Series, context: Context) -> str:
        return "Some runs; a count has no interval."


class CaptionWithoutInterval(Honest):
    def caption(self, table: pd.Series, context: Context) -> str:
        return f"n = {table.max()} runs."


class CaptionWithoutStop(Honest):
    def caption(self, table: pd.Series, context: Context) -> str:
        return super().caption(table, context).rstrip(".")


class CaptionSaysNaN(Honest):
    def caption(self, table: pd.Series, context: Context) -> str:
        return f"{float('nan')}. {super().caption(table, context)}"
