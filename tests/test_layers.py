"""The way of the data is one way: who may import what, read from the source itself."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

STUDY = Path(__file__).parents[1] / "study"
MODULES = {
    ".".join(file.relative_to(STUDY.parent).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted(STUDY.rglob("*.py"))
    if "_plugins" not in file.parts
}
PACKAGES = {name for name, file in MODULES.items() if file.name == "__init__.py"}

RIGHT_OF_THE_STORE = ("study.frames", "study.stats", "study.figures", "study.report", "study.tracking.reader")
LEFT_OF_THE_STORE = (
    *("study.job", "study.check", "study.compose", "study.randomness", "study.errors", "study.build"),
    *("study.material", "study.stack", "study.trained", "study.record", "study.problems", "study.optimizers"),
)
TO_DRAW_AND_TABULATE = ("pandas", "matplotlib", "seaborn")


@pytest.mark.parametrize(
    ("parts", "banned"),
    [
        (RIGHT_OF_THE_STORE, ("torch",)),
        (LEFT_OF_THE_STORE, TO_DRAW_AND_TABULATE),
        (LEFT_OF_THE_STORE, ("mlflow",)),
        (("study.stats",), ("matplotlib", "seaborn")),  # stats never draw
        (("study.job", "study.check", "study.cli", "study.callback", "study.session"), ("torch", "mlflow")),
    ],
)
def test_what_a_module_imports_at_once(parts: tuple[str, ...], banned: tuple[str, ...]) -> None:
    """Whatever it leads to counts too: a module is as heavy as all that it imports."""
    for name in _modules(parts):
        reached = {other: path for other, path in _reached(name).items() if other.partition(".")[0] in banned}
        assert not reached, f"{name} imports {reached}"


def test_mlflow_is_known_to_tracking_alone() -> None:
    importers = {name for name in MODULES if any(m.partition(".")[0] == "mlflow" for m, _ in _imports(name))}
    # the benchmark's naive program is what one would write without this package
    allowed = ("study.tracking.", "study.bench.naive")
    assert importers
    assert not {name for name in importers if not name.startswith(allowed)}


@pytest.mark.parametrize("part", ["study.stats", "study.figures", "study.report", "study.frames"])
def test_nothing_right_of_the_store_reaches_left_even_later(part: str) -> None:
    """Imports inside functions count here: a report must be buildable on a machine without torch."""
    for name in _modules((part,)):
        direct = {module.partition(".")[0] for module, _ in _imports(name)}
        assert "torch" not in direct, name
        assert not {m for m, _ in _imports(name)} & {"study.stack", "study.build", "study.execute"}, name


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


def test_the_plugins_are_light() -> None:
    """Hydra imports every module of its namespace at each start."""
    code = (
        "import sys\n"
        "import hydra_plugins.stacked_launcher, study.callback, study.train, study.cli, study.check\n"
        "sys.exit(' '.join({'torch', 'mlflow', 'pandas', 'numpy', 'scipy', 'matplotlib'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == ""


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


def _imports(name: str) -> Iterator[tuple[str, bool]]:
    """Yield each module that a module's source names, and whether it is imported at once."""
    tree = ast.parse(MODULES[name].read_text())
    later = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or _is_for_types(node)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        for module in _named(node):
            yield module, node not in later


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
