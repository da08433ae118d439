"""Certify an optimizer: its formula, symmetries and memory, and that a stack trains with it as a plain loop does."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

from study.certify import agreement, memory, symmetries
from study.certify.certificate import Certificate
from study.certify.check import Check, Verdict, in_turn, must_agree
from study.certify.claim import Claim
from study.certify.gradients import quadratic_gradients
from study.certify.rule import Subject
from study.certify.stacked import Bend, stack_difference


def certify_optimizer(config: Mapping[str, object], claim: Claim, *, claimed: str | None) -> Certificate:
    """Check one rule.

    Args:
        config: the `optimizer` node.
        claim: what it claims to be.
        claimed: what the claim is called.

    Raises:
        InvalidInput: the rule cannot be built, or lacks a hyperparameter of what it claims to be.
    """
    subject, gradients = Subject(config), quadratic_gradients()
    subject.hyperparameters()  # builds it: what cannot be built is refused, no finding
    checks = in_turn(
        {"steps": lambda name: _steps(name, subject, gradients)},
        {
            **agreement.checks(subject, claim, gradients),
            **symmetries.checks(subject, claim, gradients),
            **memory.checks(subject, gradients),
            "stack": lambda name: _stack(name, config),
        },
    )
    return Certificate("optimizer", str(config["name"]), config, checks, claimed)


def _steps(name: str, subject: Subject, gradients: Float[Tensor, "step run parameter"]) -> Check:
    subject.walk(gradients)
    return Check(name, Verdict.PASSED, f"{len(gradients)}", "without an error, from gradients alone")


def _stack(name: str, config: Mapping[str, object]) -> Check:
    value = stack_difference(Bend(), config, epochs=5)
    return must_agree(name, value, tolerance=1e-9, cause="rounding, over 20 steps")
