"""Sweeps that are tortured: real commands, of 40 runs in ten stacks, each in processes that can be told apart."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

EXPERIMENT = "torture"
RUNS = 40
OPTIMIZERS = ("sgd", "momentum", "rmsprop", "adam")
SEEDS = 10
# of each run all numbers are the same to the last bit, whatever is in its stack; the seeds differ
PROBLEM = ("problem=cauchy_sphere", "epochs=2", "stack.max_runs=4")
ALL = (f"optimizer={','.join(OPTIMIZERS)}", f"seeds={SEEDS}")

HUNG = 150
"""Seconds after which a command that has not ended never will."""

_WRITTEN = "SELECT count(*) FROM tags WHERE key = 'study.job_hash'"


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a command.

    Attributes:
        status: its exit status, negative for a signal that ended it; None of what had to be killed as it hung.
        said: all that it wrote.
    """

    status: int | None
    said: str

    @property
    def tidy(self) -> bool:
        """Whether it ended by itself, with no traceback."""
        return self.status is not None and "Traceback" not in self.said


@dataclass
class Command:
    """A command of the study that runs now, in a session of its own."""

    process: "subprocess.Popen[str]"
    began: float = field(default_factory=time.monotonic)

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def tracker(self) -> int | None:
        """Return the process that writes to the store for it, None where there is none."""
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        )
        for line in listed.stdout.splitlines():
            pid, parent, *words = line.split(None, 2)
            if int(parent) == self.process.pid and "study.tracking.process import serve" in "".join(words):
                return int(pid)
        return None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self.runs:
            self.process.send_signal(number)

    def end(self) -> Ended:
        """Wait until neither it nor any process of it is left that could say more."""
        try:
            said, _ = self.process.communicate(timeout=HUNG)
        except subprocess.TimeoutExpired:
            tracker = self.tracker()
            self.process.kill()
            kill(tracker)
            said, _ = self.process.communicate()
            return Ended(None, said)
        return Ended(self.process.returncode, said)


@dataclass(frozen=True, slots=True)
class Store:
    """A store that is tortured, and a folder for what comes with it."""

    folder: Path
    uri: str
    commands: list[Command] = field(default_factory=list)  # all that were started

    @classmethod
    def fresh(cls, folder: Path) -> "Store":
        """Return a SQLite store in a folder, where nothing is yet."""
        return cls(folder, f"sqlite:///{folder}/store/mlflow.db")

    def elsewhere(self, name: str) -> "Store":
        """Return the same store as another machine has it, whose locks and whose spool are in a folder of its own."""
        return Store(self.folder / name, self.uri, self.commands)

    @property
    def database(self) -> Path:
        """Its file, if it is a SQLite database."""
        return Path(self.uri.partition(":///")[2])

    def train(
        self,
        *words: str,
        experiment: str = EXPERIMENT,
        uri: str | None = None,
        first: Callable[[], None] = lambda: None,
    ) -> Command:
        """Start a sweep of all 40 runs, or of what the words say.

        Args:
            words: which runs, in place of all.
            experiment: of theirs.
            uri: by which it reaches the store, this one's unless said.
            first: is called in the new process, before it is the study's.
        """
        own = [f"tracking.experiment={experiment}", f"tracking.uri={uri or self.uri}"]
        return self.command("train", "-m", *PROBLEM, *(words or ALL), *own, first=first)

    def command(self, name: str, *words: str, first: Callable[[], None] = lambda: None) -> Command:
        """Start any command of the study."""

        def prepare() -> None:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started this may ignore it
            first()

        locks = self.folder / "tmp"
        locks.mkdir(parents=True, exist_ok=True)
        started = Command(
            subprocess.Popen(
                [sys.executable, "-m", f"study.{name}", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={
                    **os.environ,
                    "STUDY_HYDRA_DIR": str(self.folder / "hydra"),
                    "STUDY_MLRUNS": str(self.folder / "mlruns"),  # what waits for a store is this one's own
                    "TMPDIR": str(locks),
                    "COLUMNS": "200",
                    "HYDRA_FULL_ERROR": "0",  # of this command: it would have those show tracebacks
                },
                start_new_session=True,
                preexec_fn=prepare,
            )
        )
        self.commands.append(started)
        return started

    def close(self) -> None:
        """End whatever still runs: a strike that was interrupted leaves nothing behind."""
        for command in self.commands:
            kill(command.process.pid if command.runs else None)

    def written(self) -> int:
        """Return how many runs are in it, 0 where none can be read."""
        if self.uri.startswith("sqlite") and not self.database.exists():
            return 0
        with suppress(sa.exc.SQLAlchemyError):
            engine = sa.create_engine(self.uri, poolclass=sa.NullPool)
            with engine.connect() as connection:
                return int(connection.execute(sa.text(_WRITTEN)).scalar_one())
        return 0


def kill(pid: int | None) -> None:
    """End a process at once, if it is there."""
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait(command: Command, when: Callable[[], bool]) -> bool:
    """Wait until something is so while a command runs, and return whether it still does."""
    while command.runs and not when():
        time.sleep(0.03)
    return command.runs


def moment(command: Command, store: Store, at: float, *, seconds: float, written: bool) -> bool:
    """Wait for a moment of a sweep, and return whether it still runs then.

    Args:
        command: the sweep.
        store: where it writes.
        at: the moment, from 0, its start, to 1, its end.
        seconds: that the whole takes.
        written: by the share of its runs that are in the store; else by the clock.
    """
    if written:
        return wait(command, lambda: store.written() > at * (RUNS - 1))
    return wait(command, lambda: time.monotonic() - command.began > at * seconds)


def asked(optimizers: Sequence[str], first: int, count: int) -> tuple[str, ...]:
    """Return the words for some of the 40 runs."""
    return f"optimizer={','.join(optimizers)}", f"first_seed={first}", f"seeds={count}"
