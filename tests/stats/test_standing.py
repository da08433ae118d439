"""Standing over several problems: plain loops, SciPy's tests one by one, hand arithmetic, and published tables."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from study.errors import InvalidInput
from study.stats.bootstrap import Bootstrap
from study.stats.standing import (
    behind,
    critical_difference,
    friedman_p,
    groups,
    mean_ranks,
    performance_profile,
    profile_score,
)

INF = math.inf
VALUE = "eval_last_epoch"
Losses = dict[tuple[str, str], np.ndarray]


def _runs(excesses: Losses, *, floor: float = 0.25, resolution: float = 0.0) -> pd.DataFrame:
    """Return runs that end so far above a floor, diverged where that is infinite."""
    rows = [
        {"problem": problem, "label": label, "seed": seed, "status": "ok" if math.isfinite(value) else "diverged",
         VALUE: floor + value, "floor": floor, "resolution": resolution}
        for (problem, label), values in excesses.items()
        for seed, value in enumerate(values.tolist())
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _behind(runs: pd.DataFrame, share: float = 0.05) -> pd.DataFrame:
    return behind(runs, value=VALUE, share=share)


def _best(runs: pd.DataFrame, share: float = 0.05) -> dict[tuple[str, str], bool]:
    table = _behind(runs, share)
    return dict(zip(zip(table["problem"], table["label"], strict=True), table["best"], strict=True))


class TestBehind:
    """How far behind the best of each problem."""

    def test_medians_of_the_log_excess_by_a_plain_loop(self) -> None:
        rng = np.random.default_rng(0)
        excesses = {
            (problem, label): np.exp(rng.normal(shift, 1, 9))
            for problem in ("bowl", "airfoil")
            for label, shift in (("sgd", 1.0), ("adam", -3.0), ("nag", 0.0))
        }
        table = _behind(_runs(excesses))
        assert list(table) == ["problem", "label", "n", "place", "behind", "best", "failed"]
        assert list(zip(table["problem"], table["label"], strict=True)) == list(excesses)
        for row in table.itertuples():
            medians = {
                label: sorted(math.log10(value) for value in values)[4]
                for (problem, label), values in excesses.items()
                if problem == row.problem
            }
            own = medians[str(row.label)]
            assert row.n == 9
            assert row.place == pytest.approx(own * math.log(10), abs=1e-12)
            assert row.behind == pytest.approx(own - min(medians.values()), abs=1e-12)

    def test_each_problem_has_its_own_floor_and_resolution(self) -> None:
        """Excesses of 1e-9 and 1e-12 lie at a resolution of 1e-6, 3 decades below 1e-3; elsewhere they do not."""
        ends = {"a": 1e-3, "b": 1e-9, "c": 1e-12}
        some = {("coarse", label): np.full(3, end) for label, end in ends.items()}
        others = {("fine", label): np.full(3, end) for label, end in ends.items()}
        runs = pd.concat([_runs(some, floor=0.0, resolution=1e-6), _runs(others, floor=0.0)])
        assert _behind(runs)["behind"].round(9).tolist() == [3, 0, 0, 9, 3, 0]

    def test_diverged_runs_are_infinite_and_failed(self) -> None:
        """Two of five do not move the median to infinity, three do; the mean of two middle ones of six does too."""
        values = np.array([1.0, 2, 3, 4, 5])
        excesses = {("p", f"{count} of 5"): np.where(values > 5 - count, INF, values) for count in (0, 2, 3)}
        excesses["p", "3 of 6"] = np.array([1, 2, 3, INF, INF, INF])
        table = _behind(_runs(excesses)).set_index("label")
        assert table["failed"].tolist() == [0, 0.4, 0.6, 0.5]
        assert table["behind"].tolist() == [0, 0, INF, INF]
        assert table["place"].tolist() == pytest.approx([math.log(3)] * 2 + [INF] * 2)

    def test_no_progress_is_failed_too(self) -> None:
        runs = _runs({("p", "a"): np.ones(4), ("p", "b"): np.ones(4)})
        runs.loc[1, "status"] = "no_progress"
        assert _behind(runs)["failed"].tolist() == [0.25, 0]

    def test_where_all_diverge_none_is_best(self) -> None:
        table = _behind(_runs({("p", label): np.full(10, INF) for label in "ab"}))
        assert table["behind"].tolist() == [INF, INF]
        assert table["place"].tolist() == [INF, INF]
        assert not table["best"].any()

    def test_a_problem_without_a_floor_is_refused(self) -> None:
        runs = _runs({("p", "a"): np.ones(3), ("q", "a"): np.ones(3)})
        runs.loc[4, "floor"] = math.nan
        with pytest.raises(InvalidInput, match=r"^q must have a floor of eval_last_epoch for each run"):
            _behind(runs)
        with pytest.raises(InvalidInput, match=r"^p must have a floor"):
            _behind(runs.drop(columns="floor"))

    def test_categories_that_are_not_there_give_no_row(self) -> None:
        runs = _runs({("p", "a"): np.ones(3), ("p", "b"): np.ones(3), ("q", "a"): np.ones(3)})
        one = runs[runs["problem"] == "p"].astype({"label": "category", "problem": "category"})
        assert len(_behind(one)) == 2


class TestBest:
    """Who is not told from the best."""

    def test_the_set_is_what_wilcoxon_does_not_tell_at_an_eighth_of_the_level(self) -> None:
        """Two problems of five labels are 2 x 4 comparisons with a best, each to one side."""
        rng, labels = np.random.default_rng(6), "abcde"
        excesses: Losses = {}
        for problem in ("p", "q"):
            seeds = rng.standard_normal(16)
            for shift, label in enumerate(labels):
                excesses[problem, label] = np.exp(seeds + 0.25 * shift + 0.5 * rng.standard_normal(16))
        found = _best(_runs(excesses, floor=0.0))
        for problem in ("p", "q"):
            logs = {label: np.log(excesses[problem, label]) for label in labels}
            least = min(logs, key=lambda label: float(np.median(logs[label])))
            for label in labels:
                worse = label != least and (
                    8 * scipy.stats.wilcoxon(logs[label], logs[least], alternative="greater").pvalue <= 0.05
                )
                assert found[problem, label] == (not worse)
        assert {True, False} == set(found.values())

    def test_what_few_seeds_cannot_tell_in_pairs_is_told_by_the_ranks_of_all_runs(self) -> None:
        """Of ten pairs the least p to one side is 1 / 1024, and 64 comparisons ask for 0.05 / 64 = 1 / 1280.

        Ten runs that all lie above ten others have p = 1 / C(20, 10) by the ranks of all; twenty overlapping ones
        that differ in each pair are not told.
        """
        low = np.exp(np.linspace(0, 1, 10))
        excesses: Losses = {}
        for problem in map(str, range(16)):
            excesses |= {(problem, "best"): low, (problem, "apart"): 100 * low, (problem, "near"): 1.01 * low}
            excesses |= {(problem, "same"): low, (problem, "other"): low}
        found = _best(_runs(excesses, floor=0.0))
        told = {label for (_, label), best in found.items() if not best}
        assert told == {"apart"}
        one = {key: values for key, values in excesses.items() if key[0] == "0"}
        told = {label for (_, label), best in _best(_runs(one, floor=0.0)).items() if not best}
        assert told == {"apart", "near"}  # 4 comparisons ask for 1 / 80

    def test_one_that_is_told_as_lower_stays(self) -> None:
        """Its median lies above the least one, 0, and it lies below that label at ten of eleven seeds."""
        least = np.repeat([0.0, 10.0], [6, 5])
        lower = least - np.repeat([1.0, -0.5, 1.0], [5, 1, 5])
        assert scipy.stats.wilcoxon(lower, least, alternative="less").pvalue < 0.01
        assert _best(_runs({("p", "a"): np.exp(least), ("p", "b"): np.exp(lower)}, floor=0.0)) == {
            ("p", "a"): True,
            ("p", "b"): True,
        }

    def test_it_is_so_with_most_runs_diverged(self) -> None:
        excesses = {("p", "a"): np.arange(1.0, 11), ("p", "b"): np.full(10, INF)}
        assert _best(_runs(excesses)) == {("p", "a"): True, ("p", "b"): False}

    def test_other_seeds_are_independent(self) -> None:
        runs = _runs({("p", "a"): np.arange(1.0, 11), ("p", "b"): np.arange(21.0, 31)})
        runs.loc[runs["label"] == "b", "seed"] += 100
        assert _best(runs) == {("p", "a"): True, ("p", "b"): False}

    @pytest.mark.slow
    @pytest.mark.parametrize("seeds", [6, 10], ids=["ranks of all runs", "pairs"])
    @pytest.mark.parametrize("shared", [0.0, 3.0])
    def test_all_sets_hold_the_true_best_but_for_one_time_in_twenty(self, seeds: int, shared: float) -> None:
        """200 tables of four problems, on which the first of three equal labels is held to be the true best."""
        rng, missing = np.random.default_rng(4), 0
        for _ in range(200):
            excesses: Losses = {}
            for problem in map(str, range(4)):
                block = shared * rng.standard_normal(seeds)
                excesses |= {(problem, label): np.exp(block + rng.standard_normal(seeds)) for label in "abc"}
            found = _best(_runs(excesses, floor=0.0))
            missing += not all(found[problem, "a"] for problem in map(str, range(4)))
        assert missing <= 200 * 0.05 + 2 * math.sqrt(200 * 0.05 * 0.95)


STEPS = pd.DataFrame(
    {
        "adam": [10.0, 30, 40, INF, 100],
        "sgd": [20.0, 10, INF, INF, 450],
        "nag": [39.0, 15, 40, INF, 300],
    },
    index=["airfoil", "bowl", "digits", "beale", "saddle"],
)


class TestProfiles:
    """Performance profiles and their scores."""

    def test_ratios_by_hand(self) -> None:
        """Adam is first on airfoil, saddle and (with nag) digits; none reaches the target on beale."""
        profile = performance_profile(STEPS)
        assert list(profile) == ["label", "ratio", "share"]
        expected = [
            ("adam", 1.0, 0.6), ("adam", 3.0, 0.8), ("adam", 4.0, 0.8),
            ("sgd", 1.0, 0.2), ("sgd", 2.0, 0.4), ("sgd", 4.0, 0.4),
            ("nag", 1.0, 0.2), ("nag", 1.5, 0.4), ("nag", 3.0, 0.6), ("nag", 3.9, 0.8), ("nag", 4.0, 0.8),
        ]  # fmt: skip
        assert list(profile.itertuples(index=False, name=None)) == [
            (label, pytest.approx(ratio), pytest.approx(share)) for label, ratio, share in expected
        ]

    def test_it_goes_as_far_as_it_is_asked_to(self) -> None:
        sgd = performance_profile(STEPS, most=5.0).set_index("label").loc["sgd"]
        assert sgd["ratio"].tolist() == [1, 2, 4.5, 5]
        assert sgd["share"].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.6])

    def test_scores_by_hand(self) -> None:
        """Adam 1, 1/3, 1, 0, 1; SGD 2/3, 1, 0, 0, 0; NAG .1/3, 2.5/3, 1, 0, 1/3."""
        scores = profile_score(STEPS)
        assert scores.index.tolist() == ["adam", "sgd", "nag"]
        assert scores.tolist() == pytest.approx([10 / 15, 5 / 15, (0.1 + 2.5 + 3 + 1) / 15])

    @pytest.mark.parametrize("most", [2.0, 4.0])
    def test_the_closed_form_is_the_integral_of_the_profile(self, most: float) -> None:
        """Of the profile that is returned, in whole pieces, and of its definition, on a fine grid."""
        rng = np.random.default_rng(5)
        steps = pd.DataFrame(rng.integers(1, 60, (12, 4)).astype(float), columns=list("abcd"))
        steps = steps.mask(rng.random((12, 4)) < 0.2, INF)
        profile, scores = performance_profile(steps, most), profile_score(steps, most)
        grid = np.linspace(1, most, 30_001)
        for label, own in profile.groupby("label"):
            pieces = np.diff(own["ratio"]) * own["share"].to_numpy()[:-1]
            assert scores[str(label)] == pytest.approx(pieces.sum() / (most - 1), abs=1e-12)
            heights = np.zeros(len(grid))
            for taken, least in zip(steps[str(label)], steps.min(axis=1), strict=True):
                if math.isfinite(taken):
                    heights += grid >= taken / least
            assert scores[str(label)] == pytest.approx(heights[:-1].mean() / 12, abs=1e-3)

    def test_a_problem_that_none_solves_counts_for_none(self) -> None:
        unsolved = pd.DataFrame({"a": [INF, 1.0], "b": [INF, 2.0]})
        assert profile_score(unsolved).tolist() == pytest.approx([0.5, 1 / 3])
        assert performance_profile(unsolved)["share"].tolist() == [0.5, 0.5, 0, 0.5, 0.5]

    @pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan])
    def test_steps_that_cannot_be_are_refused(self, wrong: float) -> None:
        steps = pd.DataFrame({"a": [1.0, wrong], "b": [2.0, 2.0]})
        for function in (performance_profile, profile_score):
            with pytest.raises(ValueError, match=f"must be 1 or more, .* got {wrong:g}$"):
                function(steps)


def _places(problems: int, labels: int, seed: int = 6) -> pd.DataFrame:
    values = np.random.default_rng(seed).standard_normal((problems, labels))
    return pd.DataFrame(values, columns=[f"o{label}" for label in range(labels)])


class TestRanks:
    """Mean ranks and their tests."""

    def test_ranks_by_hand(self) -> None:
        """Infinite places share the last ranks."""
        places = pd.DataFrame({"sgd": [3.0, INF, 1.0], "adam": [1.0, 0.0, 1.0], "nag": [2.0, INF, 1.0]})
        table = mean_ranks(places, Bootstrap())
        assert list(table) == ["label", "rank", "low", "high"]
        assert table["label"].tolist() == ["adam", "nag", "sgd"]
        assert table["rank"].tolist() == pytest.approx([4 / 3, 6.5 / 3, 7.5 / 3])
        assert table["low"].tolist() == [1, 2, 2]  # each problem drawn three times is drawn in one of 27
        assert table["high"].tolist() == [2, 2.5, 3]

    def test_intervals_are_quantiles_over_all_draws_of_problems(self) -> None:
        """Of five problems all 3,125 draws can be listed."""
        places, bootstrap = _places(5, 4), Bootstrap(confidence=0.8, resamples=50_000)
        ranks = np.array(
            [[1 + sum(other < own for other in row) for own in row] for row in places.to_numpy()]
        )
        draws = np.array([ranks[list(draw)].mean(axis=0) for draw in itertools.product(range(5), repeat=5)])
        low, high = np.quantile(draws, [0.1, 0.9], axis=0)
        table = mean_ranks(places, bootstrap).set_index("label").loc[list(places)]
        assert table["rank"].to_numpy() == pytest.approx(ranks.mean(axis=0))
        assert table["low"].to_numpy() == pytest.approx(low)
        assert table["high"].to_numpy() == pytest.approx(high)

    def test_a_seed_repeats_and_one_problem_has_no_spread(self) -> None:
        places = _places(16, 25)
        assert mean_ranks(places, Bootstrap()).equals(mean_ranks(places, Bootstrap()))
        assert not mean_ranks(places, Bootstrap()).equals(mean_ranks(places, Bootstrap(seed=1)))
        one = mean_ranks(places[:1], Bootstrap(resamples=100))
        assert one["low"].tolist() == one["rank"].tolist() == one["high"].tolist() == list(range(1, 26))

    def test_equal_ranks_stay_in_the_order_of_the_columns(self) -> None:
        places = pd.DataFrame({"b": [1.0, 2], "c": [0.0, 0], "a": [2.0, 1]})
        assert mean_ranks(places, Bootstrap(resamples=100))["label"].tolist() == ["c", "b", "a"]

    def test_a_missing_place_is_refused(self) -> None:
        places = _places(3, 3)
        places.iloc[1, 2] = math.nan
        for function in (lambda: mean_ranks(places, Bootstrap()), lambda: friedman_p(places)):
            with pytest.raises(ValueError, match="places must hold a number of each label on each problem"):
                function()

    def test_friedmans_p_by_hand(self) -> None:
        """Chi squared = 12 N / (k (k + 1)) sum (R - (k + 1) / 2)^2, with k - 1 degrees of freedom."""
        places = _places(12, 5)
        ranks = np.array(
            [[1 + sum(other < own for other in row) for own in row] for row in places.to_numpy()]
        )
        squares = ((ranks.mean(axis=0) - 3) ** 2).sum()
        assert friedman_p(places) == pytest.approx(scipy.stats.chi2.sf(12 * 12 / 30 * squares, 4), rel=1e-9)

    def test_friedmans_p_where_there_is_little_to_test(self) -> None:
        same = pd.DataFrame({label: [1.0, INF, 2.0] for label in "abc"})
        assert friedman_p(same) == 1.0
        assert math.isnan(friedman_p(same[["a", "b"]]))
        ends = pd.DataFrame({"a": [1.0] * 9, "b": [2.0] * 9, "c": [INF] * 9})
        assert friedman_p(ends) == pytest.approx(math.exp(-9))  # chi squared 18 with 2 degrees of freedom

    @pytest.mark.parametrize(
        ("labels", "share", "q"),
        [
            (2, 0.05, 1.960), (3, 0.05, 2.343), (4, 0.05, 2.569), (5, 0.05, 2.728), (10, 0.05, 3.164),
            (2, 0.10, 1.645), (3, 0.10, 2.052), (4, 0.10, 2.291), (5, 0.10, 2.459), (10, 0.10, 2.920),
        ],
    )  # fmt: skip
    def test_critical_differences_are_those_of_the_table(self, labels: int, share: float, q: float) -> None:
        """Demšar 2006, table 5 (a)."""
        for problems in (6, 16):
            difference = critical_difference(labels, problems, share)
            assert difference / math.sqrt(labels * (labels + 1) / (6 * problems)) == pytest.approx(
                q, abs=1e-3
            )

    def test_one_label_has_no_critical_difference(self) -> None:
        assert math.isnan(critical_difference(1, 16, 0.05))
        assert groups(pd.DataFrame({"label": ["a"], "rank": [1.0]}), math.nan) == []

    def test_groups_of_the_published_example(self) -> None:
        """Demšar 2006, section 3.2.2: at 0.10 the critical difference is 1.12, and C4.5 is told from two others."""
        ranks = pd.DataFrame({"label": ["C4.5", "+m", "+cf", "+m+cf"], "rank": [3.143, 2.0, 2.893, 1.964]})
        difference = critical_difference(4, 14, 0.10)
        assert difference == pytest.approx(1.12, abs=5e-3)
        assert groups(ranks, difference) == [["+m+cf", "+m", "+cf"], ["+cf", "C4.5"]]

    @pytest.mark.parametrize("difference", [0.0, 0.3, 1.0, 2.5, 100.0])
    def test_groups_by_a_plain_loop(self, difference: float) -> None:
        """All pairs of ends, of which those that lie inside other ones are dropped."""
        at = np.sort(np.random.default_rng(7).choice(np.arange(10, 60), 9, replace=False) / 10)
        labels = [f"o{place}" for place in range(9)]
        runs = [
            (first, last)
            for first, last in itertools.combinations(range(9), 2)
            if at[last] - at[first] <= difference
        ]
        longest = [
            (first, last)
            for first, last in runs
            if not any((a, b) != (first, last) and a <= first and last <= b for a, b in runs)
        ]
        shuffled = pd.DataFrame({"label": labels, "rank": at}).sample(frac=1, random_state=0)
        assert groups(shuffled, difference) == [labels[first : last + 1] for first, last in longest]
