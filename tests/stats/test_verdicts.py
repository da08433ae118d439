"""Verdicts: each of them on data made for it, its border by hand, and the levels they keep."""

import math

import numpy as np
import pytest
import scipy.stats

from study.stats.bootstrap import Bootstrap
from study.stats.samples import Paired
from study.stats.verdicts import VERDICTS, Levels, beside_failures, borders_of, final, holm, in_words, judge

M = math.log(1.25)
ONE = Levels(0.05, pairs=1, borders=1)


def _verdict(center: float, spread: float, n: int, levels: Levels = ONE) -> str:
    """Return the verdict on differences that lie evenly around a center, so that nothing is left to chance."""
    sample = Paired(center + spread * np.linspace(-1, 1, n))
    p = float(sample.p()) * levels.pairs
    return judge(sample, p, M, levels=levels, bootstrap=Bootstrap(resamples=999)).verdict


def test_every_verdict_has_its_place() -> None:
    """M = .223. By center and spread: far beyond it, across its border, within it, at 0, too wide, too few."""
    assert _verdict(-1.0, 0.1, 25) == "better by more than M"
    assert _verdict(1.0, 0.1, 25) == "worse by more than M"
    assert _verdict(-M, 0.2, 25) == "better, size open"
    assert _verdict(M, 0.2, 25) == "worse, size open"
    assert _verdict(-0.1, 0.02, 25) == "better by less than M"
    assert _verdict(0.1, 0.02, 25) == "worse by less than M"
    assert _verdict(0.0, 0.1, 25) == "equivalent"
    assert _verdict(0.0, 2.0, 25) == "unresolved"
    assert _verdict(-5.0, 0.1, 5) == "cannot be resolved at this n"
    seen = [(-1, 0.1), (1, 0.1), (-M, 0.2), (M, 0.2), (-0.1, 0.02), (0.1, 0.02), (0, 0.1), (0, 2)]
    assert {_verdict(c, s, 25) for c, s in seen} | {"cannot be resolved at this n"} == set(VERDICTS)


@pytest.mark.parametrize(("pairs", "least"), [(1, 6), (6, 8), (28, 11), (15, 10)])
def test_the_least_n_is_log2_of_40_m(pairs: int, least: int) -> None:
    """One seed fewer cannot be resolved, however far apart."""
    levels = Levels(0.05, pairs, borders=pairs)
    assert least == math.ceil(math.log2(40 * pairs))
    assert _verdict(-5.0, 0.1, least - 1, levels) == "cannot be resolved at this n"
    assert _verdict(-5.0, 0.1, least, levels) == "better by more than M"


def test_more_seeds_move_a_pair_towards_certainty() -> None:
    """One population, drawn ever larger: the verdicts of findings that turned round under the old rule."""
    order = {
        "cannot be resolved at this n": 0,
        "unresolved": 1,
        "size open": 2,
        "more": 3,
        "less": 3,
        "equivalent": 3,
    }

    def certainty(verdict: str) -> int:
        return next(rank for word, rank in order.items() if word in verdict)

    rng = np.random.default_rng(0)
    for center in (-0.8, -0.25, -0.1, 0.0):
        drawn = center + 0.3 * rng.standard_normal(800)
        verdicts = []
        for n in (5, 25, 100, 800):
            sample = Paired(drawn[:n])
            verdicts.append(
                judge(sample, float(sample.p()), M, levels=ONE, bootstrap=Bootstrap(resamples=999)).verdict
            )
        ranks = [certainty(verdict) for verdict in verdicts]
        assert ranks == sorted(ranks), (center, verdicts)
        assert not any(v.startswith("worse") for v in verdicts), (center, verdicts)


