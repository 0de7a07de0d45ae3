PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
# PATH as exported does not reach make's own look-up of the first word of a recipe line
RUN := .venv/bin/python -m

.DEFAULT_GOAL := help
.PHONY: help deploy-local test lint format lock clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deploy-local: .venv/ready  ## Deploy the example app to a local AWS and show the role working
	@$(RUN) local.deploy

test: .venv/ready  ## Run all tests
	@$(RUN) pytest

lint: .venv/ready  ## Check style and types
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

format: .venv/ready  ## Format the code and fix what can be fixed
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .

lock: .venv/ready  ## Lock the newest allowed development dependencies
	@$(RUN) uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes \
	  --no-emit-index-url --no-header --group dev --all-extras --output-file requirements-dev.txt pyproject.toml

clean:  ## Remove all that these targets made
	rm -rf .venv node_modules cdk.out dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/ready: requirements-dev.txt pyproject.toml package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || \
	  { echo "This needs Python 3.10 or newer as '$(PYTHON)'; name another with: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Setting up .venv and node_modules (once, about a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(RUN) pip install -qq --disable-pip-version-check --no-deps --require-hashes --requirement requirements-dev.txt
	@$(RUN) pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@npm ci --silent
	@touch .venv/ready
