"""Claim of a rule: what it says it is, one file of conf/certificate/."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from study.certify.check import ROUNDING
from study.errors import InvalidInput, one_of


@dataclass(frozen=True, slots=True)
class Claim:
    """What a rule claims. Of a property, true means that it must hold, false that it must not, null neither.

    Args:
        formula: dotted path of a function of `study.certify.formulas`, or of one's own.
        tolerance: largest relative difference from the formula.
        cause: what makes up that difference.
        twin: a torch.optim class as `_target_`, with fixed hyperparameters where the claim needs them.
        dialect: hyperparameters that make the rule write torch's dialect, where it has them.
        linear: dotted path of a class of `study.theory`: how it moves on a quadratic.
        limit: dotted path of a function of `study.certify.limits`: what it becomes as eps grows.
        translation: moving the origin moves the path.
        sign_flip: mirroring a coordinate mirrors the path.
        rotation: turning the axes turns the path.
        scale: the path does not depend on the unit of the loss, up to eps.
    """

    formula: str | None = None
    tolerance: float = ROUNDING
    cause: str = "rounding"
    twin: Mapping[str, object] | None = None
    dialect: Mapping[str, object] = field(default_factory=dict)
    linear: str | None = None
    limit: str | None = None
    translation: bool | None = None
    sign_flip: bool | None = None
    rotation: bool | None = None
    scale: bool | None = None


def claim_from_config(node: Mapping[str, object]) -> Claim:
    """Return the claim of one file of conf/certificate/.

    Raises:
        InvalidInput: it has a key that no claim has.
    """
    known = {entry.name for entry in fields(Claim)}
    for key in node:
        if key not in known:
            raise InvalidInput(one_of("a key of a certificate", key, known))
    return Claim(**node)  # type: ignore[arg-type]  # the YAML's values; what they name is checked when it is used
