"""State of MLflow's own UI when it opens an experiment: runs by job, with the columns that tell them apart.

The state's format is the UI's own, of its table of runs (mlflow 3.17); a UI takes the keys it knows.
"""

import json

from study.tracking import names

_KEY = "study"
TAG = f"mlflow.sharedViewState.{_KEY}"  # of an experiment: it holds STATE

STATE = json.dumps(
    {
        "groupBy": {
            "aggregateFunction": "average",
            "groupByKeys": [{"mode": "tag", "groupByData": key} for key in (names.LABEL, names.JOB_HASH)],
        },
        "selectedColumns": [
            f"metrics.`{names.SUMMARY}{names.CRITERION}`",
            "params.`optimizer.lr`",
            f"params.`{names.SEED}`",
            f"tags.`{names.STATUS}`",
        ],
    }
)


def path(experiment_id: str) -> str:
    """Return the path of the page that opens an experiment so; MLflow would else show it as one of GenAI."""
    return f"/#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey={_KEY}"
