"""A certificate: all checks of one rule."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from study.certify import agreement, memory, symmetries
from study.certify.check import Check, Verdict
from study.certify.claim import Claim
from study.certify.gradients import quadratic_gradients
from study.certify.rule import Subject


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was found out about one rule.

    Args:
        name: the optimizer's name.
        claimed: the name of its claim, or None where it claims nothing but its declaration.
        config: the optimizer's node.
        checks: one line each.
    """

    name: str
    claimed: str | None
    config: Mapping[str, object]
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return self.count(Verdict.FAILED) == 0

    def count(self, verdict: Verdict) -> int:
        """Return how many checks came out so."""
        return Counter(check.verdict for check in self.checks)[verdict]


def certify(config: Mapping[str, object], claim: Claim, *, claimed: str | None) -> Certificate:
    """Check one rule.

    Args:
        config: the `optimizer` node.
        claim: what it claims to be.
        claimed: what the claim is called.

    Raises:
        InvalidInput: the rule cannot be built, or lacks a hyperparameter of what it claims to be.
    """
    subject, gradients = Subject(config), quadratic_gradients()
    checks = [
        *agreement.checks(subject, claim, gradients),
        *symmetries.checks(subject, claim, gradients),
        *memory.checks(subject, gradients),
    ]
    return Certificate(str(config["name"]), claimed, config, tuple(checks))
