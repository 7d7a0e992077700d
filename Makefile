# `make` lists the targets. Everything lives in .venv; a second call installs nothing again.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
HOST ?= localhost
CODE := app.py dlkit pages benchmarks tests

.DEFAULT_GOAL := help
.PHONY: help run test lint format fast types screenshots bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## make an environment, install, open the studio
	$(BIN)/python -m dlkit app --port $(PORT) --host $(HOST)

test: $(VENV)/.dev system ## install what tests need, then check and test everything
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest $(PYTEST)

fast: $(VENV)/.dev ## only the tests that need no Keras, browser or server
	$(BIN)/python -m pytest -m "not keras and not browser and not postgres and not ray" $(PYTEST)

lint: $(VENV)/.dev ## format, rules, types, import rules, spelling
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(VENV)/.dev ## write the code in the one form
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

screenshots: $(VENV)/.dev system ## take the pictures of assets/screenshots anew
	$(BIN)/python -m tests.browser.screenshots

bench: $(VENV)/.dev ## measure every benchmark and write benchmarks/README.md
	$(BIN)/python -m benchmarks run all
	$(BIN)/python -m benchmarks table

clean: ## remove the environment and the caches (no runs, no data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# ---------------------------------------------------------------------------- how it is installed

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "dlkit needs Python 3.11 or newer; '$(PYTHON)' is older or missing."; \
	  echo "Name another one: make run PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: requirements.txt | $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.run

# Browser and PostgreSQL tests use Debian's packages. Without apt or root the tests are skipped and say why.
.PHONY: system
system:
	@sh tests/system.sh
