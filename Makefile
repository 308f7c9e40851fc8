# Every target sets itself up: it needs Python 3.11 or newer and nothing else.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
UV := $$(ls $(BIN)/uv .venv/installer/bin/uv 2>/dev/null | head -n 1)
WORKERS ?= 2
SET_UP_MINUTES ?= 25
PYTEST := $(BIN)/python -m pytest
PARALLEL := -q -n $(WORKERS) --dist loadfile
COMMA := ,

.PHONY: help demo test check real proving-ground reliability lock format bench clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: $(READY) ## The whole life of a federation, in an emulated world on this machine
	@FLOTILLA_HOME=$(CURDIR)/.flotilla/demo $(BIN)/flotilla demo

# What fails on a busy machine gets one more chance, alone and loudly.
define layer
@echo "== $(1)"
@$(PYTEST) $(PARALLEL) $(2) || { echo "== Failed once; only what fails again counts" && \
	$(PYTEST) -q --last-failed --last-failed-no-failures none $(2); }
endef

# Where a company's proxy signs with an authority of its own, only the system's certificates help.
define install
@for trust in "" --system-certs; do $(UV) pip install -q $$trust --python $(BIN)/python --no-deps $(1) 2> .venv.log && break; done \
	|| { cat .venv.log; exit 2; }
@rm -f .venv.log
endef

test: $(READY) ## All tests that run on any machine, quick layers first
	$(call layer,House rules$(COMMA) units and properties,tests/house tests/unit tests/properties)
	$(call layer,Contracts: emulators and providers over real sockets,-m "not real" tests/contract)
	$(call layer,Flows and whole stories,-m "not real" tests/flows tests/e2e)
	$(call layer,Reliability: a sample of every trial,-m "not real" tests/reliability)

proving-ground: $(READY) ## Real servers on this machine: OpenStack, Kubernetes, sshd, Helm, databases
	@$(BIN)/python -m tests.proving up --within $(SET_UP_MINUTES)

real: proving-ground ## The tests that need real servers, on what the machine can have; what fails gets one more chance
	@$(PYTEST) $(PARALLEL) -m real tests || { echo "== Failed once; only what fails again counts" && $(PYTEST) -q -m real --last-failed tests; }; \
		code=$$?; $(BIN)/python -m tests.proving down; exit $$code

reliability: $(READY) ## Every trial at full size, and docs/reliability.md; hours
	@$(BIN)/python -m tests.reliability all

check: $(READY) ## Lint, format, types, room contracts, unit tests: before each commit
	@echo "== Lint and format" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "== Types" && $(BIN)/mypy
	@echo "== Rules between rooms" && $(BIN)/lint-imports --no-logo
	@echo "== House rules and units" && $(PYTEST) $(PARALLEL) tests/house tests/unit

format: $(READY) ## Format the code
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: $(READY) ## Measure: build ratio, idle reconcile, memory, start-up
	@$(BIN)/python -m bench

lock: $(READY) ## Resolve the dependencies anew
	@$(UV) pip compile -q pyproject.toml --all-extras --universal --python-version 3.11 --override requirements.overrides --generate-hashes --no-header -o requirements.lock

clean: ## Remove the virtual environment and everything that was made
	rm -rf .venv .flotilla .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.12"; exit 2; }
	@echo "Setting up, once: a virtual environment in .venv ($$($(PYTHON) --version))"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv > .venv.log 2>&1 || $(PYTHON) -m venv --without-pip .venv \
		|| { cat .venv.log; echo "This Python cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 2; }
	@rm -f .venv.log
	@echo "  the installer, uv"
	@$(BIN)/python -m pip --version > /dev/null 2>&1 && $(BIN)/python -m pip install -q uv \
		|| $(PYTHON) -m pip install -q --target .venv/installer uv \
		|| { echo "No pip to install with; on Debian: apt-get install python3-venv, then: make clean"; exit 2; }
	@echo "  the locked dependencies, checked against their hashes (about 200 MB, half a minute on a good line)"
	$(call install,--require-hashes --compile-bytecode -r requirements.lock)
	@echo "  flotilla itself"
	$(call install,-e .)
	@touch $@
