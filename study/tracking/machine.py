"""The machine that asks for a sweep, in the words of its parent's tags."""

import os
import platform
from pathlib import Path

from study.tracking import names


def machine() -> dict[str, str]:
    """Return tags: the host, its processor and cores, how many of them this process may use, its memory and system.

    >>> machine()["study.machine.threads"].isdigit()
    True
    """
    facts = {
        "processor": processor(),
        "cores": str(os.cpu_count() or "unknown"),
        "threads": str(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        ),
        "memory": memory(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    return {names.HOST: platform.node()} | {names.MACHINE + key: value for key, value in facts.items()}


def processor() -> str:
    """Return what the processor is called."""
    models = [
        line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")
    ]
    return models[0] if models else platform.processor() or platform.machine()


def memory() -> str:
    """Return how much memory there is, `unknown` where the system does not say."""
    total = [line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    return f"{int(total[0]) / 2**20:.0f} GiB" if total else "unknown"


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []
