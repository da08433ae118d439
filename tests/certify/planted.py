"""Rules with one fault each, and an honest one, as somebody might bring them: named by `_target_` alone."""

from typing import Any

import torch
from torch import Tensor
from typing_extensions import override


class _Brought(torch.optim.Optimizer):
    def __init__(self, params: Any, lr: float, **hyper: Any) -> None:
        super().__init__(params, {"lr": lr, **hyper})

    @override
    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # asks for no second loss
        for group in self.param_groups:
            for p in group["params"]:
                self.move(p, p.grad, self.state[p], group)

    def move(self, p: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        raise NotImplementedError


class HonestAdam(_Brought):
    """Adam as its paper has it, with eps outside of the root."""

    corrected = True

    @override
    def move(self, p: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        b1, b2 = group["betas"]
        t = state["t"] = state.get("t", 0) + 1
        m = state["m"] = state.get("m", 0) * b1 + (1 - b1) * g
        v = state["v"] = state.get("v", 0) * b2 + (1 - b2) * g * g
        if self.corrected:
            m, v = m / (1 - b1**t), v / (1 - b2**t)
        p.sub_(group["lr"] * m / self.root(v, group["eps"]))

    def root(self, v: Tensor, eps: float) -> Tensor:
        return v.sqrt() + eps


class WithoutBiasCorrection(HonestAdam):
    """Averages that begin at 0 and are taken as they are."""

    corrected = False


class EpsOnTheWrongSide(HonestAdam):
    """Eps inside of the root."""

    @override
    def root(self, v: Tensor, eps: float) -> Tensor:
        return (v + eps).sqrt()


class HonestMomentum(_Brought):
    """The heavy ball."""

    taken = 1.0

    @override
    def move(self, p: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["v"] = group["momentum"] * state.get("v", 0) + self.taken * g
        p.sub_(group["lr"] * state["v"])


class DampedMomentum(HonestMomentum):
    """A tenth of each gradient is lost."""

    taken = 0.9


class SharedState(_Brought):
    """One velocity for everybody who comes with a tensor of that shape."""

    velocities: dict[torch.Size, Tensor] = {}  # noqa: RUF012  # the fault

    @override
    def move(self, p: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        v = self.velocities[p.shape] = group["momentum"] * self.velocities.get(p.shape, 0 * g) + g
        p.sub_(group["lr"] * v)


class SharedRate(_Brought):
    """Momentum whose runs share one number of state: the largest gradient that any of them has met."""

    @override
    def move(self, p: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["top"] = max(state.get("top", 0.0), g.abs().max().item())
        p.sub_(group["lr"] * g / state["top"])


class ClippedByNorm(_Brought):
    """Descent whose steps are bounded by the norm of all runs' gradients together."""

    @override
    def move(self, p: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        p.sub_(group["lr"] * g / max(1.0, g.norm().item()))


class Forgetful(_Brought):
    """Momentum whose velocity is not in its state, so that a state dict loses it."""

    @override
    def move(self, p: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        self.__dict__["hidden"] = group["momentum"] * self.__dict__.get("hidden", 0) + g
        p.sub_(group["lr"] * self.__dict__["hidden"])


class NeedsAClosure(_Brought):
    """Cannot step unless it may ask for the loss again."""

    @override
    def step(self, closure: Any) -> None:  # type: ignore[override]
        closure()


class TearsTheView(_Brought):
    """Gradient descent, right alone; the new tensor is not the trainer's."""

    def move(self, p: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        p.data = p.data - group["lr"] * g


class DropsTheGradient(_Brought):
    """Gradient descent, right alone; the trainer's gradient buffer is lost after a step."""

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # torch's other overload
        for p in self.param_groups[0]["params"]:
            if p.grad is not None:
                p.sub_(self.param_groups[0]["lr"] * p.grad)
            p.grad = None


class CountsForAll(_Brought):
    """A learning rate that falls with the calls of all instances together."""

    calls: list[int] = []  # noqa: RUF012  # the fault

    def move(self, p: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        self.calls.append(1)
        p.sub_(group["lr"] * g / len(self.calls))


class CannotResume(HonestMomentum):
    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, lr, momentum=0.5)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        raise NotImplementedError("not yet")
