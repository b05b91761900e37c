# Two commands on a fresh machine: `make up` and `make test`. Needs Python >= 3.11, make and a network.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
ARGS ?=

# `kill -9` of make itself must not leave a gstreamer without a terminal.
TETHER := $(shell command -v setpriv >/dev/null 2>&1 && echo setpriv --pdeathsig TERM)

.PHONY: up test check setup format lock bench bench-store chaos help
.DEFAULT_GOAL := help

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.ready  ## Make .venv with the locked dependencies

$(VENV)/.ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x "$(UV)" || { echo "installing uv"; $(BIN)/python -m pip install -q uv; }
	@echo "installing the locked dependencies (700 MB unpacked, once)"
	@$(UV) pip sync -q --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@# Compiles what a start imports; all of Ray would take a minute, most of it for nothing.
	@$(BIN)/python -W ignore -c "import ray.serve, ray.dashboard.dashboard, gstreamer.app, gstreamer.embedded.up, gstreamer.simulator.server"
	@touch $@

up: setup page  ## Start everything on this machine
	@$(TETHER) $(BIN)/gstreamer up $(ARGS)

check: setup  ## Format, lint, types, import contracts and unit tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/unit --cov --cov-report=term

test: check page page-check  ## The whole suite
	$(BIN)/pytest $(wildcard tests/integration tests/acceptance tests/chaos tests/e2e) --durations=10 --durations-min=10

bench: setup  ## Measure the way of an event on this machine
	$(BIN)/python -m tests.benchmarks

bench-store: setup  ## Measure the store, and write docs/benchmarks-store.md
	$(BIN)/python -m tests.benchmarks.store --write

chaos: setup page  ## Break an install of its own part by part for 5 minutes (ARGS="--minutes 60 --seed 7")
	$(BIN)/python -m tests.chaos $(ARGS)

format:  ## Format the code and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## Resolve pyproject.toml into the lock files
	$(UV) pip compile -q pyproject.toml --group dev --generate-hashes --universal --python-version 3.11 --no-annotate --no-header -o requirements.lock
	$(UV) pip compile -q --group page --generate-hashes --universal --python-version 3.11 --no-annotate --no-header -o requirements-page.lock

include frontend/page.mk
