"""Write a folder of files as one: whole or not at all, and never in the place of somebody else's."""

import shutil
import tempfile
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from study.errors import InvalidInput


def check_replaceable(folder: Path, own: Set[str]) -> None:
    """Refuse a place that holds anything but what an earlier writing left there.

    Args:
        folder: what is to be written; it need not exist yet.
        own: the names that a writing may leave in it.

    Raises:
        InvalidInput: the place is a file, or holds other names.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"report.out must be a folder, got the file {folder}")
    others = sorted({path.name for path in folder.iterdir()} - own) if folder.exists() else []
    if others:
        raise InvalidInput(
            f"report.out must be new or an earlier report, got {folder}, which also holds {others[0]}"
        )


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder`, and put it in its place if all goes well; else leave no trace.

    Args:
        folder: what is to be replaced; it need not exist yet.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield fresh
        fresh.chmod(0o755)  # mkdtemp's own mode would keep other people from reading
        _swap(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, folder: Path) -> None:
    old = fresh / ".replaced"
    if folder.exists():
        folder.rename(old)
    try:
        fresh.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(folder / old.name, ignore_errors=True)
