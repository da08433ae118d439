"""Certificates: generic checks of any optimizer, problem or figure, ours and one's own, and their pages.

An optimizer sees parameters through their gradients alone, so it is a map from gradients to places. Most checks of
one hand two rules the same gradients and compare where they go: no rounding is magnified by an unstable path, and
the largest relative difference that is left has one cause. `conf/certificate/` says what each rule claims.
"""
