"""A report as people meet it, in Chromium: offline, asked back, on a phone, in the dark, on paper."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any  # a page of playwright, which may not be installed

import numpy as np
import pytest

from study.certify.sweeps import parabola_sweep
from study.frames import SweepFrames
from study.report.build import build
from tests.browser import chromium, needs_chromium
from tests.report.test_build import _plan

pytestmark = [pytest.mark.slow, needs_chromium]

FIGURES: list[dict[str, Any]] = [
    {"name": "loss_curves"}, {"name": "final_losses"}, {"name": "ranking", "log": False}, {"name": "fitted_curves"},
    {"name": "steps_to_target"},
]  # fmt: skip


@pytest.fixture(scope="module")
def sweep() -> SweepFrames:
    known = parabola_sweep(seeds=6, steps=64)
    return replace(known, info={**known.info, "experiment_id": "7", "config": "seeds: 6\n"})


@pytest.fixture(scope="module")
def folder(sweep: SweepFrames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages") / "headline"
    build(sweep, _plan(figures=FIGURES), folder, again="make sweep\nmake report")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def open_page(browser: Any, folder: Path) -> Iterator[Any]:
    """Open the report in a window of some width and colours; whatever it complains of fails the test."""
    opened, told = [], []

    def opening(width: int = 1280, scheme: str = "light") -> Any:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith("file:") else told.append(asked.url))
        page.goto((folder / "index.html").as_uri())
        opened.append(page)
        return page

    yield opening
    for page in opened:
        page.close()
    assert told == []


def _shown(page: Any, figure: str) -> set[str]:
    """Return the names of the series that can be seen in a figure."""
    script = """marks => marks.filter(mark => mark.closest(".view").checkVisibility()
                && getComputedStyle(mark).display !== "none").map(mark => mark.dataset.name)"""
    return set(page.locator(f"#{figure} .series").evaluate_all(script))


def test_the_legend_holds_for_every_figure(open_page: Any, sweep: SweepFrames) -> None:
    page, labels = open_page(), set(sweep.runs["label"].unique())
    figures = [figure["name"] for figure in FIGURES]
    assert all(_shown(page, name) == labels for name in figures)
    adam = page.locator(".chip", has_text="adam")
    adam.click()
    assert adam.get_attribute("aria-pressed") == "false"
    assert {name: _shown(page, name) for name in figures} == dict.fromkeys(figures, labels - {"adam lr=0.01"})
    adam.dblclick()
    assert all(_shown(page, name) == {"adam lr=0.01"} for name in figures)
    page.locator(".show-all").click()
    assert all(_shown(page, name) == labels for name in figures)
    page.locator(".chip", has_text="sgd").focus()
    page.keyboard.press("Space")
    assert all(_shown(page, name) == labels - {"sgd lr=0.01"} for name in figures)


def test_a_figure_changes_its_axes(open_page: Any) -> None:
    page = open_page()
    figure = page.locator("#loss_curves")
    for words in (("log", "updates"), ("linear", "updates"), ("linear", "epochs"), ("log", "epochs")):
        for word in words:
            figure.get_by_label(word, exact=True).check()
        (view,) = [each for each in figure.locator(".view").all() if each.is_visible()]
        assert view.get_attribute("data-view") == " ".join(words)
        ends = view.locator(".axes").get_attribute("data-axes")
        assert (f'"name": "{words[1][:-1]}"' in ends, '"log": true' in ends) == (True, words[0] == "log")


def test_the_pointer_reads_values(open_page: Any, sweep: SweepFrames) -> None:
    """Every run's dot, and the diamond of the median, read the store's own numbers to three digits."""
    page = open_page()
    runs = sweep.runs[sweep.runs["label"] == "adam lr=0.01"]["eval_last_epoch"].to_numpy()
    told = []
    dots = page.locator("#final_losses .view:not([hidden]) .series[data-name='adam lr=0.01'] use")
    for dot in dots.all():
        dot.scroll_into_view_if_needed()
        box = dot.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        name, value = page.locator(".tip").inner_text().split("\n")
        assert name == "adam lr=0.01"
        assert value.startswith("evaluation loss of the last epoch: ")
        told.append(float(value.rpartition(" ")[2]))
    expected = sorted([*runs, np.median(runs)])
    assert sorted(told) == pytest.approx(expected, rel=5e-3)


def test_a_curve_reads_its_step_and_loss(open_page: Any, sweep: SweepFrames) -> None:
    """The fourth vertex of the drawn line is the fourth step, and its loss the median over seeds."""
    page = open_page()
    view = page.locator("#loss_curves .view:not([hidden])")
    view.scroll_into_view_if_needed()
    at = view.locator(".series[data-name='sgd lr=0.01'] path[style*='fill: none']").last.evaluate(
        """path => { const [x, y] = path.getAttribute("d").match(/[\\d.]+/g).map(Number).slice(6, 8);
           const to = path.getScreenCTM(); return [to.a * x + to.e, to.d * y + to.f]; }"""
    )
    page.mouse.move(*at)
    name, step, loss = page.locator(".tip").inner_text().split("\n")
    points = sweep.curves("train/loss").query("label == 'sgd lr=0.01' and step == 3")["value"]
    assert (name, step) == ("sgd lr=0.01", "update: 3")
    assert float(loss.rpartition(" ")[2]) == pytest.approx(float(points.median()), rel=5e-3)


def test_tables_are_sorted_and_filtered(open_page: Any) -> None:
    page = open_page()
    table, column = page.locator("#table-0"), "tbody tr td:nth-child(5)"
    for order in ("ascending", "descending"):
        table.get_by_role("button", name="median").press("Enter")
        assert table.locator("th[aria-sort]").get_attribute("aria-sort") == order
        medians = [float(text.replace("∞", "inf")) for text in table.locator(column).all_inner_texts()]
        assert medians == sorted(medians, reverse=order == "descending")
    box = page.locator("input[type=search]").last
    rows = page.locator(f"#{box.get_attribute('aria-controls')} tbody tr")
    count = rows.count()
    box.fill("ADAM 6")
    shown = [row.inner_text() for row in rows.all() if row.is_visible()]
    assert 0 < len(shown) < count
    assert all("adam" in row and "6" in row for row in shown)


def test_every_link_leads_somewhere(open_page: Any, folder: Path, sweep: SweepFrames) -> None:
    links = open_page().locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    runs = [link for link in links if link.startswith("http")]
    assert runs == [f"http://127.0.0.1:5000/#/experiments/7/runs/{run}" for run in sweep.runs["run_id"]]
    files = set(links) - set(runs)
    assert {"curves.parquet", "runs.json", "config.yaml", "figures/ranking.pdf"} <= files
    assert all((folder / file).is_file() for file in files)


def test_a_phone_shows_verdict_median_and_interval(open_page: Any) -> None:
    page = open_page(width=380)
    assert page.evaluate("document.documentElement.scrollWidth") == 380
    for row in page.locator("#table-0 tbody tr").all():
        for head in ("median", "96.9% interval", "against the first"):
            box = row.locator(f"[data-head='{head}']").bounding_box()
            assert 0 <= box["x"] < box["x"] + box["width"] <= 380
    letters = page.locator(".view:not([hidden]) svg text").evaluate_all(
        """texts => texts.map(text => { const to = text.getScreenCTM();
           return parseFloat(getComputedStyle(text).fontSize) * Math.hypot(to.a, to.b); })"""
    )
    assert min(letters) >= 10.99


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two computed colours, by the formula of WCAG 2.2."""
    lights = []
    for color in (one, other):
        parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
        linear = [
            part / 12.92 if part <= 0.04045 else math.pow((part + 0.055) / 1.055, 2.4) for part in parts
        ]
        lights.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(lights) + 0.05) / (min(lights) + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lines_and_letters_stand_out(open_page: Any, scheme: str) -> None:
    page = open_page(scheme=scheme)
    ground = page.locator("figure").first.evaluate("figure => getComputedStyle(figure).backgroundColor")
    assert (_contrast(ground, "rgb(0, 0, 0)") < 2) == (scheme == "dark")
    lines = page.locator(".view:not([hidden]) .series path[style*='fill: none']").evaluate_all(
        "paths => paths.filter(path => !path.closest('defs')).map(path => getComputedStyle(path).stroke)"
    )
    assert min(_contrast(line, ground) for line in lines) >= 3
    letters = page.locator(".view:not([hidden]) svg text").evaluate_all(
        "texts => texts.map(text => getComputedStyle(text).fill)"
    )
    assert min(_contrast(letter, ground) for letter in letters) >= 4.5
    texts = page.locator("p, th, td, a, dt, dd, figcaption, button, label, li span, h1, h2").evaluate_all(
        """elements => elements.filter(element => element.checkVisibility()).map(element => {
             let behind = element;
             while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
             return [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor]; })"""
    )
    assert min(_contrast(*pair) for pair in texts) >= 4.5


def test_who_cannot_see_it_is_told(open_page: Any) -> None:
    page = open_page()
    for figure in FIGURES:
        picture = page.locator(f"#{figure['name']} .view:not([hidden])").get_by_role("img")
        caption = page.locator(f"#{figure['name']} figcaption p").first.inner_text()
        label = picture.get_attribute("aria-labelledby")
        told = [page.locator(f"[id='{name}']").text_content() for name in label.split()]
        assert told == [figure["name"].replace("_", " "), caption]
    for scroller in page.locator(".scroll, .sheet").all():
        assert scroller.get_attribute("tabindex") == "0"
        assert scroller.get_attribute("aria-label")
    assert page.locator("thead th:not([scope=col])").count() == 0
    assert page.locator("table:not(:has(caption))").count() == 0
    assert page.locator("#table-0 tbody th[scope=row]").all_inner_texts()[0] == "rmsprop lr=0.01"


def test_paper_has_all_of_it(open_page: Any) -> None:
    page = open_page(width=700)  # what 210 mm less two margins of 14 mm have in pixels, at 96 to an inch
    page.emulate_media(media="print")
    for table in page.locator("table").all():
        assert table.evaluate("table => table.getBoundingClientRect().right") <= 700
    assert not page.locator(".legend, .filter, .views, .tip").evaluate_all(
        "elements => elements.some(element => element.checkVisibility())"
    )
    heads = page.locator("h1, h2").evaluate_all(
        "heads => heads.map(head => getComputedStyle(head).breakAfter)"
    )
    assert set(heads) == {"avoid"}
    assert page.pdf(format="A4").startswith(b"%PDF")
