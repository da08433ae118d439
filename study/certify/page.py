"""A certificate as a Markdown page, and the index over many: the same whenever they are made again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from shlex import quote

from study.certify.check import Result, Verdict
from study.certify.parts import Part
from study.job import LOCATIONS, UNDECIDING
from study.report.render import markdown_table, render

_NOTE = {
    "optimizer": """\
Differences are the largest over the path, relative to the longest way gone, in double precision over 400 steps on the
gradients met on random quadratics, a fifth of them exactly 0; after 150 steps the lr falls to 0.3 of it. Formula and
twin are compared at gradients a million times smaller and greater too; that of the stack is of the losses of 20 steps
of a small network. What each check compares: `study/certify/`.

**Not checked:** what is not applicable above; other hyperparameters; longer paths; changes of anything but the lr;
half precision, complex numbers, sparse gradients; GPUs, fused kernels; whether the rule is a good one.""",
    "problem": """\
At seeds 0, 1 and 2, with the values above. The stack trains two seeds for two epochs by plain gradient descent, and
its losses are compared with those of one loop per seed. What each check compares: `study/certify/`.

**Not checked:** what is not applicable above; other seeds and values; GPUs; whether the data are what they say.""",
    "figure": """\
With its default options, from sweeps made of closed forms: one of few settings, the same with one of them diverged at
every seed, and one of many settings where the figure takes them. What each check looks at: `study/certify/`.

**Not checked:** other options and sweeps; whether the caption is true; how it looks.""",
}
"""What the numbers are, and what a page does not vouch for."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was found out about one part, by the names of the checks."""

    part: Part
    checks: Mapping[str, Result]

    def counts(self) -> dict[str, int]:
        """Return how many checks came out how, by the words for it."""
        verdicts = [result.verdict for result in self.checks.values()]
        return {str(verdict): verdicts.count(verdict) for verdict in Verdict}

    def summary(self) -> str:
        """Return the counts in words: `12 passed, 0 failed, 3 not applicable`."""
        return ", ".join(f"{count} {verdict}" for verdict, count in self.counts().items())


def page_name(part: Part) -> str:
    """Return where a page lies below the folder of all: optimizers at the top, other kinds one below."""
    return f"{part.name}.md" if part.kind == "optimizer" else f"{part.kind}/{part.name}.md"


def page(certificate: Certificate, own: Path | None = None) -> str:
    """Return the page of one part; `own` is the folder of `--config-dir`, as it was typed."""
    part, claims, words = certificate.part, "", [f"{certificate.part.kind}={certificate.part.name}"]
    if part.kind == "optimizer":
        claims = f"; claims to be `{part.claimed}`" if part.claimed else "; claims its declaration alone"
    if part.claimed and part.claimed != part.name.rpartition("/")[2]:
        words.append(f"certificate={part.claimed}")
    values = [
        f"{k}={v}" for k, v in part.config.items() if k not in {"name", "_target_", *UNDECIDING, *LOCATIONS}
    ]
    return render(
        "certify/templates/certificate.md.j2",
        name=part.name,
        what=f"`{part.config['_target_']}`" + (f" with `{', '.join(values)}`" if values else ""),
        claims=claims,
        summary=certificate.summary(),
        checks=[{"check": name, **_told(result)} for name, result in certificate.checks.items()],
        note=_NOTE[part.kind],
        command=_command(words, own),
    )


def index(certificates: Iterable[Certificate], own: Path | None = None) -> str:
    """Return the tables of all parts, a link for each; those of one kind come side by side."""
    tables = [
        markdown_table(list(map(_row, of_kind)), words=[kind, "class", "claims to be"])
        for kind, of_kind in groupby(certificates, lambda one: one.part.kind)
    ]
    return render(
        "certify/templates/index.md.j2", tables=tables, shipped=own is None, command=_command([], own)
    )


def _told(result: Result) -> dict[str, str]:
    verdict = "**FAILED**" if result.verdict is Verdict.FAILED else str(result.verdict)
    return {"verdict": verdict, "measured": result.measured, "required": result.required}


def _row(certificate: Certificate) -> dict[str, str]:
    part = certificate.part
    claim = {"claims to be": part.claimed or ""} if part.kind == "optimizer" else {}
    counts = {verdict: str(count) for verdict, count in certificate.counts().items()}
    return {
        part.kind: f"[{part.name}]({page_name(part)})",
        "class": f"`{part.config['_target_']}`",
        **claim,
        **counts,
    }


def _command(words: Iterable[str], own: Path | None) -> str:
    return " ".join(["study certify", *words, *([] if own is None else [f"--config-dir {quote(str(own))}"])])
