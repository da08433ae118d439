"""What a machine offers: ports that are held, files that are left, by whom and since when."""

import os
from collections.abc import Callable
from http.server import HTTPServer
from pathlib import Path

import pytest

from study.doctor.machine import left, of_airfoil, of_disk, of_gpu, of_leftovers, of_port, of_threads


def test_who_holds_a_port(server: HTTPServer) -> None:
    port = server.server_port
    for said, level, told in (
        (b"3.17.2", "ok", "an MLflow 3.17.2 answers there already"),
        (b"<html>", "warning", "another program holds it, which is no MLflow"),
    ):
        server.said = said  # type: ignore[attr-defined]
        assert (of_port(port).level, of_port(port).says) == (level, told)
    assert of_port(port).remedy == f"write make ui PORT={port + 1}"


def test_a_free_port(free_port: Callable[[], int]) -> None:
    assert of_port(free_port()).level == "ok"


@pytest.mark.parametrize(("free", "level"), [(10**12, "ok"), (10**9, "warning"), (10**8, "problem")])
def test_room(free: int, level: str) -> None:
    assert of_disk(free, Path("/")).level == level


def test_what_killed_commands_left_is_told_apart_from_what_living_ones_have(tmp_path: Path) -> None:
    for name in (
        "study-abc123",
        f"study-{os.getuid()}",
        "other-abc",
        "study-young",
        "study-9f.lock",
        "runs.fresh",
    ):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1000, 1000 if name != "study-young" else 3000))
    found = left([tmp_path], before=2000.0)
    assert [path.name for path in found] == ["runs.fresh", "study-abc123"]
    assert of_leftovers(found).remedy == f"rm -r {tmp_path}/runs.fresh {tmp_path}/study-abc123"
    assert of_leftovers([]).level == "ok"


def test_other_data_are_found(tmp_path: Path) -> None:
    file = tmp_path / "airfoil.dat"
    assert of_airfoil(file).level == "ok"
    file.write_text("1 2 3\n")
    assert (of_airfoil(file).level, of_airfoil(file).says) == ("problem", "their SHA-1 is wrong")


@pytest.mark.parametrize(("asked", "usable", "level"), [("", 2, "ok"), ("2", 2, "ok"), ("3", 2, "warning")])
def test_threads(asked: str, usable: int, level: str) -> None:
    assert of_threads(asked, usable).level == level


@pytest.mark.parametrize(
    ("devices", "cuda", "level"),
    [(0, None, "ok"), (0, "12.8", "ok"), (2, "12.8", "ok"), (1, None, "warning")],
)
def test_gpus(devices: int, cuda: str | None, level: str) -> None:
    assert of_gpu(devices, cuda).level == level
