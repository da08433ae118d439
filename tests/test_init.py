"""The face of the package: what another program may import from `study`, and at what price."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import study


def test_importing_it_imports_nothing_heavy() -> None:
    code = "import sys, study; print({'torch', 'mlflow', 'pandas', 'hydra'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


@pytest.mark.parametrize("name", study.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    found = getattr(study, name)
    assert isinstance(found, str) if name == "__version__" else found.__doc__
    assert name in dir(study)


def test_the_version_is_the_installed_one() -> None:
    assert study.__version__ == version("optimizer-study")


def test_another_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'study' has no attribute 'nothing'"):
        study.nothing  # type: ignore[attr-defined]  # noqa: B018  # reading it is the test
