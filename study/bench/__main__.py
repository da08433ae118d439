"""Measure everything side by side and write reports/bench/.

    python -m study.bench                      # about ten minutes
    python -m study.bench sizes=2,20 repetitions=1 out=/tmp/bench

`sizes` are seeds of the 52 jobs of the experiment lr_sensitivity: 2, 20 and 192 are 104, 1,040 and 9,984 runs.
"""

import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from study import cli
from study.errors import InvalidInput
from study.tracking.location import ROOT
from study.tracking.provenance import git_commit

OPTIONS = {"sizes": "2,20,192", "repetitions": "3", "out": str(ROOT / "reports" / "bench")}


def main() -> None:
    """Run the command line."""
    cli.run(lambda: _bench(sys.argv[1:]))


def _bench(words: list[str]) -> None:
    if {"-h", "--help"} & set(words):
        sys.stdout.write(f"{__doc__}\n")
        return
    options = dict(OPTIONS)
    for word in words:
        key, _, value = word.partition("=")
        if key not in OPTIONS:
            raise InvalidInput(f"an option must be one of {', '.join(OPTIONS)}, got {word!r}")
        options[key] = value
    sizes, repetitions = _whole(options["sizes"]), _whole(options["repetitions"])[0]
    results = measure(sizes, repetitions)

    from study.bench.page import write

    out = Path(options["out"])
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_text(json.dumps(results, indent=1) + "\n")
    for path in write(results, out):
        sys.stdout.write(f"{path}\n")


def measure(sizes: list[int], repetitions: int) -> dict[str, object]:
    """Return every number of every repetition, by program."""
    from study.bench import limits, programs
    from study.bench.measure import repeated

    results: dict[str, object] = {"machine": _machine()}
    for program in (programs.tutorial, programs.naive, programs.joblib):
        _say(program.__name__)
        results[program.__name__] = repeated(repetitions, program)
    results["ours"] = [_ours(seeds, repetitions) for seeds in sizes]
    _say("start-up")
    results["start"] = repeated(repetitions, programs.start)
    _say("writing beside raw SQLite")
    results["writing"] = repeated(repetitions, lambda folder: limits.writing(folder, runs=1040))
    results["limits"] = {"flops_per_run": limits.flops_per_run(), "flops_per_second": limits.matrix_rate()}
    return results


def _ours(seeds: int, repetitions: int) -> dict[str, list[float]]:
    from study.bench import programs
    from study.bench.measure import repeated

    _say(f"ours at {52 * seeds:,} runs")
    large = seeds > 20
    return repeated(
        1 if large else repetitions, lambda folder: programs.ours(folder, seeds=seeds, report=not large)
    )


def _machine() -> dict[str, str]:
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
        "commit": git_commit(ROOT),
    } | {name: version(name) for name in ("torch", "mlflow", "hydra-core", "SQLAlchemy")}


def _whole(text: str) -> list[int]:
    try:
        numbers = [int(word) for word in text.split(",")]
    except ValueError:
        numbers = [0]
    if min(numbers) < 1:
        raise InvalidInput(f"sizes and repetitions must be whole numbers >= 1, got {text!r}")
    return numbers


def _say(what: str) -> None:
    sys.stderr.write(f"measuring: {what}\n")


if __name__ == "__main__":
    main()
