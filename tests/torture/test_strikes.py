"""Crowds that no claim keeps apart: two machines that train the same through a tracking server."""

from pathlib import Path
from random import Random

import pytest

from study.torture.audit import read
from study.torture.strikes import CROWDS
from study.torture.sweep import EXPERIMENT, RUNS, Store


@pytest.mark.slow
def test_what_two_machines_trained_is_there_once(tmp_path: Path) -> None:
    """They begin together, so that each trains before it could see what the other has; whoever ends last tidies."""
    store = Store.fresh(tmp_path)
    struck = CROWDS["several machines through a tracking server"](store, Random(1), 0.0)
    held = read(store.uri, EXPERIMENT)
    assert (struck.wrong, held.running) == ("", 0)
    assert sorted(held.runs.values()) == [1] * RUNS
