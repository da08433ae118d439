"""`hydra/sweeper=checked`: Hydra's basic sweeper, which does not compose again what the callback checked.

Hydra's own validation costs 30 ms a job, whatever the launcher; see `stacked_launcher` on this namespace.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper, BasicSweeperConf
from hydra.core.config_store import ConfigStore
from typing_extensions import override


@dataclass
class CheckedSweeperConf(BasicSweeperConf):
    """The basic sweeper's config."""

    _target_: str = "hydra_plugins.checked_sweeper.CheckedSweeper"


ConfigStore.instance().store(
    group="hydra/sweeper", name="checked", node=CheckedSweeperConf, provider="optimizer-study"
)


class CheckedSweeper(BasicSweeper):
    """Run all combinations, as Hydra's basic sweeper does; with `until=resolved` again, at ever more seeds."""

    @override
    def get_job_batch(self) -> Sequence[Sequence[str]]:
        from study.sweep.current import LOOKS

        looks = LOOKS.get()
        if looks is None:
            return list(super().get_job_batch())
        return looks.next([task for batch in self.overrides or () for task in batch])

    @override
    def is_done(self) -> bool:
        from study.sweep.current import CURRENT, LOOKS

        looks, sweep = LOOKS.get(), CURRENT.get()
        return bool(super().is_done()) if looks is None or sweep is None else looks.done(sweep)

    @override
    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        """Compose each job of the batch, as cheaply as the study can; outside its command, as Hydra would."""
        from study.sweep.current import COMPOSER

        composer = COMPOSER.get()
        if composer is None:
            super().validate_batch_is_legal(batch)
            return
        for overrides in batch:
            composer.compose(overrides)