@pytest.mark.parametrize("settings", [2, 4, 8])
def test_half_of_the_settings_at_the_margin_from_the_others(settings: int) -> None:
    """Normal means of known spread, all pairs, two one-sided z-tests at the table's level: 5% have a false tie.

    Each border is given 1 / borders of it; with 1 / (settings - 1) 8 settings had 8%.
    """
    levels = Levels(0.05, settings * (settings - 1) // 2, borders_of(settings))
    here, there = np.random.default_rng(0).standard_normal((2, 40_000, settings // 2)) * 0.1
    apart = np.abs(1 + there[:, :, None] - here[:, None, :])
    false = (apart <= 1 - scipy.stats.norm.isf(levels.tie) * 0.1 * math.sqrt(2)).any(axis=(1, 2)).mean()
    assert false <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 40_000)


@pytest.mark.parametrize(("n", "t"), [(6, 2.570582), (25, 2.063899), (400, 1.965927)])
def test_intervals_are_stretched_as_students(n: int, t: float) -> None:
    """Ends of the percentile interval, from the estimate sqrt(n / (n - 1)) t / 1.959964 as far: t by the table."""
    sample, bootstrap = Paired(np.random.default_rng(n).standard_exponential(n)), Bootstrap(resamples=999)
    centers = np.sort(sample.drawn(bootstrap.rng(), 999, n).center)
    by = math.sqrt(n / (n - 1)) * t / 1.959964
    found = judge(sample, 1.0, M, levels=ONE, bootstrap=bootstrap)
    center = float(sample.center)
    assert found.low == pytest.approx(center - by * (center - centers[24]), abs=1e-6)
    assert found.high == pytest.approx(center + by * (centers[-25] - center), abs=1e-6)


def test_one_seed_and_infinite_ends() -> None:
    """One seed bounds nothing; an end that is infinite stays so, and so does one beside an infinite estimate."""
    alone = judge(Paired(np.array([-3.0])), 1.0, M, levels=ONE, bootstrap=Bootstrap())
    assert (alone.low, alone.high, alone.verdict) == (-np.inf, np.inf, "cannot be resolved at this n")
    most = np.where(
        np.arange(25) < 9, np.inf, 1.0 + 0.01 * np.arange(25)
    )  # 9 of 25: the estimate is infinite
    found = judge(Paired(most), 1e-6, M, levels=ONE, bootstrap=Bootstrap())
    assert 1 < found.low < 1.3
    assert (found.high, found.verdict) == (np.inf, "worse by more than M")


def test_ties_at_the_floor_are_equivalent() -> None:
    """No difference at any seed."""
    assert judge(Paired(np.zeros(25)), 1.0, M, levels=ONE, bootstrap=Bootstrap()).verdict == "equivalent"


def test_a_test_alone_or_an_interval_alone_is_no_win() -> None:
    """Differences whose interval excludes 0, beside a p above the level, and so the other way round."""
    sample = Paired(-1 + 0.1 * np.linspace(-1, 1, 25))
    assert judge(sample, 0.06, M, levels=ONE, bootstrap=Bootstrap()).verdict == "unresolved"
    wide = Paired(2.0 * np.linspace(-1, 1, 25))
    assert judge(wide, 1e-9, M, levels=ONE, bootstrap=Bootstrap()).verdict == "unresolved"


@pytest.mark.parametrize("verdict", VERDICTS)
def test_who_fails_more_often_is_not_called_better(verdict: str) -> None:
    """Nor the other's equal; who fails less keeps its merit."""
    assert beside_failures(verdict, 0) == verdict
    denied = verdict.startswith(("better", "equivalent"))
    assert beside_failures(verdict, 1) == ("unresolved" if denied else verdict)
    denied = verdict.startswith(("worse", "equivalent"))
    assert beside_failures(verdict, -1) == ("unresolved" if denied else verdict)


def test_holm_by_hand() -> None:
    """By hand: p = .01, .04, .03 times 3, 1, 2 in order of size, made monotone: .03, .06, .06."""
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_words() -> None:
    """The margin stands where the M stood; two verdicts are not final."""
    assert in_words("worse by less than M", "0.1") == "worse by less than 0.1"
    assert in_words("equivalent", "0.1") == "equivalent"
    assert [v for v in VERDICTS if not final(v)] == ["unresolved", "cannot be resolved at this n"]
