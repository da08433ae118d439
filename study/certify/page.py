"""A certificate as a Markdown page, and the index over many: the same whenever they are made again."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from shlex import quote

from study.certify.certificate import Certificate
from study.certify.check import Verdict
from study.job import LOCATIONS
from study.report.render import markdown_table, render

_MARK = {Verdict.PASSED: "passed", Verdict.FAILED: "**FAILED**", Verdict.NOT_APPLICABLE: "not applicable"}

_NOTE = {
    "optimizer": """\
Differences are the largest over the path, relative to the longest way gone, in double precision over 100 steps
on the gradients met on random quadratics; that of the stack is of the losses of 20 steps of a small network. What
each check compares: `study/certify/`.""",
    "problem": """\
At seeds 0, 1 and 2, with the values above. The stack trains two seeds for two epochs by plain gradient descent, and
its losses are compared with those of one loop per seed. What each check compares: `study/certify/`.""",
    "figure": """\
With its default options, from sweeps made of closed forms: one of few settings, the same with one of them diverged at
every seed, and one of many settings where the figure takes them. What each check looks at: `study/certify/`.""",
}


def page(certificate: Certificate, own: Path | None = None) -> str:
    """Return the page of one part.

    Args:
        certificate: of the part.
        own: the folder of `--config-dir`, as it was typed.
    """
    rows = [
        {
            "check": check.name,
            "verdict": _MARK[check.verdict],
            "measured": check.measured,
            "required": check.required,
        }
        for check in certificate.checks
    ]
    return render(
        "certify/templates/certificate.md.j2",
        name=certificate.name,
        what=_called(certificate.config),
        claims=_claims(certificate),
        summary=summary(certificate),
        checks=rows,
        note=_NOTE[certificate.kind],
        command=_command(_words(certificate), own),
    )


def index(certificates: Iterable[Certificate], own: Path | None = None) -> str:
    """Return the tables of all parts, one for each kind, each part with a link to its page.

    Args:
        certificates: of all parts, those of one kind side by side.
        own: the folder of `--config-dir`, as it was typed.
    """
    tables = [
        markdown_table(list(map(_row, of_kind)), words=[kind, "class", "claims to be"])
        for kind, of_kind in groupby(certificates, lambda one: one.kind)
    ]
    return render("certify/templates/index.md.j2", tables=tables, command=_command([], own))


def page_name(certificate: Certificate) -> str:
    """Return where a page lies below the folder of all: optimizers at the top, other kinds one below."""
    folder = "" if certificate.kind == "optimizer" else f"{certificate.kind}/"
    return f"{folder}{certificate.name}.md"


def summary(certificate: Certificate) -> str:
    """Return the counts of a certificate in words: `12 passed, 0 failed, 3 not applicable`."""
    return ", ".join(f"{certificate.count(verdict)} {verdict}" for verdict in Verdict)


def _row(certificate: Certificate) -> dict[str, str]:
    claim = {"claims to be": certificate.claimed or ""} if certificate.kind == "optimizer" else {}
    return {
        certificate.kind: f"[{certificate.name}]({page_name(certificate)})",
        "class": f"`{certificate.config['_target_']}`",
        **claim,
        **{str(verdict): str(certificate.count(verdict)) for verdict in Verdict},
    }


def _called(config: Mapping[str, object]) -> str:
    unsaid = {"name", "_target_", *LOCATIONS}
    values = [f"{key}={value}" for key, value in config.items() if key not in unsaid]
    return f"`{config['_target_']}`" + (f" with `{', '.join(values)}`" if values else "")


def _claims(certificate: Certificate) -> str:
    if certificate.kind != "optimizer":
        return ""
    claims = f"to be `{certificate.claimed}`" if certificate.claimed else "its declaration alone"
    return f"; claims {claims}"


def _words(certificate: Certificate) -> list[str]:
    words = [f"{certificate.kind}={certificate.name}"]
    if certificate.claimed and certificate.claimed != certificate.name.rpartition("/")[2]:
        words.append(f"certificate={certificate.claimed}")
    return words


def _command(words: Iterable[str], own: Path | None) -> str:
    return " ".join(["study certify", *words, *([] if own is None else [f"--config-dir {quote(str(own))}"])])
