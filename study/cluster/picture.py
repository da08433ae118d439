"""The picture: times as fast as one worker, a line for each store, beside what as many workers would bring."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from study.cluster.scenarios import WORKERS, Speedup
from study.figures.style import SOFT
from study.figures.style.canvas import WIDE, name_axes, panels

_LOOKS: Mapping[str, tuple[str, str]] = {
    "SQLite": ("#0072B2", "o"),
    "PostgreSQL": ("#009E73", "s"),
    "tracking server": ("#D55E00", "^"),
}


def draw(speedups: Sequence[Speedup]) -> Figure:
    """Return a panel for each problem."""
    problems = list(dict.fromkeys(each.problem for each in speedups))
    figure, axes = panels(len(problems), columns=2, height=3.6, width=WIDE)
    for panel, problem in zip(axes, problems, strict=True):
        panel.plot(WORKERS, WORKERS, color=SOFT, linewidth=1, label="as many times as workers")
        for store, (color, marker) in _LOOKS.items():
            own = [each for each in speedups if (each.problem, each.store) == (problem, store)]
            if own:
                label = f"{store} (limit: {own[0].limit:.3g} workers)"
                times = [each.times for each in own]
                panel.plot(WORKERS, times, color=color, marker=marker, markersize=4, label=label)
        panel.set_title(problem)
        panel.legend(loc="upper left", fontsize=7.5)
    name_axes(axes, x="workers", y="times as fast as one worker", log_x=True, log_y=True)
    return figure
