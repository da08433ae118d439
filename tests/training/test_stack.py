"""The stack against one plain loop per run, and what must not move a number of a run."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import nn
from typing_extensions import override

from study.job import Job, Run
from study.problems.base import Problem
from study.randomness import Source
from study.training import start
from study.training.build import build_problem
from study.training.result import Trained
from study.training.start import Orders
from study.training.train import train

CONF = Path(__file__).parents[2] / "conf"
FILES = sorted((CONF / "optimizer").rglob("*.yaml"))
MAGNIFY = {"lamb", "muon", "soap"}
"""What they make of rounding is large: of the ratio of two norms, half precision, bases of eigenvectors. Their stacks
are held against a loop by their certificates, in double precision."""
NAMES = [
    name
    for name in (str(file.relative_to(CONF / "optimizer").with_suffix("")) for file in FILES)
    if name not in MAGNIFY
]
FIRST = {"sgd", "momentum", "rmsprop", "adam", "scratch/nag"}
"""What the headline compares, and one that is written here; all others' losses can wait."""
TOLERANCE = 2e-5
"""Relative, float32, after 384 steps: a batched matrix product adds in another order than a single one."""

Losses = Mapping[tuple[str, int], tuple[np.ndarray, np.ndarray]]

CPU = torch.device("cpu")
SEEDS = (0, 3)


@pytest.mark.parametrize(
    "name", [name if name in FIRST else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]
)
def test_all_384_losses_of_every_optimizer_are_those_of_a_plain_loop(
    name: str, request: pytest.FixtureRequest
) -> None:
    losses, evaluated = _plain_loop(_node(name), seed=3)
    together = request.getfixturevalue("first_together" if name in FIRST else "together")
    stacked_losses, stacked_evaluated = together[name, 3]
    assert stacked_losses.shape == (384,)
    assert stacked_evaluated.shape == (13,)
    np.testing.assert_allclose(stacked_losses, losses, rtol=TOLERANCE)
    np.testing.assert_allclose(stacked_evaluated, evaluated, rtol=TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["adam", "adafactor", pytest.param("rprop", marks=pytest.mark.slow), "scratch/nag"]
)
def test_a_run_does_not_depend_on_who_else_is_in_the_stack(name: str, request: pytest.FixtureRequest) -> None:
    alone = _train([_job(_node(name), epochs=4)], seeds=[3])
    together = request.getfixturevalue("first_together" if name in FIRST else "together")
    np.testing.assert_allclose(together[name, 3][0][:128], alone.train_loss[0], rtol=TOLERANCE)


def test_the_same_runs_twice_are_bitwise_equal() -> None:
    jobs = [_job(_node(name), epochs=2) for name in ("adam", "adafactor", "momentum")]
    first, second = _train(jobs), _train(jobs)
    assert np.array_equal(first.train_loss, second.train_loss)
    assert np.array_equal(first.series["eval/loss"].values, second.series["eval/loss"].values)
    assert all(np.array_equal(first.final[key], second.final[key]) for key in first.final)
    assert first.receipts == second.receipts


def test_the_global_seed_changes_nothing() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        first = _train([_job(_node("adam"), epochs=1)])
        torch.manual_seed(2)
        second = _train([_job(_node("adam"), epochs=1)])
    assert np.array_equal(first.train_loss, second.train_loss)


@pytest.mark.slow
def test_every_optimizer_meets_the_same_data_start_and_order_and_every_seed_others() -> None:
    jobs = [_job(_node(name), epochs=2) for name in ("sgd", "adam", "scratch/rmsprop", "adafactor")]
    first, *others = (_train([job]) for job in jobs)
    for other in [*others, _train(jobs[:2]), _train(jobs[2:])]:
        for name, shas in first.receipts.items():
            assert other.receipts[name][:2] == shas
            assert len(set(shas)) == 2
            assert all(len(sha) == 16 for sha in shas)
    for other in others:  # same start, same first batch: bitwise the same loss
        assert (other.train_loss[:, 0] == first.train_loss[:, 0]).all()
        assert (other.train_loss[:, 1] != first.train_loss[:, 1]).all()


def test_receipts_are_digests_of_what_the_plain_loop_draws() -> None:
    trained = _train([_job(_node("sgd"), epochs=2)], seeds=[3])
    x, y, clean = _data(3)
    start = torch.cat([p.detach().ravel() for p in _network(3).parameters()])
    generator = _generator(3, "order")
    orders = [torch.randperm(1000, generator=generator) for _ in range(2)]
    assert trained.receipts == {
        "data_sha": [_sha(x, y, clean)],
        "init_sha": [_sha(start)],
        "order_sha": [_sha(*orders)],
    }


