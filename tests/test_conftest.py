"""What conftest.py promises of every test."""

from importlib.util import cache_from_source
from types import ModuleType

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError

from study.phase import measure
from tests.conftest import keep_bytecode_of_others


def test_shapes_named_in_signatures_are_checked() -> None:
    with pytest.raises(TypeCheckError, match=r"rate_of.*\n.*size"):
        measure.rate_of(np.ones(33))


def test_bytecode_of_the_study_alone_is_marked() -> None:
    hook = ModuleType("hook")
    vars(hook)["_optimized_cache_from_source"] = lambda typechecker, path: f"{path}, {typechecker}"
    keep_bytecode_of_others(hook)
    bytecode = hook._optimized_cache_from_source
    assert bytecode("beartype", measure.__file__) == f"{measure.__file__}, beartype"
    assert bytecode("beartype", torch.__file__) == cache_from_source(torch.__file__)


def test_another_jaxtyping_is_left_as_it_is() -> None:
    hook = ModuleType("hook")
    before = dict(vars(hook))
    keep_bytecode_of_others(hook)
    assert vars(hook) == before
