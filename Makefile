# Every target sets up what it needs; a second run reuses it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The chain that contract and end-to-end tests and the demo run on: anvil or ganache.
CHAIN ?= anvil
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SETUP := .venv/.ready node_modules/.ready

export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help setup demo test check format lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

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
	@touch $@

demo: setup ## Run the whole story on sample data (CHAIN=anvil or ganache)
	@$(BIN)/python scripts/demo.py --chain $(CHAIN)

clean: ## Remove what was built and installed
	rm -rf .venv node_modules build .carbonbook
