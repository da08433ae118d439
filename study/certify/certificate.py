"""A certificate: all checks of one part, an optimizer, a problem or a figure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from study.certify.check import Check, Verdict


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was found out about one part.

    Args:
        kind: `optimizer`, `problem` or `figure`.
        name: the part's name.
        config: its node: `_target_` and what it is called with.
        checks: one line each.
        claimed: the name of what an optimizer claims to be, None where it claims nothing but its declaration.
    """

    kind: str
    name: str
    config: Mapping[str, object]
    checks: tuple[Check, ...]
    claimed: str | None = None

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return self.count(Verdict.FAILED) == 0

    def count(self, verdict: Verdict) -> int:
        """Return how many checks came out so."""
        return Counter(check.verdict for check in self.checks)[verdict]
