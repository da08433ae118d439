"""Ways to certify a rule that somebody brings."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pytest
import torch
import yaml

from study.certify.check import Result, Verdict, in_turn
from study.certify.optimizer import certify_optimizer
from study.certify.optimizer import checks_of as checks_of_rule
from study.certify.rule import Claim, Subject, claim_from_config

CLAIMS = Path(__file__).parents[2] / "conf/certificate"
Failed = Callable[..., set[str]]


@pytest.fixture
def claim() -> Callable[[str], Claim]:
    """The claim of one file of conf/certificate/."""

    def read(name: str) -> Claim:
        path = CLAIMS / f"{name}.yaml"
        if not path.exists():
            pytest.fail(
                f"an optimizer called {name} needs conf/certificate/{name}.yaml: what it claims to be"
            )
        return claim_from_config(yaml.safe_load(path.read_text()) or {})

    return read


@pytest.fixture
def checks_of(
    monkeypatch: pytest.MonkeyPatch, claim: Callable[[str], Claim]
) -> Callable[..., Mapping[str, Result]]:
    """All checks by name, or only some, of a class of planted.py (or any other), with a claim or none."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    torch.set_num_threads(1)  # for tensors so small threads only wait for one another

    def checks(
        target: str, claimed: str | None = None, only: Collection[str] = (), **hyper: object
    ) -> Mapping[str, Result]:
        config = {"name": "brought", "_target_": target if "." in target else f"planted.{target}", **hyper}
        claims = Claim() if claimed is None else claim(claimed)
        if only:  # a whole certificate takes a second or two
            rule = Subject(config, claims)
            return in_turn(rule, [check for check in checks_of_rule(rule) if check[0] in only])
        return certify_optimizer(config, claims)

    return checks


@pytest.fixture
def failed(checks_of: Callable[..., Mapping[str, Result]]) -> Failed:
    """The names of the checks that failed, with the arguments of `checks_of`."""
    return lambda *args, **hyper: {
        name for name, check in checks_of(*args, **hyper).items() if check.verdict is Verdict.FAILED
    }
