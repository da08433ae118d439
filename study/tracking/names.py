"""The keys under which a run and a sweep are kept: a contract that other programs rely on."""

SWEEP = "study.sweep"  # on a run: the sweep that trained it; on a parent: its own id
ASKED = "study.asked"  # on a parent: the id under which the sweep was last asked for
PLAN = "study.plan"  # on a parent: digest of its jobs, by which an interrupted sweep finds itself again
JOB = "study.job."  # on a parent: study.job.<hash>.<first seed> = "<number of seeds> <label>"
FAILED = "study.failed."  # on a parent: study.failed.<hash>.<first seed> = the error
KIND = "study.kind"  # "sweep" or "run"
JOB_HASH = "study.job_hash"
LABEL = "study.label"  # what the job is called in the sweep that trained the run: "adam lr=0.01"
STATUS = "study.status"  # "ok" or "diverged"
GIT_COMMIT = "study.git_commit"
VERSIONS = "study.versions"
DEVICE = "study.device"
COMMAND = "study.command"
OVERRIDES = "study.overrides"  # on a parent: what was asked beside the experiment's own file, as a JSON list
RECEIPTS = ("data_sha", "init_sha", "order_sha")  # each under study.<name>

PARENT = "mlflow.parentRunId"
RUN_NAME = "mlflow.runName"
USER = "mlflow.user"
SOURCE_NAME = "mlflow.source.name"
SOURCE_TYPE = "mlflow.source.type"
SOURCE_COMMIT = "mlflow.source.git.commit"
NOTE = "mlflow.note.content"

FINAL = "final"  # the parent's artifact folder: one .npz of final parameters and fitted curves per stack
CONFIG = "config.yaml"  # the parent's artifact: the config as composed
