"""The page and its table: each kind counted once, and every round that went wrong told."""

from study.torture.audit import Found
from study.torture.page import counted, lead_of, page
from study.torture.rounds import Tried
from study.torture.strikes import Struck

WELL = Found(0, 0, 0)
TRIED = [
    Tried("SIGINT", 1, Struck(), WELL, ""),
    Tried("disk full", 2, Struck(late=True), Found(3, 0, 1), ""),
    Tried("SIGINT", 3, Struck(), Found(0, 2, 0), ""),
    Tried("SIGINT", 4, Struck(wrong="a traceback: ValueError | x"), WELL, ""),
]


def test_each_kind_has_a_row_of_what_was_counted() -> None:
    table = counted(TRIED)
    assert table.to_numpy().tolist() == [["SIGINT", 3, 1, 0, 2, 0, 0], ["disk full", 1, 0, 3, 0, 1, 1]]
    assert lead_of(table) == "1 of 4 faults survived: 3 runs lost, 2 doubled, 1 left RUNNING; 1 ended late."


def test_the_page_tells_what_went_wrong() -> None:
    said = {"rounds": 4, "early": 0, "seed": 0, "runs": 40, "soon": "5", "commit": "abc"}
    text = page(counted(TRIED), TRIED, **said)
    assert "| SIGINT | 3 | 1 | 0 | 2 | 0 | 0 |" in text
    assert "| SIGINT | 4 | a traceback: ValueError \\| x |" in text
    assert "| disk full | 2 | Found(lost=3, doubled=0, running=1) |" in text
    well = [Tried("SIGINT", 1, Struck(), WELL, "")]
    assert "What went wrong" not in page(counted(well), well, **said)
