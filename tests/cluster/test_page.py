"""The costs, and the page: what its sentences and rows say, worked out by hand from round numbers."""

from dataclasses import replace

import pytest

from study.cluster import scenarios
from study.cluster.costs import Costs
from study.cluster.measure import CHEAP, COSTLY, Sweep, middle
from study.cluster.page import lead_of, page
from study.cluster.picture import draw
from study.cluster.scenarios import MANY, RUNS, STACK, STACKS, Beyond, Speedup, Trouble, beyond
from study.errors import InvalidInput

SWEEPS = [  # a stack takes 2 s and 10 ms a run, of the costly problem 1 s and 100 ms
    Sweep(CHEAP, workers=1, runs=100, seconds=9.0, start=5.0, training=3.0, end=1.0),
    Sweep(CHEAP, workers=1, runs=1000, seconds=20.0, start=5.0, training=12.0, end=3.0),
    Sweep(CHEAP, workers=2, runs=1000, seconds=20.0, start=7.0, training=9.0, end=4.0),
    Sweep(COSTLY, workers=1, runs=10, seconds=9.0, start=5.0, training=2.0, end=2.0),
    Sweep(COSTLY, workers=1, runs=40, seconds=12.0, start=5.0, training=5.0, end=2.0),
]
WRITING = {"SQLite": 0.001, "PostgreSQL": 0.005, "tracking server": 0.1}


@pytest.fixture(scope="module")
def costs() -> Costs:
    return Costs.of(SWEEPS, WRITING)


@pytest.fixture(scope="module")
def simulated(costs: Costs) -> Beyond:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scenarios, "DRAWS", 2)
        return beyond(costs, 0)


def test_costs_are_what_one_worker_took(costs: Costs) -> None:
    assert (costs.start, costs.end) == (5.0, 3.0 - 1000 * 0.001)
    assert costs.fixed == pytest.approx({CHEAP: 2.0, COSTLY: 1.0})
    assert costs.each == pytest.approx({CHEAP: 0.01, COSTLY: 0.1})


def test_a_machine_that_does_other_things_tells_no_costs() -> None:
    few, many, *rest = SWEEPS
    told = "the machine must be idle, got 13 s of training for 100 runs of parabola and 12 s for 1000; measure again"
    with pytest.raises(InvalidInput, match=told):
        Costs.of([replace(few, training=13.0), many, *rest], WRITING)


def test_repetitions_are_told_by_their_medians() -> None:
    same = [replace(SWEEPS[0], training=seconds, start=10 - seconds) for seconds in (1.0, 2.0, 6.0)]
    assert middle(same) == replace(SWEEPS[0], training=2.0, start=8.0)


def test_the_limit_is_where_so_many_write_as_one_trains(costs: Costs) -> None:
    """A run of a stack of 400 takes 15 ms: three times what PostgreSQL takes for it."""
    assert costs.limit(CHEAP, "PostgreSQL", 400) == pytest.approx(1 + 0.015 / 0.005)
    assert costs.limit(COSTLY, "SQLite", 400) == pytest.approx(1 + 0.1025 / 0.001)


def test_a_real_sweep_is_told_from_its_start_to_its_exit(costs: Costs) -> None:
    """Two workers train 500 runs each in 7 s, and write 0.5 s each, one after the other."""
    assert costs.told(SWEEPS[1]) == pytest.approx(5 + 12 + 1 + 2)
    assert costs.told(SWEEPS[2]) == pytest.approx(5 + 7 + 2 * 0.5 + 2)


@pytest.mark.slow
def test_what_is_simulated_and_said_is_what_can_be_worked_out(costs: Costs, simulated: Beyond) -> None:
    """At the cheap problem PostgreSQL is busy from the first stack on: its writing is what all runs cost."""
    one = 5 + RUNS * (0.015 + 0.005)
    many = 5 + STACK * 0.015 + RUNS * 0.005
    assert simulated.of(CHEAP, "PostgreSQL", MANY).seconds == pytest.approx(many)
    assert simulated.of(CHEAP, "PostgreSQL", MANY).times == pytest.approx(one / many)
    assert simulated.shared == pytest.approx(5 + STACK * 0.015 + RUNS / 4 * 0.005)
    assert simulated.enough == 4
    assert simulated.crew == 16  # of the 21.5 that PostgreSQL keeps up with
    assert [each.stack for each in simulated.troubles] == [*STACKS] * 4
    said = {"machine": {"cores": 2, "processor": "x"}, "commit": "abc", "command": "this", "n": 3}
    text = page(SWEEPS, costs, simulated, **said)
    assert lead_of(costs, simulated) in text
    assert f"are {one / many:.3g} times as fast as one where a run trains for 15 ms ({CHEAP})" in text
    assert "1,000 runs by 2 workers 15 s, measured 20 s (-25%)" in text
    assert "| PostgreSQL | 5 | 200 | 4 | 21.5 |" in text
    assert "Made by `this` at abc" in text
    assert [panel.get_title() for panel in draw(simulated.speedups).axes] == [CHEAP, COSTLY]


def test_without_other_stores_it_is_about_sqlite(costs: Costs) -> None:
    rows = [Speedup(problem, "SQLite", MANY, 1.0, 2.0, 3.0) for problem in (CHEAP, COSTLY)]
    alone = Beyond("SQLite", rows, 1, [], 1.0, 1, 1.0)
    assert f"{MANY} workers that write into SQLite are 2 times as fast" in lead_of(costs, alone)
    assert Trouble("losses", 400, (3.0, 1.0, 2.0), 0.0).middle == 2.0
