"""Long texts in few letters."""

import pytest

from study.compare.pictures.labels import shortened


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("rare features", 13, "rare features"),
        ("rare features, and more", 20, "rare features"),
        ("a, b, c, d", 6, "a, b"),
        ("one two three four", 12, "one two …"),
    ],
)
def test_a_clause_is_kept_whole_where_one_fits(text: str, most: int, expected: str) -> None:
    assert shortened(text, most) == expected
    assert len(expected) <= most
