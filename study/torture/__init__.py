"""Torture: real sweeps that are killed, crowded and cut off from their store, and whether they get over it."""
