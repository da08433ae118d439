"""Checks of a problem's loss: one number that repeats, a mean over points, its gradient, its floor, its curve."""

import random
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from study.certify.check import (
    Broken,
    Check,
    Stage,
    finding,
    holding,
    must_agree,
    must_hold,
    not_applicable,
)
from study.certify.gradients import generator
from study.certify.specimen import SEEDS, Specimen, row, same_bits, tensors
from study.problems.base import Data

_AWAY = 0.1
"""How far from the start, per parameter, losses and gradients are looked at too."""

_FAR = 50
"""Iterations of the search for a loss below the floor."""

_FEW, _MANY = 12, 256
"""Points whose gradient is compared with differences (few, so that hardly any kink is met), and all other points."""


def stages(specimen: Specimen) -> tuple[Stage, ...]:
    """Return the checks of the loss, in the order in which they stand on one another."""
    return (
        holding(specimen, {"loss": (_no_number, "one finite number below the cap, a tensor of shape ()")}),
        holding(
            specimen,
            {
                "loss repeats": (_unrepeated, "the same number again, with data and model left as they were"),
                "global randomness": (_touched, "left as it was: numbers come from source.generator(...)"),
                "gradient": (_without_gradient, "finite, and not zero everywhere"),
            },
        ),
        {
            "loss pairs": lambda name: _pairs(name, specimen),
            "loss is a mean": lambda name: _mean(name, specimen),
            "finite differences": lambda name: _differences(name, specimen),
            "floor": lambda name: _floor(name, specimen),
            "curve": lambda name: _curve(name, specimen),
        },
    )


def _no_number(specimen: Specimen) -> Iterator[str]:
    for seed in SEEDS:
        model, data = specimen.started(seed)
        for targets in (data.targets, data.eval_targets):
            loss = specimen.loss(model, data.inputs, targets)
            if loss.shape != () or not loss.is_floating_point():
                yield f"loss() returns {loss.dtype} of shape {tuple(loss.shape)}"
            elif not loss.isfinite() or loss > specimen.problem.cap:
                yield f"the start of seed {seed} has loss {loss.item():.4g}, the cap is {specimen.problem.cap:g}"


def _unrepeated(specimen: Specimen) -> Iterator[str]:
    model, data = specimen.started(SEEDS[0])
    values, buffers = tensors(data), dict(model.named_buffers())
    before = {name: value.clone() for name, value in {**values, **buffers}.items()}
    first, again = (specimen.loss(model, data.inputs, data.targets).item() for _ in range(2))
    for name, value in {**values, **buffers}.items():
        if not same_bits([value], [before[name]]):
            yield f"{name} is changed by a call (batch norm, or an operation in place?)"
    if first != again:
        yield f"the same call gives {first:.6g}, then {again:.6g} (dropout, or a state?)"


def _touched(specimen: Specimen) -> Iterator[str]:
    model = specimen.model()  # torch's layers draw a start of their own here
    torch.rand(1)  # these lead away from where a fixed seed would lead again
    np.random.rand()
    random.random()
    before = _random_states()
    specimen.initialise(model, specimen.source(SEEDS[0]))
    data = specimen.data(specimen.source(SEEDS[0]))
    specimen.loss(model, data.inputs, data.targets)
    for library, state in _random_states().items():
        if state != before[library]:
            yield f"{library}'s global random numbers are drawn from or seeded"


def _random_states() -> dict[str, object]:
    kind, keys, *rest = np.random.get_state()
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "NumPy": (kind, np.asarray(keys).tobytes(), *rest),
        "Python": random.getstate(),
    }


def _without_gradient(specimen: Specimen) -> Iterator[str]:
    for seed in SEEDS:
        model, data = specimen.started(seed)
        gradient = specimen.gradient(model, data)
        if not gradient.isfinite().all():
            yield f"it is not finite at the start of seed {seed}"
        elif not gradient.any():
            yield f"it is zero at the start of seed {seed}: nothing would be learned"


def _away(specimen: Specimen, *, points: int) -> tuple[nn.Module, Data]:
    """Return a model a little away from the start of the first seed, and some of its points."""
    model, data = specimen.started(SEEDS[0])
    chosen = torch.randperm(len(data.inputs), generator=generator())[:points]
    random_numbers = generator()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=random_numbers), alpha=_AWAY)
    return model, Data(*(values[chosen] for values in tensors(data).values()))