def test_start_is_torchs_own_default_bitwise() -> None:
    problem, model = _problem(), _problem().model()
    for seed in range(20):
        problem.initialise(model, Source("parabola", seed))
        theirs = _network(seed).parameters()
        assert all(torch.equal(p, q) for p, q in zip(model.parameters(), theirs, strict=True))


def test_the_last_batch_holds_the_remaining_eight() -> None:
    trained = _train([_job(_node("sgd"), epochs=1)], seeds=[0])
    assert trained.batches.tolist() == [32] * 31 + [8]
    order = torch.randperm(1000, generator=_generator(0, "order"))
    last = order[-8:]
    x, y, _ = _data(0)
    network = _network(0)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    for low in range(0, 992, 32):
        _update(network, optimizer, x[order[low : low + 32]], y[order[low : low + 32]])
    with torch.no_grad():
        expected = ((network(x[last]) - y[last]) ** 2).sum() / 8
    assert trained.train_loss[0, -1] == pytest.approx(float(expected), rel=TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize(("batch_size", "steps"), [(None, 2), (200, 2), (1, 400), (7, 2 * 29)])
def test_any_batch_size_is_that_of_a_plain_loop(batch_size: int | None, steps: int) -> None:
    problem = {**_problem_node(), "points": 200}
    job = _job(_node("momentum"), problem=problem, epochs=2, batch_size=batch_size)
    trained = _train([job], seeds=[3])
    losses, evaluated = _plain_loop(
        _node("momentum"), seed=3, epochs=2, batch_size=batch_size or 200, points=200
    )
    assert trained.train_loss.shape == (1, steps)
    # single samples are fitted to small losses, of which rounding is a larger share
    np.testing.assert_allclose(trained.train_loss[0], losses, rtol=TOLERANCE, atol=1e-7)
    np.testing.assert_allclose(trained.series["eval/loss"].values[0], evaluated, rtol=TOLERANCE)


def test_a_full_batch_is_not_shuffled_and_says_so() -> None:
    trained = _train([_job(_node("sgd"), epochs=1, batch_size=None)])
    assert trained.receipts["order_sha"] == [hashlib.sha256().hexdigest()[:16]] * 2


def test_eval_loss_stands_before_the_first_epoch_and_after_each() -> None:
    trained = _train([_job(_node("sgd"), epochs=3)], seeds=[0])
    assert trained.series["eval/loss"].steps.tolist() == [0, 32, 64, 96]
    x, _, clean = _data(0)
    with torch.no_grad():
        expected = float(((_network(0)(x) - clean) ** 2).mean())
    assert trained.series["eval/loss"].values[0, 0] == pytest.approx(expected, rel=1e-6)


def test_jobs_share_a_stack_but_not_a_rule() -> None:
    rates = (0.001, 0.01, 0.1)
    trained = _train([_job({**_node("sgd"), "lr": lr}, epochs=2) for lr in rates], seeds=[3])
    for row, lr in enumerate(rates):
        losses, _ = _plain_loop({**_node("sgd"), "lr": lr}, seed=3, epochs=2)
        np.testing.assert_allclose(trained.train_loss[row], losses, rtol=TOLERANCE)


def test_a_diverging_run_leaves_its_neighbours_alone() -> None:
    nodes = [{**_node("sgd"), "lr": lr} for lr in (1e30, 0.01)]
    trained = _train([_job(node, epochs=2) for node in nodes])
    assert not np.isfinite(trained.train_loss[:2, -1]).any()
    alone = _train([_job(nodes[1], epochs=2)])
    np.testing.assert_allclose(trained.train_loss[2:], alone.train_loss, rtol=TOLERANCE)


def test_final_parameters_and_curve_are_the_plain_loops() -> None:
    trained = _train([_job(_node("adam"), epochs=2)], seeds=[3])
    network = _network(3)
    _plain_loop(_node("adam"), seed=3, epochs=2, network=network)
    for name, parameter in network.named_parameters():
        np.testing.assert_allclose(trained.final[name][0], parameter.detach(), rtol=1e-4, atol=1e-6)
    x = torch.linspace(-1, 1, 201)[:, None]
    np.testing.assert_array_equal(trained.curve_inputs, x)
    np.testing.assert_allclose(trained.curve[0], network(x).detach()[:, 0], rtol=1e-4, atol=1e-6)


def test_few_scalars_are_traced_from_the_start_to_the_end() -> None:
    node = yaml.safe_load((CONF / "problem" / "bowl.yaml").read_text())["problem"]
    trained = _train([_job(_node("sgd"), problem=node, epochs=5, batch_size=1)], seeds=[0])
    assert sorted(trained.series) == ["eval/loss", "param/x1", "param/x2"]
    shrink = np.array([1 - 0.01 * 0.2, 1 - 0.01 * 4.0])
    for column, name in enumerate(("x1", "x2")):
        series = trained.series[f"param/{name}"]
        assert series.steps.tolist() == [0, 1, 2, 3, 4, 5]
        expected = [-5.0, -2.0][column] * shrink[column] ** np.arange(6)
        np.testing.assert_allclose(series.values[0], expected, rtol=1e-13)


def test_many_scalars_are_not_traced() -> None:
    assert sorted(_train([_job(_node("sgd"), epochs=1)]).series) == ["eval/loss"]


def test_the_elements_of_a_vector_are_named_by_their_place() -> None:
    node = yaml.safe_load((CONF / "problem" / "linear.yaml").read_text())["problem"]
    trained = _train([_job(_node("sgd"), problem=node, epochs=1, batch_size=10)])
    assert {key for key in trained.series if key.startswith("param/")} == {"param/w1", "param/w2", "param/b"}
    np.testing.assert_array_equal(trained.series["param/w2"].values[:, -1], trained.final["w"][:, 1])


def test_full_loss_is_recorded_whenever_so_many_samples_are_seen() -> None:
    node = yaml.safe_load((CONF / "problem" / "linear.yaml").read_text())["problem"]
    trained = _train([_job(_node("sgd"), problem={**node, "full_every": 50}, epochs=2, batch_size=10)])
    assert trained.series["full/loss"].steps.tolist() == list(range(5, 201, 5))
    w, b = (trained.series[f"param/{name}"].values for name in ("w1", "b"))
    w2 = trained.series["param/w2"].values
    for row, seed in enumerate(SEEDS):
        data = build_problem(node).data(Source("linear", seed))
        x, y = data.inputs.numpy(), data.targets.numpy()[:, 0]
        at = trained.series["full/loss"].steps
        error = x[:, :1] * w[row, at] + x[:, 1:] * w2[row, at] + b[row, at] - y[:, None]
        np.testing.assert_allclose(
            trained.series["full/loss"].values[row], (error**2).mean(axis=0) / 2, rtol=1e-5
        )


def test_the_optimizer_sees_the_scaled_gradient_and_the_record_the_loss_itself() -> None:
    node = yaml.safe_load((CONF / "problem" / "polynomial.yaml").read_text())["problem"]
    sgd = _node("sgd")
    scaled = _train([_job(sgd, problem={**node, "gradient_scale": 3.0}, epochs=20, batch_size=None)])
    plain = {**node, "gradient_scale": 1.0}
    faster = _train([_job({**sgd, "lr": 0.03}, problem=plain, epochs=20, batch_size=None)])
    np.testing.assert_allclose(scaled.train_loss, faster.train_loss, rtol=1e-10)
    slower = _train([_job(sgd, problem=plain, epochs=20, batch_size=None)])
    assert (scaled.train_loss[:, 0] == slower.train_loss[:, 0]).all()
    assert (scaled.train_loss[:, 1:] != slower.train_loss[:, 1:]).all()


def test_progress_is_told_of_every_step_of_every_run() -> None:
    told: list[float] = []
    runs = _runs([_job(_node("sgd"), epochs=2)], SEEDS)
    train(_problem(), runs, device=CPU, advance=told.append)
    assert told == [2 / 64] * 64  # two runs in 64 steps


def test_times_do_not_run_backwards_and_there_is_one_per_step_and_the_start() -> None:
    times = _train([_job(_node("sgd"), epochs=2)]).times
    assert times.shape == (65,)
    assert (np.diff(times) >= 0).all()


def test_orders_are_permutations_that_differ_by_epoch_and_seed() -> None:
    orders = Orders("parabola", [0, 1], 100, shuffled=True)
    drawn = [orders.next_epoch() for _ in range(3)]
    assert all(order is not None for order in drawn)
    rows = [row for order in drawn for row in order]  # type: ignore[union-attr]
    assert all(row.sort().values.equal(torch.arange(100)) for row in rows)
    assert len({tuple(row.tolist()) for row in rows}) == 6


def test_the_start_does_not_depend_on_which_seeds_are_drawn_beside() -> None:
    problem = _problem()
    alone = start.draw(problem, problem.model(), [3], CPU)
    among = start.draw(problem, problem.model(), [0, 3, 9], CPU)
    assert torch.equal(alone.targets[0], among.targets[1])
    assert torch.equal(alone.params[0], among.params[1])
    assert (alone.data_sha, alone.init_sha) == (among.data_sha[1:2], among.init_sha[1:2])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device here")
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam"])
def test_a_gpu_gives_the_numbers_of_the_cpu(optimizer: str) -> None:
    runs = _runs([_job(_node(optimizer))], SEEDS)
    here = train(_problem(), runs, device=CPU)
    there = train(_problem(), runs, device=torch.device("cuda"))
    np.testing.assert_allclose(there.train_loss, here.train_loss, rtol=1e-4)
    assert there.receipts == here.receipts  # random numbers are drawn on the CPU


@pytest.fixture(scope="module")
def together() -> Losses:
    """Train every optimizer of the config tree at two seeds in one stack; losses by name and seed."""
    return _together(NAMES)


@pytest.fixture(scope="module")
def first_together() -> Losses:
    """Train those that do not wait."""
    return _together(sorted(FIRST))


def _together(names: Sequence[str]) -> Losses:
    trained = _train([_job(_node(name)) for name in names])
    evaluated = trained.series["eval/loss"].values
    keys = [(run.job.optimizer_name, run.seed) for run in trained.runs]
    return dict(zip(keys, zip(trained.train_loss, evaluated, strict=True), strict=True))


def _node(name: str) -> dict[str, object]:
    node: dict[str, object] = yaml.safe_load((CONF / "optimizer" / f"{name}.yaml").read_text())
    return node


def _problem_node() -> dict[str, object]:
    node: dict[str, object] = yaml.safe_load((CONF / "problem" / "parabola.yaml").read_text())["problem"]
    return node


def _problem() -> Problem:
    return build_problem(_problem_node())


def _job(
    optimizer: Mapping[str, object],
    *,
    problem: Mapping[str, object] | None = None,
    epochs: int = 12,
    batch_size: int | None = 32,
) -> Job:
    label = f"{optimizer['name']} {optimizer['lr']}"
    return Job(problem or _problem_node(), optimizer, epochs, batch_size, range(4), label)


def _runs(jobs: Sequence[Job], seeds: Sequence[int]) -> list[Run]:
    return [Run(job, seed) for job in jobs for seed in seeds]


def _train(jobs: Sequence[Job], seeds: Sequence[int] = SEEDS) -> Trained:
    return train(build_problem(jobs[0].problem), _runs(jobs, seeds), device=CPU)


# The plain loop: one module, one optimizer, one run, seeds derived from the documented key.


def _word(seed: int, purpose: str) -> int:
    digest = hashlib.sha256(f"parabola/{seed}/{purpose}".encode()).hexdigest()[:16]
    word = int(digest, 16)
    return word - 2**64 if word >= 2**63 else word


def _generator(seed: int, purpose: str) -> torch.Generator:
    return torch.Generator().manual_seed(_word(seed, purpose))


def _data(seed: int, points: int = 1000) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    x = torch.linspace(-1, 1, points).reshape(points, 1)
    return x, x * x + 0.1 * torch.randn(points, 1, generator=_generator(seed, "data")), x * x


class _Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(1, 20), nn.Linear(20, 1)

    @override
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.out(torch.relu(self.hidden(x)))
        return out


def _network(seed: int) -> nn.Module:
    """Let torch draw its own default start, from its global generator seeded for the moment."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_word(seed, "init"))
        return nn.Sequential(nn.Linear(1, 20), nn.ReLU(), nn.Linear(20, 1))


def _rule(node: Mapping[str, object], network: nn.Module) -> torch.optim.Optimizer:
    module, _, name = str(node["_target_"]).rpartition(".")
    rule = getattr(__import__(module, fromlist=[name]), name)
    rest = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in node.items()
        if key not in ("name", "_target_", "elementwise", "priors")
    }
    optimizer: torch.optim.Optimizer = rule(network.parameters(), **rest)
    return optimizer


def _update(network: nn.Module, rule: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor) -> float:
    rule.zero_grad()
    loss = nn.functional.mse_loss(network(x), y)
    loss.backward()
    rule.step()
    return loss.item()


def _plain_loop(
    node: Mapping[str, object],
    *,
    seed: int,
    epochs: int = 12,
    batch_size: int = 32,
    points: int = 1000,
    network: nn.Module | None = None,
) -> tuple[list[float], list[float]]:
    """Return the loss of each step, and the distance to the noise-free parabola before and after each epoch."""
    x, y, clean = _data(seed, points)
    network = _network(seed) if network is None else network
    rule, order = _rule(node, network), _generator(seed, "order")
    losses: list[float] = []
    evaluated = [_evaluated(network, rule, x, clean)]
    for _ in range(epochs):
        samples = torch.arange(points)
        if batch_size < points:
            samples = torch.randperm(points, generator=order)
        for batch in samples.split(batch_size):
            losses.append(_update(network, rule, x[batch], y[batch]))
        evaluated.append(_evaluated(network, rule, x, clean))
    return losses, evaluated


def _evaluated(
    network: nn.Module, rule: torch.optim.Optimizer, x: torch.Tensor, clean: torch.Tensor
) -> float:
    """Return the distance to the noise-free parabola, of what a schedule-free rule means by its result."""
    getattr(rule, "eval", lambda: None)()
    loss = nn.functional.mse_loss(network(x), clean).item()
    getattr(rule, "train", lambda: None)()
    return loss


def _sha(*tensors: torch.Tensor) -> str:
    return hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in tensors)).hexdigest()[:16]
