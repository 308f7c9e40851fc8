# Every target sets itself up: it needs Python 3.11 or newer and nothing else.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help demo test check lock format bench clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: $(READY) ## The whole life of a federation, in an emulated world on this machine
	@FLOTILLA_HOME=$(CURDIR)/.flotilla/demo $(BIN)/flotilla demo

test: $(READY) ## All tests that run on any machine, quick layers first
	@echo "== House rules, units and properties"
	@$(BIN)/python -m pytest tests/house tests/unit tests/properties
	@echo "== Contracts: emulators and providers over real sockets"
	@$(BIN)/python -m pytest tests/contract
	@echo "== Flows and whole stories"
	@$(BIN)/python -m pytest tests/flows tests/e2e

check: $(READY) ## Lint, format, types, room contracts, unit tests: before each commit
	@echo "== Lint and format" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "== Types" && $(BIN)/mypy
	@echo "== Rules between rooms" && $(BIN)/lint-imports
	@echo "== House rules and units" && $(BIN)/python -m pytest -q tests/house tests/unit

format: $(READY) ## Format the code
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: $(READY) ## Measure: build ratio, idle reconcile, memory, start-up
	@$(BIN)/python -m bench

lock: $(READY) ## Resolve the dependencies anew
	@$(BIN)/uv pip compile pyproject.toml --all-extras --override requirements.overrides --generate-hashes --no-header -o requirements.lock

clean: ## Remove the virtual environment and everything that was made
	rm -rf .venv .flotilla .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): requirements.lock pyproject.toml
	@echo "Setting up: a virtual environment in .venv, and the locked dependencies (about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.12"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "This Python cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install -q uv
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	@touch $@
