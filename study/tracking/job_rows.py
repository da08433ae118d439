"""What a sweep's parent says of its jobs: one tag each, written and read back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from study.tracking import names


@dataclass(frozen=True, slots=True, order=True)
class JobRow:
    """What a sweep's parent says of one job, in the tag `study.job.<hash>.<first seed>`.

    Args:
        position: of the job in the sweep, from 0.
        hash: the job's.
        first_seed: the first seed asked for.
        seeds: how many.
        label: what the job is called in this sweep.
    """

    position: int
    hash: str
    first_seed: int
    seeds: int
    label: str

    @classmethod
    def parse(cls, key: str, value: str) -> "JobRow":
        """Read back a tag."""
        job_hash, first = key.removeprefix(names.JOB).split(".")
        if value.startswith("{"):
            return cls(hash=job_hash, first_seed=int(first), **json.loads(value))
        position, seeds, label = value.split(" ", 2)  # of an older store
        return cls(int(position), job_hash, int(first), int(seeds), label)

    @property
    def key(self) -> str:
        """The key of its tag."""
        return f"{names.JOB}{self.hash}.{self.first_seed}"

    @property
    def failed_key(self) -> str:
        """The key of the tag that says what the job crashed with."""
        return f"{names.FAILED}{self.hash}.{self.first_seed}"

    @property
    def asked(self) -> range:
        """The seeds asked for."""
        return range(self.first_seed, self.first_seed + self.seeds)

    @property
    def value(self) -> str:
        """The value of its tag."""
        told = {"position": self.position, "seeds": self.seeds, "label": self.label}
        return json.dumps(told, ensure_ascii=False)


def job_rows(tags: Mapping[str, str]) -> list[JobRow]:
    """Return the jobs that a parent's tags name, in the sweep's order."""
    return sorted(JobRow.parse(key, value) for key, value in tags.items() if key.startswith(names.JOB))
