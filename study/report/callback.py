"""Callback of Hydra, at the start of a command: a report that could not be drawn is refused before the training."""

from typing import Any  # Hydra passes further keywords, which no callback here reads

from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from typing_extensions import override

from study import cli
from study.config.commands import node_of
from study.config.compose import own_folder


class ReportCallback(Callback):
    """Make the figures of a report that is not as the study's files have it: their options are then checked.

    What needs no figures made, as the names of their options, is checked of every report as its sweep begins.
    """

    @override
    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Check the report of one job's sweep."""
        self.on_multirun_start(config)

    @override
    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Check the report of a multirun."""
        try:
            if _is_changed(config):
                with cli.importing():  # Matplotlib, for half a second
                    from study.report.plan import Plan
                Plan.from_config(config)
        except Exception as error:
            raise cli.Stop(error) from error


def _is_changed(config: DictConfig) -> bool:
    """Whether a word or a file of one's own may have changed the report."""
    own = own_folder(config)
    return "report" in map(node_of, config.hydra.overrides.task) or (
        own is not None and any((own / part).is_dir() for part in ("experiment", "report"))
    )
