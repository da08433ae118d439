"""Write a folder of files: whole or not at all, and never in the place of somebody else's.

A folder that the study wrote carries a marker, the list of the files that it holds. Only such a folder is written
again, file by file, and only files on that list are ever removed.
"""

import json
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from study import interrupts
from study.config.paths import CHECKOUT
from study.errors import InvalidInput

MARKER = ".study.json"


def require_own(folder: Path, *, key: str) -> None:
    """Refuse a place that is not new, empty, or an earlier writing with nothing foreign in it.

    Args:
        folder: what is to be written; it need not exist yet.
        key: the option that named it, for the message.

    Raises:
        InvalidInput: the place is a file or a link, holds what the study did not write, or is a root, a home, the
            repository or above one of them.
    """
    received = f"got {folder}"
    if folder.is_symlink():
        raise InvalidInput(f"{key} must be a folder and no link, {received}; name the folder it points to")
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"{key} must be a folder, {received}, which is a file")
    try:
        real = folder.resolve()
        if any(kept.is_relative_to(real) for kept in _kept()):
            raise InvalidInput(
                f"{key} must be a folder of its own, {received}: a home, the repository, or above one; "
                "name a folder inside it"
            )
        foreign = _foreign(folder)
    except OSError as error:
        raise _cannot(folder, key, error) from error
    if foreign is not None:
        raise InvalidInput(
            f"{key} must be new, empty, or hold nothing but what the study wrote there, {received}, "
            f"which also holds {foreign}; name another folder, or move that away"
        )


@contextmanager
def replacing(folder: Path, *, key: str, keep: bool = False) -> Iterator[Path]:
    """Yield an empty folder whose files take their places in `folder` if all goes well; else leave no trace.

    Each file is replaced at once; what an earlier writing left and this one did not is removed. A process that is
    killed meanwhile leaves files of both, all on the marker's list.

    Args:
        folder: what is to be written; it need not exist yet.
        key: the option that named it, for messages.
        keep: leave what an earlier writing wrote and this one did not.

    Raises:
        InvalidInput: as `require_own`, or nothing can be written there.

    Example:
        >>> with tempfile.TemporaryDirectory() as place:
        ...     with replacing(Path(place) / "mine", key="out") as fresh:
        ...         _ = (fresh / "page.md").write_text("first")
        ...     (Path(place) / "mine" / "letter.txt").touch()  # by somebody else
        ...     with replacing(Path(place) / "mine", key="out") as fresh:
        ...         _ = (fresh / "page.md").write_text("second")
        Traceback (most recent call last):
            ...
        study.errors.InvalidInput: out must be new, empty, ... which also holds letter.txt; ...
    """
    require_own(folder, key=key)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise _cannot(folder, key, error) from error
    try:
        with interrupts.raised():
            yield fresh
            require_own(folder, key=key)  # much may have happened since
            _place(fresh, folder, keep=keep)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)  # made above, by mkdtemp


def _place(fresh: Path, folder: Path, *, keep: bool) -> None:
    new = {path.relative_to(fresh).as_posix() for path in fresh.rglob("*") if path.is_file()}
    old = set(_listed(folder))
    folder.mkdir(exist_ok=True)
    _mark(folder, old | new)
    for name in sorted(new):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (fresh / name).replace(folder / name)
    if keep:
        return
    for name in sorted(old - new):
        (folder / name).unlink(missing_ok=True)
        for parent in (folder / name).relative_to(folder).parents[:-1]:
            if (folder / parent).is_dir() and not any((folder / parent).iterdir()):
                (folder / parent).rmdir()
    _mark(folder, new)


def _mark(folder: Path, names: Iterable[str]) -> None:
    part = folder / f"{MARKER}.part"
    about = "written by the study, which replaces and removes these files and no others"
    part.write_text(json.dumps({"about": about, "files": sorted(names)}, indent=1) + "\n", encoding="utf-8")
    part.replace(folder / MARKER)


def _listed(folder: Path) -> list[str]:
    """Return the files that the marker lists, none where there is no marker that can be read."""
    try:
        files = json.loads((folder / MARKER).read_text(encoding="utf-8"))["files"]
    except (FileNotFoundError, NotADirectoryError, ValueError, LookupError, TypeError):
        return []
    return [name for name in files if isinstance(name, str)] if isinstance(files, list) else []


def _foreign(folder: Path) -> str | None:
    """Return something in a folder that the study did not write, None where there is nothing."""
    if not folder.exists():
        return None
    files = set(_listed(folder))
    folders = {parent.as_posix() for name in files for parent in Path(name).parents}
    own = {MARKER, f"{MARKER}.part"} if files else set()
    for place, inner, names in os.walk(folder, onerror=_raise):
        at = Path(place).relative_to(folder)
        for name in sorted([*inner, *names]):
            path, inside = (at / name).as_posix(), Path(place) / name
            if inside.is_symlink() or path not in (folders if inside.is_dir() else files | own):
                return path
    return None


def _raise(error: OSError) -> None:
    raise error


def _kept() -> list[Path]:
    """Return the folders that are nobody's to replace, nor is any above them."""
    homes = [Path(user.pw_dir) for user in pwd.getpwall()]
    kept = [Path.home(), *(home.resolve() for home in homes if home.is_absolute())]
    return kept if CHECKOUT is None else [CHECKOUT, *kept]


def _cannot(folder: Path, key: str, error: OSError) -> InvalidInput:
    return InvalidInput(f"{key} must be a folder that can be written, got {folder}: {error.strerror}")
