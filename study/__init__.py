"""A comparison study of gradient-descent optimizers: Hydra composes, PyTorch trains, MLflow remembers, seaborn draws.

The way of the data, one direction, imports point left::

    conf/ -> job -> stack (torch) -> tracking (MLflow) -> frames (pandas) -> stats -> figures -> report
"""
