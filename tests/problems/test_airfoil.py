"""The airfoil problem: the file and how it is had, the facts of the data, and the tutorial's numbers among seeds."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typing_extensions import override

from study.errors import InvalidInput
from study.problems import airfoil
from study.problems.airfoil import Airfoil, read
from study.problems.airfoil_file import DIGESTS, URL
from study.problems.base import Problem
from study.randomness import Source
from study.training.result import Trained

Build = Callable[..., Problem]
JOBS = ("scratch_rmsprop", "scratch_adam", "torch_rmsprop", "torch_adam")


class _Quiet(SimpleHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """An HTTP server on a free local port, and the folder that it serves."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/file.dat", folder
        http.shutdown()
        thread.join()


def test_absent_file_is_downloaded_once_and_kept(
    airfoil_file: Path, server: tuple[str, Path], tmp_path: Path
) -> None:
    url, folder = server
    (folder / "file.dat").write_bytes(airfoil_file.read_bytes())
    path = tmp_path / "new" / "folder" / "airfoil.dat"
    assert read(path, url) == airfoil_file.read_bytes()
    assert [kept.name for kept in path.parent.iterdir()] == ["airfoil.dat"]
    (folder / "file.dat").unlink()
    assert read(path, url) == airfoil_file.read_bytes()  # from its place: the server has it no more


