"""What somebody brings that is wrong: files of configs, rules and problems, each with what is told of it."""

from collections.abc import Mapping
from textwrap import indent

Files = dict[str, str | bytes]

UNREADABLE: Mapping[str, tuple[str | bytes, str]] = {
    "wrong bytes": (b"name: \xff\xfe\x00\n", "in UTF-8, got c/optimizer/x.yaml: 'utf-8' codec can't decode"),
    "deep": (f"name: x\nlr: {'[' * 500}{']' * 500}\n", "got c/optimizer/x.yaml: it is nested too deeply"),
    "a number": ("5\n", "got c/optimizer/x.yaml: it holds 5"),
}
"""By what is wrong: a file of which Hydra says nothing, and what is told."""

YAMLS: Mapping[str, tuple[str | bytes, str]] = {
    "malformed": ("name: [x\nlr: 1\n", "a YAML file must be readable: while parsing a flow sequence"),
    "tab": ("name: x\n\tlr: 1\n", "found character '\\t' that cannot start any token"),
    "duplicate key": ("name: x\nlr: 1\nlr: 2\n", "found duplicate key lr"),
    "python object": (
        'name: x\n_target_: torch.optim.SGD\nlr: !!python/object/apply:os.system ["touch here"]\n',
        "could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.system'",
    ),
    "no alias": ("name: x\nlr: *b\n", "found undefined alias"),
    "a list": ("- a\n", "optimizer must be a config with `name` and `_target_`, got ['a']"),
    "nothing": ("", "optimizer must be a config with `name` and `_target_`, got {}"),
    "no name": ("_target_: torch.optim.SGD\nlr: 1\n", "optimizer must be a config with `name` and"),
    "no target": ("name: x\nlr: 1\n", "optimizer must be a config with `name` and `_target_`"),
    "another package": ("# @package foo\nname: x\n", "got 'foo' in "),
    "no such key": (
        "name: x\n_target_: torch.optim.SGD\nlr: ${nope}\n",
        "Interpolation key 'nope' not found",
    ),
    "mandatory": ("name: x\n_target_: torch.optim.SGD\nlr: ???\n", "Missing mandatory value: lr"),
    "no such default": ("defaults:\n  - nope\nname: x\n", "nope'"),
    "no such package": ("name: x\n_target_: nowhere.Rule\nlr: 1\n", "there is no package 'nowhere' here"),
    "syntax error": ("name: x\n_target_: broken.Rule\nlr: 1\n", "SyntaxError: invalid syntax"),
    "exits on import": ("name: x\n_target_: exits.Rule\nlr: 1\n", "got exits.Rule: SystemExit: 0"),
    **{
        f"name {name[:12]}": (
            f"name: {name}\n_target_: torch.optim.SGD\nlr: 1\n",
            "optimizer.name must be a name of at most 100 letters, digits and . _ + -, as that of its file, got",
        )
        for name in ("../x", "/x", '"a\\nb"', "<script>", "a" * 300, "[a]", "5", "null", '"a|b"')
    },
}
"""By what is wrong: the file of an optimizer, and what is told of it or of the job that chose it."""

MODULES: Files = {"broken.py": "def :\n", "exits.py": "import sys\nsys.exit(0)\n"}

_RULE = """
class {name}(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
{init}
        super().__init__(params, dict(lr=lr))
        self.steps = 0

    def step(self, closure=None):
        self.steps += 1
        first = self.param_groups[0]["params"][0]
{step}
        with torch.no_grad():
            for parameter in self.param_groups[0]["params"]:
                parameter.sub_(self.param_groups[0]["lr"] * parameter.grad)
"""

RULES: Mapping[str, tuple[str, str, str]] = {
    "raises_made": ("raise ValueError('no\\nno')", "", "cannot be made: ValueError: no no"),
    "exits_made": ("sys.exit(3)", "", "cannot be made: SystemExit: 3"),
    "interrupts_made": ("raise KeyboardInterrupt", "", "cannot be made: KeyboardInterrupt"),
    "divides_made": ("1 / 0", "", "cannot be made: ZeroDivisionError: division by zero"),
    "unmade": ("return", "", "must step from gradients, or by a closure; got AttributeError"),
    "raises": ("", "raise ValueError('no')", "by a closure; got ValueError: no"),
    "exits": ("", "sys.exit(0)", "got SystemExit: 0"),
    "interrupts": ("", "raise KeyboardInterrupt", "got KeyboardInterrupt"),
    "reshapes": ("", "first.data = torch.zeros(7)", "by a closure; got RuntimeError: output with shape"),
    "eats_memory": ("", "torch.empty(10**13)", "can't allocate memory: you tried to allocate"),
    "eats_lists": ("", "[0] * 10**12", "got MemoryError"),
    "recurses": ("", "(lambda f: f(f))(lambda f: f(f))", "got RecursionError"),
    "stops": ("", "raise StopIteration", "got StopIteration"),
    "spoils_lr": ("", "self.param_groups[0]['lr'] = 'a'", "by a closure; got TypeError"),
}
"""By name: a line of the constructor, one of the step, and what is told before anything is trained."""

