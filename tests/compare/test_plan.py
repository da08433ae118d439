"""What may be asked of a comparison, in words or as overrides, and what is refused before anything is trained."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from study.cli import Asked
from study.compare.plan import Gate, Plan, plan_of
from study.config.explain import explain
from study.errors import InvalidInput


def _plan(*words: str, own: Path | None = None) -> Plan:
    return plan_of(Asked(words, own))


@pytest.mark.slow
def test_a_bare_word_is_the_optimizer_and_the_others_are_its_baselines() -> None:
    plain = _plan("nadam", "adam", "sgd")
    assert (plain.optimizer, plain.against) == ("nadam", ("adam", "sgd"))
    assert replace(_plan("optimizer=nadam", "against=[adam,sgd]"), words=plain.words) == plain
    assert _plan("nadam").against == ("adam", "momentum")
    assert _plan("nadam", "against=sgd").against == ("sgd",)
    assert _plan("adam").against == ("momentum",)  # not itself, where nobody named it


def test_the_protocol_is_that_of_the_file_and_each_word_of_it_can_be_changed() -> None:
    protocol = _plan("nadam").protocol
    assert (protocol.budget, protocol.tuning, protocol.fresh) == (15, range(1000, 1004), range(10))
    assert _plan("nadam", "confirm=true").protocol.fresh == range(10, 20)
    other = _plan("nadam", "budget=5", "tuning.seeds=2", "tuning.first_seed=50", "seeds=8", "first_seed=3")
    assert other.protocol.words == [
        "hydra/sweeper=tuning", "hydra.sweeper.trials=5", "hydra.sweeper.seeds=2", "hydra.sweeper.first_seed=50",
        "hydra.sweeper.seed=0", "seeds=8", "first_seed=3",
    ]  # fmt: skip


def test_what_the_trainer_is_told_is_passed_on() -> None:
    plan = _plan("nadam", "stack.workers=1", "force=true", "device=auto", "tracking.uri=sqlite:////x/runs.db")
    assert plan.passed_on == ("stack.workers=1", "force=true", "device=auto")
    assert plan.location.uri == "sqlite:////x/runs.db"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], r"optimizer=<name> must be one of adabelief, .*; got 'no optimizer'"),
        (["nadm"], "optimizer must be one of .*; got 'nadm'; did you mean 'nadam'"),
        (["nadam", "adm"], "against must be one of .*; got 'adm'; did you mean 'adam'"),
        (["nadam", "optimizer=adam"], "optimizer must be named once, got optimizer= and the words nadam"),
        (["nadam", "adam", "against=sgd"], "against must be named once"),
        (["nadam", "nadam"], "against must name other optimizers than nadam, got nadam"),
        (["nadam", "optimizer.lr=0.1"], "one optimizer must be named and compared as its file has it"),
        (["optimizer=nadam,adam"], "one optimizer must be named"),
        (["nadam", "pack=smal"], "smal"),
        (["nadam", "problems=[digit]"], "problems must be one of .*; got 'digit'; did you mean 'digits'"),
        (["nadam", "budget=1"], "budget must be a whole number from 2 to 10000, got 1"),
        (["nadam", "seeds=0"], "seeds must be a whole number >= 1, got 0"),
        (["nadam", "tuning.seeds=0"], "tuning.seeds must be a whole number >= 1, got 0"),
        (
            ["nadam", "tuning.first_seed=9"],
            r"tuning.first_seed must keep .* from 0 to 9, .* write tuning.first_seed=10",
        ),
        (["nadam", "confirm=1"], "confirm must be true or false, got 1"),
        (["nadam", "gate.better=0"], "gate.better must be a whole number >= 1, got 0"),
        (["nadam", "gate.than=some"], "gate.than must be one of any, each, got 'some'"),
        (["nadam", "tracking.uri=x"], "tracking.uri must be sqlite"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(words: list[str], message: str) -> None:
    with pytest.raises(Exception, match=r".") as caught:
        _plan(*words)
    told = explain(caught.value, words, None, config="compare")
    assert told is not None
    assert re.search(message, told), told


def test_a_pack_of_ones_own_names_its_problems(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "mine.yaml").write_text("name: mine\nproblems: {beale: flats, plateau: plateau}\n")
    assert _plan("nadam", "pack=mine", own=tmp_path).problems == {"beale": "flats", "plateau": "plateau"}
    (tmp_path / "pack" / "list.yaml").write_text("name: list\nproblems: [beale]\n")
    with pytest.raises(InvalidInput, match=r"pack.problems must be \{<problem>: <what it exposes>"):
        _plan("nadam", "pack=list", own=tmp_path)
    (tmp_path / "pack" / "wrong.yaml").write_text("name: wrong\nproblems: {bale: flats}\n")
    with pytest.raises(InvalidInput, match=r"a key of pack.problems must be one of .*did you mean 'beale'"):
        _plan("nadam", "pack=wrong", own=tmp_path)


@pytest.mark.parametrize("pack", ["small", "medium"])
def test_a_shipped_pack_holds_that_of_less(pack: str) -> None:
    problems = _plan("nadam", f"pack={pack}").problems
    assert len(problems) == {"small": 16, "medium": 18}[pack]
    assert list(problems)[:16] == list(_plan("nadam").problems)
    assert len(set(problems.values())) == len(problems)


@pytest.mark.parametrize(
    ("gate", "counts", "opens"),
    [
        (Gate(1, 1, "each"), [(1, 0), (3, 2)], True),
        (Gate(1, 1, "each"), [(1, 0), (2, 2)], False),
        (Gate(1, 1, "any"), [(1, 0), (2, 2)], True),
        (Gate(2, 0, "each"), [(1, 0)], False),
        (Gate(1, 0, "each"), [(4, 4)], True),
        (Gate(1, 0, "each"), [(0, 0)], False),  # nothing shown is nothing shown
    ],
)
def test_the_gate_asks_for_wins_and_for_more_of_them_than_losses(
    gate: Gate, counts: list[tuple[int, int]], opens: bool
) -> None:
    assert gate.opens(counts) is opens
