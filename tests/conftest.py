"""Shapes named in signatures (jaxtyping) are checked while the tests run."""

import os

from jaxtyping import install_import_hook

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MPLBACKEND", "agg")

install_import_hook("study", "beartype.beartype")
