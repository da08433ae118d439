"""What verdicts and intervals promise, by the names that counts and pages use."""

import math
from collections.abc import Mapping

import numpy as np

from study.certify.calibrate.counts import AT_LEAST, AT_MOST
from study.stats.bootstrap import Bootstrap
from study.stats.paired import Rule
from study.stats.samples import Sample
from study.stats.verdicts import Found, Levels, borders_of, judge
from study.tracking import names

DIFFERENCE = "no difference is invented"
TIE = "no tie is invented"
SIZE = "no size is invented"
INTERVAL = "intervals of pairs"
MEDIAN = "intervals of medians"
POWER = "seeds to tell, seeds to tie"
LOOKS = "looks in sequence"
FAILURES = "divergence"
EVIDENCE = "more evidence"

PROMISES: Mapping[str, str] = {
    DIFFERENCE: "a setting against itself is called better or worse in at most 5% of tables",
    TIE: "settings that differ by the margin are called equivalent, or apart by less, in at most 5% of tables",
    SIZE: "a difference of the margin, or less, is called more than the margin in at most 5% of tables",
    INTERVAL: "all intervals of a table contain the true differences in at least 95% of tables",
    MEDIAN: "an interval of order statistics contains the population's median as often as it says",
    POWER: "of so many seeds the full rule tells the margin, or shows a tie, in at least 80% of experiments",
    LOOKS: "over all looks at ever more seeds, the level split among them, at most 5% of sequences err once",
    FAILURES: "who diverges more often is not called better, nor the other's equal",
    EVIDENCE: "more seeds turn a verdict into what excludes it in at most 5% of sequences",
}

SHARE = 0.05
SELDOM, MOSTLY, NEVER = (AT_MOST, SHARE), (AT_LEAST, 1 - SHARE), (AT_MOST, 0.0)
"""Bounds of shares."""

MARGIN = 1.25
M = math.log(MARGIN)
LOOK_SIZES = (25, 50, 100, 200)
RESAMPLES = 999
"""Of each interval; reports take 9,999, which moves an end by a hundredth of its distance."""


def rule_of(rng: np.random.Generator, *, looks: int = 1) -> Rule:
    """Return the rule of a report, with fresh resamples for each experiment, so that no luck of theirs is shared."""
    bootstrap = Bootstrap(1 - SHARE, resamples=RESAMPLES, seed=int(rng.integers(2**31)))
    return Rule(names.EXCESS, MARGIN, bootstrap, looks)


def verdict_of(sample: Sample, rng: np.random.Generator, *, settings: int = 2, looks: int = 1) -> Found:
    """Return what is found of a pair, one of all pairs of so many settings; its p is the least of theirs."""
    rule, pairs = rule_of(rng, looks=looks), settings * (settings - 1) // 2
    levels = Levels(rule.share, pairs, borders_of(settings))
    p = min(1.0, pairs * float(sample.p()))
    return judge(sample, p, M, levels=levels, bootstrap=rule.bootstrap)