def test_problem_downloads_to_its_path(
    airfoil_file: Path,
    server: tuple[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    problem: Build,
) -> None:
    url, folder = server
    monkeypatch.setattr(airfoil, "URL", url)
    (folder / "file.dat").write_bytes(airfoil_file.read_bytes())
    path = tmp_path / "airfoil.dat"
    p = Airfoil("airfoil", str(path), 1500, 0.01, 1e6, 1.0)
    assert torch.equal(
        p.data(Source("airfoil", 0)).inputs, problem("airfoil").data(Source("airfoil", 0)).inputs
    )
    assert path.exists()


def test_wrong_bytes_are_refused_and_not_kept(server: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = server
    (folder / "file.dat").write_text("<html>moved</html>")
    path = tmp_path / "airfoil.dat"
    with pytest.raises(InvalidInput, match="is not the airfoil data") as caught:
        read(path, url)
    assert str(path) in str(caught.value)
    assert not path.exists()


def test_unreachable_source_says_where_to_put_the_file(server: tuple[str, Path], tmp_path: Path) -> None:
    url, _ = server  # which has no such file: 404
    path = tmp_path / "airfoil.dat"
    with pytest.raises(
        InvalidInput, match=r"404.*put airfoil_self_noise.dat .* at .*airfoil.dat, or name it"
    ):
        read(path, url)
    closed = "http://127.0.0.1:1/file.dat"
    with pytest.raises(InvalidInput, match=r"put airfoil_self_noise.dat .* or name it by problem.path"):
        read(path, closed)
    assert list(tmp_path.glob("airfoil*")) == []


def test_another_file_at_the_path_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "airfoil.dat"
    path.write_text("1\t2\t3\t4\t5\t6\n")
    with pytest.raises(
        InvalidInput, match=r"problem.path must be the airfoil data, of SHA-1 76e5be.* got another"
    ):
        read(path, URL)
    assert path.read_text() == "1\t2\t3\t4\t5\t6\n"
    with pytest.raises(InvalidInput, match=r"problem\.path must be a readable file"):
        read(tmp_path, URL)


def test_both_line_endings_are_the_same_data(airfoil_file: Path, tmp_path: Path) -> None:
    content = airfoil_file.read_bytes()
    digests, inputs = set(), []
    for name, text in (
        ("lf", content.replace(b"\r\n", b"\n")),
        ("crlf", content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
    ):
        (tmp_path / name).write_bytes(text)
        digests.add(hashlib.sha1(text).hexdigest())
        p = Airfoil("airfoil", str(tmp_path / name), 1500, 0.01, 1e6, 1.0)
        inputs.append(p.data(Source("airfoil", 0)).inputs)
    assert digests == set(DIGESTS)
    assert torch.equal(*inputs)


def test_all_rows_are_standardised_and_the_first_1500_kept(airfoil_file: Path, problem: Build) -> None:
    rows = np.genfromtxt(airfoil_file)
    rows = ((rows - rows.mean(axis=0)) / rows.std(axis=0))[:1500]
    data = problem("airfoil").data(Source("airfoil", 7))
    np.testing.assert_allclose(data.inputs, rows[:, :5], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(data.targets, rows[:, 5:], rtol=1e-6, atol=1e-7)


def test_facts_of_the_data(problem: Build) -> None:
    p = problem("airfoil")
    data = p.data(Source("airfoil", 0))
    design = np.hstack([data.inputs.double().numpy(), np.ones((1500, 1))])
    theta, residual, *_ = np.linalg.lstsq(design, data.targets.double().numpy())
    assert p.floor(data) == pytest.approx(residual[0] / 1500 / 2, rel=1e-10)
    assert p.floor(data) == pytest.approx(0.24168795, abs=5e-9)
    assert p.loss(torch.zeros(1500, 1), data.targets).item() == pytest.approx(0.49325897, abs=5e-8)
    assert np.linalg.eigvalsh(design.T @ design / 1500)[-1] == pytest.approx(2.0985, abs=5e-5)
    error = design @ theta - data.targets.double().numpy()
    assert abs(design.T @ error / 1500).max() < 1e-13  # the gradient at the optimum


@pytest.mark.slow
@pytest.mark.parametrize("name", JOBS)
def test_printed_losses_lie_within_the_spread_of_300_seeds(
    name: str, airfoil_file: Path, trained: Callable[..., Trained]
) -> None:
    printed = {
        "scratch_rmsprop": [0.245],
        "scratch_adam": [0.242, 0.246],
        "torch_rmsprop": [0.243],
    }.get(name, [])  # of torch's Adam no number is printed
    result = trained(
        "experiment=airfoil",
        f"experiment/airfoil@_global_={name}",
        f"problem.path={airfoil_file}",
        "seeds=300",
    )
    final = result.series["eval/loss"].values[:, -1]
    low, median, high = np.percentile(final, [2.5, 50, 97.5])
    assert all(low - 0.0005 < value < high + 0.0005 for value in printed)  # printed to three digits
    assert 0.2433 < median < 0.2446
    assert 0.24168795 < final.min() < low < 0.2425
    assert 0.2470 < high < 0.2510
    assert result.train_loss.shape[1] == (300 if name.startswith("scratch") else 600)
    assert {str(sha) for sha in result.receipts["data_sha"]} == {result.receipts["data_sha"][0]}


def test_library_jobs_descend_on_twice_the_half_mse(
    airfoil_file: Path, trained: Callable[..., Trained]
) -> None:
    """A plain loop on the MSE, with the stack's start and the whole data as one batch."""
    overrides = [
        "experiment=airfoil",
        "experiment/airfoil@_global_=torch_adam",
        f"problem.path={airfoil_file}",
    ]
    result = trained(*overrides, "seeds=1", "batch_size=null", "epochs=5")
    p = Airfoil("airfoil", str(airfoil_file), 1500, 0.01, 1e6, 2.0)
    data, model = p.data(Source("airfoil", 0)), p.model()
    p.initialise(model, Source("airfoil", 0))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(5):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(data.inputs), data.targets)
        assert result.train_loss[0, step] == pytest.approx(loss.item() / 2, rel=1e-6)
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(result.final["w"][0], model.get_parameter("w").detach(), rtol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"points": 0}, r"problem.points must be a whole number from 1 to 1503, got 0"),
        ({"points": 1504}, r"problem.points must be a whole number from 1 to 1503, got 1504"),
        ({"init_std": -0.1}, r"problem.init_std must be a finite number >= 0, got -0.1"),
        ({"gradient_scale": 0.0}, r"problem.gradient_scale must be a finite number > 0, got 0.0"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = partial(Airfoil, "airfoil", path=None, points=1500, init_std=0.01, cap=1e6, gradient_scale=1.0)
    with pytest.raises(InvalidInput, match=message):
        right(**wrong)
