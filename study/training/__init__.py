"""Trainer: many runs of one problem as one torch program."""
