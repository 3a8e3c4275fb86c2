# One virtual environment serves everything; its stamps say what is installed in it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check bench lint format types imports sync sync-check help-pages docs wheel clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; name one with PYTHON=...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.server: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[server]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[server,cache,httpx2,otel,pandas]' --group dev
	@touch $@ $(VENV)/.server

$(VENV)/.bench: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable . --group bench
	@touch $@

demo: $(VENV)/.server ## The main job on an embedded reference server
	$(BIN)/coordinaitor demo

test: $(VENV)/.dev ## All tests
	$(BIN)/python -m pytest

check: lint $(VENV)/.dev ## Lint, types, layout, and all tests but the slow ones
	$(BIN)/python -m pytest -m 'not slow'

bench: $(VENV)/.bench ## What the client library costs beside its peers; ARGS="--only calls"
	$(BIN)/python -m benchmarks $(ARGS)

lint: format types imports sync-check ## Everything that reads the code without running it

format: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## Types: they hold, and none that can be imported is left open
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/python scripts/verifytypes.py

imports: $(VENV)/.dev ## Import directions
	$(BIN)/lint-imports --no-cache

sync: $(VENV)/.dev ## Generate _sync from _async
	$(BIN)/python scripts/unasync.py

sync-check: $(VENV)/.dev
	$(BIN)/python scripts/unasync.py --check

help-pages: $(VENV)/.dev ## Generate the docs' pages of commands from the commands
	$(BIN)/python scripts/helppages.py

docs: $(VENV)/.dev ## The documentation, strict, into site/
	$(BIN)/zensical build --clean --strict

wheel: $(VENV)/.dev ## A wheel that answers --version in an environment of its own
	rm -rf dist build/wheel-check
	$(BIN)/python -m build --wheel --outdir dist
	$(PYTHON) -m venv build/wheel-check
	build/wheel-check/bin/python -m pip install --quiet dist/*.whl
	build/wheel-check/bin/coordinaitor --version

clean: ## Remove what the other targets made
	rm -rf $(VENV) dist build site
