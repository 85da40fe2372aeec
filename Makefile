# Every target sets up what it needs; a second run reuses it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The chain that contract and end-to-end tests and the demo run on: anvil or ganache; the end-to-end tests and the demo on hardhat too.
CHAIN ?= anvil
# How much `make bench` does, 1 being a city's day, and how large a city `make bench-city` makes.
SCALE ?= 1
CITIZENS ?= 1000000
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SETUP := .venv/.ready node_modules/.ready build/.compiled
SOLIDITY := $(wildcard contracts/*.sol contracts/*/*.sol interfaces/*.sol)

export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
# A tool with an environment of its own would look for its solver in the one that is activated.
unexport VIRTUAL_ENV
# Bytecode is kept, beside the sources, whatever the machine's default: each command starts in half the time.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/pycache

NETWORK_anvil := development
NETWORK_ganache := ganache-cli
# Tools that do not fit beside the others' pins, each in an environment of its own.
HALMOS := halmos==0.3.3
SLITHER := slither-analyzer==0.11.6
# How many minutes `make mutants` judges mutants that no earlier run has judged. Empty: until all are.
MINUTES ?=
PYTEST := $(BIN)/python -m pytest -p no:pytest-brownie
# Test files that need nothing of each other run on both cores, each file in one process.
PARALLEL := -n 2 --dist loadfile
# What stands for the whole in `make test`.
STORY := tests/e2e/test_story.py tests/e2e/test_reports.py tests/faults/test_transport.py
# Says at the end how long a target took.
TIMED = scripts/checks/timed

# Servers that tests of the store and of the intake talk to.
SERVICES := postgresql mosquitto

.PHONY: help setup services demo test test-all test-unit test-service test-story test-fuzz test-contracts test-e2e test-faults faults soak bench bench-city nightly symbolic slither coverage coverage-python mutants check checks gas format abi lock weather clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: $(SETUP) ## Install the pinned Python and npm packages into .venv and node_modules

.venv/.ready: requirements.lock pyproject.toml scripts/compiler/toolchain.pth.in
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' || { echo "Python 3.11 or newer is needed; found $$($(PYTHON) --version). Set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing Python packages into .venv (about a minute) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@sed 's#@ROOT@#$(CURDIR)#g' scripts/compiler/toolchain.pth.in > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/carbonbook_toolchain.pth"
	@touch $@

node_modules/.ready: package-lock.json .npmrc
	@command -v node >/dev/null || { echo "Node 20 or newer with npm is needed"; exit 1; }
	@echo "Installing npm packages into node_modules ..."
	@npm install --no-save --silent
	@# The packages' launchers end with 0 whatever forge says, and stand between a signal and anvil: call the programs themselves.
	@for tool in forge anvil; do ln -sf "$$(cd node_modules/@foundry-rs && ls -d $$PWD/$$tool-*/bin/$$tool)" node_modules/.bin/$$tool; done
	@touch $@

services: ## Install PostgreSQL and Mosquitto, which tests start for themselves
	@if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && { command -v mosquitto || test -x /usr/sbin/mosquitto; } >/dev/null; then exit 0; fi; \
	command -v apt-get >/dev/null && test "$$(id -u)" = 0 || { echo "Tests need these servers: $(SERVICES). Install them with your system's package manager."; exit 1; }; \
	apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $(SERVICES)

build/.compiled: $(SOLIDITY) brownie-config.yaml | .venv/.ready node_modules/.ready
	@mkdir -p build
	@echo "Compiling the contracts (about a minute) ..."
	@brownie compile > build/compile.log || { cat build/compile.log; exit 1; }
	@touch $@

demo: setup ## Run the whole story on sample data (CHAIN=anvil, ganache or hardhat)
	@$(BIN)/python scripts/demo.py --chain $(CHAIN)

test: setup ## Test every part in about ten minutes on two cores: units, parity, fuzz, contracts, a story on a real chain, some faults
	@$(TIMED) $@ $(MAKE) --no-print-directory test-unit test-fuzz test-contracts test-story

test-all: setup ## Run the tests that `make test` leaves out: services, all stories, all faults, laws
	@$(TIMED) test-all $(MAKE) --no-print-directory test-service test-e2e test-faults symbolic

test-unit: setup ## Test the oracle without a socket, and that Solidity and Python agree
	@$(TIMED) $@ $(PYTEST) tests/unit tests/parity -q $(PARALLEL)

test-service: setup services ## Test the oracle with real databases, signers and clusters
	@$(TIMED) $@ $(PYTEST) tests/service -q

test-fuzz: setup ## Fuzz the contracts and check their invariants with forge
	@$(TIMED) $@ forge test

test-contracts: setup ## Test the contracts with brownie
	@$(TIMED) $@ brownie test tests/contracts --network $(NETWORK_$(CHAIN)) -q

test-story: setup ## Test one story end to end on a real chain, and a few faults on the way
	@CHAIN=$(CHAIN) $(TIMED) $@ $(PYTEST) $(STORY) -q $(PARALLEL)

test-e2e: setup services ## Test all commands end to end on a real chain, but for what `make test-story` has (CHAIN=anvil, ganache or hardhat)
	@CHAIN=$(CHAIN) $(TIMED) $@ $(PYTEST) tests/e2e $(STORY:%=--ignore=%) -q $(PARALLEL)

