"""Names under which a run and a sweep are kept: the one contract of keys, which other programs rely on.

It knows neither MLflow nor torch nor pandas, so that both sides of the store may name things by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# Metrics of a run, by step.
TRAIN_LOSS = "train/loss"  # of each step's minibatch, before the update
EVAL_LOSS = "eval/loss"  # before the first epoch and after each
TEST_LOSS = "test/loss"  # likewise, on what is never trained on, where the problem has a test split
FULL_LOSS = "full/loss"  # on all data, every so many samples, where the problem asks for it
LR = "lr"  # the learning rate that each step used, where a schedule moves it
PARAM = "param/"  # param/<name>: a scalar parameter at each step, where there are few
SUMMARY = "summary/"  # summary/<one of SUMMARIES>: one point; on a parent: what the sweep took
MEDIAN = "median/"  # on a parent: median/<setting>, of what its report compares
RANK = "rank/"  # on a parent: rank/<setting>, by that median

METRICS: Mapping[str, str] = {
    TRAIN_LOSS: "training loss per minibatch",
    EVAL_LOSS: "evaluation loss",
    TEST_LOSS: "test loss",
    FULL_LOSS: "loss on all data",
    LR: "learning rate",
}
"""What pages call the metrics."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is to be known of one summary value."""

    words: str  # what pages call it
    final: bool = False  # a loss that the training ended with, by which settings may be compared: a run that
    # diverged has none, and counts as infinite. The others are what they are for every run.


EVAL_LAST_EPOCH = "eval_last_epoch"
LAST_EPOCH_LOSS = "last_epoch_loss"
FINAL_EVAL_LOSS = "final_eval_loss"
EXCESS = "excess"
INITIAL_EVAL_LOSS = "initial_eval_loss"
CONSTANT_EVAL_LOSS = "constant_eval_loss"
FLOOR = "floor"
TRAIN_FLOOR = "train_floor"
RESOLUTION = "resolution"
DIVERGED_STEP = "diverged_step"
EVALUATIONS = "evaluations"

SUMMARIES: Mapping[str, Summary] = {
    EVAL_LAST_EPOCH: Summary("evaluation loss of the last epoch", final=True),  # mean of some moments of it
    LAST_EPOCH_LOSS: Summary("training loss of the last epoch", final=True),  # mean over its samples
    FINAL_EVAL_LOSS: Summary("evaluation loss after the last step", final=True),
    EXCESS: Summary("loss of the last epoch above the floor", final=True),  # EVAL_LAST_EPOCH - FLOOR
    INITIAL_EVAL_LOSS: Summary("evaluation loss at the start"),
    CONSTANT_EVAL_LOSS: Summary("least evaluation loss of a constant"),
    FLOOR: Summary("least evaluation loss there is"),
    TRAIN_FLOOR: Summary("least training loss found"),
    RESOLUTION: Summary("least excess that the loss resolves"),  # some eps of its type times the floor
    DIVERGED_STEP: Summary("step at which it diverged"),
    EVALUATIONS: Summary("losses that its rule asked for"),  # by a closure, or to differentiate again
}
"""Every value of a run under `summary/`, and every such column of `SweepFrames.runs`: computed in `records`."""

CRITERION = EVAL_LAST_EPOCH
"""What settings are compared by unless a report asks for another, and what a sweeper minimises."""

FINAL_LOSSES = tuple(name for name, summary in SUMMARIES.items() if summary.final)

# Params of a run: its job's, flattened, and
SEED = "seed"
MARGIN = (
    "problem.margin"  # the difference of its criterion that does not matter, where a problem has no floor
)
JUDGED_BY = "problem.criterion"  # the metric that is compared, where that is not EVAL_LOSS

# Tags.
SWEEP = "study.sweep"  # on a run: the sweep that trained it; on a parent: its own id
ASKED = "study.asked"  # on a parent: the id under which the sweep was last asked for
HOLDER = "study.holder"  # below a tracking server, on a parent and its runs: a digest of whose claim it was
PLAN = "study.plan"  # on a parent: digest of its jobs, by which an interrupted sweep finds itself again
JOB = "study.job."  # on a parent: study.job.<hash>.<first seed> = {"position", "seeds", "label", "role"}
FAILED = "study.failed."  # on a parent: study.failed.<hash>.<first seed> = the error
KIND = "study.kind"  # "sweep" or "run"
JOB_HASH = "study.job_hash"
LABEL = "study.label"  # what the job is called in the sweep that trained the run: "adam lr=0.01"
STATUS = "study.status"  # OK, NO_PROGRESS or DIVERGED
GIT_COMMIT = "study.git_commit"  # with " (dirty)"; or "0.1.0 (installed)", or "unknown"
VERSIONS = "study.versions"
DEVICE = "study.device"
COMMAND = "study.command"
OPTIMIZER_SOURCE = "study.optimizer_source"  # where a class from outside comes from: "package 1.2.3",
PROBLEM_SOURCE = "study.problem_source"  # or "module sha256:<digest of its file>"
SCHEDULE_SOURCE = "study.schedule_source"
LOOKS = "study.looks"  # on a parent of until=resolved: at how many seeds it is looked at, as a JSON list
HOST = "study.host"  # on a parent: the machine that asked for it, and
MACHINE = "study.machine."  # study.machine.<processor, cores, threads, memory, system>
OVERRIDES = "study.overrides"  # on a parent: what was asked beside the experiment's own file, as a JSON list

OK, NO_PROGRESS, DIVERGED = "ok", "no_progress", "diverged"
"""How a run ended. No progress: its criterion is not below the evaluation loss at the start, or not below that of the
best constant where its problem knows one. Diverged: its loss became non-finite, or passed the problem's cap."""

DATA_SHA, INIT_SHA, ORDER_SHA = "data_sha", "init_sha", "order_sha"
RECEIPTS: Mapping[str, str] = {DATA_SHA: "data", INIT_SHA: "start", ORDER_SHA: "order of minibatches"}
"""Digests of what was paired, each under study.<name>, and what each is a digest of."""

PARENT = "mlflow.parentRunId"
RUN_NAME = "mlflow.runName"
USER = "mlflow.user"
SOURCE_NAME = "mlflow.source.name"
SOURCE_TYPE = "mlflow.source.type"
SOURCE_COMMIT = "mlflow.source.git.commit"
NOTE = "mlflow.note.content"

# Artifacts of a parent.
FINAL = "final"  # a folder: one .npz of final parameters and fitted curves per stack
CONFIG = "config.yaml"  # the config as composed
REPORT = "report"  # a folder: the last report of the sweep