LATE: Mapping[str, tuple[str, str, str]] = {
    "late_raise": ("", "if self.steps > 9: raise ValueError('late')", "ValueError: late (rules.py, line"),
    "late_exit": ("", "if self.steps > 9: sys.exit(0)", "RuntimeError: it asks the process to exit with 0"),
    "late_interrupt": ("", "if self.steps > 9: raise KeyboardInterrupt", "it raises KeyboardInterrupt"),
    "late_count": ("", "late_count.k = getattr(late_count, 'k', 1) * 1.1; first.grad.mul_(late_count.k)",
                   "must do the same whenever it is given the same"),
}  # fmt: skip
"""Likewise of what is found while it trains, which harms nobody else."""

HARMLESS: Mapping[str, tuple[str, str, str]] = {
    "moves": ("os.chdir('/')", "os.chdir('/')", ""),
    "no_grad": ("torch.set_grad_enabled(False)", "torch.set_grad_enabled(False)", ""),
    "doubles": ("torch.set_default_dtype(torch.float64)", "torch.set_default_dtype(torch.float64)", ""),
    "threads": ("torch.set_num_threads(7)", "torch.set_num_threads(7)", ""),
    "seeds": ("torch.manual_seed(0)", "torch.manual_seed(0)", ""),
}
"""Likewise of what changes the process, which is undone: each of them is plain descent."""


def rules(named: Mapping[str, tuple[str, str, str]]) -> Files:
    """Return a module of rules, and the files that choose them."""
    text = "import os\nimport sys\n\nimport torch\n\n"
    for name, (init, step, _) in named.items():
        lines = (indent(line or "pass", " " * 8) for line in (init, step))
        text += _RULE.format(name=name, **dict(zip(("init", "step"), lines, strict=True)))
    chosen = {
        f"c/optimizer/{name}.yaml": f"name: {name}\n_target_: rules.{name}\nlr: 0.1\n" for name in named
    }
    return {"rules.py": text, **chosen}


_PROBLEM = """
@dataclass(frozen=True)
class {name}(Problem):
    name: str
    cap: float
    points: int = 20
    {fields}

    def data(self, source):
        x = torch.randn(self.points, 2, generator=source.generator("data"))
        y = x.sum(1, keepdim=True)
        {data}
        return Data(x, y, y)

    def model(self):
        {model}
        return nn.Linear(2, 1)

    def initialise(self, model, source):
        generator = source.generator("init")
        for parameter in model.parameters():
            nn.init.normal_(parameter, generator=generator)
        {start}

    def loss(self, prediction, target):
        {loss}
        return (prediction - target).square().mean()

    def floor(self, data):
        {floor}
        return 0.0

    {more}
"""

_SQUARE = "return (prediction - target).square()"
_NET = "return nn.Sequential(nn.Linear(2, 3), {}, nn.Linear(3, 1))"