def _pairs(name: str, specimen: Specimen) -> Check:
    """Hand out the targets in another order: a loss that does not notice has compared all with all."""
    model, data = _away(specimen, points=_MANY)
    order = torch.randperm(len(data.inputs), generator=generator())
    shuffled = data.targets[order]
    with finding("model"):
        prediction = model(data.inputs)
    if same_bits([shuffled], [data.targets]) or (prediction == prediction[:1]).all():
        return not_applicable(name, "all targets or all predictions are alike")
    loss, other = (specimen.loss(model, data.inputs, targets) for targets in (data.targets, shuffled))
    faults = []
    if abs(other - loss) <= _rounding(specimen) * abs(loss):
        faults.append(
            f"shuffled targets have the same loss: predictions {tuple(prediction.shape)} "
            f"with targets {tuple(data.targets.shape)}"
        )
    return must_hold(name, faults, required="each prediction is compared with its own target")


def _mean(name: str, specimen: Specimen) -> Check:
    """Hand in each point twice: a mean does not notice, a sum doubles, and so would the step."""
    model, data = _away(specimen, points=_MANY)
    once = specimen.loss(model, data.inputs, data.targets).item()
    twice = specimen.loss(model, data.inputs.repeat_interleave(2, 0), data.targets.repeat_interleave(2, 0))
    ratio = twice.item() / once if once else 1.0
    fault = [f"each point twice has {ratio:.3g} times the loss"] if abs(ratio - 1) > 1e-4 else []
    return must_hold(name, fault, required="the same loss for each point twice")


def _rounding(specimen: Specimen) -> float:
    """Return what sums of some hundred numbers may lose in the problem's type."""
    return 10 * torch.finfo(specimen.problem.dtype).eps


def _doubled(model: nn.Module, data: Data) -> tuple[nn.Module, Data]:
    """Return model and data in double precision; indices stay what they are."""
    values = [v.double() if v.is_floating_point() else v for v in tensors(data).values()]
    return model.double(), Data(*values)


def _differences(name: str, specimen: Specimen) -> Check:
    """Compare g · u with (loss(θ + h u) - loss(θ - h u)) / 2h along some random directions u."""
    model, data = _doubled(*_away(specimen, points=_FEW))
    try:
        gradient = specimen.gradient(model, data)
    except Broken as error:
        return not_applicable(name, f"not in double precision: {error}")
    start, step, worst = row(model.parameters()), 1e-6, 0.0
    for direction in torch.randn(4, len(start), generator=generator(), dtype=torch.float64):
        ends = [_loss_at(specimen, model, data, start + sign * step * direction) for sign in (1, -1)]
        slope = (ends[0] - ends[1]) / (2 * step)
        worst = max(worst, abs(slope - (gradient @ direction).item()) / gradient.norm().item())
    return must_agree(name, worst, tolerance=1e-5, cause="differences of 1e-6", least=1e-6)


def _loss_at(specimen: Specimen, model: nn.Module, data: Data, place: Tensor) -> float:
    with torch.no_grad():
        nn.utils.vector_to_parameters(place, model.parameters())
        return specimen.loss(model, data.inputs, data.targets).item()


def _floor(name: str, specimen: Specimen) -> Check:
    """Descend from some places as far as it goes, by L-BFGS: nothing may lie below the floor."""
    floor, least, highest = float("nan"), float("inf"), 0.0
    for seed in SEEDS:
        model, data = specimen.started(seed)
        floor = specimen.floor(data)
        if not np.isfinite(floor):
            return must_hold(name, [f"floor() is {floor} at seed {seed}"], required="a finite number")
        met = _descend(specimen, *_doubled(model, data))
        least, highest = min(least, min(met) - floor), max(highest, met[0] - floor, abs(floor))
    reached = "it is reached" if least <= 1e-6 * highest else "it is not reached"
    faults = [f"a loss {-least:.2g} below the floor is found"] if least < -1e-6 * highest else []
    return must_hold(name, faults, required="no loss below it, searched by L-BFGS", measured=reached)


def _descend(specimen: Specimen, model: nn.Module, data: Data) -> list[float]:
    """Return all evaluation losses met on the way down from where the model is."""
    met: list[float] = []
    search = torch.optim.LBFGS(model.parameters(), max_iter=_FAR, line_search_fn="strong_wolfe")

    def loss() -> float:
        search.zero_grad()
        value = specimen.loss(model, data.inputs, data.eval_targets)
        value.backward()
        met.append(value.item())
        return met[-1]

    search.step(loss)
    return [value for value in met if np.isfinite(value)]


def _curve(name: str, specimen: Specimen) -> Check:
    inputs = specimen.curve_inputs()
    if inputs is None:
        return not_applicable(name, "the problem draws none")
    model, _ = specimen.started(SEEDS[0])
    with finding("model on curve_inputs()"):
        heights = model(inputs)
    if heights.shape[1:] != (1,) or inputs.shape[1:] != (1,):
        return not_applicable(name, "only one output of one input is drawn as a curve")
    faults = [] if heights.isfinite().all() else ["the model's values there are not finite"]
    return must_hold(name, faults, required="the model's value at each curve input")
