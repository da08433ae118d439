"""The examples in docstrings say what is so: each is run, with the names of its module at hand."""

import ast
import doctest
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STUDY = ROOT / "study"

WITH_AN_EXAMPLE = [
    *sorted(path for folder in ("optimizers", "stats") for path in (STUDY / folder).glob("[a-z]*.py")),
    *(STUDY / name for name in ("errors.py", "job.py", "randomness.py", "ranges.py", "theory.py")),
    STUDY / "problems/base.py",
    STUDY / "report/folder.py",
]
"""A rule is understood by its first steps, a statistic by a few numbers, a word by what it takes and refuses."""


def _examples(path: Path) -> Iterator[doctest.DocTest]:
    """Find examples in the source: decorated at run time, a function hides from doctest's own finder."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            text = ast.get_docstring(node) or ""
            name = f"{path.relative_to(ROOT)}:{getattr(node, 'name', '')}"
            found = doctest.DocTestParser().get_doctest(text, {}, name, str(path), node.body[0].lineno - 1)
            if found.examples:
                yield found


@pytest.mark.parametrize(
    "example",
    [found for path in STUDY.rglob("*.py") for found in _examples(path)],
    ids=lambda found: found.name,
)
def test_an_example_says_what_is_so(example: doctest.DocTest) -> None:
    module = ".".join(Path(example.name.partition(":")[0]).with_suffix("").parts)
    example.globs = dict(vars(import_module(module)))
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert not said, "".join(said)


@pytest.mark.parametrize("path", WITH_AN_EXAMPLE, ids=lambda path: path.stem)
def test_there_is_one(path: Path) -> None:
    assert list(_examples(path))
