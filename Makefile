# One command runs the project, one command tests it. Each does all the set-up it needs: Python 3.11+, git and make suffice.
#   make demo    a shop, a Segment and the pipe between them, on this machine (or the real ones, with credentials in .env)
#   make check   every check and test
# `make help` lists the others. VENV=… works in another environment, PYTHON=… chooses the interpreter.

SHELL := /bin/bash
VENV ?= .venv
PYTHON ?=
BIN := $(VENV)/bin
REFERENCE := .venvs/reference
MELTANO := .venvs/meltano
ORDERS ?= 100000
KILLS ?= 20

.DEFAULT_GOAL := help
.PHONY: help setup demo check format lint types floors test wheel docs samples bench chaos meltano clean

help:  ## List the commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'

setup: $(BIN)/.ready  ## Make the environment; quick when nothing changed

$(BIN)/.ready: pyproject.toml constraints.txt bin/find-python
	@test -x $(BIN)/python || "$$(PYTHON='$(PYTHON)' bin/find-python)" -m venv $(VENV)
	@echo "installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(BIN)/.ready  ## Run the pipe: against a sandbox on this machine, or for real with credentials in .env
	@$(BIN)/python -m sandbox.demo

check: format lint types floors test wheel  ## Every check and test, the built package included

format: $(BIN)/.ready
	$(BIN)/ruff format --check .

lint: $(BIN)/.ready
	$(BIN)/ruff check .

types: $(BIN)/.ready
	$(BIN)/mypy

floors: $(BIN)/.ready
	$(BIN)/lint-imports

test: $(BIN)/.ready  ## The tests alone
	$(BIN)/python -m pytest -n 2

wheel: $(BIN)/.ready  ## Build the package, install it elsewhere and look at it
	$(BIN)/python .ci/wheel.py

docs: $(BIN)/.ready  ## Write the generated pages of docs/ anew; the tests say which are stale
	$(BIN)/python -m docs.generate
	$(BIN)/python -m docs.platforms
	$(BIN)/python -m tap_commerce.schemas > docs/records.md

samples: $(BIN)/.ready  ## Write the golden files anew, but for those that git has not committed
	$(BIN)/python -m pytest -q -n 2 --regenerate -k "golden or sample or twin or translat" tests/tap_commerce tests/target_segment/events

bench: $(BIN)/.ready $(REFERENCE)/.ready  ## Measure target and tap beside their references, and what polls cost on each platform (ORDERS=20000 is quick)
	$(BIN)/python -m benchmarks --orders $(ORDERS) --reference $(REFERENCE)/bin/python

$(REFERENCE)/.ready: constraints.txt $(BIN)/.ready
	@test -x $(REFERENCE)/bin/python || $(BIN)/python -m venv $(REFERENCE)
	@$(REFERENCE)/bin/python -m pip install --quiet --disable-pip-version-check segment-analytics-python==2.4.0 orjson==3.13.0
	@touch $@

chaos: $(BIN)/.ready  ## Kill the pipe again and again (KILLS=20), then see that nothing was lost or doubled
	$(BIN)/python -m sandbox.chaos --kills $(KILLS)

meltano: $(BIN)/.ready $(MELTANO)/.ready  ## Run the project's meltano.yml twice against the sandbox
	$(BIN)/python .ci/meltano.py $(MELTANO)/bin/meltano

$(MELTANO)/.ready: $(BIN)/.ready
	@test -x $(MELTANO)/bin/python || $(BIN)/python -m venv $(MELTANO)
	@$(MELTANO)/bin/python -m pip install --quiet --disable-pip-version-check meltano==4.4.1
	@touch $@

clean:  ## Remove the environments and what tools left behind; the ledger and the state stay
	rm -rf $(VENV) .venvs build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
