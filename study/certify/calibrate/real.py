"""Real runs: the headline's optimizers, trained at many seeds, as populations to draw experiments from."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from study.certify.calibrate.counts import Row, count
from study.certify.calibrate.medians import TIMES, about_medians
from study.certify.calibrate.promises import MARGIN, rule_of, verdict_of
from study.certify.calibrate.single import about_none
from study.certify.calibrate.tables import frame
from study.stats.paired import compare_pairs
from study.stats.samples import Independent, Paired, differences, interquartile_mean
from study.stats.scale import on_scale, scale_of
from study.stats.verdicts import VERDICTS
from study.tracking import names

RULES = ("sgd", "momentum", "rmsprop", "adam")
"""The headline's, and one of its tables."""

NEAR = (("nadam", "adam"), ("adamw", "adam"))
"""Tables of two that hardly differ."""

REAL = "real verdicts by seeds"
_ALL = tuple(dict.fromkeys((*RULES, *itertools.chain(*NEAR))))


def trained(seeds: int) -> pd.DataFrame:
    """Train all of these optimizers at so many seeds, in memory; return one row per run as reports read them.

    Columns: `label`, `seed`, `status`, `eval_last_epoch` (+inf = diverged), `floor`, `resolution`.
    """
    import torch  # a second, which only this one process needs

    from study.config.check import job_from_config
    from study.config.compose import compose
    from study.job import Run
    from study.tracking.records import records
    from study.training.build import build_problem
    from study.training.train import train

    asked = [["problem=parabola", f"optimizer={rule}", f"seeds={seeds}"] for rule in _ALL]
    jobs = [job_from_config(compose("config", words), words) for words in asked]
    runs = [Run(job, seed) for job in jobs for seed in job.seeds]
    stored = records(train(build_problem(jobs[0].problem), runs, device=torch.device("cpu")), {})
    rows = []
    for run, kept in zip(runs, stored, strict=True):
        ends = {
            key: float(kept.metrics[names.SUMMARY + key].values[0]) for key in (names.FLOOR, names.RESOLUTION)
        }
        rows.append({"label": run.job.optimizer_name, "seed": run.seed, "status": kept.status, **ends,
                     names.CRITERION: kept.criterion})  # fmt: skip
    return pd.DataFrame(rows)


def places_of(runs: pd.DataFrame) -> Mapping[str, Float[np.ndarray, " seed"]]:
    """Return where each optimizer's runs lie on the scale of comparison, seed by seed."""
    scale = scale_of(runs, names.CRITERION, margin=MARGIN)
    assert scale is not None  # the problem's floor is known
    places = runs.assign(place=on_scale(runs, names.CRITERION, scale))
    return {rule: places.loc[places["label"] == rule, "place"].to_numpy() for rule in _ALL}


def real_itself(
    rng: np.random.Generator, experiments: int, *, rule: str, places: np.ndarray, n: int
) -> list[Row]:
    """Count how often an optimizer is told from itself at other seeds."""
    drawn = rng.choice(places, (experiments, 2, n))
    found = [verdict_of(Independent(first, second), rng) for first, second in drawn]
    return about_none(found, f"real: {rule}", "independent", n)


def real_difference(
    rng: np.random.Generator, experiments: int, *, rules: str, difference: np.ndarray, n: int
) -> list[Row]:
    """Count how often a pair is told apart whose real differences are moved so that there is none."""
    drawn = rng.choice(difference - interquartile_mean(difference), (experiments, n))
    found = [verdict_of(Paired(each), rng) for each in drawn]
    return about_none(found, f"real: {rules}", "paired", n)


def real_medians(
    rng: np.random.Generator, experiments: int, *, rule: str, losses: np.ndarray, n: int
) -> list[Row]:
    """Count the intervals of n losses that contain the median of all, and a new one."""
    drawn = rng.choice(losses, (2, n, TIMES * experiments))
    return about_medians(drawn, float(np.median(losses)), f"real: {rule}")


def real_table(
    rng: np.random.Generator,
    experiments: int,
    *,
    rules: Sequence[str],
    places: Mapping[str, np.ndarray],
    n: int,
) -> list[Row]:
    """Count the verdicts of a table of some optimizers, all pairs together, at n of the seeds."""
    all_ = np.stack([places[rule] for rule in rules])
    found = []
    for _ in range(experiments):
        runs = frame(all_[:, rng.integers(0, all_.shape[1], n)], "paired")
        found.append(compare_pairs(runs, rule_of(rng), advise=False)["verdict"].tolist())
    verdicts = np.array(found)
    pairs = [f"{first} / {second}" for first, second in itertools.combinations(rules, 2)]
    about = {"design": "paired", "pairs": len(pairs), "n": n}
    return [
        count(REAL, verdict, verdicts[:, column] == verdict, {**about, "population": pair})
        for column, pair in enumerate(pairs)
        for verdict in VERDICTS
    ]


def pairs_of(places: Mapping[str, np.ndarray]) -> Mapping[str, Float[np.ndarray, " seed"]]:
    """Return the differences of each two optimizers, by what a report calls them."""
    return {
        f"{first} / {second}": differences(places[first], places[second])
        for first, second in (*itertools.combinations(RULES, 2), *NEAR)
    }
