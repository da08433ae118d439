"""Figures, one per file: a frozen dataclass whose fields are its options in YAML; see `study.figures.base`.

A figure takes frames, asks `study.stats` for every number, and draws. Shared between them: `study.figures.style`.
"""
