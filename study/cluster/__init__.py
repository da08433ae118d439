"""Cluster: what more workers bring, measured here and simulated beyond, and where the store is the limit."""
