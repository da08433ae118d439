"""The model that a run ended with, from what the store keeps of it: its params and its final parameters."""

from ast import literal_eval
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from study.config.location import Location
from study.errors import InvalidInput
from study.tracking import finals, names
from study.tracking.store import open_store

if TYPE_CHECKING:
    from torch import nn


def final_model(run_id: str, *, store: Location | str | None = None) -> "nn.Module":
    """Return the model of a run with the parameters after its last step: a module of its problem, to call on inputs.

    Args:
        run_id: MLflow's, as in `read_sweep(...).runs["run_id"]` and in the address of the run's page.
        store: where it is kept, as a location or a tracking URI; None is the default store.

    Raises:
        InvalidInput: there is no such run, or its parameters were not kept.
    """
    import torch

    from study.training.build import build_problem

    client = open_store(store if isinstance(store, Location) else Location.of(store)).client
    params, parent = _run(client, run_id)
    kept = finals.parameters(client, parent, run_id)
    if kept is None:
        raise InvalidInput(
            f"the final parameters of run {run_id} must be kept, got none; force=true trains it again"
        )
    problem = build_problem(_node(params, "problem."))
    model = problem.model().to(problem.dtype)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.as_tensor(kept[name]))
    return model


def _run(client: MlflowClient, run_id: str) -> tuple[Mapping[str, str], str]:
    """Return a run's params and its parent."""
    try:
        data = client.get_run(run_id).data
    except MlflowException as error:
        raise InvalidInput(f"run_id must be that of a run in the store, got {run_id!r}") from error
    if data.tags.get(names.KIND) != "run":
        raise InvalidInput(
            f"run_id must be that of one training run, got that of a sweep or of another: {run_id}"
        )
    return data.params, data.tags[names.PARENT]


def _node(params: Mapping[str, str], prefix: str) -> dict[str, object]:
    """Return the config's node whose values are some of a run's params, which are text.

    >>> _node(
    ...     {"problem.name": "bowl", "problem.scales": "[1.0, 0.5]", "problem.of.cap": "1e3", "seed": "3"},
    ...     "problem.",
    ... )
    {'name': 'bowl', 'scales': [1.0, 0.5], 'of': {'cap': 1000.0}}
    """
    node: dict[str, object] = {}
    for key, text in params.items():
        if key.startswith(prefix):
            *outer, last = key.removeprefix(prefix).split(".")
            at = node
            for part in outer:
                at = at.setdefault(part, {})  # type: ignore[assignment]  # a node, or a value of the same key
            at[last] = _value(text)
    return node


def _value(text: str) -> object:
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError):
        return text
