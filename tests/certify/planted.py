"""Rules with one fault each, and an honest one, as somebody might bring them: named by `_target_` alone."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from typing_extensions import override

from study.certify.planted import PlainAdamW as HonestAdam
from study.optimizers.base import Rule


class _Brought(Rule):
    def __init__(self, params: Any, lr: float, **hyper: Any) -> None:
        super().__init__(params, {"lr": lr, **hyper})

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        raise NotImplementedError


class WithoutBiasCorrection(HonestAdam):
    """A second average that begins at 0 and is taken as it is."""

    @override
    def divisor(self, v: Tensor, correction: float, eps: float) -> Tensor:
        return v.sqrt() + eps


class EpsOnTheWrongSide(HonestAdam):
    """Eps inside of the root."""

    @override
    def divisor(self, v: Tensor, correction: float, eps: float) -> Tensor:
        return (v / correction + eps).sqrt()


class SilentAmsgrad(HonestAdam):
    """The largest second average so far, unasked."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        self.__dict__["largest"] = state.setdefault("largest", torch.zeros_like(theta))
        super().update(theta, g, state, hyper)

    @override
    def divisor(self, v: Tensor, correction: float, eps: float) -> Tensor:
        torch.maximum(self.__dict__["largest"], v, out=self.__dict__["largest"])
        return super().divisor(self.__dict__["largest"], correction, eps)


class WipedAdam(HonestAdam):
    """All forgotten after every 150 steps."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        if state.get("t", 0) == 150:
            state.clear()
        super().update(theta, g, state, hyper)


class SaturatingCounter(HonestAdam):
    """A counter of seven bits."""

    @override
    def count(self, state: dict[str, Any]) -> int:
        state["t"] = min(state.get("t", 0) + 1, 127)
        return int(state["t"])


class HalfPrecision(HonestAdam):
    """A second average that is kept in half precision where the parameters are in single."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        super().update(theta, g, state, hyper)
        if theta.dtype == torch.float32:
            state["v"] = state["v"].half().float()


class Clipped(HonestAdam):
    """Gradients that are clipped at 50, each by itself."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        super().update(theta, g.clamp(-50, 50), state, hyper)


class CachedRate(HonestAdam):
    """The learning rate of the day it was made."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        super().update(theta, g, state, {**hyper, "lr": self.defaults["lr"]})


class FirstRate(HonestAdam):
    """The learning rate of the first group, for all."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        super().update(theta, g, state, {**hyper, "lr": self.param_groups[0]["lr"]})


class CentredWithTheWrongSign(_Brought):
    """RMSprop that adds the square of the average where it should take it away."""

    def __init__(
        self, params: Any, lr: float, alpha: float = 0.99, eps: float = 1e-8, centered: bool = False
    ) -> None:
        super().__init__(params, lr, alpha=alpha, eps=eps, centered=centered)

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        a = hyper["alpha"]
        square = state["square"] = a * state.get("square", 0) + (1 - a) * g * g
        if hyper["centered"]:
            average = state["average"] = a * state.get("average", 0) + (1 - a) * g
            square = square + average**2
        theta.sub_(hyper["lr"] * g / (square.sqrt() + hyper["eps"]))


class Frozen(_Brought):
    """Gradient descent for a hundred steps."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        state["t"] = state.get("t", 0) + 1
        theta.sub_((state["t"] <= 100) * hyper["lr"] * g)


class Ascent(_Brought):
    """Uphill."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        theta.add_(hyper["lr"] * g)


class Blind(_Brought):
    """The same step, whatever the gradient is."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        theta.sub_(hyper["lr"])


class HonestMomentum(_Brought):
    """The heavy ball."""

    taken = 1.0

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        state["v"] = hyper["momentum"] * state.get("v", 0) + self.taken * g
        theta.sub_(hyper["lr"] * state["v"])


class DampedMomentum(HonestMomentum):
    """A tenth of each gradient is lost."""

    taken = 0.9


class StaleVelocity(_Brought):
    """NAG that steps along the velocity from before this gradient."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        before = state.get("v", 0 * g)
        state["v"] = hyper["momentum"] * before + g
        theta.sub_(hyper["lr"] * (g + hyper["momentum"] * before))


class ResetEvery100(HonestMomentum):
    """A velocity that is lost after every so many steps."""

    every = 100

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        state["t"] = state.get("t", 0) + 1
        if state["t"] % self.every == 0:
            state["v"] = 0
        super().update(theta, g, state, hyper)


class ResetEvery101(ResetEvery100):
    every = 101


class OneVelocityPerShape(_Brought):
    """One velocity for all tensors of an instance that have the same shape."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        velocities = self.__dict__.setdefault("velocities", {})
        v = velocities[theta.shape] = hyper["momentum"] * velocities.get(theta.shape, 0 * g) + g
        theta.sub_(hyper["lr"] * v)


class SharedState(_Brought):
    """One velocity for everybody who comes with a tensor of that shape."""

    velocities: dict[torch.Size, Tensor] = {}  # noqa: RUF012  # the fault

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        v = self.velocities[theta.shape] = hyper["momentum"] * self.velocities.get(theta.shape, 0 * g) + g
        theta.sub_(hyper["lr"] * v)


class SharedRate(_Brought):
    """Momentum whose runs share one number of state: the largest gradient that any of them has met."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        state["top"] = max(state.get("top", 0.0), g.abs().max().item())
        theta.sub_(hyper["lr"] * g / state["top"])


class ClippedByNorm(_Brought):
    """Descent whose steps are bounded by the norm of all runs' gradients together."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        theta.sub_(hyper["lr"] * g / max(1.0, g.norm().item()))


class Forgetful(_Brought):
    """Momentum whose velocity is not in its state, so that a state dict loses it."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        self.__dict__["hidden"] = hyper["momentum"] * self.__dict__.get("hidden", 0) + g
        theta.sub_(hyper["lr"] * self.__dict__["hidden"])


class Raises(_Brought):
    """Cannot step."""

    @override
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        raise TypeError("not today\nnor tomorrow")


class AsksAgain(_Brought):
    """Steps twice as far if the loss is lower half way."""

    @override
    def step(self, closure: Any) -> None:  # type: ignore[override]
        (p, *others), before = self.param_groups[0]["params"], closure()
        with torch.no_grad():
            for q in (p, *others):
                q.sub_(self.param_groups[0]["lr"] * q.grad)
        if closure() < before:
            with torch.no_grad():
                for q in (p, *others):
                    q.sub_(self.param_groups[0]["lr"] * q.grad)


class Noisy(_Brought):
    """Gradient descent with noise of its own."""

    @override
    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        theta.sub_(hyper["lr"] * (g + 0.1 * torch.randn_like(g)))


class TearsTheView(_Brought):
    """Gradient descent, right alone; the new tensor is not the trainer's."""

    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        theta.data = theta.data - hyper["lr"] * g


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

    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], hyper: Mapping[str, Any]) -> None:
        self.calls.append(1)
        theta.sub_(hyper["lr"] * g / len(self.calls))


class CannotResume(HonestMomentum):
    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, lr, momentum=0.5)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        raise NotImplementedError("not yet")
