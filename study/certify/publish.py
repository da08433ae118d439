"""Certify parts, show what was found in the terminal, and write it as pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from study.certify.certificate import Certificate
from study.certify.check import Verdict
from study.certify.claim import claim_from_config
from study.certify.figure import certify_figure
from study.certify.optimizer import certify_optimizer
from study.certify.page import index, page, page_name, summary
from study.certify.parts import Part
from study.certify.problem import certify_problem
from study.errors import InvalidInput
from study.ranges import POSITIVE
from study.report.folder import replacing, require_own

_ARTICLE = {"optimizer": "an", "problem": "a", "figure": "a"}
_STYLE = {Verdict.PASSED: "green", Verdict.FAILED: "bold red", Verdict.NOT_APPLICABLE: "dim"}


@dataclass(frozen=True, slots=True)
class Pages:
    """Where pages go.

    Args:
        folder: the folder of all pages.
        own: the folder of `--config-dir`, as it was typed.
        has_index: whether this is everything there is: it gets an index, and pages of what is gone are removed.
    """

    folder: Path
    own: Path | None
    has_index: bool

    @property
    def is_of_all_shipped(self) -> bool:
        """Whether these are of all shipped parts, of which one that wants what is not here stops no other."""
        return self.has_index and self.own is None


def publish(parts: Sequence[Part], pages: Pages) -> bool:
    """Certify every part, show what was found, and write it down.

    Args:
        parts: those of one kind side by side.
        pages: where the pages go.

    Returns:
        Whether no check of any part failed.

    Raises:
        InvalidInput: a part cannot be built, or lacks a hyperparameter of what it claims to be.
    """
    if any(part.as_it_stands for part in parts):
        require_own(pages.folder, key="pages")
    torch.set_num_threads(1)  # for matrices so small threads only wait for one another
    console, failed, written = Console(), 0, []
    for part in parts:
        try:
            certificate = _certify(part)
        except InvalidInput as error:
            if not pages.is_of_all_shipped:
                raise
            console.print(f"{part.config['name']}: not tried: {error}", highlight=False, soft_wrap=True)
            continue
        failed += not certificate.passed
        written += [certificate] if part.as_it_stands else []
        _show(console, certificate, in_full=len(parts) == 1)
    if written:
        place = _write(written, pages, keep=not pages.has_index or len(written) < len(parts))
        console.print(f"written: {place}", highlight=False, soft_wrap=True)
    return not failed


def _certify(part: Part) -> Certificate:
    if missing := {"name", "_target_"} - part.config.keys():
        called = f"{_ARTICLE[part.kind]} {part.kind}"
        raise InvalidInput(
            f"the YAML of {called} must have `name` and `_target_`, got none of {sorted(missing)}"
        )
    if part.kind == "problem":
        return certify_problem(part.config)
    if part.kind == "figure":
        return certify_figure(part.config)
    POSITIVE.require("optimizer.lr", part.config.get("lr"))
    return certify_optimizer(part.config, claim_from_config(part.claim), claimed=part.claimed)


def _show(console: Console, certificate: Certificate, *, in_full: bool) -> None:
    console.print(f"{certificate.name}: {summary(certificate)}", highlight=False)
    table = Table("check", "verdict", "measured", "required")
    for check in certificate.checks:
        if in_full or check.verdict is Verdict.FAILED:
            verdict = f"[{_STYLE[check.verdict]}]{check.verdict}[/]"
            table.add_row(check.name, verdict, check.measured, check.required)
    if table.rows:
        console.print(table)


def _write(certificates: Sequence[Certificate], pages: Pages, *, keep: bool) -> Path:
    """Write the pages, and return what to look at: the page of the one part, the index, or the folder."""
    texts = {page_name(certificate): page(certificate, pages.own) for certificate in certificates}
    if pages.has_index:
        texts["README.md"] = index(certificates, pages.own)
    with replacing(pages.folder, key="pages", keep=keep) as fresh:
        for name, text in texts.items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_text(text, encoding="utf-8")
    return pages.folder / (list(texts)[-1] if len(certificates) == 1 or pages.has_index else "")
