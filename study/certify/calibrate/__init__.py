"""Calibration: do verdicts and intervals keep what they promise? Simulated with the functions of reports."""
