"""What a parent's tag says of a job comes back from it, also from one of an older store."""

import json

import pytest

from study.tracking.job_rows import JobRow


@pytest.mark.parametrize("label", ["adam", "adam lr=0.01", "größe a.b=1 2  x", '{"a": "b"}'])
def test_a_job_row_comes_back_from_its_tag(label: str) -> None:
    row = JobRow(17, "abc123", 40, 25, label)
    assert row.key == "study.job.abc123.40"
    assert json.loads(row.value) == {"position": 17, "seeds": 25, "label": label}
    assert JobRow.parse(row.key, row.value) == row


def test_a_job_row_of_an_older_store_is_read() -> None:
    old = JobRow.parse("study.job.abc123.40", "17 25 adam lr=0.01")
    assert old == JobRow(17, "abc123", 40, 25, "adam lr=0.01")
