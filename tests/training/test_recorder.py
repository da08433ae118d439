"""What is kept for figures alone: from problems of one number alone, and never at the price of what was trained."""

import numpy as np
import pytest
import torch
from typing_extensions import override

from study.job import Job, Run
from study.problems.base import Problem
from study.problems.parabola import Parabola
from study.randomness import Source
from study.tracking.records import records
from study.training.recorder import moments
from study.training.result import Trained
from study.training.train import train
from tests.problems.brought import Classifier, Drifting, FreshNoise, Held, Images, TwoInputs

SGD = {"name": "sgd", "_target_": "torch.optim.SGD", "lr": 0.1}


def _train(problem: Problem, *, epochs: int = 3) -> Trained:
    job = Job({"name": problem.name}, SGD, epochs, 16, range(2), "sgd")
    return train(problem, [Run(job, seed) for seed in job.seeds], device=torch.device("cpu"))


@pytest.mark.parametrize("kind", [Classifier, Images])
def test_a_classifier_trains_as_in_a_plain_loop_and_leaves_no_curve(kind: type[Classifier]) -> None:
    problem = kind()
    trained = _train(problem)
    for row, seed in enumerate(range(2)):
        expected = _plain_losses(problem, seed)
        np.testing.assert_allclose(trained.train_loss[row], expected, rtol=1e-5)  # float32, 12 steps
    assert trained.sample.shape == (0, 3)
    assert trained.curve.shape == (2, 0)
    assert trained.curve_inputs.shape == (0, 1)


