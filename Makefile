# Everything a person does here. Each target installs what it needs, once, into .venv.
PYTHON     ?= python3
EXPERIMENT ?= headline
PORT       ?= 5000
ARGS       ?=
JOBS       ?= 2
PIP_ARGS   ?=

BIN     := .venv/bin
RUNNING := .venv/.installed
TESTING := .venv/.installed-dev
SERVING := .venv/.installed-server
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check $(PIP_ARGS)
PIP     := $(INSTALL) --constraint requirements.lock
# Each file must be the one that was locked. pip holds no digests against a folder, so what it needs comes first; torch,
# whose builds are many, has none.
HASHED  := $(INSTALL) --require-hashes --no-deps --requirement
REFUSED := { echo 'not installed: pip says why; where your index has builds of its own, write make setup HASHED=:' >&2; exit 1; }

NAMES   := awk '/^ *Collecting/ {print "  " $$2; fflush()} /^Installing/ {print "  installing"; fflush()}'
SHELL   := bash
.SHELLFLAGS := -o pipefail -c

export MLFLOW_DISABLE_TELEMETRY := true

.DEFAULT_GOAL := help
.PHONY: help setup sweep report ui server test test-fast lint format typecheck audit certify calibrate torture cluster doctor prune compare field phase bench clean

help:  ## show this list
	@echo 'make <target> [EXPERIMENT=headline] [ARGS="seeds=50 ..."]'
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'

setup: $(TESTING)  ## install the study and all its tools into .venv

$(RUNNING): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'the study needs Python >= 3.11, got $(shell $(PYTHON) --version 2>&1); write make PYTHON=python3.11' >&2; exit 1; }
	@echo 'installing the study into .venv (once, some minutes): PyTorch, MLflow, Hydra, pandas, seaborn ...' >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(HASHED) .ci/hashes/run.txt | $(NAMES) >&2 || $(REFUSED)
	@$(PIP) --editable . | $(NAMES) >&2
	@touch $@

$(TESTING): $(RUNNING)
	@echo 'installing what tests and checks need: pytest, ruff, mypy, playwright ...' >&2
	@$(HASHED) .ci/hashes/dev.txt | $(NAMES) >&2 || $(REFUSED)
	@$(PIP) --editable '.[dev]' | $(NAMES) >&2
	@touch $@

$(SERVING): $(RUNNING)
	@$(PIP) --editable '.[server]' | $(NAMES) >&2
	@touch $@

sweep: $(RUNNING)  ## train EXPERIMENT: what the store lacks of it, every loss tracked
	@$(BIN)/python -m study.train experiment=$(EXPERIMENT) $(ARGS)

report: $(RUNNING)  ## write reports/EXPERIMENT/ from the tracked runs
	@$(BIN)/python -m study.report experiment=$(EXPERIMENT) $(ARGS)

ui: $(RUNNING)  ## browse the runs in MLflow's UI on 127.0.0.1:PORT
	@$(BIN)/python -m study.ui port=$(PORT) $(ARGS)

server: $(SERVING)  ## run MLflow's tracking server with a password, over PostgreSQL: make sweep ARGS=tracking=server
	@$(BIN)/python -m study.server port=$(PORT) $(ARGS)

test: $(TESTING)  ## run all tests
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

test-fast: $(TESTING)  ## run the quick tests, in less than a minute
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m 'not slow' $(ARGS)

lint: $(TESTING)  ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(TESTING)  ## bring the code into the format that lint checks
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

typecheck: $(TESTING)  ## check types, strictly
	$(BIN)/mypy

audit: $(RUNNING)  ## look known vulnerabilities of the locked packages up; says so where it cannot
	@PIP_ARGS='$(PIP_ARGS)' .ci/audit

certify: $(TESTING)  ## certify every shipped rule and problem: is it what it claims to be?
	@$(BIN)/python -m study.certify $(ARGS)

calibrate: $(RUNNING)  ## simulate what verdicts and intervals promise, some minutes: are they right as often as they say?
	@$(BIN)/python -m study.certify.calibrate $(ARGS)

torture: $(RUNNING)  ## kill sweeps, crowd them, take their store away: what do they get over? ARGS=rounds=20
	@$(BIN)/python -m study.torture $(ARGS)

cluster: $(TESTING)  ## measure 1 and 2 workers and simulate 256: what more machines bring, and where the store is the limit
	@$(BIN)/python -m study.cluster $(ARGS)

doctor: $(RUNNING)  ## check packages, store and machine: what is wrong, and what to do about it
	@$(BIN)/python -m study.doctor $(ARGS)

prune: $(RUNNING)  ## list what no sweep that stays asks for; ARGS="keep=1 really=true" deletes it
	@$(BIN)/python -m study.prune $(ARGS)

compare: $(RUNNING)  ## compare an optimizer with tuned others: make compare ARGS=nadam
	@$(BIN)/python -m study.compare $(ARGS)

field: $(TESTING)  ## compare all optimizers with one another, and write the runs that are shipped; from nothing an hour and 7 GB
	@$(BIN)/python -m study.compare.everyone pack=medium $(ARGS)

phase: $(RUNNING)  ## draw the phase diagram of learning rate and momentum
	@$(BIN)/python -m study.phase $(ARGS)

bench: $(TESTING)  ## measure speed against the naive program and the limits of the machine
	@$(BIN)/python -m study.bench $(ARGS)

clean:  ## remove caches and build files; keep .venv, mlruns (your runs) and reports
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache *.egg-info
	find study tests -name __pycache__ -type d -prune -exec rm -rf {} +
