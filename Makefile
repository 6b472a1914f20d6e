# Each target does its own set-up. A second make of the same target starts at once: packages are
# installed again only when pyproject.toml or constraints.txt have changed.

PYTHON ?= python3
VENV   ?= .venv
PORT   ?= 8888
DIR    ?= workbench-files
OUT    ?= results
ARGS   ?=

BIN  := $(VENV)/bin
BASE := $(VENV)/.base
TEST := $(VENV)/.test
# The front end is checked where its tools are: see CONTRIBUTING.
NODE := $(wildcard frontend/node_modules)

.PHONY: lab run test lint clean help

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

lab: $(BASE)  ## JupyterLab with the guided knot study; PORT=8888 DIR=workbench-files ARGS=--no-browser
	$(BIN)/workbench lab --port $(PORT) --dir $(DIR) $(ARGS)

run: $(BASE)  ## the knot study without a browser; OUT=results ARGS=--quick
	$(BIN)/workbench run knots --out $(OUT) $(ARGS)

test: $(TEST)  ## the whole suite; ARGS="-k spline"
	$(if $(NODE),cd frontend && npm test --silent)
	$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(TEST)  ## format, lint, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(if $(NODE),cd frontend && npm run --silent lint)

clean:  ## remove the environment and all results
	rm -rf $(VENV) $(OUT)

# The install is editable, so that a change in the source is seen without installing again.
$(BASE): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(TEST): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@ $(BASE)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
