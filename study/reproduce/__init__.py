"""Reproduce: train tracked runs again, from what the store says of them, and compare every point."""