test-faults: setup services ## Break everything around the oracle a few times, on real anvil processes (minutes)
	@$(TIMED) $@ $(PYTEST) tests/faults $(STORY:%=--ignore=%) -q

faults: setup ## Break it for a night: kill -9, lost answers, re-organisations, full disks ...; prints a table (ONLY=F07, ARGS=--short)
	@$(BIN)/python -m tests.faults --only "$(ONLY)" $(ARGS)

soak: setup ## Run the service under random faults, then compare every number (MINUTES=60, SEED=1)
	@$(BIN)/python -m tests.faults.soak --minutes $(or $(MINUTES),60) --seed $(or $(SEED),1)

nightly: setup ## Fuzz for hours: 10,000 random cities, 100,000 inputs each, 200 lives of the book; coverage; two hours of mutants
	@FOUNDRY_PROFILE=nightly forge test
	@LIVES=200 brownie test tests/contracts/stateful --network $(NETWORK_$(CHAIN)) -q
	@$(BIN)/python scripts/checks/coverage.py
	@$(BIN)/python scripts/checks/mutants.py --minutes 120

symbolic: setup build/tools/halmos/.ready ## Prove laws of the contracts for every input there is (halmos)
	@mkdir -p build/halmos
	@FOUNDRY_OUT=build/halmos/out FOUNDRY_CACHE_PATH=build/halmos/cache FOUNDRY_TEST=tests/fuzz/symbolic FOUNDRY_SCRIPT=tests/fuzz/symbolic \
	build/tools/halmos/bin/halmos --root . --forge-build-out build/halmos/out --match-contract Laws$$ --loop 4 --solver-timeout-assertion 120s \
	2>&1 | tee build/halmos/laws.log
	@! grep 'loop-bound' build/halmos/laws.log # a proof of some paths is none

slither: setup build/tools/slither/.ready ## Analyse the contracts statically; fail on a finding that is not explained
	@build/tools/slither/bin/python scripts/checks/slither.py

coverage: setup ## Count statements and branches of the contracts that their tests reach; fail below 95 % (minutes)
	@$(BIN)/python scripts/checks/coverage.py

coverage-python: setup services ## Count lines and branches of oracle/ that unit, parity and service tests reach, and list what they do not (minutes)
	@rm -f build/python.coverage*
	@$(PYTEST) tests/unit tests/parity -q $(PARALLEL) --cov --cov-report=
	@$(PYTEST) tests/service -q --cov --cov-append --cov-report=
	@coverage report

mutants: setup ## Change the contracts step by step and count what the tests notice (hours; MINUTES=n)
	@$(BIN)/python scripts/checks/mutants.py $(if $(MINUTES),--minutes $(MINUTES))

build/tools/halmos/.ready build/tools/slither/.ready: Makefile
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $(if $(findstring halmos,$@),$(HALMOS),$(SLITHER))
	@touch $@

bench: setup ## Measure everything beside baselines of the same run; SCALE=0.1 is quicker
	@$(BIN)/python -m benchmarks.run --scale $(SCALE)

bench-city: setup ## A city's day from files to confirmed credits; CITIZENS=1000000
	@$(BIN)/python -m benchmarks.city --citizens $(CITIZENS)

check: setup build/tools/slither/.ready ## Check format, lint, types, layers, spelling, keys, gas, slither, and that ABIs, catalogue and hashes are those of the sources
	@$(TIMED) $@ $(MAKE) --no-print-directory checks

checks:
	@ruff format --check --quiet .
	@ruff check --quiet .
	@mypy
	@forge fmt --check contracts interfaces tests/fuzz
	@codespell
	@$(BIN)/python scripts/check_keys.py
	@$(BIN)/python scripts/checks/layers.py
	@$(BIN)/python scripts/checks/names.py
	@$(BIN)/python scripts/export_abi.py
	@carbonbook methodology check
	@$(BIN)/python scripts/checks/gas.py > /dev/null
	@build/tools/slither/bin/python scripts/checks/slither.py

gas: setup ## Measure the gas of credits and claims beside floors and peers, against the kept snapshot
	@$(BIN)/python scripts/checks/gas.py

format: setup ## Format Python and Solidity, and fix what lint can fix
	@ruff check --fix --quiet .
	@ruff format --quiet .
	@forge fmt contracts interfaces tests/fuzz

abi: setup ## Compile the contracts and write oracle/edge/chain/abi
	@brownie run export_abi

lock: ## Resolve pyproject.toml anew into requirements.lock and package-lock.json
	@rm -rf build/lock && $(PYTHON) -m venv build/lock
	@build/lock/bin/python -m pip install --quiet --disable-pip-version-check -e '.[cluster,contracts,dev]'
	@build/lock/bin/python -m pip freeze --exclude-editable > requirements.lock
	@npm install --package-lock-only --silent

weather: ## Install OpenDSM into an environment of its own and normalise the sample home by weather
	@test -x build/weather/bin/python || $(PYTHON) -m venv build/weather
	@build/weather/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/weather/requirements.lock
	@build/weather/bin/python scripts/weather/sample.py

clean: ## Remove what was built and installed
	rm -rf .venv node_modules build .carbonbook
