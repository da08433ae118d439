"""Whoever asks a command for what cannot be: in a child of a process that has imported all, seen from outside."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Told:
    """How a command ended: what it said, and which files it left."""

    status: int
    out: str
    err: str
    left: list[str]

    def lines(self) -> dict[str, str]:
        """Return what is told of each of several jobs, by its label."""
        first, *lines = self.err.splitlines()
        assert first == f"{len(lines)} of {len(lines)} jobs cannot be run:"
        return dict(line.strip().split(": ", 1) for line in lines)


Ask = Callable[..., Told]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Return what calls `study <words>` in a folder that holds some files, and nothing else."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    program = [sys.executable, "-m", "tests.bad_input.forked"]
    numbers = count()

    with subprocess.Popen(
        program, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        asked, answered = process.stdin, process.stdout
        assert asked is not None
        assert answered is not None

        def ask(
            *words: str, files: Mapping[str, str | bytes] | None = None, environment: Mapping[str, str] = {}
        ) -> Told:
            base = tmp_path_factory.mktemp(f"asked{next(numbers)}")
            folder, said = base / "here", base / "said"
            folder.mkdir()
            said.mkdir()
            for name, content in (files or {}).items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
            before = _files(base)
            stored = words[:1] and words[0] in ("train", "report", "ui", "compare", "reproduce", "prune")
            if stored and not any(word.startswith("tracking.uri=") for word in words):
                words = (*words, f"tracking.uri=sqlite:///{folder}/store/mlflow.db")
            call = {
                "words": words,
                "folder": str(folder),
                "environment": {
                    key: value.format(here=folder)
                    for key, value in {"STUDY_HYDRA_DIR": "{here}/hydra", **environment}.items()
                },
                "said": str(said),
            }
            asked.write(f"{json.dumps(call)}\n")
            asked.flush()
            status = int(answered.readline())
            out, err = ((said / name).read_text() for name in ("out", "err"))
            return Told(status, out, err, sorted(_files(base) - before - {"said/out", "said/err"}))

        yield ask
        asked.close()


@pytest.fixture
def refused(ask: Ask) -> Ask:
    """Ask for what is refused: with status 2, no traceback, nothing but the message, and nothing written."""

    def refuse(*words: str, **given: Mapping[str, str]) -> Told:
        told = ask(*words, **given)
        assert told.status == 2, told.err
        assert "Traceback" not in told.err
        assert told.out == ""
        assert told.left == []
        return told

    return refuse


def _files(base: Path) -> set[str]:
    return {str(path.relative_to(base)) for path in base.rglob("*") if "__pycache__" not in path.parts}
