"""The templates of all pages, found by glob, and the one Markdown table."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from study.report import render as pages

STUDY = Path(__file__).parents[2] / "study"
TEMPLATES = sorted(path.relative_to(STUDY).as_posix() for path in STUDY.rglob("*.j2"))


def test_a_table_has_words_to_the_left_and_numbers_to_the_right() -> None:
    rows = [{"rule": "sgd", "n": "25"}, {"rule": "a|b\nc", "n": ""}]
    assert pages.markdown_table(rows, words={"rule"}).splitlines() == [
        "| rule | n |",
        "|:--|--:|",
        "| sgd | 25 |",
        r"| a\|b c |  |",
    ]
    assert pages.markdown_table(rows).splitlines()[1] == "|:--|:--|"
    assert pages.markdown_table([]) == ""


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_not_filled_without_its_contents(template: str) -> None:
    with pytest.raises((UndefinedError, TypeError)):  # the latter where shapes are checked before
        pages.render(template)


def test_all_templates_lie_beside_their_package() -> None:
    assert {Path(template).parts[-2] for template in TEMPLATES} == {"templates"}
    assert {Path(template).parts[0] for template in TEMPLATES} >= {"report", "bench", "certify", "phase"}


def test_html_is_escaped_and_markdown_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import jinja2

    for name in ("x.html.j2", "x.md.j2"):
        (tmp_path / name).write_text("{{ text }} {{ markdown_table([]) }}\n")
    loader = jinja2.FileSystemLoader(tmp_path)
    monkeypatch.setattr(pages, "PackageLoader", lambda *_: loader)
    pages._environment.cache_clear()
    try:
        assert pages.render("x.html.j2", text="a<b") == "a&lt;b \n"
        assert pages.render("x.md.j2", text="a<b") == "a<b \n"
    finally:
        pages._environment.cache_clear()
