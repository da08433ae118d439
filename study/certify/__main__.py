"""Certify optimizers, problems and figures, one's own too: is each what it claims to be, and fit for the study?

study certify                                       everything that is shipped
study certify --config-dir my_conf                  everything of one's own; pages go to my_conf/certificates/
study certify --config-dir my_conf optimizer=mine   one of it; or several: optimizer=mine,other problem=mine; or all
study certify --config-dir my_conf optimizer=mine certificate=adam      is it what Adam is?
study certify optimizer=sgd optimizer.lr=10         another question than the file's: an answer, but no page
study certify figure=my_package.MyFigure            a figure of anybody's; figure.<option>=... sets an option
study certify problem=bowl pages=elsewhere          pages go to another folder
"""

from study import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # while the rest is imported

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from study.busy import busy
from study.certify.check import Result, Verdict
from study.certify.page import Certificate, index, page, page_name
from study.certify.parts import Part, is_everything, parts_of
from study.cli import FAILED, Asked, run
from study.config.check import check_part
from study.config.compose import compose
from study.config.pages import REPORTS
from study.errors import InvalidInput
from study.ranges import NAMED, POSITIVE, or_null
from study.report.folder import replacing, require_own

_STYLE = {Verdict.PASSED: "green", Verdict.FAILED: "bold red", Verdict.NOT_APPLICABLE: "dim"}


def main() -> None:
    """Run the command line."""
    run(certify, __doc__, config="certify")


def certify(asked: Asked) -> int:
    """Certify what is named, show it, and write its pages; return 0 if all passed, 1 if a check failed."""
    parts, own, whole = parts_of(asked), asked.config_dir, is_everything(asked)
    if not parts:
        raise InvalidInput(f"--config-dir must hold optimizer/<name>.yaml or problem/<name>.yaml, got {own}")
    folder = _folder(asked)
    if any(part.as_it_stands for part in parts):
        require_own(folder, key="pages")
    say, done = partial(Console().print, highlight=False, soft_wrap=True), []
    for part in parts:
        busy(f"checking {part.name}")
        try:
            done.append(Certificate(part, _checks(part)))
        except (
            InvalidInput
        ) as error:  # of all that is shipped, one that wants what is not here stops no other
            if own is not None or not whole:
                raise
            busy()
            say(f"{part.name}: not tried: {error}")
        else:
            busy()
            _show(done[-1], in_full=len(parts) == 1)
    written = [certificate for certificate in done if certificate.part.as_it_stands]
    texts = {page_name(certificate.part): page(certificate, own) for certificate in written}
    if written and whole:
        texts |= _planted(own) | {"README.md": index(written, own)}
    if texts:
        with replacing(folder, key="pages", keep=not whole or len(written) < len(parts)) as fresh:
            for name, text in texts.items():
                (fresh / name).parent.mkdir(parents=True, exist_ok=True)
                (fresh / name).write_text(text, encoding="utf-8")
        say(f"written: {folder / (list(texts)[-1] if whole or len(texts) == 1 else '')}")
    return FAILED if any(certificate.counts()[Verdict.FAILED] for certificate in done) else 0


def _planted(own: Path | None) -> dict[str, str]:
    """Return the page of planted faults, by its name; one's own folder has none."""
    from study.certify.planted import planted_page

    return {"planted.md": planted_page()} if own is None else {}


def _folder(asked: Asked) -> Path:
    """Return where pages go: where it was said, beside one's own files, or to those that are shipped."""
    named = compose("certify", [word for word in asked.overrides if word.startswith("pages=")]).pages
    or_null(NAMED).require("pages", named)
    beside = REPORTS if asked.config_dir is None else asked.config_dir
    return beside / "certificates" if named is None else Path(str(named))


def _checks(part: Part) -> Mapping[str, Result]:
    import torch  # takes a second, which a wrong name should not wait for

    from study.certify.figure import certify_figure
    from study.certify.optimizer import certify_optimizer
    from study.certify.problem import certify_problem
    from study.certify.rule import claim_from_config

    torch.set_num_threads(1)  # for matrices so small threads only wait for one another
    if missing := {"name", "_target_"} - part.config.keys():
        whose = f"the YAML of {'an' if part.kind == 'optimizer' else 'a'} {part.kind}"
        raise InvalidInput(f"{whose} must have `name` and `_target_`, got none of {sorted(missing)}")
    if part.kind != "figure":
        check_part(part.kind, part.config["name"])
    if part.kind == "problem":
        return certify_problem(part.config)
    if part.kind == "figure":
        return certify_figure(part.config)
    POSITIVE.require("optimizer.lr", part.config.get("lr"))
    return certify_optimizer(part.config, claim_from_config(part.claim))


def _show(certificate: Certificate, *, in_full: bool) -> None:
    console, table = Console(), Table("check", "verdict", "measured", "required")
    console.print(f"{certificate.part.name}: {certificate.summary()}", highlight=False)
    for name, result in certificate.checks.items():
        if in_full or result.verdict is Verdict.FAILED:
            verdict = f"[{_STYLE[result.verdict]}]{result.verdict}[/]"
            table.add_row(name, verdict, result.measured, result.required)
    if table.rows:
        console.print(table)


if __name__ == "__main__":
    main()
