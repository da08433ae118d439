"""Machine, commit and versions that a measurement was made on and with."""

import platform
from importlib.metadata import version
from pathlib import Path

from study.bench.servers import postgresql_version
from study.config.paths import CHECKOUT
from study.tracking.provenance import code_version


def machine() -> dict[str, str]:
    """Return the machine, the commit and the versions that count, each as the page shows it."""
    cpuinfo, meminfo = Path("/proc/cpuinfo"), Path("/proc/meminfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = meminfo.read_text().split()[1] if meminfo.exists() else "0"
    return {
        "processor": models[0] if models else platform.processor() or platform.machine(),
        "cores": str(len(models) or "unknown"),
        "memory": f"{int(memory) / 2**20:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "commit": code_version(CHECKOUT),
        "PostgreSQL": postgresql_version(),
    } | {name: version(name) for name in ("torch", "mlflow", "hydra-core", "SQLAlchemy")}
