"""Certify optimizers, problems and figures, one's own too: is each what it claims to be, and fit for the study?

study certify                                       everything that is shipped
study certify --config-dir my_conf                  everything of one's own; pages go to my_conf/certificates/
study certify --config-dir my_conf optimizer=mine   one of it; or several: optimizer=mine,other problem=mine; or all
study certify --config-dir my_conf optimizer=mine certificate=adam      is it what Adam is?
study certify optimizer=sgd optimizer.lr=10         another question than the file's: an answer, but no page
study certify figure=my_package.MyFigure            a figure of anybody's; figure.<option>=... sets an option
study certify problem=bowl pages=elsewhere          pages go to another folder
"""

from pathlib import Path
from typing import TYPE_CHECKING

from study.certify.parts import is_everything, parts_of
from study.cli import FAILED, Asked, run
from study.config.compose import compose
from study.config.paths import ROOT
from study.errors import InvalidInput

if TYPE_CHECKING:  # torch takes a second to import, which a wrong name should not wait for
    from study.certify.publish import Pages


def main() -> None:
    """Run the command line."""
    run(certify, __doc__, config="certify")


def certify(asked: Asked) -> int:
    """Certify what is named, and write its pages; return 0 if all passed, 1 if a check failed."""
    parts = parts_of(asked)
    if not parts:
        raise InvalidInput(
            f"--config-dir must hold optimizer/<name>.yaml or problem/<name>.yaml, got {asked.config_dir}"
        )
    from study.certify.publish import publish

    return 0 if publish(parts, _pages(asked)) else FAILED


def _pages(asked: Asked) -> "Pages":
    """Return where pages go: where it was said, beside one's own files, or to those that are shipped."""
    from study.certify.publish import Pages

    named = compose("certify", [word for word in asked.overrides if word.startswith("pages=")]).pages
    own = asked.config_dir
    beside = ROOT / "reports" / "certificates" if own is None else own / "certificates"
    return Pages(beside if named is None else Path(str(named)), own, has_index=is_everything(asked))


if __name__ == "__main__":
    main()
