"""Sweeps, what spans the jobs of a multirun: parent in the store, execution, display, summary."""
