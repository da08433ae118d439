"""Beside the training: the others that are shipped, what a step costs, the certificate."""

from collections.abc import Sequence
from importlib import import_module

import pandas as pd

from study.cli import Asked, importing
from study.compare.groups import Group, groups_of
from study.compare.plan import Plan
from study.compare.shipped import kept, read_costs, told
from study.config.choices import choices


class Beside:
    """What is found out about an optimizer beside its training, perhaps while that goes on.

    Args:
        plan: of the comparison.
        groups: of the optimizer.
        shipped: the rows that are.

    Attributes:
        others: those of all others that have the plan's groups.
        costs: of a step of each, in words.
        certificate: its page; None where it could not be certified.
        notices: what a reader must know of that.
    """

    def __init__(self, plan: Plan, groups: Sequence[Group], shipped: pd.DataFrame) -> None:
        self._plan, self._config, self._shipped = plan, groups[0].job.optimizer, shipped
        self.others, self.costs = shipped.iloc[:0], read_costs()
        self.certificate: str | None = None
        self.notices: list[str] = []

    def look(self) -> None:
        """Read the others that are shipped, measure what a step costs, certify the rule; import what follows."""
        self._read_others()
        from study.compare.cost import cost_of  # torch

        try:
            self.costs[self._plan.optimizer] = told(cost_of(self._config))
            self._certify()
        except Exception as error:  # whatever a class from anywhere raises: its training says so too
            self.notices.append(f"no certificate: {type(error).__name__}: {error}")
        with importing():
            import_module("study.compare.card")
            import_module("study.tracking.reader")

    def _read_others(self) -> None:
        compared = {self._plan.optimizer, *self._plan.against}
        there = set(self._shipped["optimizer"]) - compared
        known = [name for name in choices("optimizer") if name in there]
        if known:
            groups = groups_of(known, self._plan.problems, self._plan.protocol, self._plan.own)
            self.others = kept(self._shipped, [group for own in groups.values() for group in own])

    def _certify(self) -> None:
        from study.certify.check import Verdict
        from study.certify.optimizer import certify_optimizer
        from study.certify.page import Certificate, page
        from study.certify.parts import parts_of
        from study.certify.rule import claim_from_config

        (part,) = parts_of(Asked((f"optimizer={self._plan.optimizer}",), self._plan.own))
        certificate = Certificate(part, certify_optimizer(part.config, claim_from_config(part.claim)))
        self.certificate = page(certificate, self._plan.own)
        if failed := certificate.counts()[Verdict.FAILED]:
            self.notices.append(
                f"its certificate has {failed} failed check{'s' * (failed > 1)}: see certificate.md beside this page"
            )
