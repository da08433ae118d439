# Everything a person does here. Each target installs what it needs, once, into .venv.
PYTHON     ?= python3
EXPERIMENT ?= headline
PORT       ?= 5000
ARGS       ?=
JOBS       ?= 2

BIN       := .venv/bin
INSTALLED := .venv/.installed

export MLFLOW_DISABLE_TELEMETRY := true

.DEFAULT_GOAL := help
.PHONY: help setup sweep report ui test test-fast lint format typecheck certify phase bench clean

help:  ## show this list
	@echo 'make <target> [EXPERIMENT=headline] [ARGS="seeds=50 ..."]'
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'

setup: $(INSTALLED)  ## install the study and its tools into .venv

$(INSTALLED): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'the study needs Python >= 3.11, got $(shell $(PYTHON) --version 2>&1); write make PYTHON=python3.11' >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[dev]'
	touch $@

sweep: $(INSTALLED)  ## train EXPERIMENT: what the store lacks of it, every loss tracked
	@$(BIN)/python -m study.train experiment=$(EXPERIMENT) $(ARGS)

report: $(INSTALLED)  ## write reports/EXPERIMENT/ from the tracked runs
	@$(BIN)/python -m study.report experiment=$(EXPERIMENT) $(ARGS)

ui: $(INSTALLED)  ## browse the runs in MLflow's UI on 127.0.0.1:PORT
	@$(BIN)/python -m study.ui port=$(PORT) $(ARGS)

test: $(INSTALLED)  ## run all tests
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

test-fast: $(INSTALLED)  ## run the tests that take less than a few seconds each
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m 'not slow' $(ARGS)

lint: $(INSTALLED)  ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(INSTALLED)  ## bring the code into the format that lint checks
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

typecheck: $(INSTALLED)  ## check types, strictly
	$(BIN)/mypy

certify: $(INSTALLED)  ## certify every shipped rule: is it what it claims to be?
	@$(BIN)/python -m study.certify $(ARGS)

phase: $(INSTALLED)  ## draw the phase diagram of learning rate and momentum
	@$(BIN)/python -m study.phase $(ARGS)

bench: $(INSTALLED)  ## measure speed against the naive program and the limits of the machine
	@$(BIN)/python -m study.bench $(ARGS)

clean:  ## remove caches and build files; keep .venv, mlruns (your runs) and reports
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache *.egg-info
	find study tests -name __pycache__ -type d -prune -exec rm -rf {} +
