"""Pages are plain, complete, and the same whenever they are made."""

from collections.abc import Callable

import yaml

from study.certify.certificate import Certificate, certify
from study.certify.check import must_agree, must_differ, not_applicable
from study.certify.claim import Claim
from study.certify.page import index, page, summary

CHECKS = (
    must_agree("a", 0.0),
    must_agree("b", 0.5),
    must_differ("c", 0.25),
    not_applicable("d", "no reason"),
)
MINE = Certificate("my/rule", "adam", {"name": "my/rule", "_target_": "mine.Rule", "lr": 0.1}, CHECKS)


def test_page_says_what_and_how() -> None:
    lines = page(MINE).splitlines()
    assert lines[:3] == [
        "# my/rule",
        "",
        "`mine.Rule` with `lr=0.1`; claims to be `adam`. 2 passed, 1 failed, 1 not applicable.",
    ]
    assert lines[4:10] == [
        "| check | verdict | measured | required |",
        "| --- | --- | --- | --- |",
        "| a | passed | < 1e-13 | ≤ 1e-12 (rounding) |",
        "| b | **FAILED** | 5.0e-01 | ≤ 1e-12 (rounding) |",
        "| c | passed | 2.5e-01 | ≥ 1e-03 (it must not hold) |",
        "| d | not applicable |  | no reason |",
    ]
    assert lines[-1] == "Made by `python -m study.certify optimizer=my/rule certificate=adam`."


def test_the_command_names_no_claim_that_follows_from_the_name() -> None:
    own = Certificate("my/adam", "adam", MINE.config, CHECKS)
    none = Certificate("my/rule", None, MINE.config, CHECKS)
    assert page(own).splitlines()[-1] == "Made by `python -m study.certify optimizer=my/adam`."
    assert page(none).splitlines()[-1] == "Made by `python -m study.certify optimizer=my/rule`."
    assert "claims its declaration alone" in page(none)


def test_index_counts_and_links() -> None:
    row = "| [my/rule](my/rule.md) | `mine.Rule` | adam | 2 | 1 | 1 |"
    assert index([MINE]).splitlines()[-1] == row
    assert summary(MINE) == "2 passed, 1 failed, 1 not applicable"


def test_made_twice_it_is_the_same(claim: Callable[[str], Claim]) -> None:
    config = yaml.safe_load("{name: adam, _target_: torch.optim.Adam, lr: 0.01, betas: [0.9, 0.99]}")
    first, second = (page(certify(config, claim("adam"), claimed="adam")) for _ in range(2))
    assert first == second
    assert all(len(line) < 200 for line in first.splitlines())
