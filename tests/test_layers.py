"""The way of the data is one way: who may import what, read from the source itself."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

STUDY = Path(__file__).parents[1] / "study"
MODULES = {
    ".".join(file.relative_to(STUDY.parent).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted(STUDY.rglob("*.py"))
}
PACKAGES = {name for name, file in MODULES.items() if file.name == "__init__.py"}
BARE = {"study"} | {name for name in PACKAGES if len(ast.parse(MODULES[name].read_text()).body) == 1}
"""Packages that are imported whenever one of their modules is, and are but a docstring, or the face."""

LAYERS = {  # each module belongs to the layer that its name, or the longest beginning of it, stands in
    "face": {"study"},
    "vocabulary": {
        "study.errors",
        "study.ranges",
        "study.job",
        "study.theory",
        "study.tracking.names",
    },
    "config": {"study.config", "study.busy", "study.cli", "study.interrupts"},
    "trainer": {"study.randomness", "study.problems", "study.optimizers", "study.training"},
    "checks": {f"study.certify.{name}" for name in ("check", "draws", "problem", "rule", "stacked")},
    "frames": {"study.frames", "study.stats"},
    "store": {"study.tracking"},
    "sweep": {"study.sweep", "study.train", "study._plugins"},
    "pictures": {"study.figures", "study.report"},
    "tools": {
        *(
            f"study.{name}"
            for name in ("certify", "cluster", "compare", "phase", "bench", "reproduce", "torture")
        ),
        *(f"study.{name}" for name in ("doctor", "orphans", "prune", "server", "sync", "ui", "__main__")),
    },
}
BELOW = {  # what a layer may import beside itself, at once or later
    "face": set(LAYERS),
    "vocabulary": set(),
    "config": {"vocabulary"},
    "trainer": {"vocabulary", "config"},
    "checks": {"vocabulary", "config", "trainer"},
    "frames": {"vocabulary"},
    "store": {"vocabulary", "config", "trainer", "frames"},
    "sweep": {"vocabulary", "config", "trainer", "checks", "frames", "store"},
    "pictures": {"vocabulary", "config", "frames", "store"},
    "tools": set(LAYERS),
}
DRAWING = {"matplotlib", "seaborn"}
HEAVY = {"torch", "mlflow", "pandas", "scipy", *DRAWING}
BANNED = {  # what no module of a layer may lead to when it is imported
    "face": HEAVY,
    "vocabulary": HEAVY,
    "config": HEAVY,
    "trainer": HEAVY - {"torch"},
    "checks": HEAVY - {"torch"},
    "frames": {"torch", "mlflow", *DRAWING},
    "store": {"torch", *DRAWING},
    "sweep": {"mlflow", *DRAWING},  # it asks the tracker, a process of its own
    "pictures": {"torch"},
    "tools": set(),
}
_SWEEP = ("sweep.callback", "sweep.current", "sweep.progress", "sweep.open", "sweep.execute", "sweep.summary")
_TRACKING = ("tracking.beside", "tracking.tracker", "tracking.present", "tracking.provenance")
_MAINS = ("report.__main__", "reproduce.__main__")
LIGHT = ("__main__", "train", "ui", "doctor", "prune", "_plugins", *_MAINS, *_SWEEP, *_TRACKING)
BOTH_SIDES = ("study.sweep.elsewhere",)
"""What a process of another launcher does, which has no tracker: it trains and writes."""


@pytest.mark.parametrize("name", MODULES)
def test_every_module_belongs_to_a_layer_and_imports_from_below(name: str) -> None:
    """Imports inside functions count here: a report must be buildable on a machine without torch."""
    own = _layer(name)
    for module, _ in _imports(name):
        if module in MODULES and module not in BARE:
            assert _layer(module) in {own, *BELOW[own]}, f"{name} ({own}) imports {module} ({_layer(module)})"


def test_a_module_in_no_layer_is_found() -> None:
    with pytest.raises(AssertionError, match=r"study\.utils belongs to no layer"):
        _layer("study.utils")


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_imports_at_once(name: str) -> None:
    """Whatever it leads to counts too: a module is as heavy as all that it imports."""
    light = f"{name.removeprefix('study.')}.".startswith(tuple(f"{part}." for part in LIGHT))
    banned = HEAVY if light else BANNED[_layer(name)]
    if name in BOTH_SIDES:
        banned = set(DRAWING)
    reached = {other: way for other, way in _reached(name).items() if other.partition(".")[0] in banned}
    assert not reached, f"{name} imports {reached}"


def test_mlflow_is_known_to_tracking_alone() -> None:
    importers = {name for name in MODULES if any(m.partition(".")[0] == "mlflow" for m, _ in _imports(name))}
    # the benchmark's naive program is what one would write without this package
    allowed = ("study.tracking.", "study.bench.naive")
    assert importers
    assert not {name for name in importers if not name.startswith(allowed)}


def test_figures_do_not_know_pyplot() -> None:
    for name in _modules(("study.figures",)):
        assert "matplotlib.pyplot" not in {module for module, _ in _imports(name)}, name


@pytest.mark.slow
def test_the_report_and_all_it_needs_work_without_torch() -> None:
    names = _modules(
        ("study.report", "study.figures", "study.stats", "study.frames", "study.tracking.reader")
    )
    code = (
        "import sys, importlib\n"
        "class NoTorch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'torch':\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


NOT_HERE = """
import os, sys
tracks = b"study.tracking.process" in open("/proc/self/cmdline", "rb").read()
banned = ["torch"] if tracks else ["mlflow", "sympy", "torch._dynamo", *os.environ["BANNED"].split()]
class Banned:
    def find_spec(self, name, path=None, target=None):
        if name in banned or name.partition(".")[0] in banned:
            raise AssertionError(f"{'the tracker' if tracks else 'the trainer'} imports {name}")
