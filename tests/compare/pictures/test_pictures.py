"""What all pictures of a comparison hold to."""

import ast
from pathlib import Path

import study.compare.pictures
from study.compare import pictures


def test_none_knows_pyplot_or_touches_disk() -> None:
    """Read from the source: no state of Matplotlib's is shared, and whoever calls them saves."""
    files = sorted(Path(str(study.compare.pictures.__file__)).parent.glob("*.py"))
    assert len(files) > len(pictures.__all__)
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        assert not {"matplotlib.pyplot", "torch", "pathlib", "io", "os"} & named, file.name