PROBLEMS: Mapping[str, tuple[dict[str, str], str]] = {
    "nan_data": ({"data": "x[3] = float('nan')"}, "2 of 40 numbers of inputs are not finite"),
    "inf_data": ({"data": "y[3] = float('inf')"}, "1 of 20 numbers of targets are not finite"),
    "inf_loss": ({"loss": f"{_SQUARE}.mean() * float('inf')"}, "the start of seed 0 has loss inf"),
    "nan_loss": ({"loss": f"{_SQUARE}.mean() * float('nan')"}, "the start of seed 0 has loss nan"),
    "inf_floor": ({"floor": "return float('inf')"}, "floor() is inf at seed 0"),
    "no_floor": ({"floor": "return None"}, "floor() is None, and no margin says"),
    "text_floor": ({"floor": "return 'a'"}, "floor() raises ValueError: could not convert string to float"),
    "high_floor": ({"floor": "return 1e9"}, "floor() is 1e+09 at seed 0, where the start has"),
    "no_parameters": ({"model": "return nn.Identity()"}, "model() has no parameters"),
    "frozen": (
        {"model": "m = nn.Linear(2, 1); m.weight.requires_grad_(False); return m"},
        "weight is frozen (requires_grad=False)",
    ),
    "integers": (
        {
            "model": "m = nn.Linear(2, 1); m.k = nn.Parameter(torch.tensor([1]), requires_grad=False); return m"
        },
        "k is of type torch.int64",
    ),
    "batch_norm": ({"model": _NET.format("nn.BatchNorm1d(3)")}, "running_mean is changed by a call"),
    "dropout": ({"model": _NET.format("nn.Dropout(0.5)")}, "dropout, or a state?"),
    "other_length": ({"data": "y = y[:-1]"}, "inputs (20, 2), targets (19, 1)"),
    "other_rank": ({"data": "y = y[:, 0]"}, "predictions (20, 1) with targets (20,)"),
    "vector_loss": ({"loss": _SQUARE}, "loss() returns torch.float32 of shape (20, 1)"),
    "detached": ({"loss": f"{_SQUARE}.mean().detach()"}, "does not require grad"),
    "float_loss": ({"loss": "return 0.0"}, "loss() returns float, not a tensor"),
    "branch": (
        {"loss": f"if prediction.sum() > 0: {_SQUARE}.mean()"},
        "attempting to use a Tensor in some data-dependent control flow",
    ),
    "sum": ({"loss": f"{_SQUARE}.sum()"}, "each point twice has 2 times the loss"),
    "pairs": (
        {"loss": "return (prediction.T - target).square().mean()"},
        "shuffled targets have the same loss",
    ),
    "other_data": (
        {"data": "x = torch.randn(20, 2)"},
        "inputs of seed 0 are others when they are drawn again",
    ),
    "other_points": (
        {"data": "x = x[:10 + source.seed]; y = y[:10 + source.seed]"},
        "inputs are (10, 2) at seed 0 and (11, 2) at seed 1",
    ),
    "raises_start": ({"start": "raise ValueError('no')"}, "initialise() raises ValueError: no"),
    "exits_data": ({"data": "sys.exit(0)"}, "data() raises SystemExit: 0"),
    "exits_loss": ({"loss": "sys.exit(0)"}, "loss() raises SystemExit: 0"),
    "interrupts_loss": ({"loss": "raise KeyboardInterrupt"}, "loss() raises KeyboardInterrupt"),
    "raises_model": ({"model": "raise ValueError('no')"}, "model() raises ValueError: no"),
    "no_model": ({"model": "return None"}, "model() raises AttributeError: 'NoneType'"),
    "seeds_all": (
        {"start": "torch.manual_seed(0)"},
        "torch's global random numbers are drawn from or seeded",
    ),
    "doubles_data": ({"data": "x = x.double()"}, "inputs are torch.float64, the problem is torch.float32"),
    "numpy_data": ({"data": "x = x.numpy()"}, "data() returns Data, not a Data of three tensors"),
    "sparse_data": ({"data": "x = x.to_sparse()"}, "data() returns Data, not a Data of three tensors"),
    "no_data": ({"data": "return None"}, "data() returns NoneType"),
    "no_points": ({"data": "x, y = x[:0], y[:0]"}, "at seed 0 the shapes are inputs (0, 2)"),
    "eats_data": (
        {"data": "torch.empty(10**13)"},
        "must hold its data and its model, which ask for 40000000000000",
    ),
    "curve": ({"more": "def curve_inputs(self): return torch.zeros(3, 7)"}, "model on curve_inputs() raises"),
    "metric_name": (
        {"more": "def metrics(self, prediction, target): return {'a|<b>': prediction.mean()}"},
        "'a|<b>' is no name of letters, digits and _",
    ),
    "no_metrics": ({"more": "def metrics(self, prediction, target): return 5"}, "metrics() raises TypeError"),
    "criterion": ({"fields": "criterion = 'eval/nope'"}, "the criterion is 'eval/nope', but measured are"),
    "zero": ({"loss": "prediction.zero_()"}, "it is zero at the start of seed 0: nothing would be learned"),
}
"""By name: what is otherwise than in a good one, and what is told before anything is trained."""


def problems() -> Files:
    """Return a module of all problems, and the files that choose them."""
    text = (
        "import sys\nfrom dataclasses import dataclass\n\nimport torch\nfrom torch import nn\n\n"
        "from study.problems.base import Data, Problem\n\n"
    )
    parts = dict.fromkeys(("data", "model", "start", "loss", "floor", "fields", "more"), "pass")
    for name, (otherwise, _) in PROBLEMS.items():
        text += _PROBLEM.format(name=name, **{**parts, **otherwise})
    head = "# @package _global_\nepochs: 2\nbatch_size: 5\nproblem:\n  cap: 1.0e+6\n"
    chosen = {
        f"c/problem/{name}.yaml": f"{head}  name: {name}\n  _target_: problems.{name}\n" for name in PROBLEMS
    }
    return {"problems.py": text, **chosen}
