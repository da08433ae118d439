"""Certify that update rules are what they claim to be: the command `python -m study.certify`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, cast

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console
from rich.table import Table

from study.errors import InvalidInput, one_of

if TYPE_CHECKING:  # importing torch takes a second, which a wrong name should not wait for
    from study.conformance.certificate import Certificate

_ROOT = Path(__file__).resolve().parent.parent
_CONF = _ROOT / "conf"


def main(arguments: Sequence[str] | None = None) -> int:
    """Certify what the command line names; return 0 if all passed, 1 if a check failed, 2 on bad input."""
    asked = _parser().parse_args(arguments)
    try:
        return _run(asked.overrides, asked.config_dir)
    except InvalidInput as error:
        print(error, file=sys.stderr)  # noqa: T201  # command output
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m study.certify", description=__doc__)
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="KEY=VALUE",
        help="optimizer=NAME (or all, as when none is named), certificate=NAME (what it claims to be; "
        "by default what its file is called), optimizer.HYPERPARAMETER=VALUE, pages=FOLDER",
    )
    parser.add_argument("--config-dir", type=Path, help="a folder with optimizer/NAME.yaml of your own")
    return parser


def _run(overrides: Sequence[str], own: Path | None) -> int:
    if own is not None and not own.is_dir():
        raise InvalidInput(f"--config-dir must be a folder, got {own}")
    asked = dict(override.partition("=")[::2] for override in overrides)
    everything = asked.get("optimizer", "all") == "all"
    names = _choices("optimizer", None) if everything else [asked["optimizer"]]
    rest = [override for override in overrides if not override.startswith("optimizer=")]
    # all are composed, so that a wrong value is refused before anything is computed
    configs = [_compose(name, rest, own) for name in names]
    certificates = []
    for config in configs:
        certificates.append(_certify(config))
        _show(certificates[-1], in_full=not everything)
    if not any(key.lstrip("+~").startswith("optimizer.") for key in asked):
        _write(certificates, _ROOT / str(configs[0].pages), with_index=everything)
    return 0 if all(certificate.passed for certificate in certificates) else 1


def _choices(group: str, own: Path | None) -> list[str]:
    """Return the names in a config group: the files of ours and of one's own."""
    folders = [folder / group for folder in (_CONF, own) if folder is not None]
    return sorted(
        {
            path.relative_to(folder).with_suffix("").as_posix()
            for folder in folders
            for path in folder.rglob("*.yaml")
        }
    )


def _compose(name: str, overrides: Sequence[str], own: Path | None) -> DictConfig:
    """Return the config of one rule with the claim it makes: the one asked for, or the one of its file's name."""
    if name not in (choices := _choices("optimizer", own)):
        raise InvalidInput(one_of("optimizer", name, [*choices, "all"]))
    asked = {key: value for key, _, value in (override.partition("=") for override in overrides)}
    claims = _choices("certificate", own)
    claim = asked.get("certificate", PurePosixPath(name).name)
    if claim not in claims and "certificate" in asked:
        raise InvalidInput(one_of("certificate", claim, claims))
    lines = [f"optimizer={name}", *(o for o in overrides if not o.startswith("certificate="))]
    lines += [f"certificate={claim}", f"+claimed={claim}"] if claim in claims else ["+claimed=null"]
    lines += [f"hydra.searchpath=[file://{own.resolve()}]"] if own is not None else []
    try:
        with initialize_config_dir(str(_CONF), version_base="1.3"):
            return compose("certify", lines)
    except (HydraException, OmegaConfBaseException) as error:
        raise InvalidInput(str(error).splitlines()[0]) from error


def _certify(config: DictConfig) -> "Certificate":
    from study.conformance.certificate import certify
    from study.conformance.claim import claim_from_config

    tree = cast("dict[str, object]", OmegaConf.to_container(config, resolve=True))
    rule = cast("dict[str, object]", tree["optimizer"])
    claim = claim_from_config(cast("dict[str, object]", tree.get("certificate", {})))
    return certify(rule, claim, claimed=cast("str | None", tree["claimed"]))


def _show(certificate: "Certificate", *, in_full: bool) -> None:
    from study.conformance.check import Verdict
    from study.conformance.page import summary

    console = Console()
    console.print(f"{certificate.name}: {summary(certificate)}", highlight=False)
    shown = [check for check in certificate.checks if in_full or check.verdict is Verdict.FAILED]
    if shown:
        table = Table("check", "verdict", "measured", "required")
        colour = {Verdict.PASSED: "green", Verdict.FAILED: "bold red", Verdict.NOT_APPLICABLE: "dim"}
        for check in shown:
            style = colour[check.verdict]
            table.add_row(check.name, f"[{style}]{check.verdict}[/]", check.measured, check.required)
        console.print(table)


def _write(certificates: Sequence["Certificate"], folder: Path, *, with_index: bool) -> None:
    from study.conformance.page import index, page

    for certificate in certificates:
        path = folder / f"{certificate.name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(certificate), encoding="utf-8")
    if with_index:
        path = folder / "README.md"
        path.write_text(index(certificates), encoding="utf-8")
    Console().print(f"written: {path}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
