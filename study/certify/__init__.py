"""What an update rule is, measured: its formula, its symmetries, its limits, and what it remembers.

An optimizer sees parameters through their gradients alone, so it is a map from gradients to places. Most checks
hand two rules the same gradients and compare where they go: no rounding is magnified by an unstable path, and
the largest relative difference that is left has one cause. `conf/certificate/` says what each rule claims.
"""
