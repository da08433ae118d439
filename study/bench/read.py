"""Print the seconds that reading a whole sweep into frames takes; `study.bench` runs it in a process of its own."""

import sys
import time

from study.tracking.reader import read_sweep


def main() -> None:
    """Read the experiment lr_sensitivity of the SQLite store that the first argument names."""
    began = time.perf_counter()
    read_sweep(f"sqlite:///{sys.argv[1]}", "lr_sensitivity")
    sys.stdout.write(f"{time.perf_counter() - began}\n")


if __name__ == "__main__":
    main()
