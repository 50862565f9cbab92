SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
JOBS ?= 2
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --hypothesis-profile=ci
FRONTEND := studio/frontend
# Node comes with the environment, as a wheel: nobody needs to install it.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix $(FRONTEND)
NODE_MODULES := $(FRONTEND)/node_modules/.package-lock.json

.PHONY: help setup studio demo test test-faults check lint contracts bench frontend constraints reference pictures samples clean

help: ## Say what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: $(INSTALLED) ## Make .venv with everything that the project needs

$(INSTALLED): pyproject.toml constraints.txt scripts/make_venv.sh
	@PYTHON="$(PYTHON)" scripts/make_venv.sh $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable . --group dev
	@touch $@

studio: demo ## Open the Studio on the sample workspace, in ./demo
	@cd demo && ../$(BIN)/odibi studio

demo: setup ## Run a sample pipeline in ./demo and say what it made
	@test -e demo/odibi.toml || $(BIN)/odibi init demo
	@cd demo && ../$(BIN)/odibi run customer_360
	@echo
	@echo "The demo wrote:"
	@find demo/output -type f -not -path '*/_delta_log/*' | sort | sed 's/^/  /'
	@echo "Its story, for a browser:"
	@ls -d demo/.odibi/runs/*/story.html | tail -n 1 | sed 's/^/  /'

$(NODE_MODULES): $(FRONTEND)/package-lock.json $(INSTALLED)
	$(NPM) ci --no-fund --no-audit --loglevel=error
	@touch $@

frontend: $(NODE_MODULES) ## Build the designer, after its sources changed
	$(NPM) run build

test: setup $(NODE_MODULES) contracts ## Run every test
	@scripts/find_test_tools.sh > /dev/null
	$(NPM) test
	$(PYTEST) --ignore tests/contracts

test-faults: setup ## Kill 300 runs, 200 streams, and one stream 200 times; damage 1,000 files
	$(BIN)/python -m pytest -n $(JOBS) tests/core/faults --all-faults

check: lint contracts ## Lint, format, types, layers, documents

lint: setup $(NODE_MODULES)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run types

# Both check and test need them: `make check test` runs them once.
contracts: setup
	$(PYTEST) tests/contracts

bench: setup ## Measure how fast it is, into bench-results/
	$(BIN)/python -m benchmarks

constraints: setup ## Pin the versions that are installed now
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --all --exclude-editable | grep -viE '^(setuptools|uv)=='; } > constraints.new
	@mv constraints.new constraints.txt

reference: setup ## Write the pages of the reference that follow from the code
	$(BIN)/python scripts/make_reference.py

pictures: setup ## Make the pictures of the documents anew
	$(BIN)/python -m scripts.make_pictures

samples: ## Write the sample data anew
	$(PYTHON) scripts/make_sample_data.py

clean: ## Remove what these commands made
	rm -rf $(VENV) demo bench-results dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
