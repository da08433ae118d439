"""What a comparison asks `study train` for, and that it ends as that does."""

from pathlib import Path

import pytest

from study.cli import Asked
from study.compare.groups import groups_of
from study.compare.plan import plan_of
from study.compare.train import experiment_of, train, words_for


@pytest.mark.slow
def test_the_words_are_those_of_a_search_in_an_experiment_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "optimizer").mkdir()
    (tmp_path / "optimizer" / "mine.yaml").write_text("name: mine\n_target_: torch.optim.Adam\nlr: 0.01\n")
    plan = plan_of(Asked(("mine", "problems=[beale,digits]", "stack.workers=1"), tmp_path))
    groups = groups_of(["mine"], plan.problems, plan.protocol, tmp_path)["mine"]
    assert words_for(groups, plan, "mine") == [
        f"--config-dir={tmp_path}", "-m", "optimizer=mine", "problem=beale,digits", *plan.protocol.words,
        "+optimizer.priors={lr:{log:[0.0001,1.0]}}", "tracking.experiment=compare-mine", "stack.workers=1",
    ]  # fmt: skip
    assert experiment_of("scratch/adam") == "compare-scratch-adam"


@pytest.mark.slow
def test_what_is_refused_there_is_told_and_its_status_is_returned(capfd: pytest.CaptureFixture[str]) -> None:
    done: list[str] = []
    assert train(["-m", "optimizer=adam", "optimizer.lr=-1"], lambda: done.append("meanwhile")) == 2
    assert done == ["meanwhile"]
    assert "optimizer.lr must be a finite number > 0, got -1" in capfd.readouterr().err


@pytest.mark.slow
def test_what_is_raised_meanwhile_ends_it(tmp_path: Path) -> None:
    def stop() -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        train(["-m", "optimizer=adam", "epochs=100000", f"tracking.uri=sqlite:///{tmp_path}/runs.db"], stop)
