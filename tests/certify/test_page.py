"""Pages are plain, complete, and the same whenever they are made."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from study.certify.check import Result, Verdict, must_agree, must_differ
from study.certify.optimizer import certify_optimizer
from study.certify.page import Certificate, index, page
from study.certify.parts import Part
from study.certify.rule import Claim

CHECKS = {
    "a": must_agree(0.0),
    "b": must_agree(0.5),
    "c": must_differ(0.25),
    "d": Result(Verdict.NOT_APPLICABLE, "", "no reason"),
}
CONFIG = {"name": "my/rule", "_target_": "mine.Rule", "lr": 0.1, "elementwise": True}
MINE = Certificate(Part("optimizer", CONFIG, claimed="adam"), CHECKS)


def test_page_says_what_and_how() -> None:
    lines = page(MINE).splitlines()
    assert lines[:3] == [
        "# my/rule",
        "",
        "`mine.Rule` with `lr=0.1`; claims to be `adam`. 2 passed, 1 failed, 1 not applicable.",
    ]
    assert lines[4:10] == [
        "| check | verdict | measured | required |",
        "|:--|:--|:--|:--|",
        "| a | passed | < 1e-13 | ≤ 1e-12 (rounding) |",
        "| b | **FAILED** | 5.0e-01 | ≤ 1e-12 (rounding) |",
        "| c | passed | 2.5e-01 | ≥ 1e-03 (it must not hold) |",
        "| d | not applicable |  | no reason |",
    ]
    assert lines[-1] == "Made by `study certify optimizer=my/rule certificate=adam`."
    own = page(MINE, Path("my_conf")).splitlines()[-1]
    assert own == "Made by `study certify optimizer=my/rule certificate=adam --config-dir my_conf`."


def test_the_command_names_no_claim_that_follows_from_the_name() -> None:
    own = Certificate(Part("optimizer", {**CONFIG, "name": "my/adam"}, claimed="adam"), CHECKS)
    none = Certificate(Part("optimizer", CONFIG), CHECKS)
    assert page(own).splitlines()[-1] == "Made by `study certify optimizer=my/adam`."
    assert page(none).splitlines()[-1] == "Made by `study certify optimizer=my/rule`."
    assert "claims its declaration alone" in page(none)


def test_index_counts_and_links() -> None:
    node = {"name": "blobs", "_target_": "mine.Blobs"}
    blobs = Certificate(Part("problem", node), {name: CHECKS[name] for name in "ab"})
    assert index([MINE, blobs], Path("my_conf")).splitlines()[2:] == [
        "What each part is, measured: `study certify --config-dir my_conf` makes these pages again.",
        "",
        "| optimizer | class | claims to be | passed | failed | not applicable |",
        "|:--|:--|:--|--:|--:|--:|",
        "| [my/rule](my/rule.md) | `mine.Rule` | adam | 2 | 1 | 1 |",
        "",
        "| problem | class | passed | failed | not applicable |",
        "|:--|:--|--:|--:|--:|",
        "| [blobs](problem/blobs.md) | `mine.Blobs` | 1 | 1 | 0 |",
    ]
    assert MINE.summary() == "2 passed, 1 failed, 1 not applicable"


def test_a_page_names_no_place_of_this_machine() -> None:
    """Where a file lies is not what the problem is."""
    node = {"name": "blobs", "_target_": "mine.Blobs", "path": "/home/me/x", "n": 3}
    blobs = Certificate(Part("problem", node), CHECKS)
    assert page(blobs).splitlines()[2] == "`mine.Blobs` with `n=3`. 2 passed, 1 failed, 1 not applicable."


@pytest.mark.slow
def test_made_twice_it_is_the_same(claim: Callable[[str], Claim]) -> None:
    config = yaml.safe_load("{name: adam, _target_: torch.optim.Adam, lr: 0.01, betas: [0.9, 0.99]}")
    part = Part("optimizer", config, claimed="adam")
    first, second = (page(Certificate(part, certify_optimizer(config, claim("adam")))) for _ in range(2))
    assert first == second
    assert all(len(line) < 200 for line in first.splitlines())


def test_the_index_of_what_is_shipped_names_the_planted_faults_and_a_page_what_was_not_checked() -> None:
    assert "[the checks that catch them](planted.md)" in index([MINE])
    assert "planted" not in index([MINE], Path("my_conf"))
    assert "**Not checked:** what is not applicable above; " in page(MINE)
