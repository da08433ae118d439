"""What is installed, beside what is asked for: versions made up, and those that are here."""

import pytest

from study.doctor.installed import findings, of_lock, of_requirements

HELD = {"torch": "2.13.0+cpu", "hydra-core": "1.3.8", "ruamel-yaml": "0.18"}


@pytest.mark.parametrize(
    ("asked", "level", "said"),
    [
        (["torch==2.13.0", "hydra_core>=1.3.2,<1.4"], "ok", "the 2 that"),
        (["ruamel.yaml>=0.17"], "ok", "the 1 that"),
        (["torch==2.12.0"], "problem", "torch 2.13.0+cpu is not ==2.12.0"),
        (["numpy>=2"], "problem", "numpy is not installed"),
        (["numpy>=2; extra == 'dev'", "colorama; sys_platform == 'win32'"], "ok", "the 0 that"),
        (["a", "b", "c", "d", "e"], "problem", "a is not installed, b is not installed"),
    ],
)
def test_versions_that_are_asked_for(asked: list[str], level: str, said: str) -> None:
    finding = of_requirements(asked, HELD)
    assert finding.level == level
    assert said in finding.says
    assert bool(finding.remedy) == (level != "ok")


@pytest.mark.parametrize(
    ("lock", "level", "said"),
    [
        ("torch==2.13.0\nHydra_Core==1.3.8\nabsent==1\n", "ok", "2 packages are as in"),
        ("torch==2.13.1\nhydra-core==1.3.7\n", "warning", "2 of 2 packages are not as in"),
    ],
)
def test_versions_of_the_lock(lock: str, level: str, said: str) -> None:
    finding = of_lock(lock, HELD)
    assert finding.level == level
    assert said in finding.says


def test_here_nothing_is_missing() -> None:
    found = {finding.about: finding for finding in findings()}
    assert {"Python", "packages", "lock"} <= found.keys()
    assert not [finding.line for finding in found.values() if finding.level == "problem"]
