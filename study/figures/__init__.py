"""Figures, one per file: `draw(sweep, style, **options)` returns a Figure, `caption(...)` says what it shows.

A figure takes frames, asks `study.stats` for every number, and draws; the module's name is its name in YAML.
Shared between them: `study.figures.style` (colours, fonts, words).
"""
