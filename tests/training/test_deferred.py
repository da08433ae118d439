"""Torch's compiler is imported by whoever compiles, and its absence changes no number."""

import json
import subprocess
import sys

import pytest
import torch

OPTIMIZERS = {
    "SGD": {"lr": 0.1, "momentum": 0.9},
    "Adam": {"lr": 0.1},
    "RMSprop": {"lr": 0.1},
    "Adafactor": {},
}

STEPS = """
import json, sys
import torch
from study.training.build import build_optimizer
def deferred():
    return "torch._dynamo.eval_frame" not in sys.modules
ends = {}
for name, options in json.loads(sys.argv[1]).items():
    parameter = torch.nn.Parameter(torch.arange(1.0, 5.0).reshape(2, 2))
    rule = build_optimizer({"name": name, "_target_": f"torch.optim.{name}", **options}, [parameter])
    for _ in range(3):
        rule.zero_grad()
        parameter.pow(2).sum().backward()
        rule.step()
    ends[name] = parameter.tolist()
seen = [deferred()]
doubled = torch.compile(lambda value: 2 * value, backend="eager")(torch.ones(2)).tolist()
import torch._dynamo.config
seen += [deferred(), torch._dynamo.__name__, isinstance(torch._dynamo.config.suppress_errors, bool)]
print(json.dumps([ends, seen, doubled]))
"""


@pytest.mark.slow  # a process that has not imported the compiler yet
def test_steps_do_without_it_and_who_compiles_gets_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STEPS, json.dumps(OPTIMIZERS)], capture_output=True, text=True, check=True
    )
    ends, seen, doubled = json.loads(done.stdout)
    assert (seen, doubled) == ([True, False, "torch._dynamo", True], [2.0, 2.0])
    for name, options in OPTIMIZERS.items():
        parameter = torch.nn.Parameter(torch.arange(1.0, 5.0).reshape(2, 2))
        rule = getattr(torch.optim, name)([parameter], **options)
        for _ in range(3):
            rule.zero_grad()
            parameter.pow(2).sum().backward()
            rule.step()
        assert ends[name] == parameter.tolist()
