"""Certify that update rules are what they claim to be: the command `python -m study.certify`."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import cast

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from study.errors import InvalidInput, one_of
from study.paths import CONF, ROOT


def main(arguments: Sequence[str] | None = None) -> int:
    """Certify what the command line names; return 0 if all passed, 1 if a check failed, 2 on bad input."""
    asked = _parser().parse_intermixed_args(arguments)
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
    trees = [_compose(name, rest, own) for name in names]
    # here, because torch takes a second to import, which a wrong name should not wait for
    from study.certify.publish import publish

    folder = ROOT / str(trees[0]["pages"]) if _as_they_stand(asked) else None
    return 0 if publish(trees, folder, is_all=everything) else 1


def _as_they_stand(asked: Mapping[str, str]) -> bool:
    """Whether the YAMLs are certified unchanged, and as what they are: another question gets no page."""
    if any(key.lstrip("+~").startswith("optimizer.") for key in asked):
        return False
    called = PurePosixPath(asked.get("optimizer", "all")).name
    makes_a_claim = called == "all" or called in _choices("certificate", None)
    return not makes_a_claim or asked.get("certificate", called) == called


def _choices(group: str, own: Path | None) -> list[str]:
    """Return the names in a config group: the files of ours and of one's own."""
    folders = [folder / group for folder in (CONF, own) if folder is not None]
    return sorted(
        {
            path.relative_to(folder).with_suffix("").as_posix()
            for folder in folders
            for path in folder.rglob("*.yaml")
        }
    )


def _compose(name: str, overrides: Sequence[str], own: Path | None) -> Mapping[str, object]:
    """Return the config of one rule with the claim it makes: the one asked for, or the one of its file's name."""
    if name not in (choices := _choices("optimizer", own)):
        raise InvalidInput(one_of("optimizer", name, [*choices, "all"]))
    claims, asked = _choices("certificate", own), [o for o in overrides if o.startswith("certificate=")]
    claim = asked[-1].partition("=")[2] if asked else PurePosixPath(name).name
    if asked and claim not in claims:
        raise InvalidInput(one_of("certificate", claim, claims))
    lines = [f"optimizer={name}", *(o for o in overrides if o not in asked)]
    lines += [f"certificate={claim}", f"+claimed={claim}"] if claim in claims else ["+claimed=null"]
    lines += [f"hydra.searchpath=['file://{own.resolve()}']"] if own is not None else []
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            tree = OmegaConf.to_container(compose("certify", lines), resolve=True, throw_on_missing=True)
            return cast("dict[str, object]", tree)
    except (HydraException, OmegaConfBaseException) as error:
        raise InvalidInput(" ".join(str(error).splitlines()[:2])) from error


if __name__ == "__main__":
    sys.exit(main())
