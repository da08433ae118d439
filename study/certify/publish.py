"""From composed configs to certificates, shown in the terminal and written as pages."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table

from study.certify.certificate import Certificate, certify
from study.certify.check import Verdict
from study.certify.claim import claim_from_config
from study.certify.page import index, page, summary
from study.errors import InvalidInput
from study.folder import replacing, require_own
from study.ranges import POSITIVE

_STYLE = {Verdict.PASSED: "green", Verdict.FAILED: "bold red", Verdict.NOT_APPLICABLE: "dim"}


def publish(trees: Sequence[Mapping[str, object]], folder: Path | None, *, is_all: bool) -> bool:
    """Certify every rule, show what was found, and write it down.

    Args:
        trees: one config per rule: `optimizer`, `claimed` and, where it claims something, `certificate`.
        folder: where the pages go; None for no pages.
        is_all: these are all shipped rules: show the failures alone, and write an index.

    Returns:
        Whether no check of any rule failed.

    Raises:
        InvalidInput: a rule cannot be built, or lacks a hyperparameter of what it claims to be.
    """
    if folder is not None:
        require_own(folder, key="pages")
    console, certificates = Console(), []
    for tree in trees:
        certificates.append(_certify(tree))
        _show(console, certificates[-1], in_full=not is_all)
    if folder is not None:
        console.print(
            f"written: {_write(certificates, folder, is_all=is_all)}", highlight=False, soft_wrap=True
        )
    return all(certificate.passed for certificate in certificates)


def _certify(tree: Mapping[str, object]) -> Certificate:
    optimizer = cast("Mapping[str, object]", tree["optimizer"])
    if missing := {"name", "_target_"} - optimizer.keys():
        raise InvalidInput(
            f"an optimizer's YAML must have `name` and `_target_`, got none of {sorted(missing)}"
        )
    POSITIVE.require("optimizer.lr", optimizer.get("lr"))
    claim = claim_from_config(cast("Mapping[str, object]", tree.get("certificate", {})))
    return certify(optimizer, claim, claimed=cast("str | None", tree["claimed"]))


def _show(console: Console, certificate: Certificate, *, in_full: bool) -> None:
    console.print(f"{certificate.name}: {summary(certificate)}", highlight=False)
    table = Table("check", "verdict", "measured", "required")
    for check in certificate.checks:
        if in_full or check.verdict is Verdict.FAILED:
            verdict = f"[{_STYLE[check.verdict]}]{check.verdict}[/]"
            table.add_row(check.name, verdict, check.measured, check.required)
    if table.rows:
        console.print(table)


def _write(certificates: Sequence[Certificate], folder: Path, *, is_all: bool) -> Path:
    """Write the pages, and return the last file: the page of the one rule, or the index of all."""
    pages = {f"{certificate.name}.md": page(certificate) for certificate in certificates}
    if is_all:
        pages["README.md"] = index(certificates)
    with replacing(folder, key="pages", keep=not is_all) as fresh:
        for name, text in pages.items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_text(text, encoding="utf-8")
    return folder / name
