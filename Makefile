# The commands of Darkroom. Each is quick when there is nothing new to install; `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --prefer-binary --no-compile
# Bytecode on every core, which pip writes on one; of what is no Python (templates), none.
COMPILE := $(BIN)/python -W ignore -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib || true
TESTS ?= tests
# Of the tests. They spend a fifth of their time waiting for servers and browsers, so more than CI's two cores.
WORKERS ?= 3
.DEFAULT_GOAL := help

.PHONY: help setup run test check fix bench clean
help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

setup: $(VENV)/.runs  ## the environment in .venv, with what Darkroom needs to run

run: setup  ## serve the page, by default at http://127.0.0.1:7860
	@$(BIN)/python app.py

test: $(VENV)/.tested  ## every test, in a real browser too (TESTS=tests/test_config.py for some)
	@$(BIN)/python -m tests.chromium
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

check: $(VENV)/.tested  ## format, lint, types and sizes of our own code
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted; 'make fix' does it."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/python -m tests.sizes

fix: $(VENV)/.tested  ## format the code and mend what the linter can
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

bench: $(VENV)/.tested  ## what the app costs beside the bare pipelines, as ratios
	@$(BIN)/python -m benchmarks

clean:  ## remove the environment and every cache; pictures and downloads stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps below carry the time of the last install; a changed list of requirements is newer and installs again.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "Darkroom needs Python 3.10 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.runs: requirements.txt | $(VENV)/bin/python
	@echo "Installing what Darkroom needs into $(VENV); the first time takes some minutes."
	@$(PIP) -r requirements.txt
	@$(COMPILE)
	@touch $@

$(VENV)/.tested: requirements-dev.txt requirements-training.txt $(VENV)/.runs
	@$(PIP) -r requirements-dev.txt
	@$(COMPILE)
	@touch $@
