"""State of MLflow's own UI when it opens an experiment: curves by setting, on log axes, the training loss first.

The format is the UI's own (mlflow 3.17), of a view that somebody saved: a UI takes the keys it knows, and offers the
view in its list of `Views`. Which half of the UI a page is in, the browser remembers, whatever an experiment's tags
say: so the link tells it.
"""

import json

from study.tracking import names

_KEY = "study"
TAG = f"mlflow.sharedViewState.{_KEY}"  # of an experiment: it holds STATE
NAME = "Losses by setting"
_SAVED = 1_700_000_000_000  # when it was, in ms: the same for all, as nobody did
_SECTION = "losses"  # of the charts; what else runs record has sections of the UI's own, below
_FIRST = (names.TRAIN_LOSS, names.EVAL_LOSS, names.TEST_LOSS, names.FULL_LOSS)


def _chart(metric: str) -> dict[str, object]:
    """Return a chart of a loss's curves."""
    return {
        "type": "LINE",
        "uuid": metric,
        "metricSectionId": _SECTION,
        "metricKey": metric,
        "selectedMetricKeys": [metric],
        "scaleType": "log",
        "xAxisScaleType": "linear",
        "xAxisKey": "step",
        "lineSmoothness": 0,
        "displayPoints": False,
        "isGenerated": False,
        "deleted": False,
    }


def _none(metric: str) -> dict[str, object]:
    """Return a chart that is not shown: the UI would add one for each metric that it finds none of."""
    return {"type": "BAR", "uuid": metric, "metricKey": metric, "isGenerated": True, "deleted": True}


def _state() -> dict[str, object]:
    return {
        "searchFilter": f"tags.`{names.KIND}` = 'run'",  # its parent has no curve, and metrics of its own
        "orderByKey": f"params.`{names.SEED}`",  # the UI loads 100 runs at first: of every setting some
        "orderByAsc": True,
        "groupBy": {
            "aggregateFunction": "average",
            "groupByKeys": [{"mode": "tag", "groupByData": key} for key in (names.LABEL, names.JOB_HASH)],
        },
        "useGroupedValuesInCharts": True,
        "selectedColumns": [
            f"metrics.`{names.SUMMARY}{names.CRITERION}`",
            "params.`optimizer.lr`",
            f"params.`{names.SEED}`",
            f"tags.`{names.STATUS}`",
        ],
        "compareRunCharts": [
            *map(_chart, _FIRST),
            *(_none(names.SUMMARY + name) for name in names.SUMMARIES),
        ],
        "compareRunSections": [{"uuid": _SECTION, "name": _SECTION, "display": True, "isReordered": True}],
        "isAccordionReordered": True,
        "hideEmptyCharts": True,
        "runsHiddenMode": "FIRST_20_RUNS",
    }


STATE = json.dumps({"name": NAME, "createdAt": _SAVED, "updatedAt": _SAVED, "state": json.dumps(_state())})


def path(experiment_id: str) -> str:
    """Return the path of the page that opens an experiment so; MLflow would else show it as one of GenAI.

    >>> path("1").partition("?")[0]
    '/#/experiments/1/runs'
    """
    asked = f"workflowType=machine_learning&viewStateShareKey={_KEY}&compareRunsMode=CHART"
    return f"/#/experiments/{experiment_id}/runs?{asked}"


def described(experiment_id: str, note: str) -> str:
    r"""Return an experiment's description, in Markdown: its first line, which the UI shows everywhere, has the link.

    >>> described("1", "Optimizers on a bowl\n\nWhich one is best?")
    'Optimizers on a bowl ([losses by setting](#/experiments/1/runs?...))\n\nWhich one is best?'
    """
    title, *text = note.splitlines(keepends=True) or [""]
    line = title.rstrip("\n")
    return "".join([f"{line} ([{NAME.lower()}]({path(experiment_id)[1:]}))", title[len(line) :], *text])
