"""A real Chromium, for tests of what people look at."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any  # playwright may not be installed

import pytest

CHROMIUM = next(
    (path for path in map(Path, ("/usr/bin/chromium", "/usr/bin/google-chrome")) if path.exists()), None
)
_OFF = ["background-networking", "component-update", "sync", "gpu"]

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@contextmanager
def chromium() -> Iterator[Any]:
    """Run a browser without a window while the block does."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    switches = ["--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in _OFF)]
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=switches)
        try:
            yield browser
        finally:
            browser.close()
