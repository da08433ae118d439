"""A certificate as a Markdown page, and the index over many: the same whenever they are made again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from shlex import quote

from study.certify.check import Result, Verdict
from study.certify.parts import Part
from study.job import LOCATIONS
from study.report.render import markdown_table, render

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


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was found out about one part, by the names of the checks."""

    part: Part
    checks: Mapping[str, Result]

    @property
    def name(self) -> str:
        """The part's name."""
        return str(self.part.config["name"])

    @property
    def page_name(self) -> str:
        """Where the page lies below the folder of all: optimizers at the top, other kinds one below."""
        return f"{self.name}.md" if self.part.kind == "optimizer" else f"{self.part.kind}/{self.name}.md"

    @property
    def summary(self) -> str:
        """The counts of verdicts in words: `12 passed, 0 failed, 3 not applicable`."""
        return ", ".join(f"{count} {verdict}" for verdict, count in self.counts().items())

    def counts(self) -> dict[Verdict, int]:
        """Return how many checks came out how."""
        verdicts = [check.verdict for check in self.checks.values()]
        return {verdict: verdicts.count(verdict) for verdict in Verdict}


def page(certificate: Certificate, own: Path | None = None) -> str:
    """Return the page of one part.

    Args:
        certificate: of the part.
        own: the folder of `--config-dir`, as it was typed.
    """
    part, words = certificate.part, [f"{certificate.part.kind}={certificate.name}"]
    if part.claimed and part.claimed != certificate.name.rpartition("/")[2]:
        words.append(f"certificate={part.claimed}")
    return render(
        "certify/templates/certificate.md.j2",
        name=certificate.name,
        what=_called(part.config),
        claims=_claims(part),
        summary=certificate.summary,
        checks=[_line(name, check) for name, check in certificate.checks.items()],
        note=_NOTE[part.kind],
        command=_command(words, own),
    )


def index(certificates: Iterable[Certificate], own: Path | None = None) -> str:
    """Return the tables of all parts, one for each kind, each part with a link to its page.

    Args:
        certificates: of all parts, those of one kind side by side.
        own: the folder of `--config-dir`, as it was typed.
    """
    tables = [
        markdown_table(list(map(_row, of_kind)), words=[kind, "class", "claims to be"])
        for kind, of_kind in groupby(certificates, lambda one: one.part.kind)
    ]
    return render("certify/templates/index.md.j2", tables=tables, command=_command([], own))


def _line(name: str, check: Result) -> dict[str, str]:
    verdict = "**FAILED**" if check.verdict is Verdict.FAILED else str(check.verdict)
    return {"check": name, "verdict": verdict, "measured": check.measured, "required": check.required}


def _row(certificate: Certificate) -> dict[str, str]:
    part = certificate.part
    claim = {"claims to be": part.claimed or ""} if part.kind == "optimizer" else {}
    return {
        part.kind: f"[{certificate.name}]({certificate.page_name})",
        "class": f"`{part.config['_target_']}`",
        **claim,
        **{str(verdict): str(count) for verdict, count in certificate.counts().items()},
    }


def _called(config: Mapping[str, object]) -> str:
    unsaid = {"name", "_target_", *LOCATIONS}
    values = [f"{key}={value}" for key, value in config.items() if key not in unsaid]
    return f"`{config['_target_']}`" + (f" with `{', '.join(values)}`" if values else "")


def _claims(part: Part) -> str:
    if part.kind != "optimizer":
        return ""
    return f"; claims to be `{part.claimed}`" if part.claimed else "; claims its declaration alone"


def _command(words: Iterable[str], own: Path | None) -> str:
    return " ".join(["study certify", *words, *([] if own is None else [f"--config-dir {quote(str(own))}"])])