def _plain_losses(problem: Problem, seed: int, evaluated: list[float] | None = None) -> list[float]:
    """Return the loss of each step, and add to `evaluated` the loss on all data after it."""
    source = Source(problem.name, seed)
    model, data, order = problem.model(), problem.data(source), source.generator("order")
    problem.initialise(model, source)
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.1), []
    for _ in range(3):
        for batch in torch.randperm(60, generator=order).split(16):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(data.inputs[batch]), data.targets[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if evaluated is not None:
                with torch.no_grad():
                    evaluated.append(problem.loss(model(data.inputs), data.eval_targets).item())
    return losses


@pytest.mark.parametrize("kind", [TwoInputs, FreshNoise, Drifting])
def test_problems_of_several_inputs_fresh_noise_and_a_moving_optimum_are_a_plain_loops(
    kind: type[Problem],
) -> None:
    problem = kind()
    trained = _train(problem)
    for row, seed in enumerate(range(2)):
        losses, evaluated = _plain(problem, seed)
        np.testing.assert_allclose(trained.train_loss[row], losses, rtol=1e-5)
        np.testing.assert_allclose(trained.series["eval/loss"].values[row], evaluated, rtol=1e-5)


def _plain(problem: Problem, seed: int) -> tuple[list[float], list[float]]:
    """Train with the noise and the drift of each problem written out by hand."""
    source = Source(problem.name, seed)
    model, data, order = problem.model(), problem.data(source), source.generator("order")
    problem.initialise(model, source)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses: list[float] = []
    evaluated: list[float] = []
    fresh, drifting = type(problem) is FreshNoise, type(problem) is Drifting

    def loss(batch: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        further = [tensor[batch] for tensor in data.further]
        return problem.loss(model(data.inputs[batch], *further), targets)

    def evaluate() -> None:
        moved = 0.1 * len(losses) if drifting else 0
        evaluated.append(loss(torch.arange(len(data.targets)), data.eval_targets + moved).item())

    evaluate()
    for _ in range(3):
        points = len(data.targets)
        for batch in (torch.randperm(points, generator=order) if points > 16 else torch.arange(points)).split(
            16
        ):
            targets = data.targets[batch]
            if fresh:
                step = source.generator(f"noise {len(losses)}")
                targets = targets + torch.randn(targets.shape, dtype=torch.float64, generator=step)
            if drifting:
                targets = targets + 0.1 * len(losses)
            optimizer.zero_grad()
            value = loss(batch, targets)
            value.backward()
            optimizer.step()
            losses.append(value.item())
        evaluate()
    return losses, evaluated


def test_a_test_split_and_further_metrics_are_recorded_at_each_evaluation() -> None:
    trained = _train(Held())
    assert sorted(trained.series) == ["eval/accuracy", "eval/loss", "test/accuracy", "test/loss"]
    data = Held().data(Source("held", 1))
    assert data.test is not None
    model = Held().model()
    model.load_state_dict({name: torch.from_numpy(values[1]) for name, values in trained.final.items()})
    for split, inputs, targets in (
        ("eval", data.inputs, data.targets),
        ("test", data.test.inputs, data.test.targets),
    ):
        logits = model(inputs)
        right = (logits.argmax(dim=1) == targets).float().mean().item()
        assert trained.series[f"{split}/accuracy"].values[1, -1] == pytest.approx(right)
        loss = torch.nn.functional.cross_entropy(logits, targets).item()
        assert trained.series[f"{split}/loss"].values[1, -1] == pytest.approx(loss, rel=1e-5)
    assert trained.series["test/loss"].steps.tolist() == [0, 4, 8, 12]
    assert trained.last_epoch.steps.tolist() == [9, 10, 11, 12]  # four steps to an epoch
    assert (trained.last_epoch.values[:, -1] == trained.series["test/loss"].values[:, -1]).all()
    assert (trained.last_epoch.values[:, -1] != trained.series["eval/loss"].values[:, -1]).all()
    kept = list(records(trained, {}))
    assert {run.params["problem.criterion"] for run in kept} == {"test/loss"}
    assert kept[0].criterion == pytest.approx(trained.last_epoch.values[0].mean())


def test_a_sample_is_what_the_first_seed_trained_on() -> None:
    problem = Parabola(name="parabola", points=32, noise=0.1, width=4, cap=9.0)
    data = problem.data(Source("parabola", 0))
    columns = torch.cat([data.inputs, data.targets, data.eval_targets], dim=1)
    np.testing.assert_array_equal(_train(problem, epochs=1).sample, columns)


class _WrongCurve(Classifier):
    steps: list[int] = []  # noqa: RUF012  # counts for the test

    @override
    def loss(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        self.steps.append(1)
        return super().loss(prediction, target)

    @override
    def curve_inputs(self) -> torch.Tensor | None:
        return torch.zeros(5, 7)


def test_a_curve_that_cannot_be_drawn_fails_before_anything_is_trained() -> None:
    with pytest.raises(RuntimeError, match=r"2, 7\] but got"):
        _train(_WrongCurve())
    assert len(_WrongCurve.steps) <= 2  # those of the trial of its rule


class _LateFailure(Parabola):
    asked: list[int] = []  # noqa: RUF012  # counts for the test

    @override
    def curve_inputs(self) -> torch.Tensor | None:
        self.asked.append(1)
        if len(self.asked) > 1:
            raise ArithmeticError("no more curves")
        return super().curve_inputs()


def test_a_curve_that_fails_at_the_end_costs_no_trained_run(caplog: pytest.LogCaptureFixture) -> None:
    trained = _train(_LateFailure("late", points=32, noise=0.1, width=4, cap=9.0), epochs=1)
    assert np.isfinite(trained.train_loss).all()
    assert trained.curve.shape == (2, 0)
    assert caplog.messages == ["late: no curve of the trained models: no more curves"]


@pytest.mark.parametrize(("count", "after"), [(1, [2]), (2, [1, 3]), (3, [1, 2, 4]), (8, [1, 2, 3, 4])])
def test_the_last_epoch_is_evaluated_at_moments_spread_over_it(count: int, after: list[int]) -> None:
    """As a plain loop does, of an epoch of 16 + 16 + 16 + 12 samples."""
    problem = Classifier()
    job = Job({"name": problem.name}, SGD, 3, 16, range(2), "sgd", eval_moments=count)
    trained = train(problem, [Run(job, seed) for seed in job.seeds], device=torch.device("cpu"))
    assert trained.last_epoch.steps.tolist() == [8 + step for step in after]
    assert trained.batches.tolist() == [16, 16, 16, 12]
    assert trained.series["eval/loss"].steps.tolist() == [0, 4, 8, 12]
    for row, seed in enumerate(range(2)):
        evaluated: list[float] = []
        _plain_losses(problem, seed, evaluated)
        expected = [evaluated[8 + step - 1] for step in after]
        np.testing.assert_allclose(trained.last_epoch.values[row], expected, rtol=1e-5)  # float32, 12 steps


def test_evaluating_more_often_changes_no_loss() -> None:
    problem, seeds = Parabola(name="parabola", points=60, noise=0.1, width=4, cap=9.0), range(2)
    often, once = (
        train(problem, [Run(job, seed) for seed in seeds], device=torch.device("cpu"))
        for job in (Job({"name": "parabola"}, SGD, 3, 16, seeds, "sgd", eval_moments=n) for n in (8, 1))
    )
    assert np.array_equal(often.train_loss, once.train_loss)
    assert np.array_equal(often.series["eval/loss"].values, once.series["eval/loss"].values)
    assert often.last_epoch.values.shape == (2, 4)
    assert np.array_equal(often.last_epoch.values[:, -1], often.series["eval/loss"].values[:, -1])


@pytest.mark.parametrize(
    ("per_epoch", "count"), [(32, 8), (40, 8), (34, 8), (7, 5), (8, 8), (1, 8), (1000, 8), (5, 9)]
)
def test_a_moment_is_the_middle_of_its_part(per_epoch: int, count: int) -> None:
    """Or the step after it; so that a straight line has the mean of its steps, to half a step."""
    found = np.array(moments(3 * per_epoch, per_epoch, count)) - 2 * per_epoch
    parts = min(count, per_epoch)
    assert len(set(found)) == len(found) == parts
    middles = (np.arange(parts) + 0.5) * per_epoch / parts
    assert ((found >= middles) & (found < middles + 1)).all()
    assert abs(found.mean() - np.arange(1, per_epoch + 1).mean()) <= 0.5
