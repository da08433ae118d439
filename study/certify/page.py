"""A certificate as a page, and the index over all of them: plain Markdown, the same whenever it is made again."""

from collections.abc import Iterable, Mapping, Sequence

from study.certify.certificate import Certificate
from study.certify.check import Verdict

_MARK = {Verdict.PASSED: "passed", Verdict.FAILED: "**FAILED**", Verdict.NOT_APPLICABLE: "not applicable"}


def page(certificate: Certificate) -> str:
    """Return the page of one rule."""
    claims = (
        f"claims to be `{certificate.claimed}`" if certificate.claimed else "claims its declaration alone"
    )
    rows = [
        (check.name, _MARK[check.verdict], check.measured, check.required) for check in certificate.checks
    ]
    command = f"python -m study.certify optimizer={certificate.name}"
    if certificate.claimed and certificate.claimed != certificate.name.rpartition("/")[2]:
        command += f" certificate={certificate.claimed}"
    return "\n".join(
        [
            f"# {certificate.name}",
            "",
            f"{_hyperparameters(certificate.config)}; {claims}. {summary(certificate)}.",
            "",
            *_table(("check", "verdict", "measured", "required"), rows),
            "",
            "Differences are the largest over the path, relative to the longest way gone, in double precision over "
            "100 steps",
            "on the gradients met on random quadratics. What each check compares: `study/certify/`.",
            "",
            f"Made by `{command}`.",
            "",
        ]
    )


def index(certificates: Iterable[Certificate]) -> str:
    """Return the table of all rules, each with a link to its page."""
    rows = [
        (
            f"[{certificate.name}]({certificate.name}.md)",
            f"`{certificate.config['_target_']}`",
            certificate.claimed or "",
            *(str(certificate.count(verdict)) for verdict in Verdict),
        )
        for certificate in certificates
    ]
    return "\n".join(
        [
            "# Certificates",
            "",
            "What each optimizer of `conf/optimizer/` is, measured: `make certify` makes these pages again.",
            "",
            *_table(("optimizer", "class", "claims to be", *Verdict), rows),
            "",
        ]
    )


def summary(certificate: Certificate) -> str:
    """Return the counts of a certificate in words: `12 passed, 0 failed, 3 not applicable`."""
    return ", ".join(f"{certificate.count(verdict)} {verdict}" for verdict in Verdict)


def _hyperparameters(config: Mapping[str, object]) -> str:
    values = [f"{key}={value}" for key, value in config.items() if key not in ("name", "_target_")]
    return f"`{config['_target_']}` with `{', '.join(values)}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
