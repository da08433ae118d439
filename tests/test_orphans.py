"""What a killed server leaves is found by what it noted, told by the doctor, and ended; nobody else's process is."""

import signal
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from study.doctor.machine import of_orphans
from study.orphans import Noted, forget, note, orphans

SLEEPS = "import sys, time; print('begun', flush=True); time.sleep(60)"


def test_processes_of_a_killed_server_are_told_and_ended(tmp_path: Path) -> None:
    mark = str(tmp_path / "data")
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPS, mark], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        note(tmp_path, Noted(process.pid, signal.SIGTERM, mark))
        note(tmp_path, Noted(process.pid, signal.SIGTERM, "/of/another/program"))  # the number was given anew
        (found,) = orphans(tmp_path)
        assert found == Noted(process.pid, signal.SIGTERM, mark)
        told = of_orphans(tmp_path)
        assert told.level == "warning"
        assert told.remedy.endswith(f"kill {process.pid}")
        with FileLock(tmp_path / "lock"):  # its server goes on
            assert of_orphans(tmp_path).level == "ok"
        found.end()
        assert process.wait(timeout=5) == -signal.SIGTERM
    assert list(orphans(tmp_path)) == []
    assert of_orphans(tmp_path).level == "ok"
    forget(tmp_path)
    assert list(orphans(tmp_path)) == []
