"""Which figures can be reproduced: those of pages that say which runs they stand on."""

import json
from pathlib import Path

from study.config.pages import figures


def test_pages_and_their_figures_are_listed_and_a_broken_file_has_none(tmp_path: Path) -> None:
    for page in ("zoo", "broken", "plain"):
        (tmp_path / page).mkdir()
    (tmp_path / "zoo" / "runs.json").write_text(json.dumps({"figures": {"ranking": None, "curves": [0]}}))
    (tmp_path / "broken" / "runs.json").write_text("{")
    assert figures(tmp_path) == ["broken", "zoo", "zoo/ranking", "zoo/curves"]
