"""Where the study's own things lie: the checkout, the configs, and the folder that stores and reports are put in."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository: stores, reports and data lie below it, from whichever directory a command is called."""

CONF = ROOT / "conf"
