"""Planted faults: bugs that known libraries had, in a few lines each, and the checks that catch them.

A check that has never failed shows nothing. Each of these rules runs without an error; each is wrong. The first line
of each says what is wrong, and where it was found on GitHub.
"""

import math
from collections.abc import Mapping
from typing import Any  # what an optimizer keeps of a parameter, and the hyperparameters of a group

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from study.certify.check import Verdict
from study.certify.optimizer import certify_optimizer
from study.certify.rule import claim_from_config
from study.config.compose import compose
from study.optimizers.base import Rule
from study.report.render import render

State = dict[str, Any]
Hyper = Mapping[str, Any]


class PlainAdamW(Rule):
    """AdamW as it should be, Adam without a weight decay: what the faults are planted in."""

    def __init__(self, params: ParamsT, lr: float, **hyperparameters: object) -> None:
        super().__init__(params, {"lr": lr, **hyperparameters})

    @override
    def update(self, theta: Tensor, g: Tensor, state: State, hyper: Hyper) -> None:
        (b1, b2), t = hyper["betas"], self.count(state)
        m = state["m"] = state.get("m", 0) * b1 + (1 - b1) * g
        v = state["v"] = state.get("v", 0) * b2 + (1 - b2) * g * g
        theta *= 1 - hyper["lr"] * hyper.get("weight_decay", 0)
        theta -= hyper["lr"] * m / (1 - b1**t) / self.divisor(v, 1 - b2**t, hyper["eps"])

    def count(self, state: State) -> int:
        """Return which step of a tensor this is."""
        state["t"] = state.get("t", 0) + 1
        return int(state["t"])

    def divisor(self, v: Tensor, correction: float, eps: float) -> Tensor:
        """Return what the first average is divided by."""
        return torch.sqrt(v / correction) + eps


class CoupledDecay(PlainAdamW):
    """AdamW whose decay goes through the averages, as an L2 penalty would (keras-team/keras#19051)."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: State, hyper: Hyper) -> None:
        super().update(theta, g + hyper["weight_decay"] * theta, state, {**hyper, "weight_decay": 0})


class DecayOfTheNewPlace(PlainAdamW):
    """AdamW that decays what it has just moved, so that its step shrinks too (huggingface/transformers#14539)."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: State, hyper: Hyper) -> None:
        super().update(theta, g, state, {**hyper, "weight_decay": 0})
        theta *= 1 - hyper["lr"] * hyper["weight_decay"]


class DecayWithoutRate(PlainAdamW):
    """AdamW whose decay is not multiplied by the learning rate (FluxML/Optimisers.jl#182)."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: State, hyper: Hyper) -> None:
        super().update(theta, g, state, {**hyper, "weight_decay": hyper["weight_decay"] / hyper["lr"]})


class ScaledEps(PlainAdamW):
    """Adam whose eps is divided by the root of the bias correction, as the average is (aiqm/torchani#261)."""

    @override
    def divisor(self, v: Tensor, correction: float, eps: float) -> Tensor:
        return (torch.sqrt(v) + eps) / math.sqrt(correction)


class CorrectionKept(PlainAdamW):
    """Adam that removes the bias of its first average in place, at each step again (frgfm/holocron#1)."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: State, hyper: Hyper) -> None:
        super().update(theta, g, state, hyper)
        state["m"] = state["m"] / (1 - hyper["betas"][0] ** state["t"])


class OneCounter(PlainAdamW):
    """Adam that counts one step more for each of its tensors (flashlight/flashlight#143)."""

    @override
    def count(self, state: State) -> int:
        return super().count(self.defaults)


class Lazy(PlainAdamW):
    """Adam that leaves an element and its averages alone where the gradient is 0 (tensorflow/addons, by design)."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: State, hyper: Hyper) -> None:
        before, place = {key: state.get(key, 0 * g) for key in "mv"}, theta.clone()
        super().update(theta, g, state, hyper)
        theta.copy_(torch.where(g == 0, place, theta))
        state |= {key: torch.where(g == 0, old, state[key]) for key, old in before.items()}


class CoupledLion(PlainAdamW):
    """Lion whose decay goes through the sign (bitsandbytes-foundation/bitsandbytes#1992)."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: State, hyper: Hyper) -> None:
        (b1, b2), m, g = hyper["betas"], state.get("m", 0 * g), g + hyper["weight_decay"] * theta
        theta -= hyper["lr"] * torch.sign(b1 * m + (1 - b1) * g)
        state["m"] = b2 * m + (1 - b2) * g


BUGS: Mapping[type[PlainAdamW], str] = {
    **dict.fromkeys((CoupledDecay, DecayOfTheNewPlace, DecayWithoutRate), "adamw"),
    **dict.fromkeys((ScaledEps, CorrectionKept, OneCounter, Lazy), "adam"),
    CoupledLion: "lion",
}
"""The rules, and what each claims to be."""

_VALUES: Mapping[str, Mapping[str, object]] = {
    "adam": {"lr": 0.01, "betas": [0.9, 0.99], "eps": 1e-8},
    "adamw": {"lr": 0.01, "betas": [0.9, 0.99], "eps": 1e-8, "weight_decay": 0.01},
    "lion": {"lr": 0.001, "betas": [0.9, 0.99], "weight_decay": 0.0},  # none, as in conf/optimizer/lion.yaml
}


def failed(rule: type[PlainAdamW], claimed: str) -> list[str]:
    """Return the checks that fail of a rule that claims to be another."""
    node = {"name": rule.__name__, "_target_": f"{__name__}.{rule.__name__}", **_VALUES[claimed]}
    claim = claim_from_config(compose("certify", [f"certificate={claimed}"]).certificate)
    return [
        name for name, result in certify_optimizer(node, claim).items() if result.verdict is Verdict.FAILED
    ]


def planted_page() -> str:
    """Return the page of all faults, with the checks that fail."""
    return render("certify/templates/planted.md.j2", rows=[_row(*bug) for bug in BUGS.items()])


def _row(rule: type[PlainAdamW], claimed: str) -> dict[str, str]:
    fault, _, origin = str(rule.__doc__).rstrip(".)").partition(" (")
    library, _, thread = origin.partition("#")
    link = f"[{origin}](https://github.com/{library}/issues/{thread})" if thread else origin
    caught = ", ".join(failed(rule, claimed)) or "**nothing**"
    return {"fault": fault, "found in": link, "claims to be": claimed, "caught by": caught}
