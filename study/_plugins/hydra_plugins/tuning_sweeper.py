"""`hydra/sweeper=tuning`: trials of each optimizer's hyperparameters, then the best beside what is shipped.

conf/hydra/sweeper/tuning.yaml holds its settings; `study.sweep.tuning` decides what is tried and what is chosen.
"""

from collections.abc import Mapping, Sequence
from typing import Any  # settings, which `study.sweep.tuning` has checked before this is made

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from typing_extensions import override


class TuningSweeper(BasicSweeper):
    """Run all trials as one batch, and then, as a second one, what is compared at fresh seeds."""

    def __init__(self, params: Mapping[str, str] | None, **_: Any) -> None:
        super().__init__(max_batch_size=None, params=dict(params or {}))

    @override
    def get_job_batch(self) -> Sequence[Sequence[str]]:
        from study.sweep.current import CURRENT, SEARCH

        search, sweep = SEARCH.get(), CURRENT.get()
        if search is None or sweep is None:
            raise RuntimeError(
                "hydra/sweeper=tuning is a sweeper of `study train -m`, and of no other program"
            )
        self.batch_index += 1
        if self.batch_index == 1:
            return [task.words for task in search.trials]
        return [task.words for task in search.compared(sweep)]

    @override
    def is_done(self) -> bool:
        return self.batch_index == 2

    @override
    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        """Leave it to Hydra's callback, which composed and checked every trial."""
