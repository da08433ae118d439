"""What CONTRIBUTING says of the repository is so."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_it_is_read_in_two_minutes() -> None:
    assert len(TEXT.splitlines()) <= 60


def test_each_place_that_it_names_is_there() -> None:
    named = re.findall(r"`((?:study|tests|conf)/[\w/.]*)`", TEXT)
    places = {place for place in named if "x.py" not in place and "x.yaml" not in place}
    assert len(places) > 10
    assert [place for place in sorted(places) if not (ROOT / place).exists()] == []


def test_every_package_has_its_line() -> None:
    packages = {path.parent.name for path in (ROOT / "study").glob("[a-z]*/__init__.py")}
    assert packages <= set(re.findall(r"`study/(\w+)`", TEXT))


def test_make_has_each_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    named = {
        word for line in re.findall(r"^make ([a-z -]+?)(?: {2}|$)", TEXT, flags=re.M) for word in line.split()
    }
    assert {"setup", "lint", "typecheck", "test"} <= named <= targets