sys.meta_path.insert(0, Banned())
"""


@pytest.mark.slow
def test_the_trainer_never_imports_mlflow_nor_the_tracker_torch(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen in both processes of whole sweeps; the second sweep has nothing to train, and imports no torch at all."""
    (tmp_path / "sitecustomize.py").write_text(NOT_HERE)
    words = ["experiment=smoke", "epochs=1", f"tracking.uri=sqlite:///{tmp_path}/store/mlflow.db"]
    for banned, says in (("", "8/8 runs in the store"), ("torch", "nothing to train: all 8 runs")):
        monkeypatch.setenv("BANNED", banned)
        done = command(tmp_path, "study.train", *words)
        assert done.returncode == 0, done.stderr
        assert says in done.stdout
    assert "imports torch" in command(tmp_path, "study.train", *words, "seeds=3").stderr  # it was seen to


def test_the_plugins_are_light() -> None:
    """Hydra imports every module of its namespace at each start."""
    code = (
        "import sys\n"
        "import hydra_plugins.stacked_launcher, study.sweep.callback, study.train, study.cli, study.config.check\n"
        "sys.exit(' '.join({'torch', 'mlflow', 'pandas', 'numpy', 'scipy', 'matplotlib'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == ""


def _layer(name: str) -> str:
    """Return the layer of a module: that of the longest beginning of its name which a layer lists."""
    parts = name.split(".")
    beginnings = [".".join(parts[:length]) for length in range(len(parts), 1, -1)] or ["study"]
    for beginning in beginnings:
        for layer, members in LAYERS.items():
            if beginning in members:
                return layer
    raise AssertionError(f"{name} belongs to no layer")


def _modules(parts: tuple[str, ...]) -> list[str]:
    found = [name for name in MODULES if any(name == part or name.startswith(f"{part}.") for part in parts)]
    assert found, f"none of {parts} is there"
    return found


def _reached(name: str) -> dict[str, tuple[str, ...]]:
    """Return what is imported when a module is, with one way that leads there."""
    ways: dict[str, tuple[str, ...]] = {}
    waiting: list[tuple[str, ...]] = [(name,)]
    while waiting:
        way = waiting.pop()
        for module, at_once in _imports(way[-1]):
            if at_once and module not in ways:
                ways[module] = way
                if module in MODULES:
                    waiting.append((*way, module))
    return ways


@cache
def _imports(name: str) -> tuple[tuple[str, bool], ...]:
    """Return each module that a module's source names, and whether it is imported at once."""
    tree = ast.parse(MODULES[name].read_text())
    later = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or _is_for_types(node)
        for inner in ast.walk(node)
    }
    return tuple((module, node not in later) for node in ast.walk(tree) for module in _named(node))


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        module = node.module or ""
        yield module
        yield from (f"{module}.{a.name}" for a in node.names if module in PACKAGES or module == "matplotlib")
