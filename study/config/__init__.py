"""Configs, from YAML to jobs or to one message: composing, checking, explaining, and where a store is."""
