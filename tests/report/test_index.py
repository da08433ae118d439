"""The index of all reports says what their pages say, and replaces nothing of somebody else's."""

from pathlib import Path

import pytest

from study.errors import InvalidInput
from study.report.index import MARK, entries, write_index

REPORT = """# {title}

**{answer}**

Some text.

![first](figures/first.png)

To make it again:

```
make sweep EXPERIMENT={name}
make report EXPERIMENT={name}
```
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("airfoil", "headline"):
        (tmp_path / name).mkdir()
        text = REPORT.format(title=f"About {name} <b>", answer=f"{name} | is first.", name=name)
        (tmp_path / name / "report.md").write_text(text)
    (tmp_path / "headline" / "index.html").touch()
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "README.md").write_text(
        "# What a run costs\n\nMeasured by `make bench`.\n\n| a |\n"
    )
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_the_headline_comes_first_and_each_page_speaks_for_itself(folder: Path) -> None:
    reports, others = entries(folder)
    first, second = reports
    assert (first.place, first.page, second.page) == ("headline", "headline/index.html", "airfoil/report.md")
    assert (first.title, first.answer) == ("About headline <b>", "headline | is first.")
    assert (first.picture, first.again) == ("headline/figures/first.png", "make sweep EXPERIMENT=headline")
    assert [(other.place, other.answer) for other in others] == [("bench", "Measured by `make bench`.")]


def test_both_indexes_are_escaped_and_link_to_what_is_there(folder: Path) -> None:
    paths = write_index(folder, readme=True)
    html, markdown = (path.read_text() for path in paths)
    assert "About headline &lt;b&gt;" in html
    assert "<b>" not in html.partition("<body>")[2]
    assert 'href="headline/index.html"' in html
    assert "Measured by <code>make bench</code>." in html
    assert markdown.startswith(MARK)
    assert "## [About airfoil \\<b>](airfoil/report.md)\n\nairfoil | is first.\n" in markdown
    assert "`make report EXPERIMENT=airfoil`" in markdown
    assert "| [What a run costs](bench/README.md) | Measured by `make bench`. |" in markdown
    assert write_index(folder, readme=True) == paths  # our own is replaced


def test_somebodys_readme_is_not_replaced(folder: Path) -> None:
    (folder / "README.md").write_text("mine")
    with pytest.raises(InvalidInput, match=r"README.md must be the study's own"):
        write_index(folder, readme=True)
    assert (folder / "README.md").read_text() == "mine"
    assert not (folder / "index.html").exists()
    assert [path.name for path in write_index(folder, readme=False)] == ["index.html"]
