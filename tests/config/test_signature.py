"""What a source says of a class is what Python says of it once it is imported."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra.utils import get_class
from omegaconf import OmegaConf

from study.config.signature import signature
from study.errors import InvalidInput

CONF = Path(__file__).parents[2] / "conf"
NODES = [
    OmegaConf.load(path) for group in ("optimizer", "problem") for path in CONF.rglob(f"{group}/**/*.yaml")
]
TARGETS = sorted({str(OmegaConf.select(node, "problem", default=node)._target_) for node in NODES})
_EMPTY = inspect.Parameter.empty


@pytest.mark.parametrize("target", [*TARGETS, "pytorch_optimizer.optimizer.lion.Lion"])
def test_every_shipped_class_is_read_as_python_reads_it(target: str) -> None:
    read = signature(target)
    if target == "pytorch_optimizer.Lion":  # its package imports everything by a star
        assert read is None
        return
    assert read is not None
    imported = inspect.signature(get_class(target)).parameters.values()
    named = [p for p in imported if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    assert list(read.parameters) == [p.name for p in named]
    assert read.takes_any is any(p.kind is p.VAR_KEYWORD for p in imported)
    assert [p.required for p in read.parameters.values()] == [p.default is _EMPTY for p in named]
    literal = [p for p in named if isinstance(p.default, (bool, int, float, str, tuple, type(None)))]
    assert [read.parameters[p.name].default for p in literal] == [p.default for p in literal]


def test_the_ranges_of_fields_are_read() -> None:
    parabola = signature("study.problems.parabola.Parabola")
    assert parabola is not None
    wordings = {name: p.range and p.range.wording for name, p in parabola.parameters.items()}
    count = "a whole number >= 1"
    assert wordings == {
        "name": None,
        "points": count,
        "noise": "a finite number >= 0",
        "width": count,
        "cap": "a finite number > 0",
    }


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Write a package, one module per keyword, and return its name, which no other test has."""
    monkeypatch.syspath_prepend(tmp_path)
    name = "mine_" + "".join(filter(str.isalnum, tmp_path.name))

    def write(**modules: str) -> str:
        (tmp_path / name).mkdir()
        for module, text in modules.items():
            (tmp_path / name / f"{module}.py").write_text(text)
        return name

    return write


def test_a_name_is_followed_to_where_it_is_defined(package: Callable[..., str]) -> None:
    mine = package(
        __init__="from .rules import Rule as Mine",
        rules="raise RuntimeError('imported')\nclass Rule:\n    def __init__(self, params, lr, *, b=2, **more): ...",
    )
    read = signature(f"{mine}.Mine")
    assert read is not None
    assert list(read.parameters) == ["params", "lr", "b"]
    assert [p.required for p in read.parameters.values()] == [True, True, False]
    assert read.parameters["b"].default == 2
    assert read.takes_any
    assert mine not in sys.modules


def test_what_is_inherited_is_read_too(package: Callable[..., str]) -> None:
    mine = package(
        __init__="",
        base="from dataclasses import dataclass\n"
        "from study.ranges import Positive as Above\n"
        "class Plain:\n    note: str\n    y: float = 2.5\n    def __init__(self, a, b=1): ...\n"
        "@dataclass(frozen=True)\nclass Fields(Plain):\n    x: Above\n    y: int\n",
        rule="from .base import Fields, Plain\nclass Rule(Plain):\n    pass\n"
        "import dataclasses\n@dataclasses.dataclass\nclass More(Fields):\n    z: 'float | None' = None\n",
    )
    rule, more = signature(f"{mine}.rule.Rule"), signature(f"{mine}.rule.More")
    assert rule is not None
    assert list(rule.parameters) == ["a", "b"]
    assert more is not None
    assert list(more.parameters) == ["x", "y", "z"]  # an interface's annotations are no fields
    assert more.parameters["y"].default == 2.5  # as a dataclass takes an attribute of its base
    assert more.parameters["x"].range is not None
    assert more.parameters["x"].range.wording == "a finite number > 0"


def test_only_the_studys_ranges_are_ranges(package: Callable[..., str]) -> None:
    text = (
        "Count = object\nclass Rule:\n    def __init__(self, params, points: Count, other: 'nothing'): ...\n"
    )
    read = signature(f"{package(__init__=text)}.Rule")
    assert read is not None
    assert [p.range for p in read.parameters.values()] == [None] * 3


@pytest.mark.parametrize(
    "text",
    [
        "from elsewhere import *",
        "def __getattr__(name): ...",
        "Rule = type('Rule', (), {})",
        "def Rule(): ...",
        "class Rule(list): ...",
        "import dataclasses\n@dataclasses.dataclass\nclass Rule(list):\n    x: int",
        "class Rule: not Python",
    ],
)
def test_where_a_source_does_not_tell_nothing_is_claimed(text: str, package: Callable[..., str]) -> None:
    assert signature(f"{package(__init__=text)}.Rule") is None


@pytest.mark.parametrize("target", ["math.sin", "torch.optim", "numpy.random.Generator"])
def test_neither_is_anything_of_what_is_no_class_with_a_source(target: str) -> None:
    assert signature(target) is None


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_such_package.Rule", "got a package 'no_such_package', which is not installed"),
        ("torch.optim.Adom", "got 'Adom', which is not in torch.optim; did you mean torch.optim.Adam"),
        ("study.problem.bowl.Bowl", "got 'problem', which is not in study"),
        ("study.problems.bowl.Bow1", "got 'Bow1', which is not in study.problems.bowl; did you mean .*Bowl"),
        ("SGD", "must be a class with its module, as in torch.optim.SGD, got 'SGD'"),
        ("", "must be a class with its module, as in torch.optim.SGD, got ''"),
        ("torch..SGD", "got 'torch..SGD'"),
    ],
)
def test_what_cannot_be_there_is_refused(target: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        signature(target)


def test_torch_is_not_imported() -> None:
    code = (
        "import sys; from study.config.signature import signature; assert signature('torch.optim.SGD'); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
