"""Every claim of the config tree can be checked, and every optimizer of it makes one."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra.utils import get_class, get_method

from study.certify.rule import Claim, claim_from_config
from study.errors import InvalidInput
from study.theory import LinearRule

CONF = Path(__file__).parents[2] / "conf"


@pytest.mark.parametrize("path", sorted(CONF.glob("certificate/*.yaml")), ids=lambda path: path.stem)
def test_what_a_claim_names_exists(path: Path, claim: Callable[[str], Claim]) -> None:
    made = claim(path.stem)
    command = f"# study certify optimizer=mine certificate={path.stem}"
    assert path.read_text().partition("\n")[0] == command, f"the first line of {path} must be {command}"
    assert all(callable(get_method(name)) for name in (made.formula, made.limit) if name)
    assert made.linear is None or issubclass(get_class(made.linear), LinearRule)
    assert made.twin is None or get_class(str(made.twin["_target_"])).__module__.startswith("torch.optim")


def test_every_shipped_optimizer_makes_a_claim() -> None:
    claims = {path.stem for path in CONF.glob("certificate/*.yaml")}
    missing = {path.stem for path in CONF.glob("optimizer/**/*.yaml")} - claims
    assert not missing, (
        f"each optimizer needs a file of its name in conf/certificate/ that says what it claims to be (one comment "
        f"alone claims nothing but its declaration); there is none for {', '.join(sorted(missing))}"
    )


def test_an_unknown_key_is_refused() -> None:
    message = "a key of a certificate must be one of .*; got 'rotaton'; did you mean 'rotation'?"
    with pytest.raises(InvalidInput, match=re.sub(r"\?$", r"\\?", message)):
        claim_from_config({"rotaton": True})


def test_claims_nothing_by_default() -> None:
    assert claim_from_config({}) == Claim()
    assert Claim().translation is None
