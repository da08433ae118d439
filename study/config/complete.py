"""Tab completion of the console script: what the shell shows when the tab key is pressed.

bash: `complete -o nospace -o default -C 'study complete' study`; zsh: after `autoload -U bashcompinit; bashcompinit`.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout, suppress
from io import StringIO
from itertools import pairwise
from pathlib import Path

from study.config.choices import choices
from study.config.pages import figures
from study.config.paths import CONF


def complete(words: Sequence[str], commands: Iterable[str]) -> None:
    """Print the completions of the line in COMP_LINE, one a line, as bash's `complete -C` expects them.

    Args:
        words: from the shell: the command, the word to complete, the word before.
        commands: what may follow `study`.
    """
    line = os.environ.get("COMP_LINE", "")[: int(os.environ.get("COMP_POINT", "100000"))]
    typed = line.split(" ")  # the last is the word to complete, empty after a blank
    shown = len(typed[-1]) - len(words[1] if len(words) > 1 else "")  # the shell splits at = too
    group = typed[-1].rpartition("=")[0]
    own = next((Path(folder) for flag, folder in pairwise(typed) if flag == "--config-dir"), None)
    if len(typed) <= 2:
        found = [f"{name} " for name in commands]
    elif group and (names := choices(group, own)):
        found = [f"{group}={name}" for name in names]
    else:
        bare = {"compare": lambda: choices("optimizer", own), "reproduce": figures}.get(typed[1], list)()
        keyed = [word for word in typed[2:-1] if "=" in word]  # the others are no override, and Hydra's none
        found = [*bare, *_hydra(typed[1], " ".join([*keyed, typed[-1]]))]
    sys.stdout.writelines(f"{word[shown:]}\n" for word in found if word.startswith(typed[-1]))


def _hydra(command: str, line: str) -> list[str]:
    """Return what Hydra would complete: groups, keys, values."""
    config = command if (CONF / f"{command}.yaml").exists() else "config"
    import hydra

    sys.argv = ["study", "--shell-completion", "query=bash"]
    os.environ |= {"COMP_LINE": f"study {line}", "COMP_CWORD": "1"}
    told = StringIO()
    with redirect_stdout(told), suppress(Exception, SystemExit):
        # Hydra completes before it would run a task
        hydra.main(config_path=str(CONF), config_name=config, version_base="1.3")(lambda _: None)()
    return told.getvalue().split()
