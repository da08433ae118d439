"""Rules as newcomers and libraries write them, each with a trait that a shared instance, or a stack, could miss."""

import os
import random
import sys
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

Closure = Callable[[], Any] | None


class Descent(torch.optim.Optimizer):
    """Gradient descent, whose steps others change."""

    def __init__(self, params: Iterable[nn.Parameter], lr: float = 0.05) -> None:
        super().__init__(params, {"lr": lr})
        self.steps = 0

    @torch.no_grad()
    def step(self, _: Closure = None) -> Any:
        self.steps += 1
        for parameter in self.parameters():
            if parameter.grad is not None:
                self.move(parameter, parameter.grad)

    def parameters(self) -> list[nn.Parameter]:
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        parameter.sub_(self.lr * gradient)

    @property
    def lr(self) -> float:
        lr: float = self.param_groups[0]["lr"]
        return lr


class Normalised(Descent):
    """Mixes the elements of each tensor from the first step."""

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        parameter.sub_(self.lr * gradient / (gradient.norm() + 1e-8))


class Clipped(Descent):
    """Mixes all tensors, where the norm of all gradients together is large."""

    def step(self, _: Closure = None) -> None:  # type: ignore[override]  # torch overloads it
        torch.nn.utils.clip_grad_norm_(self.parameters(), 0.5)
        super().step()


class LooselyClipped(Descent):
    """Mixes all tensors at some seeds alone: the norm of others' gradients stays below 1.8, that of two runs too."""

    def step(self, _: Closure = None) -> None:  # type: ignore[override]  # torch overloads it
        torch.nn.utils.clip_grad_norm_(self.parameters(), 1.8)
        super().step()


class Late(Descent):
    """Treats elements alike for 70 steps, and mixes them from then on."""

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        scale = 1.0 if self.steps <= 70 else 1.0 + 5 * float(gradient.abs().mean())
        parameter.sub_(self.lr * gradient / scale)


class Reassigning(Descent):
    """Gradient descent that gives its parameters other memory."""

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        parameter.data = parameter.data - self.lr * gradient


class Clearing(Descent):
    """Gradient descent that leaves no gradient behind, as after `zero_grad()`."""

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        parameter.sub_(self.lr * gradient)
        parameter.grad = None


class Spoiling(Descent):
    """Gradient descent that decays through the gradient, in place."""

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        gradient.add_(parameter, alpha=0.1)
        parameter.sub_(self.lr * gradient)


class ByShape(Descent):
    """Treats matrices otherwise than vectors, each element alike."""

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        parameter.sub_((self.lr if parameter.ndim > 1 else 2 * self.lr) * gradient)


class Reshaping(Descent):
    """Gives its parameters another shape."""

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        parameter.data = (parameter - self.lr * gradient).reshape(1, -1)


class CountingSteps(Descent):
    """Its rate falls with the steps of all instances of the class."""

    taken: ClassVar[int] = 0

    def step(self, _: Closure = None) -> None:  # type: ignore[override]  # torch overloads it
        CountingSteps.taken += 1
        super().step()

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        parameter.sub_(self.lr * gradient / self.taken)


class CountingInstances(Descent):
    """Its rate falls with the number of its instances."""

    made: ClassVar[int] = 0

    def __init__(self, params: Iterable[nn.Parameter], lr: float = 0.05) -> None:
        CountingInstances.made += 1
        super().__init__(params, lr / CountingInstances.made)


class NoisyTorch(Descent):
    """Adds noise from torch's global stream."""

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        parameter.sub_(self.lr * (gradient + 0.1 * torch.randn_like(parameter)))


class NoisyNumpy(Descent):
    """Adds noise from NumPy's and Python's global streams."""

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        parameter.sub_(self.lr * (gradient + 0.1 * np.random.standard_normal() + 0.1 * random.random()))


class LateNoise(NoisyTorch):
    """Draws nothing for 70 steps."""

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        if self.steps > 70:
            super().move(parameter, gradient)
        else:
            Descent.move(self, parameter, gradient)


class Meddling(Descent):
    """Gradient descent that changes whatever a process has."""

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        parameter.sub_(self.lr * gradient)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_num_threads(2)
        torch.manual_seed(1)
        np.random.seed(1)
        random.seed(1)
        os.chdir("/")


class Quitting(Descent):
    """Ends the process in its third step."""

    def move(self, parameter: nn.Parameter, gradient: Tensor) -> None:
        if self.steps == 3:
            sys.exit(7)
        parameter.sub_(self.lr * gradient)


class Searching(Descent):
    """Halves its rate until the loss falls: asks for the loss several times a step."""

    def step(self, closure: Closure = None) -> Any:
        assert closure is not None, "Searching needs a closure"
        before = closure()
        starts = [parameter.detach().clone() for parameter in self.parameters()]
        moves = [
            parameter.grad.detach().clone() for parameter in self.parameters() if parameter.grad is not None
        ]
        for halvings in range(8):
            with torch.no_grad():
                for parameter, start, move in zip(self.parameters(), starts, moves, strict=True):
                    parameter.copy_(start - 8 * self.lr / 2**halvings * move)
            if closure() < before:
                break
        return before


class Curved(Descent):
    """Divides by the curvature along the gradient, which it differentiates again."""

    def step(self, _: Closure = None) -> None:  # type: ignore[override]  # torch overloads it
        gradients = [parameter.grad for parameter in self.parameters() if parameter.grad is not None]
        with torch.enable_grad():
            products = torch.autograd.grad(
                gradients, self.parameters(), grad_outputs=[g.detach() for g in gradients]
            )
        with torch.no_grad():
            for parameter, gradient, product in zip(self.parameters(), gradients, products, strict=True):
                parameter.sub_(self.lr * gradient / (product.abs() + 1))


class Averaging(Descent):
    """Trains on one point and is evaluated at the mean of all (schedule-free)."""

    def __init__(self, params: Iterable[nn.Parameter], lr: float = 0.05) -> None:
        super().__init__(params, lr)
        self.training = False

    def step(self, _: Closure = None) -> None:  # type: ignore[override]  # torch overloads it
        assert self.training, "step in train mode"
        super().step()
        with torch.no_grad():
            for parameter in self.parameters():
                state = self.state[parameter]
                mean = state.setdefault("mean", torch.zeros_like(parameter))
                mean += (parameter - mean) / self.steps

    def train(self) -> None:
        self._swap(training=True)

    def eval(self) -> None:
        self._swap(training=False)

    @torch.no_grad()
    def _swap(self, *, training: bool) -> None:
        if self.training != training and self.steps:
            for parameter in self.parameters():
                mean, here = self.state[parameter]["mean"], parameter.clone()
                parameter.copy_(mean)
                self.state[parameter]["mean"] = here
        self.training = training
