# One virtual environment for everything. `make run` installs what chatting needs; `make test` adds the rest to it.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV := $(shell command -v uv)
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest

# The pinned files name every package, so nothing is resolved; uv is used where it is on the PATH.
ifdef UV
INSTALL := $(UV) pip install --quiet --python $(BIN)/python --no-deps
else
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps
endif

.PHONY: setup run test check bench playground eval lock clean
.DEFAULT_GOAL := setup

setup: .venv/.base ## makes .venv with the `atom` command
	@:

run: .venv/.base ## chats in the terminal with the demo company's assistant
	@$(BIN)/atom chat --demo

test: .venv/.dev ## passes every test
	@$(PYTEST) -n auto --dist worksteal

check: .venv/.dev ## format, lint, types, imports, quick tests of the house
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -q -m "not slow and not bench" tests/house

bench: .venv/.dev ## measures speed
	@$(PYTEST) -q -s -m bench

playground: .venv/.dev ## talks to the assistant by Microsoft's Agents Playground; needs npm and chromium
	@$(PYTEST) -q -m playground tests/playground

eval: .venv/.base ## scores the assistant on the data sets
	@$(BIN)/atom eval

lock: ## pins the requirements anew; needs uv
	$(LOCK) -o requirements.txt pyproject.toml
	$(LOCK) -o requirements-dev.txt --extra dev --constraint requirements.txt pyproject.toml

LOCK = uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links

clean: ## removes the environment and every cache, no data
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@echo "Making .venv ..." >&2
	@"$(PYTHON)" -m venv .venv

.venv/.base: requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing what chatting needs (once) ..." >&2
	@$(INSTALL) -r requirements.txt -e . </dev/null >&2
	@touch $@

.venv/.dev: requirements-dev.txt pyproject.toml | .venv/bin/python
	@echo "Installing what the tests need (once) ..." >&2
	@$(INSTALL) -r requirements-dev.txt -e . </dev/null >&2
	@touch .venv/.base $@
