"""What a class takes, read from its source: to import torch only to refuse a name would take a second.

It knows classes with an `__init__` of their own, dataclasses, and names imported from elsewhere. Where a source says
less, the answer is None, and what is wrong comes out when the class is called.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from re import search
from typing import Annotated

from study import ranges
from study.errors import InvalidInput
from study.ranges import Range, range_of


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a class.

    Attributes:
        range: what it must be, where its annotation names a range.
        required: whether it has no default.
        default: its default; None where that is no literal.
    """

    range: Range | None
    required: bool
    default: object


@dataclass(frozen=True, slots=True)
class Signature:
    """The arguments of a class, in order, without `self`.

    Attributes:
        parameters: by name.
        takes_any: whether it takes others too (`**kwargs`).
    """

    parameters: Mapping[str, Parameter]
    takes_any: bool = False


@cache
def signature(target: str) -> Signature | None:
    """Return what a class takes; None where its source does not tell.

    Args:
        target: the class, as in `torch.optim.SGD`.

    Raises:
        InvalidInput: there is no such package, or no such name in a module that can be read.
    """
    found = _find(target)
    return found and _signature(*found)


@dataclass(frozen=True, slots=True)
class _Module:
    """A module that was not imported."""

    spec: ModuleSpec
    text: str

    def submodule(self, name: str) -> ModuleSpec | None:
        places = self.spec.submodule_search_locations
        return None if places is None else PathFinder.find_spec(f"{self.spec.name}.{name}", list(places))

    def require(self, name: str) -> None:
        """Refuse a name that cannot be an attribute of the module."""
        if search(rf"import \*|__getattr__|globals\(|\b{name}\b", self.text) or self.submodule(name):
            return
        near = get_close_matches(name, list(self._names()), n=1, cutoff=0.5)
        hint = f"; did you mean {self.spec.name}.{near[0]}?" if near else ""
        raise InvalidInput(
            f"_target_ must name a class, got {name!r}, which is not in {self.spec.name}{hint}"
        )

    def statements(self) -> list[ast.stmt]:
        """Return what stands at its top level; nothing where it is no Python, which its import will tell."""
        return _parsed(self.text)

    def _names(self) -> Iterator[str]:
        for node in self.statements():
            if isinstance(node, ast.ClassDef):
                yield node.name
            elif isinstance(node, (ast.ImportFrom, ast.Import)):
                yield from (alias.asname or alias.name for alias in node.names)

    def origin(self, statement: ast.ImportFrom) -> str:
        """Return the module that a `from ... import` of this module means."""
        package = self.spec.name.split(".")
        if self.spec.submodule_search_locations is None:
            package.pop()
        above = package[: len(package) - statement.level + 1] if statement.level else []
        return ".".join([*above, *filter(None, [statement.module])])


@cache
def _parsed(text: str) -> list[ast.stmt]:
    try:
        return ast.parse(text).body
    except SyntaxError:
        return []


@cache
def _module(name: str) -> _Module | None:
    """Return a module by its full name; None where there is no source to read."""
    parent, _, last = name.rpartition(".")
    if parent:
        above = _module(parent)
        if above is None:
            return None
        spec = above.submodule(last)
        if spec is None:
            above.require(last)
            return None
    else:
        spec = PathFinder.find_spec(name) or find_spec(name)  # of a package at the top: nothing is imported
        if spec is None:
            raise InvalidInput(f"_target_ must name a class, got a package {name!r}, which is not installed")
    if spec.origin is None:
        return _Module(spec, "")  # a folder without __init__.py
    return _Module(spec, Path(spec.origin).read_text()) if spec.origin.endswith(".py") else None


def _find(target: str) -> tuple[_Module, ast.ClassDef] | None:
    """Return the definition of a class, and the module it stands in."""
    name = target.rpartition(".")[2]
    if not all(part.isidentifier() for part in target.split(".")) or name == target:
        raise InvalidInput(f"_target_ must be a class with its module, as in torch.optim.SGD, got {target!r}")
    module = _module(target.rpartition(".")[0])
    if module is None:
        return None
    module.require(name)
    for node in module.statements():
        if isinstance(node, ast.ClassDef) and node.name == name:
            return module, node
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                origin = f"{module.origin(node)}.{alias.name}"
                if (alias.asname or alias.name) == name and origin != target:
                    return _find(origin)
    return None


def _signature(module: _Module, node: ast.ClassDef) -> Signature | None:
    lineage = [*_bases(module, node), (module, node)]
    if _is_dataclass(node):
        found = [pair for pair in lineage if pair is not None]
        return Signature(_fields(found)) if len(found) == len(lineage) else None
    for pair in reversed(lineage):
        if pair is None:
            return None
        for statement in pair[1].body:
            if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
                return _of_function(pair[0], statement.args)
    return None


def _bases(module: _Module, node: ast.ClassDef) -> Iterator[tuple[_Module, ast.ClassDef] | None]:
    """Yield all that a class inherits from, the farthest first; None for a class that is not found."""
    for expression in reversed(node.bases):
        base = _find(f"{module.spec.name}.{expression.id}") if isinstance(expression, ast.Name) else None
        yield from _bases(*base) if base else ()
        yield base


def _is_dataclass(node: ast.ClassDef) -> bool:
    return any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)


def _fields(lineage: Sequence[tuple[_Module, ast.ClassDef]]) -> dict[str, Parameter]:
    """Return the fields of a dataclass, whose defaults may be attributes of classes that are none."""
    fields: dict[str, Parameter] = {}
    values: dict[str, ast.expr] = {}
    for module, node in lineage:
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                name = statement.target.id
                values |= {name: statement.value} if statement.value else {}
                if _is_dataclass(node):
                    fields[name] = _parameter(module, statement.annotation, values.get(name))
    return fields


def _of_function(module: _Module, arguments: ast.arguments) -> Signature:
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [*[None] * (len(positional) - len(arguments.defaults)), *arguments.defaults]
    pairs = [
        *zip(positional, defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    parameters = {
        argument.arg: _parameter(module, argument.annotation, default) for argument, default in pairs[1:]
    }
    return Signature(parameters, takes_any=arguments.kwarg is not None)


def _parameter(module: _Module, annotation: ast.expr | None, default: ast.expr | None) -> Parameter:
    try:
        value = default and ast.literal_eval(default)
    except ValueError:
        value = None
    range_ = None if annotation is None else _range(module, annotation)
    return Parameter(range_, required=default is None, default=value)


def _range(module: _Module, annotation: ast.expr) -> Range | None:
    """Evaluate an annotation, as its module would, as far as it is made of the study's ranges."""
    known: dict[str, object] = {"Annotated": Annotated, "Sequence": Sequence}
    for node in module.statements():
        if isinstance(node, ast.ImportFrom) and module.origin(node) == ranges.__name__:
            known |= {alias.asname or alias.name: getattr(ranges, alias.name) for alias in node.names}
    try:
        return range_of(eval(compile(ast.Expression(annotation), "annotation", "eval"), known))
    except (NameError, AttributeError, TypeError):
        return None  # it names something else
